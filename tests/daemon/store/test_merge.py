"""Bills of one store that another one does not hold."""

from __future__ import annotations

from msgspec.structs import replace

from daemon.store.merge import is_delivered, missing_bills
from ocpp16.records import Record, Sample, Setting, Transaction
from tests.daemon.store.test_salvage import bill, sample


def bills(records: list[Record]) -> list[Transaction]:
    return [record for record in records if isinstance(record, Transaction)]


def test_6_only_what_is_not_delivered_and_not_there() -> None:
    """A bill that was told, one that is there under whatever number, and settings are not brought back."""
    there = replace(bill(6, told=False), number=2)
    found = [bill(4, told=True), bill(5, told=False), bill(6, told=False), Setting(name="a", value="b")]
    assert [row.number for row in bills(missing_bills(found, [there]))] == [5]


def test_6_numbers_and_places_that_are_taken_are_not_used() -> None:
    """Another transaction has the number meanwhile: this one gets the next free one, and its place behind all."""
    there = replace(bill(5, told=False), id_tag="another", start_seq=100, stop_seq=104)
    merged = missing_bills([bill(5, told=False), sample(5, 1), sample(5, 2), sample(9, 1)], [there])
    (one,) = bills(merged)
    assert (one.number, one.start_seq, one.stop_seq) == (6, 105, 108)
    values = [row for row in merged if isinstance(row, Sample)]
    assert [(row.number, row.seq) for row in values] == [(6, 106), (6, 107)]
    assert (one.meter_start_wh, one.meter_stop_wh, one.id_tag) == (5000, 5777, "04A2B90005")


def test_6_twice_is_once() -> None:
    """What was brought back is there the second time."""
    merged = missing_bills([bill(5, told=False), sample(5, 1)], [])
    assert missing_bills([bill(5, told=False), sample(5, 1)], merged) == []


def test_6_one_that_has_no_end_gets_it() -> None:
    """It runs no more: its last known register, marked as inexact."""
    running = replace(bill(5, told=False), ended=None, meter_stop_wh=None, reason="", stop_seq=None, stop="none")
    (one,) = bills(missing_bills([running], []))
    assert (one.meter_stop_wh, one.reason, one.stop, one.stop_exact) == (5500, "PowerLoss", "waiting", False)
    assert one.ended == running.last and not is_delivered(one)
