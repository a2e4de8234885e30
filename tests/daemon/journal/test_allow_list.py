"""What may be shown is named field by field; a new field is hidden until somebody decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
import pytest

from daemon.journal.allow_list import (
    FIELDS,
    MOST_CARDS,
    ROW_TEXTS,
    WHOLE,
    TooManyCards,
    redacted,
    redacted_row,
)
from ocpp16.events import AnyEvent, BoardAttached, CardPresented, ConnectorShape, JobDone, SettingAsked, Tick
from ocpp16.messages import core, firmware, local_list
from ocpp16.messages.types import AuthorizationStatus, DataTransferStatus, IdTagInfo, KeyValue, UpdateType
from ocpp16.records import TABLES, FirmwareUpdate, Occupancy, Setting, Stamp, Transaction
from ocpp16.rpc import payload
from tests.ocpp16.rig import Station


def texts(kind: type, seen: set[type]) -> Iterator[tuple[str, str]]:
    """(structure, field) of every text that can be in it, nested ones too."""
    if kind in seen:
        return
    seen.add(kind)
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    for field in info.fields:
        yield from _of(kind.__name__, field.name, field.type, seen)


def _of(owner: str, field: str, kind: msgspec.inspect.Type, seen: set[type]) -> Iterator[tuple[str, str]]:
    match kind:
        case msgspec.inspect.UnionType():
            for one in kind.types:
                yield from _of(owner, field, one, seen)
        case msgspec.inspect.VarTupleType():
            yield from _of(owner, field, kind.item_type, seen)
        case msgspec.inspect.StructType():
            yield from texts(kind.cls, seen)
        case msgspec.inspect.StrType() | msgspec.inspect.LiteralType():
            yield owner, field
        case (
            msgspec.inspect.EnumType()
            | msgspec.inspect.IntType()
            | msgspec.inspect.FloatType()
            | msgspec.inspect.BoolType()
            | msgspec.inspect.DateTimeType()
            | msgspec.inspect.NoneType()
        ):
            pass
        case _:
            raise AssertionError(f"{owner}.{field}: {kind} has no treatment")


def every() -> list[tuple[str, str]]:
    rows = [kind for rows in (payload.INCOMING, payload.OUTGOING) for row in rows.values() for kind in row]
    seen: set[type] = set()
    return [found for kind in (*rows, *TABLES, *get_args(AnyEvent)) for found in texts(kind, seen)]


def test_every_text_of_every_message_record_and_event_has_its_treatment() -> None:
    """None is forgotten, and none is named that is not there."""
    found = {(owner, field) for owner, field in every() if owner not in WHOLE}
    named = {(owner, field) for owner, fields in FIELDS.items() for field in fields}
    assert (found - named, named - found) == (set(), set())


def test_structures_that_pass_whole_hold_no_foreign_text() -> None:
    """Of measurements the value is ours alone."""
    owners = {"MeasuredValue": "SampledValue"}
    assert {(owners.get(owner, owner), field) for owner, field in every() if owner in WHOLE} <= {
        *(("MeterValue", "timestamp"), ("SampledValue", "value"), ("SampledValue", "measurand")),
        *(("SampledValue", "unit"), ("SampledValue", "phase"), ("SampledValue", "location")),
    }


YES = DataTransferStatus.ACCEPTED
SECRET = "ftp://user:S3CRET@host.example:21/pa/th?token=S3CRET"


@pytest.mark.parametrize(
    ("struct", "shown"),
    [
        (core.AuthorizeReq(id_tag="04A2"), core.AuthorizeReq(id_tag="<4>")),
        (core.AuthorizeReq(id_tag=""), core.AuthorizeReq(id_tag="")),
        (core.ChangeConfigurationReq("CpoName", "300"), core.ChangeConfigurationReq("CpoName", "300")),
        (core.ChangeConfigurationReq("authorizationKEY", "ab"), core.ChangeConfigurationReq("authorizationKEY", "00")),
        (core.ChangeConfigurationReq("Authorization Key", "ab"),
         core.ChangeConfigurationReq("(hidden, 17 characters)", "00")),
        (core.ChangeConfigurationReq(" AuthorizationKey", "ab"),
         core.ChangeConfigurationReq("(hidden, 17 characters)", "00")),
        (core.ChangeConfigurationReq("Vendor.Key", "ab"), core.ChangeConfigurationReq("Vendor.Key", "00")),
        (core.DataTransferReq("org.example", "m", "secret"),
         core.DataTransferReq("org.example", "(hidden, 1 characters)", "(hidden, 6 characters)")),
        (core.DataTransferConf(YES, "secret"), core.DataTransferConf(YES, "(hidden, 6 characters)")),
        (core.GetConfigurationReq(("A", "b c")), core.GetConfigurationReq(("A", "(hidden, 3 characters)"))),
        (core.GetConfigurationConf((KeyValue("AuthorizationKey", False, "x"),)),
         core.GetConfigurationConf((KeyValue("AuthorizationKey", False, "0"),))),
        (firmware.GetDiagnosticsReq(SECRET), firmware.GetDiagnosticsReq("ftp://host.example:21")),
        (core.AuthorizeConf(IdTagInfo(AuthorizationStatus.ACCEPTED, parent_id_tag="G1")),
         core.AuthorizeConf(IdTagInfo(AuthorizationStatus.ACCEPTED, parent_id_tag="<2>"))),
        (Tick(), Tick()),
        (CardPresented(1, "04A2", 2.0), CardPresented(1, "<4>", 2.0)),
        (SettingAsked(1, "AuthorizationKey", "abc"), SettingAsked(1, "AuthorizationKey", "000")),
        (JobDone(1, False, f"cannot {SECRET}\n"), JobDone(1, False, "cannot ftp://host.example:21\\n")),
        (BoardAttached("b", "s", "x" * 501, (ConnectorShape(1, measurands=("SoC",)),)),
         BoardAttached("b", "s", "(hidden, 501 characters)", (ConnectorShape(1, measurands=("SoC",)),))),
        (Occupancy(connector=1, held_for="04A2", held_group="G1"),
         Occupancy(connector=1, held_for="<4>", held_group="<2>")),
        (Setting(name="AuthorizationKey", value="abc"), Setting(name="AuthorizationKey", value="000")),
        (FirmwareUpdate(location=SECRET, retrieve_utc=1.0, retries_left=0, retry_interval_s=0, file="/x"),
         FirmwareUpdate(location="ftp://host.example:21", retrieve_utc=1.0, retries_left=0, retry_interval_s=0,
                        file="(hidden, 2 characters)")),
    ],
)  # fmt: skip
def test_point_14_what_is_shown(struct: msgspec.Struct, shown: msgspec.Struct) -> None:
    """Cards by their text, URLs cut, values by their key, all else of foreign text hidden."""
    assert redacted(struct, lambda card: f"<{len(card)}>") == shown


def test_an_unknown_structure_shows_no_text() -> None:
    """A new message is hidden until its fields are named; what is no plain value is hidden, too."""

    class New(msgspec.Struct):
        word: str
        number: int
        data: bytes

    assert redacted(New("secret", 7, b"x"), str) == New("(hidden, 6 characters)", 7, "(hidden, 0 characters)")  # type: ignore[arg-type]


def test_what_the_central_system_said_of_a_bill_is_not_shown() -> None:
    """The error code, and the length of its words: they may name a card."""
    stamp = Stamp(mono=1.0, boot="b")
    row = Transaction(
        number=1, connector=1, id_tag="04", began=stamp, meter_start_wh=0, start_seq=1, last_wh=0, last=stamp,
        error="InternalError: no card 04A2", stop_error="no answer",
    )  # fmt: skip
    shown = redacted(row, lambda card: "x")
    assert (shown.error, shown.stop_error, shown.id_tag) == ("InternalError (hidden, 12 characters)", "no answer", "x")


def test_point_9_the_number_of_cards_is_bounded() -> None:
    """A list of more cards than a frame may have is not looked at any further."""
    entries = tuple(local_list.AuthorizationData(str(number)) for number in range(MOST_CARDS + 1))
    asked: list[str] = []

    def remember(card: str) -> str:
        asked.append(card)
        return "x"

    with pytest.raises(TooManyCards):
        redacted(local_list.SendLocalListReq(1, UpdateType.FULL, entries), remember)
    assert len(asked) == MOST_CARDS


# --- rows -----------------------------------------------------------------------------------------------------------


def names(value: Any, name: str = "") -> Iterator[str]:
    """The fields that hold texts, at any depth."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from names(item, inner)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from names(item, name)
    elif isinstance(value, str) and value:
        yield name


