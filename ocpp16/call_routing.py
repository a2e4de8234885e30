"""Which CALL of the Central System is answered by which part, and which messages it can trigger: one row a message."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ocpp16.messages.call_error import Refusal
from ocpp16.messages.core import ChangeConfigurationReq, UnlockConnectorReq
from ocpp16.messages.security import CertificateSignedReq, InstallCertificateReq, SignedUpdateFirmwareReq
from ocpp16.messages.types import Message
from ocpp16.parts import Parts
from ocpp16.profiles.remote_trigger import RemoteTrigger, Send
from ocpp16.rpc.pending_calls import CallId, Postponed

CallAnswer = Callable[..., Any]
REFUSALS = frozenset({"Rejected", "NotImplemented", "NotSupported", "Unknown"})
LOG_THEMSELVES = frozenset(
    {
        *("ChangeConfiguration", "ReserveNow", "DataTransfer", "RemoteStartTransaction", "RemoteStopTransaction"),
        *("SignedUpdateFirmware", "InstallCertificate", "DeleteCertificate", "CertificateSigned"),
    }
)
"""They log more than a status."""
CHANGES = frozenset(
    {
        *("SetChargingProfile", "ClearChargingProfile", "SendLocalList", "ChangeAvailability"),
        *("ClearCache", "GetDiagnostics", "GetLog", "Reset"),
    }
)
LOGGED = (
    *("connector_id", "transaction_id", "reservation_id", "id", "requested_message"),
    *("type", "list_version", "update_type"),
)
"""Fields of a request that name its subject, and no person."""
ANSWERED_LATER = (SignedUpdateFirmwareReq, InstallCertificateReq, CertificateSignedReq)
"""Their answer waits for a job, so their method gets the id of the CALL."""
SECURITY = "Security"
"""The messages of the security extension (W), which SupportedFeatureProfiles does not list."""


def answers(parts: Parts) -> dict[str, dict[str, CallAnswer]]:
    """By feature profile and action: the method that answers the request (UnlockConnector is answered later)."""
    return {
        "Core": {
            "ChangeAvailability": parts.availability.on_change_availability,
            "ChangeConfiguration": parts.configuration.on_change_configuration,
            "ClearCache": parts.authorization.on_clear_cache,
            "DataTransfer": parts.data_transfer.on_data_transfer,
            "GetConfiguration": parts.configuration.on_get_configuration,
            "RemoteStartTransaction": parts.remote_control.on_remote_start,
            "RemoteStopTransaction": parts.remote_control.on_remote_stop,
            "Reset": parts.reset.on_reset,
        },
        "LocalAuthListManagement": {
            "GetLocalListVersion": parts.local_list.on_get_version,
            "SendLocalList": parts.local_list.on_send,
        },
        "Reservation": {
            "ReserveNow": parts.reservations.on_reserve,
            "CancelReservation": parts.reservations.on_cancel,
        },
        "SmartCharging": {
            "SetChargingProfile": parts.smart_charging.on_set,
            "ClearChargingProfile": parts.smart_charging.on_clear,
            "GetCompositeSchedule": parts.composite_schedule.on_composite,
        },
        "RemoteTrigger": {
            "TriggerMessage": RemoteTrigger(parts.product.connectors, triggered_messages(parts)).on_trigger,
        },
        "FirmwareManagement": {
            "UpdateFirmware": parts.firmware.on_update,
            "GetDiagnostics": parts.diagnostics.on_get_diagnostics,
        },
        SECURITY: {
            "ExtendedTriggerMessage": RemoteTrigger(
                parts.product.connectors, extended_messages(parts), lowest_connector=1
            ).on_extended_trigger,
            "GetLog": parts.security.log_upload.on_get_log,
            "SignedUpdateFirmware": parts.security.signed_updates.on_signed_update,
            "CertificateSigned": parts.security.certificates.station.on_certificate_signed,
            "DeleteCertificate": parts.security.certificates.roots.on_delete,
            "GetInstalledCertificateIds": parts.security.certificates.roots.on_get_ids,
            "InstallCertificate": parts.security.certificates.roots.on_install,
        },
    }


class CallRouter:
    """Answers the requests that this product supports, and refuses the others."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        every = answers(parts)
        names = (*parts.product.profiles, *([SECURITY] if parts.product.security_extension else []))
        self._own = {action: answer for name in names for action, answer in every.get(name, {}).items()}
        # The list and reservations answer "not supported" with a status of their own (§5.10, §5.13, §5.15)
        self._own |= every["LocalAuthListManagement"] | {"ReserveNow": parts.reservations.on_reserve} | self._own

    def __call__(self, action: str, request: Message, call_id: CallId) -> Message | Refusal | Postponed:
        """The confirmation, a CALLERROR, or `POSTPONED`."""
        if isinstance(request, UnlockConnectorReq):
            return self._parts.unlock_connector.on_unlock(request, call_id)
        if isinstance(request, ChangeConfigurationReq) and self._parts.security.connection_keys.changes(request):
            return self._parts.security.connection_keys.on_change_configuration(request, call_id)
        answer = self._own.get(action)
        result: Message | Refusal | Postponed
        if answer is None:  # known to OCPP, not to this product
            result = Refusal("NotSupported", f"{action} is not supported by this station")
        elif isinstance(request, ANSWERED_LATER):
            result = answer(request, call_id)
        else:
            result = answer(request)
        if isinstance(result, Refusal):
            self._parts.context.note("call-refused", action=action, code=result.code, reason=result.description)
        elif not isinstance(result, Postponed):
            self._log(action, request, result)
        return result

    def _log(self, action: str, request: Message, result: Message) -> None:
        """A technician reads what the Central System was refused, and what it changed."""
        status = str(getattr(result, "status", ""))
        if action in LOG_THEMSELVES or not (status in REFUSALS or action in CHANGES):
            return
        fields = {name: getattr(request, name) for name in LOGGED if hasattr(request, name)}
        what = ", ".join(f"{name} {_told(value)}" for name, value in fields.items() if value is not None)
        code = "command-refused" if status in REFUSALS else "command-taken"
        self._parts.context.note(code, action=action, what=what or "-", status=status or "taken")


