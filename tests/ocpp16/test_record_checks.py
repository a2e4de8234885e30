"""Rows that make no sense: bills are mended and marked, the rest is set aside, and the station starts with anything."""

from __future__ import annotations

from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.messages.types import Measurand, ReadingContext, Reason
from ocpp16.record_checks import MAX_NUMBER, Checked, checked
from ocpp16.records import (
    TABLES,
    CachedTag,
    Equipment,
    MeasuredValue,
    MeterSwap,
    Occupancy,
    Record,
    RegisterSeen,
    Reservation,
    Sample,
    SecurityOccurrence,
    Stamp,
    Transaction,
    Unit,
)
from tests.ocpp16.rig import Station

AT = Stamp(mono=900.0, boot="boot-1", utc=1_744_631_900.0)
RUNS = Transaction(
    number=1, connector=1, id_tag="CARD", began=AT, meter_start_wh=900, start_seq=1, last_wh=950, last=AT
)
ENDED = replace(RUNS, ended=AT, meter_stop_wh=960, reason="Local", stop_seq=2, stop="waiting", last_wh=955)
VALUE = MeasuredValue(value="955", measurand="Energy.Active.Import.Register", unit="Wh")
SAMPLE = Sample(seq=3, connector=1, number=1, at=AT, context="Sample.Periodic", values=(VALUE,))


def one(found: Checked) -> Transaction:
    (charge,) = (record for record in found.records if isinstance(record, Transaction))
    return charge


def bill(charge: Transaction) -> tuple[int, int | None, str, str, bool]:
    return charge.meter_start_wh, charge.meter_stop_wh, charge.reason, charge.stop, charge.stop_exact


def test_sensible_rows_pass_untouched() -> None:
    """What the station itself writes comes out as the very same rows."""
    rows: list[Record] = [RUNS, replace(ENDED, number=2, connector=2, start_seq=5, stop_seq=6), SAMPLE, Unit()]
    found = checked(rows)
    assert (sorted(map(id, found.records)), found.problems, found.mended) == (sorted(map(id, rows)), [], [])


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (replace(RUNS, stop="waiting"), (900, 950, "Other", "waiting", False)),
        (replace(RUNS, stop="confirmed", start="confirmed"), (900, 950, "Other", "confirmed", False)),
        (replace(RUNS, stopping="Remote", meter_stop_wh=970, stop="waiting"), (900, 970, "Remote", "waiting", False)),
        (replace(ENDED, stop="none"), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, meter_stop_wh=None), (900, 955, "Local", "waiting", False)),
        (replace(ENDED, meter_stop_wh=800), (900, 955, "Local", "waiting", False)),
        (replace(ENDED, meter_stop_wh=2**40), (900, 955, "Local", "waiting", False)),
        (replace(ENDED, last_wh=2**40), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, reason=""), (900, 960, "Other", "waiting", True)),
        (replace(ENDED, reason="Nonsense"), (900, 960, "Other", "waiting", True)),
        (replace(ENDED, stop_seq=None), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, stop_seq=2**63 - 1), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, start_seq=-7), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, connector=-3), (900, 960, "Local", "waiting", True)),
        (replace(ENDED, number=2**63 - 1), (900, 960, "Local", "waiting", True)),
    ],
)
def test_6_a_bill_that_makes_no_sense_is_closed_sensibly(row: Transaction, expected: tuple[Any, ...]) -> None:
    """Energy that is on record is billed; what had to be guessed is marked; what was wrong is said."""
    found = checked([row])
    assert bill(one(found)) == expected
    assert [record for record, _ in found.problems] == [row] and found.mended == [one(found)]
    again = checked(found.records)
    assert (again.problems, again.mended) == ([], [])


def test_6_of_two_that_run_on_one_connector_the_older_ended() -> None:
    """Two running transactions on one connector: the newest runs on, the other one is billed as far as is known."""
    found = checked([RUNS, replace(RUNS, number=2, start_seq=4)])
    older, newer = sorted((r for r in found.records if isinstance(r, Transaction)), key=lambda r: r.number)
    assert (bill(older), newer.ended) == ((900, 950, "Other", "waiting", False), None)


