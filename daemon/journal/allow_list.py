"""What may be shown of messages, records and events: an allow-list by field.  A text that it does not name is hidden.

Numbers, times, truth values and words of an enumeration pass: their types leave no room for anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any, TypeVar, cast

import msgspec
from msgspec.structs import replace

from daemon.journal.redaction import (
    CardText,
    answer_text,
    cut_url,
    foreign_text,
    hidden,
    holds_id_tag,
    plain_name,
    single_line,
    value_is_shown,
    zeros,
)

MOST_CARDS = 200
"""Card numbers of one message; one with more is not shown at all (a local list has 100 entries at a time)."""

S = TypeVar("S", bound=msgspec.Struct)


class Treatment(StrEnum):
    """How a text may be shown."""

    AS_IS = auto()
    """Ours, or a word from a short list; bounded all the same."""
    CLEAN = auto()
    """Words of people and devices: printable, bounded, URLs cut."""
    NAME = auto()
    """A name from outside."""
    CARD = auto()
    URL = auto()
    VALUE = auto()
    """Of the configuration key that stands beside it."""
    ANSWER = auto()
    """Why the Central System refused a message."""
    HIDDEN = auto()


AS_IS, CLEAN, NAME = Treatment.AS_IS, Treatment.CLEAN, Treatment.NAME
CARD, URL, VALUE, ANSWER = Treatment.CARD, Treatment.URL, Treatment.VALUE, Treatment.ANSWER
_HIDDEN = Treatment.HIDDEN

MESSAGES: Mapping[str, Mapping[str, Treatment]] = {
    "AuthorizeReq": {"id_tag": CARD},
    "BootNotificationReq": dict.fromkeys(
        (
            *("charge_point_vendor", "charge_point_model", "charge_point_serial_number", "charge_box_serial_number"),
            *("firmware_version", "iccid", "imsi", "meter_type", "meter_serial_number"),
        ),
        AS_IS,
    ),
    "StartTransactionReq": {"id_tag": CARD, "timestamp": AS_IS},
    "StatusNotificationReq": dict.fromkeys(("info", "timestamp", "vendor_id", "vendor_error_code"), AS_IS),
    "StopTransactionReq": {"id_tag": CARD, "timestamp": AS_IS},
    "DataTransferReq": {"vendor_id": NAME, "message_id": _HIDDEN, "data": _HIDDEN},
    "DataTransferConf": {"data": _HIDDEN},
    "ChangeConfigurationReq": {"key": NAME, "value": VALUE},
    "GetConfigurationReq": {"key": NAME},
    "GetConfigurationConf": {"unknown_key": NAME},
    "KeyValue": {"key": NAME, "value": VALUE},
    "RemoteStartTransactionReq": {"id_tag": CARD},
    "IdTagInfo": {"parent_id_tag": CARD},
    "GetDiagnosticsReq": {"location": URL},
    "GetDiagnosticsConf": {"file_name": _HIDDEN},
    "UpdateFirmwareReq": {"location": URL},
    "AuthorizationData": {"id_tag": CARD},
    "TriggerMessageReq": {"requested_message": NAME},
    "ReserveNowReq": {"id_tag": CARD, "parent_id_tag": CARD},
    "GetCompositeScheduleConf": {"schedule_start": AS_IS},
    "CertificateHashData": dict.fromkeys(("issuer_name_hash", "issuer_key_hash", "serial_number"), _HIDDEN),
    "LogParameters": {"remote_location": URL},
    "Firmware": {"location": URL, "signing_certificate": _HIDDEN, "signature": _HIDDEN},
    "SecurityEventNotificationReq": {"type": NAME, "timestamp": AS_IS, "tech_info": _HIDDEN},
    "SignCertificateReq": {"csr": _HIDDEN},
    "CertificateSignedReq": {"certificate_chain": _HIDDEN},
    "ExtendedTriggerMessageReq": {"requested_message": NAME},
    "GetLogConf": {"filename": _HIDDEN},
    "InstallCertificateReq": {"certificate": _HIDDEN},
}

RECORDS: Mapping[str, Mapping[str, Treatment]] = {
    "Stamp": {"boot": AS_IS},
    "Unit": dict.fromkeys(("name", "boot_id", "board_boot_id", "board_session_id", "shutdown", "upload"), AS_IS),
    "Setting": {"name": NAME, "value": VALUE},
    "Occupancy": {"held_for": CARD, "held_group": CARD},
    "Equipment": {**dict.fromkeys(("meter_serial", "meter_model"), CLEAN), "session_id": AS_IS},
    "LatchedFault": {"name": AS_IS, "code": AS_IS, "detail": CLEAN},
    "CachedTag": {"id_tag": CARD, "status": AS_IS, "parent_id_tag": CARD},
    "Transaction": {
        **dict.fromkeys(("id_tag", "parent_id_tag", "stop_id_tag"), CARD),
        **dict.fromkeys(("start", "verdict", "stop_sampled", "stop_aligned", "stopping", "reason", "stop"), AS_IS),
        **dict.fromkeys(("error", "stop_error"), ANSWER),
    },
    "Sample": {"context": AS_IS, "state": AS_IS, "error": ANSWER},
    "ListedTag": {"id_tag": CARD, "status": AS_IS, "parent_id_tag": CARD},
    "ListVersion": {"name": AS_IS},
    "Reservation": {"id_tag": CARD, "parent_id_tag": CARD},
    "Profile": {"document": AS_IS},
    "FirmwareUpdate": {"name": AS_IS, "location": URL, "state": AS_IS, "file": _HIDDEN, "told": AS_IS},
    "SecurityOccurrence": {"type": AS_IS, "tech_info": AS_IS},
    "SecurityLogState": {"name": AS_IS, "upload": AS_IS, "hard_resets": AS_IS},
    "SignedFirmwareUpdate": {
        **dict.fromkeys(("name", "state", "digest", "boot_id", "told"), AS_IS),
        "location": URL,
        **dict.fromkeys(("certificate", "signature", "file"), _HIDDEN),
    },
    "ConnectionSet": dict.fromkeys(("state", "local", "root", "certificate", "changed"), AS_IS),
    "Certificate": {
        **dict.fromkeys(("name", "role", "state", "key_name", "key_kind"), AS_IS),
        **dict.fromkeys(("subject", "issuer"), CLEAN),
        "serial_number": _HIDDEN,
    },
}
"""A profile's document is what we wrote of a checked ChargingProfile: numbers, times and words of enumerations."""