def _told(value: object) -> object:
    """Numbers and plain words as they are; of any other text of a request only the length."""
    if not isinstance(value, str) or (value.isascii() and value.isalpha() and len(value) <= 50):
        return value
    return f"({len(value)} characters)"


# --- TriggerMessage -------------------------------------------------------------------------------------------------


def triggered_messages(parts: Parts) -> dict[str, Send]:
    """By requestedMessage: how it is sent (§5.17); any other is answered NotImplemented."""
    core: dict[str, Send] = {
        "BootNotification": partial(_trigger_boot, parts),
        "Heartbeat": partial(_trigger_heartbeat, parts),
        "MeterValues": partial(_trigger_values, parts),
        "StatusNotification": partial(_trigger_statuses, parts),
    }
    if not parts.product.has("FirmwareManagement"):
        return core
    signed = parts.security.signed_statuses.triggered_plain
    return core | {
        "DiagnosticsStatusNotification": parts.diagnostics.triggered_status,
        "FirmwareStatusNotification": signed if parts.product.secure_firmware else parts.firmware.triggered_status,
    }


def extended_messages(parts: Parts) -> dict[str, Send]:
    """By requestedMessage of ExtendedTriggerMessage (W); any other is answered NotImplemented."""
    plain = triggered_messages(parts)
    names = ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification", "FirmwareStatusNotification")
    signed = (
        {"FirmwareStatusNotification": parts.security.signed_statuses.triggered}
        if parts.product.secure_firmware
        else {}
    )
    return {
        **{name: plain[name] for name in names if name in plain},
        **signed,
        "LogStatusNotification": parts.security.log_upload.triggered_status,
        "SignChargePointCertificate": partial(_trigger_signing, parts),
    }


def _trigger_signing(parts: Parts, connector: int | None) -> bool:
    """W A02: a new key, and its CSR; refused where the station cannot make one."""
    return not parts.security.certificates.sign_requested()


def _trigger_boot(parts: Parts, connector: int | None) -> bool:
    """E 3.35: not once it is accepted, unless the product helps Central Systems that forget who we are."""
    wanted = not parts.registration.accepted or parts.product.triggered_boot == "accepted"
    if wanted:
        parts.registration.boot()
    return wanted


def _trigger_heartbeat(parts: Parts, connector: int | None) -> bool:
    parts.registration.heartbeat.send(triggered=True)
    return True


def _trigger_values(parts: Parts, connector: int | None) -> bool:
    """Without a connector, and for the station (it has no main meter): of every connector."""
    wanted = list(parts.connectors) if not connector else [connector]
    requests = [request for number in wanted if (request := parts.meter_values.triggered(number)) is not None]
    for request in requests:
        parts.session.call(request, triggered=True)
    return bool(requests)


def _trigger_statuses(parts: Parts, connector: int | None) -> bool:
    """Of those whose status is known: after a start the board may not have reported it yet."""
    notifications = parts.notifications
    every = (0, *parts.connectors) if connector is None else (connector,)
    known = [number for number in every if notifications.shown(number) is not None]
    for number in known:
        notifications.trigger(number)
    return bool(known)