def test_6_a_start_never_follows_its_stop() -> None:
    """A start that waits although its stop was confirmed is parked."""
    found = one(checked([replace(ENDED, stop="confirmed")]))
    assert (found.start, found.stop) == ("parked", "confirmed")


@pytest.mark.parametrize(
    "row",
    [
        replace(SAMPLE, seq=2**60),
        replace(SAMPLE, seq=-1),
        replace(SAMPLE, context="Nonsense"),
        replace(SAMPLE, number=9, for_stop=True),
        replace(SAMPLE, values=()),
        replace(SAMPLE, values=(replace(VALUE, measurand="Nonsense"),)),
        CachedTag(id_tag="card", status="Nonsense"),
        CachedTag(id_tag="CARD", status="Accepted"),
        CachedTag(id_tag="card", status="Accepted", used=2**60),
        CachedTag(id_tag="card", status="Accepted", expires_utc=1e300),
        Occupancy(connector=-1),
        Reservation(reservation_id=1, connector=300, id_tag="CARD", expires_utc=0.0),
        Reservation(reservation_id=2**70, connector=1, id_tag="CARD", expires_utc=0.0),
        Unit(name="other"),
    ],
)
def test_6_other_rows_that_make_no_sense_are_set_aside(row: Record) -> None:
    """They are not worked with; each is named."""
    found = checked([ENDED, row])
    assert found.records == [ENDED] and [record for record, _ in found.problems] == [row]


def test_6_ids_and_dates_of_the_central_system_are_its_own() -> None:
    """Its ids may be any integer, its dates any year up to 9999: nothing of that is damage."""
    rows: list[Record] = [
        Reservation(reservation_id=-(2**63), connector=0, id_tag="CARD", expires_utc=253402300799.0),
        replace(ENDED, transaction_id=2**63 - 1),
    ]
    assert checked(rows).problems == []


def test_6_the_unit_keeps_what_is_sensible() -> None:
    """Of the one row about the unit only the impossible fields are forgotten."""
    found = checked([Unit(floor_utc=float("inf"), utc_offset=1e300, shutdown="?", upload="?", registered=True)])
    assert found.records == [Unit(registered=True)] and found.mended == found.records


def test_6_a_meter_swap_of_the_future() -> None:
    """An exchange of the meter after bills that are not there would hide the next ones."""
    found = checked([ENDED, MeterSwap(connector=1, after_number=99)])
    assert MeterSwap(connector=1, after_number=1) in found.records


@pytest.mark.parametrize("wh", [-1, 2**63 - 1])
def test_6_a_register_that_no_meter_shows(wh: int) -> None:
    """It would keep the connector Faulted until somebody comes."""
    found = checked([RegisterSeen(connector=1, wh=wh), RegisterSeen(connector=2, wh=7)])
    assert found.records == [RegisterSeen(connector=2, wh=7)]


def test_6_mended_rows_are_written_told_and_noted() -> None:
    """The station starts with them: what was mended is on disk afterwards, and the bill is told."""
    rows = [
        replace(RUNS, number=2**63 - 1, stop="waiting"),
        replace(SAMPLE, number=2**63 - 1, seq=1),
        CachedTag(id_tag="x", status="?"),
    ]
    station = Station(records=rows)
    station.script["StartTransaction"] = {"transactionId": 77, "idTagInfo": {"status": "Accepted"}}
    station.started()
    station.connect()
    assert [row.number for row in station.rows(Transaction)] == [1]
    assert [(said["transactionId"], said["meterStop"]) for said in station.heard("StopTransaction")] == [(77, 950)]
    assert [code for code, _ in station.notes if code.startswith("row-")] == [
        *("row-mended", "row-set-aside", "row-mended"),
    ]
    assert next(row for row in station.rows(CachedTag)).status == "?"  # it is the store's to move it away


# --- anything ---------------------------------------------------------------------------------------------------------