def test_every_text_of_the_views_is_named() -> None:
    """Nothing that a bundle is made of is hidden by an oversight."""
    station = Station().online()
    rows = station.cp.status(station.now()), station.cp.why(station.now()), station.cp.configuration_rows()
    found = {name for part in rows for name in names(msgspec.to_builtins(part))}
    assert found - {"waiting_card", "id_tag", "value", "error"} <= set(ROW_TEXTS)


def test_rows_without_cards_and_secrets() -> None:
    """At any depth, by any spelling of the names."""
    row = {
        "a": [{"idTag": "C1", "parent_id_tag": "C2", "password": "x", "made_up": "y"}], "n": 1, "id_tag": None,
        "key": "AuthorizationKey", "value": "abc", "error": "GenericError: C1", "detail": SECRET, "code": "ok",
    }  # fmt: skip
    assert redacted_row(row, str.lower) == {
        "a": [{"idTag": "c1", "parent_id_tag": "c2", "password": "(hidden, 1 characters)",
               "made_up": "(hidden, 1 characters)"}], "n": 1, "id_tag": None,
        "key": "AuthorizationKey", "value": "", "error": "GenericError (hidden, 2 characters)",
        "detail": "ftp://host.example:21", "code": "ok",
    }  # fmt: skip
    ocpp = {"HeartbeatInterval": "3", "AuthorizationKey": "abc", "Vendor": "abc"}
    assert redacted_row(ocpp, str, shown=True) == {"HeartbeatInterval": "3", "AuthorizationKey": "", "Vendor": ""}
