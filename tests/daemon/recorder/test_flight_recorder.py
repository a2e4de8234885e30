"""The flight recorder: what is written down, how often, and that it never gets in the way."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from daemon.recorder.flight_recorder import (
    BATCH_BYTES,
    BATCH_S,
    FILE_BYTES,
    FILES,
    FlightRecorder,
    Snapshot,
    read_lines,
    timed,
    unit_key,
)
from ocpp16.events import CardPresented, FrameReceived, Now, Tick
from ocpp16.product import Identity, Product
from ocpp16.records import CachedTag, Setting, Unit
from ocpp16.step import Note

KEY = b"k" * 32


def shot(recorder: FlightRecorder, first_values: Mapping[str, str] | None = None) -> None:
    rows = [CachedTag(id_tag="04a2b9", status="Accepted"), Setting(name="HeartbeatInterval", value="3")]
    recorder.snapshot(rows, 7, "boot", 1.5, Product(), Identity(), first_values or {})


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """Snapshot, events, frames and notes come back in their order."""
    recorder = FlightRecorder(tmp_path, KEY)
    shot(recorder, {"AuthorizationKey": "abc", "ConnectionTimeOut": "5"})
    recorder.event(Now(1.0, None), Tick())
    recorder.sent(1.1, '[2,"1","Authorize",{"idTag":"04A2B9"}]')
    recorder.note(Now(1.2, 9.0), Note("card-refused", {"id_tag": "04A2B9"}))
    recorder.flush()
    snapshot, event, sent, note = read_lines(tmp_path / FILES[0])
    read = msgspec.convert(snapshot[1], Snapshot)
    assert (read.seed, read.boot_id, read.build_utc, read.product) == (7, "boot", 1.5, Product())
    assert read.first_values == {"AuthorizationKey": "000", "ConnectionTimeOut": "5"}
    assert read.rows()[1] == Setting(name="HeartbeatInterval", value="3")
    assert event == ["event", 1.0, None, {"type": "Tick"}]
    assert sent[0:2] == ["sent", 1.1] and note[0:4] == ["note", 1.2, 9.0, "card-refused"]
    assert "04A2B9" not in str([snapshot, sent, note]) and "04a2b9" not in str(snapshot)


def test_the_file_is_private(tmp_path: Path) -> None:
    """Nobody but the daemon's user reads record and key."""
    recorder = FlightRecorder(tmp_path, unit_key(tmp_path))
    shot(recorder)
    recorder.flush()
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_lines_wait_for_a_batch(tmp_path: Path) -> None:
    """The card is spared: nothing is due before a minute or a batch's size, and all is taken at once."""
    recorder = FlightRecorder(tmp_path, KEY)
    assert not recorder.due(1e9)
    recorder.event(Now(10.0, None), Tick())
    assert not recorder.due(10.0 + BATCH_S - 1) and recorder.due(10.0 + BATCH_S)
    assert recorder.take() and not recorder.due(1e9) and recorder.take() == b""
    recorder.event(Now(11.0, None), FrameReceived("x" * BATCH_BYTES))
    assert recorder.due(11.0)


def test_the_ring_is_bounded(tmp_path: Path) -> None:
    """A file that has its size becomes the one before; the oldest goes."""
    recorder = FlightRecorder(tmp_path, KEY)
    for _ in range(len(FILES) + 2):
        recorder.write(b"x" * FILE_BYTES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    again = FlightRecorder(tmp_path, KEY)
    again.write(b"y")
    assert (tmp_path / FILES[0]).read_bytes() == b"y" and (tmp_path / FILES[1]).stat().st_size == FILE_BYTES


def test_what_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    """No room, no folder: the station continues, and the reason is reported once."""
    said: list[str] = []
    recorder = FlightRecorder(tmp_path / "none", KEY, said.append)
    recorder.write(b"x")
    recorder.write(b"x")
    assert said == ["No such file or directory"]
    (tmp_path / "none").mkdir()
    recorder.write(b"x")
    recorder.flush()
    assert (tmp_path / "none" / FILES[0]).read_bytes() == b"x"


def test_a_torn_end_is_left_out(tmp_path: Path) -> None:
    """A power cut in the middle of a batch costs that batch's end, not the file."""
    recorder = FlightRecorder(tmp_path, KEY)
    recorder.event(Now(1.0, None), Tick())
    recorder.flush()
    for number in range(200):
        recorder.event(Now(float(number), None), CardPresented(1, f"{number:020}", 1.0))
    whole = recorder.take()
    recorder.write(whole[: len(whole) // 2])
    lines = list(read_lines(tmp_path / FILES[0]))
    assert lines[0] == ["event", 1.0, None, {"type": "Tick"}] and 1 <= len(lines) < 201
    (tmp_path / FILES[0]).write_bytes(b"\x1f\x8bnonsense")
    assert list(read_lines(tmp_path / FILES[0])) == []
    (tmp_path / "plain").write_bytes(b'["event",1,null,{"type":"Tick"}]\n["eve')
    assert len(list(read_lines(tmp_path / "plain"))) == 1


def test_the_key_of_the_unit_stays(tmp_path: Path) -> None:
    """The key is made once; where it cannot be stored, each run has its own."""
    key = unit_key(tmp_path)
    assert len(key) == 32 and unit_key(tmp_path) == key
    assert len(unit_key(tmp_path / "none")) == 32
    (tmp_path / "flight.key").write_bytes(b"short")
    assert len(unit_key(tmp_path)) == 32


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