WORDS = [
    *("", "x", "CARD", "card", "boot-1", "unit", "update", "list", "1/weld", "0/overtemperature", "{}", "Accepted"),
    *("MeterValueSampleInterval", "ConnectionTimeOut", "60", "-1", "true", "9" * 30),
    *(str(word) for word in (Reason.LOCAL, Reason.SOFT_RESET, Reason.OTHER)),
    *(str(word) for word in (ReadingContext.SAMPLE_PERIODIC, Measurand.ENERGY_ACTIVE_IMPORT_REGISTER)),
]
NUMBERS = st.one_of(st.integers(-2, 6), st.integers(), st.sampled_from([2**53, 2**63 - 1, -(2**63), 2**31]))
SECONDS = st.one_of(st.floats(0, 2000), st.floats(1.7e9, 1.8e9), st.floats(), st.just(253402300799.0))


def value_of(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, the odd ones not rarer than the usual."""
    origin = get_origin(kind)
    if origin is Literal:
        return st.sampled_from(get_args(kind))
    if origin in (Union, UnionType):
        return st.one_of(*map(value_of, get_args(kind)))
    if origin is Annotated:
        return value_of(get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if origin is tuple:
        return st.lists(value_of(get_args(kind)[0]), max_size=2).map(tuple)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        bool: st.booleans(),
        int: NUMBERS,
        float: SECONDS,
        str: st.one_of(st.sampled_from(WORDS), st.text(st.characters(exclude_categories=["Cs"]), max_size=8)),
    }
    return simple[kind] if kind in simple else row_of(kind)


def row_of(kind: type[Any]) -> st.SearchStrategy[Any]:
    fields = {field.name: value_of(field.type) for field in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


ROWS = st.lists(st.one_of(*(row_of(kind) for kind in (*TABLES, Transaction, Sample, Transaction))), max_size=8)


def unique(rows: list[Record]) -> list[Record]:
    """As a store has them: one row a key."""
    return list({(row.table, row.key): row for row in rows}.values())


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_6_any_typed_rows_become_sensible(rows: list[Record]) -> None:
    """Nothing raises, no charge is lost, and what comes out needs no mending."""
    rows = unique(rows)
    found = checked(rows)
    charges = [row for row in found.records if isinstance(row, Transaction)]
    assert len(charges) == len({row.number for row in charges}) == sum(isinstance(row, Transaction) for row in rows)
    again = checked(found.records)
    assert (again.problems, again.mended) == ([], [])
    for row in charges:
        assert 0 < row.number < MAX_NUMBER
        assert row.ended is None or (row.meter_stop_wh is not None and row.meter_stop_wh >= row.meter_start_wh)


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_6_the_station_starts_with_any_typed_rows(rows: list[Record]) -> None:
    """No row of any store makes a step raise: start, board, link, a session, a restart."""
    station = Station(records=unique(rows))
    station.started()
    station.connect()
    station.charging()
    station.wait(100)
    station.meter(10)
    station.tap("CARD")
    station.open_contactor()
    station.cp.status(station.now())
    station.cp.why(station.now())
    station.cp.queue()
    station.cp.transaction_rows()
    station.cp.configuration_rows()
    station.restart().started()
    station.happens(ev.Tick())


@pytest.mark.parametrize(
    "change", [{"number": 0}, {"told": 2}, {"count": 2**60, "number": 2**60}, {"last": Stamp(-1e99, "b")}]
)
def test_a_security_event_that_cannot_be_is_set_aside(change: dict[str, Any]) -> None:
    sound = SecurityOccurrence(number=1, type="T", tech_info="", began=Stamp(1.0, "b"), last=Stamp(1.0, "b"))
    assert checked([sound]).problems == []
    found = checked([replace(sound, **change)])
    assert (found.records, len(found.problems)) == ([], 1)


@pytest.mark.parametrize(
    "damage", [{"meter_serial": "9" * 26}, {"meter_model": "\u00e4"}, {"loaded": -1}, {"unloaded": -1}]
)
def test_12_equipment_that_no_board_has_told(damage: dict[str, Any]) -> None:
    """BootNotification could not be sent with it: set aside, the board tells it again."""
    sound = Equipment(connector=1, meter_serial="9" * 25, loaded=3)
    assert checked([sound, replace(sound, connector=2, **damage)]).records == [sound]