EVENTS: Mapping[str, Mapping[str, Treatment]] = {
    "BoardAttached": dict.fromkeys(("boot_id", "session_id", "board", "layers"), AS_IS),
    "ConnectorShape": {"outlet": AS_IS, "measurands": AS_IS, "offer": AS_IS},
    "BoardLost": {"reason": CLEAN},
    "PilotChanged": {"state": AS_IS},
    "CardPresented": {"id_tag": CARD},
    "FaultChanged": {"code": AS_IS, "detail": CLEAN},
    "MeterIdentified": dict.fromkeys(("serial", "model"), CLEAN),
    "OfferAcked": {"why": CLEAN},
    "BoardDone": {"detail": CLEAN},
    "LinkDown": {"stage": AS_IS, "cause": CLEAN, "code": AS_IS, "security_event": AS_IS},
    "LocalSet": {"mark": AS_IS},
    "SecuritySeen": {"event": AS_IS, "detail": AS_IS},
    "FrameReceived": {"text": _HIDDEN},
    "StoreChanged": {"state": AS_IS, "detail": CLEAN},
    "JobDone": {"failure": AS_IS, "detail": CLEAN, "verdict": AS_IS},
    "CertificateDetails": {
        **dict.fromkeys(("name", "key_kind"), AS_IS),
        **dict.fromkeys(("subject", "issuer"), CLEAN),
        "serial_number": _HIDDEN,
    },
    "PeerCertificate": {"subject": CLEAN, "serial_number": _HIDDEN},
    "CertificateRead": {"problem": CLEAN, "failure": CLEAN, "signed_by": AS_IS},
    "KeyMade": {"key": AS_IS, "csr": _HIDDEN, "problem": CLEAN},
    "SettingAsked": {"key": NAME, "value": VALUE},
    "ResetAsked": {"kind": AS_IS},
    "QueueAsked": {"what": AS_IS},
}

WHOLE = frozenset({"MeterValue", "SampledValue", "MeasuredValue", "ChargingSchedule", "ChargingSchedulePeriod"})
"""Structures that hold measurements, times and words of enumerations: passed on without a look at each field."""

FIELDS: Mapping[str, Mapping[str, Treatment]] = {**MESSAGES, **RECORDS, **EVENTS}
LONGEST = {"document": 64 << 10}
"""Characters of a text that passes as it is, where that is not 500."""


class TooManyCards(Exception):
    """More card numbers than a message may show."""


