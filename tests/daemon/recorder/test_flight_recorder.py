"""The flight recorder: what is written down, how often, and that it never gets in the way."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from daemon.recorder.flight_recorder import (
    BATCH_BYTES,
    BATCH_S,
    COUNT_S,
    FAULT_S,
    FILE_BYTES,
    FILES,
    RARE_FILES,
    WAITING_BYTES,
    FlightRecorder,
    Snapshot,
    unit_key,
)
from daemon.recorder.ring import read_lines
from ocpp16.events import BoardLost, CardPresented, Now, PilotChanged, Tick
from ocpp16.product import Identity, Product
from ocpp16.records import CachedTag, Setting
from ocpp16.step import Note
from tests.daemon.understood import received, sent

KEY = b"k" * 32


def shot(recorder: FlightRecorder, first_values: Mapping[str, str] | None = None) -> None:
    rows = [CachedTag(id_tag="04a2b9", status="Accepted"), Setting(name="HeartbeatInterval", value="3")]
    recorder.snapshot(rows, 7, "boot", 1.5, Product(), Identity(), first_values or {})


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """Snapshot, events, frames and notes come back in their order."""
    recorder = FlightRecorder(tmp_path, KEY)
    shot(recorder, {"AuthorizationKey": "abc", "ConnectionTimeOut": "5"})
    recorder.event(Now(1.0, None), Tick())
    recorder.sent(1.1, sent('[2,"1","Authorize",{"idTag":"04A2B9"}]'))
    recorder.received(Now(1.2, None), received('[2,"1","ClearCache",{}]'))
    recorder.note(Now(1.2, 9.0), Note("card-refused", {"id_tag": "04A2B9"}))
    recorder.flush()
    snapshot, event, frame, call, note = read_lines(tmp_path / FILES[0])
    read = msgspec.convert(snapshot[1], Snapshot)
    assert (read.seed, read.boot_id, read.build_utc, read.product) == (7, "boot", 1.5, Product())
    assert read.first_values == {"AuthorizationKey": "000", "ConnectionTimeOut": "5"}
    assert read.rows()[1] == Setting(name="HeartbeatInterval", value="3")
    assert event == ["event", 1.0, None, {"type": "Tick"}]
    assert call == ["event", 1.2, None, {"type": "FrameReceived", "text": '[2,"1","ClearCache",{}]'}]
    assert frame[0:2] == ["sent", 1.1] and note[0:4] == ["note", 1.2, 9.0, "card-refused"]
    assert "04A2B9" not in str([snapshot, frame, note]) and "04a2b9" not in str(snapshot)


def test_the_file_is_private(tmp_path: Path) -> None:
    """Nobody but the daemon's user reads record and key."""
    recorder = FlightRecorder(tmp_path, unit_key(tmp_path))
    shot(recorder)
    recorder.flush()
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_lines_wait_for_a_batch(tmp_path: Path) -> None:
    """The card is spared: nothing is due before five minutes or a batch's size, and all is taken at once."""
    recorder = FlightRecorder(tmp_path, KEY)
    assert not recorder.due(1e9)
    recorder.event(Now(10.0, None), Tick())
    assert not recorder.due(10.0 + BATCH_S - 1) and recorder.due(10.0 + BATCH_S)
    assert recorder.take().lines and not recorder.due(1e9) and recorder.take() == ([], [])
    for _ in range(1 + BATCH_BYTES // 100):
        recorder.event(Now(11.0, None), BoardLost("x" * 100))
    assert recorder.due(11.0)


def test_a_warning_is_written_soon(tmp_path: Path) -> None:
    """What led to a fault is on the medium ten seconds later; a notice waits with the rest."""
    recorder = FlightRecorder(tmp_path, KEY)
    recorder.event(Now(10.0, None), Tick())
    recorder.note(Now(20.0, None), Note("started", {"version": "1"}))
    assert not recorder.due(20.0 + FAULT_S)
    for again in (0, 5):
        recorder.note(Now(21.0 + again, None), Note("fault-on", {"connector": 1}))
    assert not recorder.due(21.0 + FAULT_S - 1) and recorder.due(21.0 + FAULT_S)
    assert recorder.take().rare
    recorder.event(Now(40.0, None), Tick())
    assert not recorder.due(40.0 + FAULT_S)


def test_what_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    """No room, no folder: the station continues, and the reason is reported once."""
    said: list[str] = []
    recorder = FlightRecorder(tmp_path / "none", KEY, said.append)
    for _ in range(2):
        recorder.event(Now(1.0, None), Tick())
        recorder.flush()
    assert said == ["No such file or directory"]
    (tmp_path / "none").mkdir()
    recorder.event(Now(2.0, None), Tick())
    recorder.flush()
    recorder.flush()
    assert [line[1] for line in read_lines(tmp_path / "none" / FILES[0])] == [2.0]


# --- floods ---------------------------------------------------------------------------------------


def evidence(recorder: FlightRecorder) -> None:
    """What a person will look for."""
    shot(recorder)
    recorder.event(Now(1.0, 1.0), PilotChanged(1, "C", 1.0))
    recorder.note(
        Now(1.0, 1.0), Note("transaction-began", {"number": 1, "connector": 1, "id_tag": "04A2B9C1", "wh": 5})
    )
    recorder.note(Now(2.0, 2.0), Note("fault-on", {"connector": 1, "fault": "weld"}))
    recorder.flush()


def recorded(folder: Path) -> list[list[object]]:
    return [line for name in reversed(FILES) if (folder / name).exists() for line in read_lines(folder / name)]


def flood(recorder: FlightRecorder, text: str, frames: int) -> None:
    for number in range(frames):
        at = 10.0 + number * 0.01
        recorder.received(Now(at, at), received(text.replace("{n}", str(number))))
        recorder.sent(at, sent(f'[4,"{number}","NotImplemented","unknown action",{{}}]'))
        recorder.note(
            Now(at, at), Note("call-refused", {"action": "Foo", "code": "NotImplemented", "reason": str(number)})
        )
        if recorder.due(at):
            recorder.write(recorder.take())
    recorder.flush()


def test_point_17_long_frames_do_not_erase_the_evidence(tmp_path: Path) -> None:
    """80 frames of 60,000 characters replaced the whole ring; now a thousandfold leaves room for all before."""
    recorder = FlightRecorder(tmp_path, KEY)
    evidence(recorder)
    flood(recorder, '[2,"{n}","Foo",{"data":"' + "x" * 60_000 + '"}]', 2000)
    lines = recorded(tmp_path)
    assert lines[0][0] == "snapshot" and lines[3][3] == "fault-on"
    size = sum((tmp_path / name).stat().st_size for name in FILES if (tmp_path / name).exists())
    assert size < FILE_BYTES // 10 and len(lines) < 300


def test_point_17_a_flood_of_valid_frames_is_thinned(tmp_path: Path) -> None:
    """Of each action so many are recorded whole, then they are counted."""
    recorder = FlightRecorder(tmp_path, KEY)
    evidence(recorder)
    flood(recorder, '[2,"{n}","GetConfiguration",{}]', 5000)
    flood(recorder, '[2,"{n}","DataTransfer",{"vendorId":"v","data":"' + "x" * 6000 + '"}]', 5000)
    recorder.event(Now(10.0 + COUNT_S + 50, None), Tick())
    recorder.flush()
    lines = recorded(tmp_path)
    assert lines[0][0] == "snapshot" and len(lines) < 4000
    omitted = {line[2]: line[3] for line in lines if line[0] == "omitted"}
    assert omitted["received:2:GetConfiguration"] and omitted["idle:sent"] and omitted["note:call-refused"]


def test_point_17_what_is_rare_has_a_place_of_its_own(tmp_path: Path) -> None:
    """Even where the ring is replaced, starts and notes of a person's interest are kept; chatter is not among them."""
    recorder = FlightRecorder(tmp_path, KEY)
    evidence(recorder)
    recorder.note(Now(3.0, 3.0), Note("link-closed", {"cause": "chatter"}))
    flood(recorder, '[2,"{n}","Foo",{}]', 3000)
    began, start, *notes = read_lines(tmp_path / RARE_FILES[0])
    assert began[0] == "began" and start == ["start", "boot", 2]
    assert [note[3] for note in notes[:3]] == ["transaction-began", "fault-on", "call-refused"]
    assert len(notes) < 30 and "link-closed" not in str(notes)


def test_point_17_lines_that_wait_are_bounded(tmp_path: Path) -> None:
    """A disk that hangs costs lines, not memory; how many is recorded."""
    recorder = FlightRecorder(tmp_path, KEY)
    for number in range(10_000):
        recorder.event(Now(float(number), None), CardPresented(number % 16, "x" * 20, 1.0))
        recorder.event(Now(float(number), None), BoardLost("x" * 200))
    assert recorder._waiting <= WAITING_BYTES
    last = recorder.take().lines[-1]
    assert isinstance(last, bytes) and b"waiting lines" in last


def test_point_9_a_snapshot_is_made_by_the_thread_of_the_disk(tmp_path: Path) -> None:
    """A store of thousands of cards does not hold the loop."""
    recorder = FlightRecorder(tmp_path, KEY)
    shot(recorder)
    assert not isinstance(recorder.take().lines[0], bytes)


def test_the_key_of_the_unit_stays(tmp_path: Path) -> None:
    """The key is made once; where it cannot be stored, each run has its own."""
    key = unit_key(tmp_path)
    assert len(key) == 32 and unit_key(tmp_path) == key
    assert len(unit_key(tmp_path / "none")) == 32
    (tmp_path / "flight.key").write_bytes(b"short")
    assert len(unit_key(tmp_path)) == 32
