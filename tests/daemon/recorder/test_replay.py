"""A flight record is replayed, and differences are shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.recorder.flight_recorder import FILES, FlightRecorder
from daemon.recorder.replay import event_text, main, moment_text, replay, same_frame, with_earlier
from daemon.recorder.ring import read_lines
from ocpp16.charge_point import ChargePoint
from ocpp16.events import CardPresented, Event, FrameReceived, LinkUp, Now, Started, Tick
from ocpp16.product import Identity, Product
from ocpp16.records import Unit
from ocpp16.step import Commit, Delete, Link, Note, Offer, Order, Outlet, Save, Tell, Withdraw
from tests.daemon.understood import sent

KEY = b"k" * 32


def recorded(folder: Path, drop: int = 0) -> FlightRecorder:
    """A short run, with the frames that it sent but the first `drop`."""
    recorder = FlightRecorder(folder, KEY)
    recorder.snapshot([], 7, "boot", 1.7e9, Product(), Identity(), {})
    point = ChargePoint(Product(), Identity(), {}, [], 7, "boot", 1.7e9)
    events: list[Event] = [Started(), LinkUp(), Tick(), CardPresented(1, "04A2B9", 3.0)]
    for second, event in enumerate(events):
        now = Now(float(second), None)
        recorder.event(now, event)
        for frame in point.step(now, event).frames[drop:]:
            recorder.sent(now.mono, sent(frame))
    recorder.note(Now(4.0, None), Note("boot-accepted", {"interval": 3}))
    recorder.flush()
    return recorder


def test_the_same_steps_are_taken_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A replay sends the same frames; it shows events and moments, and no card number."""
    recorded(tmp_path)
    assert main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "evsed starts" in text and "BootNotification" in text and "0 frame(s) differ" in text
    assert "04A2B9" not in text and "CardPresented" in text


def test_differences_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A frame that was not recorded, and one that differs, are shown, and the exit code is 1."""
    recorder = recorded(tmp_path, drop=1)
    recorder.sent(5.0, sent('[2,"another","Heartbeat",{}]'))
    recorder.flush()
    assert main([str(tmp_path / FILES[0])]) == 1
    text = capsys.readouterr().out
    assert "DIFFERS    not recorded" in text and 'DIFFERS    recorded: [2,"another"' in text


def test_a_frame_missing_at_the_end_is_named(tmp_path: Path) -> None:
    """What came out after the last event and was not recorded is named too."""
    lines: list[Any] = [
        ["snapshot", msgspec.to_builtins(_snapshot(tmp_path))],
        ["event", 0.0, None, {"type": "Started"}],
    ]
    lines.append(["event", 1.0, None, {"type": "LinkUp"}])
    assert list(replay(lines))[-1][1]


def _snapshot(folder: Path) -> Any:
    from daemon.recorder.flight_recorder import Snapshot

    recorded(folder)
    return msgspec.convert(next(read_lines(folder / FILES[0]))[1], Snapshot)


def test_a_life_whose_start_is_lost_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without its snapshot a record cannot be replayed, but it is shown."""
    recorder = FlightRecorder(tmp_path, KEY)
    recorder.event(Now(1.0, None), Tick())
    recorder.sent(1.0, sent('[2,"9","Heartbeat",{}]'))
    recorder.note(Now(4.0, None), Note("boot-accepted", {"interval": 3}))
    recorder.flush()
    assert main([str(tmp_path / FILES[0])]) == 0
    text = capsys.readouterr().out
    assert "Heartbeat" in text and "accepted" in text and "shown, not replayed" in text