def redacted(struct: S, cards: CardText) -> S:
    """The same structure as it may be shown, card numbers as `cards` gives them.

    Its work is bounded by what `messages/` lets in and by MOST_CARDS.  Raises TooManyCards.
    """
    left = MOST_CARDS

    def card(text: str) -> str:
        nonlocal left
        left -= 1
        if left < 0:
            raise TooManyCards
        return cards(text)

    return cast("S", _struct(struct, card))


def _struct(struct: msgspec.Struct, cards: CardText) -> msgspec.Struct:
    kind = type(struct).__name__
    if kind in WHOLE:
        return struct
    treatments = FIELDS.get(kind, {})
    changed = {}
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if value is None or isinstance(value, Enum | int | float | datetime) or value == "" or value == ():
            continue
        changed[name] = _value(value, treatments.get(name, _HIDDEN), struct, cards, LONGEST.get(name, 500))
    return replace(struct, **changed) if changed else struct


def _value(value: Any, treatment: Treatment, owner: msgspec.Struct, cards: CardText, longest: int) -> Any:
    if isinstance(value, msgspec.Struct):
        return _struct(value, cards)
    if isinstance(value, tuple):
        if value and (isinstance(value[0], int | float) or type(value[0]).__name__ in WHOLE):
            return value
        return tuple(_value(item, treatment, owner, cards, longest) for item in value)
    if not isinstance(value, str):
        return hidden("")
    return _text(value, treatment, owner, cards, longest)


def _text(text: str, treatment: Treatment, owner: msgspec.Struct, cards: CardText, longest: int) -> str:
    match treatment:
        case Treatment.AS_IS:
            return text if len(text) <= longest else hidden(text)
        case Treatment.CLEAN:
            return foreign_text(text)
        case Treatment.NAME:
            return plain_name(text)
        case Treatment.CARD:
            return cards(text)
        case Treatment.URL:
            return cut_url(text)
        case Treatment.VALUE:
            name = str(getattr(owner, "key", "") if type(owner).__name__ != "Setting" else getattr(owner, "name", ""))
            if name == "csms.url":  # of use to a replay: it says whether the connection is encrypted
                return cut_url(text)
            return text if value_is_shown(name) and len(text) <= longest else zeros(text)
        case Treatment.ANSWER:
            return answer_text(text)
    return hidden(text)


# --- rows of the control socket's answers, in a support bundle --------------------------------------------------------

ROW_TEXTS: Mapping[str, Treatment] = {
    **dict.fromkeys(
        (
            *("status", "state", "code", "kind", "start", "stop", "verdict", "registration", "link", "clock", "utc"),
            *("began", "ended", "time", "since", "product", "vendor", "model", "name", "version", "python", "dir"),
            *("board", "pilot", "faults", "fail_safe_layers", "measurands", "key", "type", "unit", "allowed", "what"),
            *("station_id", "url", "stage", "info", "headline", "leaving", "in_flight", "purpose", "from", "to"),
            *(
                "id",
                "serial",
                "box_serial",
                "iccid",
                "imsi",
                "meter_type",
                "meter_serial",
                "meter_model",
                "schemes",
                "connectors",
            ),
            *("socket", "store_dir", "state_dir", "control_socket", "jobs_socket", "allow_hosts", "ca_file"),
            *(
                "cert_file",
                "key_file",
                "outlet",
                "profiles",
                "transfer_protocols",
                "rate_units",
                "file",
                "connector_type",
                "links",
            ),
        ),
        AS_IS,
    ),
    **dict.fromkeys(("reason", "detail", "cause", "text", "remedy", "signalled_why", "why", "chain"), CLEAN),
    **dict.fromkeys(("install", "reboot"), _HIDDEN),
}
"""By the name of a field of any row; `error` and `value` are looked at beside."""


def redacted_row(value: Any, cards: CardText, name: str = "", key: str = "", shown: bool = False) -> Any:
    """A JSON value with its texts as they may be shown, at any depth; `name` is the field that holds it.

    `shown`: the values of this mapping are configuration values by the name of their key.
    """
    if isinstance(value, Mapping):
        beside = str(value.get("key", ""))
        return {
            inner: redacted_row(item, cards, "value" if shown else str(inner), str(inner) if shown else beside)
            for inner, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted_row(item, cards, name, key) for item in value]
    if not isinstance(value, str) or not value:
        return value
    if holds_id_tag(name):
        return cards(value)
    if name == "value":
        return single_line(value, 500) if value_is_shown(key) else ""
    if name == "error":
        return answer_text(value)
    treatment = ROW_TEXTS.get(name, _HIDDEN)
    if treatment is AS_IS:
        return single_line(value, 512)
    return foreign_text(value) if treatment is CLEAN else hidden(value)
