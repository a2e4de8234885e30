"""What carries the moments out, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from daemon.journal.journal import Journal
from daemon.recorder.flight_recorder import FILES, FlightRecorder, read_lines
from daemon.step_executor import StepExecutor
from ocpp16.events import FrameReceived, Now, Tick
from ocpp16.step import Link, Note, Order, Outlet, Reply, Write


class Parts:
    """Board, link and disk in one, writing down what they are told."""

    def __init__(self) -> None:
        self.did: list[Any] = []
        self.connected = True

    def want(self, what: Outlet | Link) -> None:
        self.did.append(what)

    def withdraw(self) -> None:
        self.did.append("withdraw")

    def decided(self) -> None:
        self.did.append("decided")

    def order(self, order: Order) -> None:
        self.did.append(order)

    def ask(self, what: str, words: list[str], connector: int | None, answer: object) -> None: ...
    async def run(self) -> None: ...

    def send(self, text: str) -> bool:
        self.did.append(text)
        return self.connected

    def settled(self) -> None:
        self.did.append("settled")

    def commit(self, writes: Sequence[Write]) -> None:
        self.did.append("commit")


class Rig:
    def __init__(self) -> None:
        self.parts, self.lines, self.orphans = Parts(), list[str](), list[Order]()
        self.thread = ThreadPoolExecutor(1)
        journal = Journal(lambda priority, text, fields: self.lines.append(text))
        self.hands = StepExecutor(
            self.parts,
            self.parts,
            self.thread,
            journal,
            self.parts.did.append,
            lambda: Now(1.0, None),
            self.orphans.append,
        )


NOW = Now(1.0, None)


async def test_levels_wait_for_the_board() -> None:
    """What was wanted before there is a board is told to it when it comes; an order is answered no."""
    rig = Rig()
    rig.hands.offer(Outlet(1, 10.0))
    rig.hands.offer(Outlet(1, 16.0))
    rig.hands.withdraw_all()
    rig.hands.order(Order(1, "unlock", 1))
    assert rig.parts.did == [] and rig.orphans == [Order(1, "unlock", 1)]
    rig.hands.take_board(rig.parts)
    rig.hands.offer(Outlet(1, 8.0))
    rig.hands.decided()
    rig.hands.order(Order(2, "unlock", 1))
    rig.hands.withdraw_all()
    assert rig.parts.did == [Outlet(1, 16.0), Outlet(1, 8.0), "decided", Order(2, "unlock", 1), "withdraw"]


async def test_commits_wait_for_the_disk() -> None:
    """A commit is done when the disk thread says so."""
    rig = Rig()
    await rig.hands.commit([])
    assert rig.parts.did == ["commit"]


async def test_frames_links_and_replies_go_their_way() -> None:
    """Each is handed to its part; the first frame is the first word."""
    rig = Rig()
    assert not rig.hands.spoken.is_set()
    rig.hands.frame("[2]")
    rig.hands.link(Link())
    rig.hands.reply(Reply(1, True, ""))
    assert rig.parts.did == ["[2]", Link(), Reply(1, True, "")] and rig.hands.spoken.is_set()


async def test_notes_become_lines() -> None:
    """A note is a line; what the link has told already is not told twice; an accepted boot settles the link."""
    rig = Rig()
    rig.hands.note(NOW, Note("boot-accepted", {"interval": 3}))
    rig.hands.note(NOW, Note("link-up", {}))
    assert len(rig.lines) == 1 and "accepted" in rig.lines[0] and rig.parts.did == ["settled"]


async def test_what_happened_before_the_recorder_is_written_down_too(tmp_path: Path) -> None:
    """Events, frames and notes from before the snapshot was made follow it in their order."""
    rig = Rig()
    rig.hands.took(NOW, Tick())
    rig.hands.frame("[2]")
    rig.hands.record(1e9, at_once=True)  # nothing to record with yet
    recorder = FlightRecorder(tmp_path, b"k" * 32)
    rig.hands.take_recorder(recorder)
    rig.hands.note(NOW, Note("boot-accepted", {}))
    assert not (tmp_path / FILES[0]).exists()
    rig.hands.note(NOW, Note("broken-belief", {}))  # an error is written at once
    rig.thread.shutdown()
    assert [line[0] for line in read_lines(tmp_path / FILES[0])] == ["event", "sent", "note", "note"]


async def test_one_batch_at_a_time(tmp_path: Path) -> None:
    """While a batch is under way to the card, no second one is begun."""
    rig = Rig()
    rig.hands.take_recorder(FlightRecorder(tmp_path, b"k" * 32))
    rig.hands.took(NOW, Tick())
    with ThreadPoolExecutor(1) as busy:
        rig.hands._writing = busy.submit(lambda: None)
        rig.hands._writing.result()
        rig.hands.record(1e9)
        first = rig.hands._writing
        first.result()
        rig.hands.record(1e9)
        assert rig.hands._writing is first  # nothing was due


async def test_who_follows_sees_frames_and_notes_without_secrets() -> None:
    """Frames of both directions and notes go to who follows; keys and passwords do not."""
    rig, seen = Rig(), list[dict[str, Any]]()
    rig.hands.frame("[unseen]")
    rig.hands.watchers.add(seen.append)
    rig.hands.frame('[2,"1","X",{}]')
    rig.hands.took(NOW, FrameReceived('[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"abc"}]'))
    rig.hands.took(NOW, Tick())
    rig.hands.note(NOW, Note("boot-accepted", {}))
    rig.parts.connected = False
    rig.hands.frame("[lost]")
    assert [line.get("from", "note") for line in seen] == ["station", "central system", "note"]
    assert "abc" not in str(seen)