def test_the_ring_is_read_from_its_oldest_file(tmp_path: Path) -> None:
    """The files before the one that was named belong to the story; a file of another name stands alone."""
    for name in FILES[:3]:
        (tmp_path / name).write_text("")
    assert [path.name for path in with_earlier(tmp_path / FILES[1])] == [FILES[2], FILES[1]]
    assert with_earlier(tmp_path)[-1].name == FILES[0]
    assert with_earlier(Path("other")) == [Path("other")]


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--help"], ["/not/there"]])
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be replayed exits with 2 and a reason."""
    assert main(words) == 2 and capsys.readouterr().err


def test_an_empty_file_is_no_record(tmp_path: Path) -> None:
    """A file without a line is reported as empty."""
    (tmp_path / "x").write_text("")
    assert main([str(tmp_path / "x")]) == 2


def test_moments_as_text() -> None:
    """Each moment is a line that a person can read."""
    outlet = Outlet(1, 16.0, locked=True, lamp="charging")
    assert moment_text(Withdraw(outlet)) == "withdraw   connector 1: 16 A"
    assert moment_text(Offer(outlet)) == "offer      connector 1: 16 A, lamp charging, locked, in_service"
    assert moment_text(Commit((Save(Unit()), Delete("sample", 3)))) == "commit     delete sample 3, unit unit"
    assert moment_text(Tell("[2]")) == "send       [2]"
    assert "interval 3" in moment_text(Tell(Note("boot-accepted", {"interval": 3})))
    assert moment_text(Tell(Link(False, 10, 2))) == "link       not wanted, ping every 10 s, epoch 2"
    assert moment_text(Tell(Order(1, "unlock", 1))).startswith("order ")


def test_events_moment_text() -> None:
    """An event is shown with its fields."""
    assert event_text(FrameReceived("[3]")) == "frame received  [3]"
    assert event_text(CardPresented(1, "X", 2.0)) == "CardPresented  connector=1 id_tag=X at=2.0"


@pytest.mark.parametrize(
    ("recorded", "played", "same"),
    [
        ('[3,"1",{"fileName":"(hidden, 9 characters)"}]', '[3,"1",{"fileName":"any"}]', True),
        ('[3,"1",["not shown (9 characters)"]]', '[3,"1",["any"]]', True),
        ('[3,"1",{"a":[1,2]}]', '[3,"1",{"a":[1,3]}]', False),
        ('[3,"1",{"a":1}]', '[3,"1",{"a":1,"b":2}]', False),
        ('[3,"1",{"a":1}]', '[3,"1",[]]', False),
        ('[4,"1","GenericError","(9 characters)",{}]', '[4,"1","FormationViolation","words",{}]', True),
        ('[4,"1","GenericError","",{}]', '[4,"2","GenericError","",{}]', False),
        ("no JSON", "no JSON", True),
        ("no JSON", "[]", False),
    ],
)
def test_what_is_hidden_makes_no_difference(recorded: str, played: str, same: bool) -> None:
    """A replay cannot know what was not recorded: it may be anything there, and nowhere else."""
    assert same_frame(recorded, played) is same


def shown(lines: list[list[Any]]) -> tuple[str, int]:
    """The text of a replay, and how many differences it found."""
    told = list(replay(lines))
    return "\n".join(text for text, _ in told), sum(differs for _, differs in told)


def test_point_17_a_gap_that_does_not_matter(tmp_path: Path) -> None:
    """Refused messages and our errors to them may be missing: the replay goes on, and passes over its own errors."""
    first = ["snapshot", msgspec.to_builtins(_snapshot(tmp_path))]
    refused = ["event", 1.0, None, {"type": "FrameReceived", "text": '[2,"x","Foo",["not shown (9 characters)"]]'}]
    lines: list[list[Any]] = [first, ["event", 0.0, None, {"type": "LinkUp"}]]
    boot = [line for line in read_lines(tmp_path / FILES[0]) if line[0] == "sent"]
    text, differences = shown([*lines, boot[0], refused, ["note", 1.0, None, "x", {}]])
    assert differences == 1 and "not recorded: [4" in text
    gap = ["omitted", 1.0, "idle:sent", 0]
    text, differences = shown([*lines, boot[0], gap, refused, ["omitted", 9.0, "idle:sent", 3]])
    assert differences == 0 and "left out: 3 times idle:sent" in text
    _, differences = shown([*lines, boot[0], gap, refused, ["sent", 1.0, '[2,"other","Heartbeat",{}]']])
    assert differences == 1


def test_point_17_a_gap_that_matters(tmp_path: Path) -> None:
    """Behind it lines are shown and not played: nothing is called a difference that the gap may explain."""
    first = ["snapshot", msgspec.to_builtins(_snapshot(tmp_path))]
    later: list[list[Any]] = [["event", 2.0, None, {"type": "LinkUp"}], ["sent", 2.0, "[2]"]]
    text, differences = shown([first, ["omitted", 1.0, "event:PilotChanged:1", 0], *later])
    assert differences == 0 and "not replayed" in text and "send       [2]" in text
    text, _ = shown([["omitted", 1.0, "event:PilotChanged:1", 7], *later, ["began", 1.0]])
    assert "left out: 7 times" in text
