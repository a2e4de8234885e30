"""The UTC of recorded lines."""

from __future__ import annotations

from typing import Any

import msgspec

from daemon.recorder.recorded_times import earlier_notes, timed
from ocpp16.records import Unit


def life(boot: str, unit: Unit, *lines: list[Any]) -> list[list[Any]]:
    """A snapshot with this row, and what followed."""
    records = [["setting", {"name": "a", "value": "b"}], ["unit", msgspec.to_builtins(unit)]]
    return [["snapshot", {"boot_id": boot, "records": records}], *lines]


def note(mono: float, utc: float | None = None) -> list[Any]:
    return ["note", mono, utc, "code", {}]


def utcs(lines: list[list[Any]], unit: Unit) -> list[float | None]:
    return [utc for line, utc in timed(lines, unit) if line[0] != "snapshot"]


def test_utc_is_found_where_anything_tells_it() -> None:
    """The line itself, the store's row for the newest run, the next snapshot's row for an earlier one."""
    first = life("one", Unit(), note(1.0), ["sent", 2.0, "[2]"])
    second = life("two", Unit(boot_id="one", utc_offset=100.0), note(3.0), note(4.0, 999.0), ["event", 5.0, None, {}])
    third = life("three", Unit(boot_id="two"), note(6.0))
    store = Unit(boot_id="three", utc_offset=1000.0)
    assert utcs([*first, *second, *third], store) == [101.0, 102.0, 998.0, 999.0, 1000.0, 1006.0]


def test_a_life_without_its_start_has_the_boot_that_came_after() -> None:
    """Its snapshot has left the ring; the row of the next one, or of the store, names its boot."""
    assert utcs([note(1.0)], Unit(boot_id="one", utc_offset=10.0)) == [11.0]
    again = life("two", Unit(boot_id="one", utc_offset=20.0), note(2.0))
    assert utcs([note(1.0), *again], Unit(boot_id="two")) == [21.0, None]


def test_utc_of_another_boot_says_nothing() -> None:
    """A line whose boot's UTC is unknown has none; two runs of one boot share theirs."""
    assert utcs(life("one", Unit(), note(1.0)), Unit(boot_id="two", utc_offset=10.0)) == [None]
    both = [*life("one", Unit(), note(1.0)), *life("one", Unit(boot_id="one"), note(2.0))]
    assert utcs(both, Unit(boot_id="one", utc_offset=10.0)) == [11.0, 12.0]
    assert utcs([], Unit()) == []


def test_notes_that_have_left_the_ring() -> None:
    """Those of the other ring that are no longer in it, with the time that they carry."""
    rare = [["began", 1.0], ["start", "boot", 3], note(1.0, 5.0), note(2.0)]
    assert list(earlier_notes(rare, [note(2.0)])) == [(note(1.0, 5.0), 5.0)]
