"""What carries the moments out, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from daemon.journal.journal import Journal
from daemon.recorder.flight_recorder import FILES, FlightRecorder
from daemon.recorder.ring import read_lines
from daemon.step_executor import UNRECORDED, StepExecutor
from ocpp16.events import FrameReceived, Now, Tick
from ocpp16.step import Link, Note, Order, Outlet, Reply, Write
from tests.daemon.understood import understood


class Parts:
    """Board, link and store in one, recording each call."""

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
        self.executor = StepExecutor(
            self.parts,
            self.parts,
            self.thread,
            journal,
            lambda: Now(1.0, None),
            reply=self.parts.did.append,
            no_board=self.orphans.append,
            job=self.parts.did.append,
        )


NOW = Now(1.0, None)


async def test_levels_wait_for_the_board() -> None:
    """Levels from before the board are sent to it when it is attached; an order is refused."""
    rig = Rig()
    rig.executor.offer(Outlet(1, 10.0))
    rig.executor.offer(Outlet(1, 16.0))
    rig.executor.withdraw_all()
    rig.executor.order(Order(1, "unlock", 1))
    assert rig.parts.did == [] and rig.orphans == [Order(1, "unlock", 1)]
    rig.executor.attach_board(rig.parts)
    rig.executor.offer(Outlet(1, 8.0))
    rig.executor.decided()
    rig.executor.order(Order(2, "unlock", 1))
    rig.executor.withdraw_all()
    assert rig.parts.did == [Outlet(1, 16.0), Outlet(1, 8.0), "decided", Order(2, "unlock", 1), "withdraw"]


async def test_commits_wait_for_the_disk() -> None:
    """A commit is complete when the disk thread has done it."""
    rig = Rig()
    await rig.executor.commit([])
    assert rig.parts.did == ["commit"]


async def test_frames_links_and_replies_go_their_way() -> None:
    """Each is passed to its part; the first frame is noted."""
    rig = Rig()
    assert not rig.executor.first_frame.is_set()
    rig.executor.frame("[2]")
    rig.executor.link(Link())
    rig.executor.reply(Reply(1, True, ""))
    assert rig.parts.did == ["[2]", Link(), Reply(1, True, "")] and rig.executor.first_frame.is_set()


async def test_notes_become_lines() -> None:
    """A note is a line; what the link has logged is not logged twice; an accepted boot settles the link."""
    rig = Rig()
    rig.executor.note(NOW, Note("boot-accepted", {"interval": 3}))
    rig.executor.note(NOW, Note("link-up", {}))
    assert len(rig.lines) == 1 and "accepted" in rig.lines[0] and rig.parts.did == ["settled"]


async def test_what_happened_before_the_recorder_is_written_down_too(tmp_path: Path) -> None:
    """Events, frames and notes from before the snapshot was made follow it in their order."""
    rig = Rig()
    rig.executor.taken(NOW, Tick(), None)
    rig.executor.frame("[2]")
    rig.executor.record(1e9, at_once=True)  # nothing to record with yet
    recorder = FlightRecorder(tmp_path, b"k" * 32)
    rig.executor.attach_recorder(recorder)
    rig.executor.note(NOW, Note("boot-accepted", {}))
    assert not (tmp_path / FILES[0]).exists()
    rig.executor.note(NOW, Note("internal-error", {}))  # an error is written at once
    rig.thread.shutdown()
    assert [line[0] for line in read_lines(tmp_path / FILES[0])] == ["event", "sent", "note", "note"]


async def test_one_batch_at_a_time(tmp_path: Path) -> None:
    """While a batch is under way to the card, no second one is begun."""
    rig = Rig()
    rig.executor.attach_recorder(FlightRecorder(tmp_path, b"k" * 32))
    rig.executor.taken(NOW, Tick(), None)
    with ThreadPoolExecutor(1) as busy:
        rig.executor._writing = busy.submit(lambda: None)
        rig.executor._writing.result()
        rig.executor.record(1e9)
        first = rig.executor._writing
        first.result()
        rig.executor.record(1e9)
        assert rig.executor._writing is first  # nothing was due


async def test_who_follows_sees_frames_and_notes_without_secrets() -> None:
    """Frames of both directions and notes go to who follows; keys and passwords do not."""
    rig, seen = Rig(), list[dict[str, Any]]()
    rig.executor.frame("[unseen]")
    rig.executor.watchers.add(seen.append)
    rig.executor.frame('[2,"1","Heartbeat",{}]')
    call = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"abc"}]'
    rig.executor.taken(NOW, FrameReceived(call), understood(call))
    rig.executor.taken(NOW, Tick(), None)
    rig.executor.note(NOW, Note("boot-accepted", {"id_tag": "04A2B9C1"}))
    rig.parts.connected = False
    rig.executor.frame("[lost]")
    assert [line.get("from", "note") for line in seen] == ["station", "central system", "note"]
    assert "abc" not in str(seen)
    for _ in range(30):
        rig.executor.note(NOW, Note("store-ok", {}))
    assert len(seen) == 13, "what the journal leaves out is not shown either"


@pytest.mark.parametrize("bystander", ["recorder", "watcher", "frame reader"])
async def test_point_9_a_bystander_that_fails_stops_nothing(bystander: str, tmp_path: Path) -> None:
    """Whatever record, follower or reader of frames raise: the moment is carried out, and it is told once."""
    rig = Rig()

    def broken(*_: object) -> Any:
        raise RecursionError

    recorder = FlightRecorder(tmp_path, b"k" * 32)
    if bystander == "recorder":
        recorder.event = recorder.sent = recorder.received = recorder.note = broken  # type: ignore[method-assign]
    elif bystander == "watcher":
        rig.executor.watchers.add(broken)
    else:
        rig.executor._frames.received = rig.executor._frames.sent = broken  # type: ignore[method-assign]
    rig.executor.taken(NOW, Tick(), None)
    rig.executor.attach_recorder(recorder)
    for _ in range(3):
        rig.executor.taken(NOW, Tick(), None)
        rig.executor.taken(NOW, FrameReceived("[]"), None)
        rig.executor.frame("[2]")
        rig.executor.note(NOW, Note("store-ok", {}))
    assert rig.parts.did == ["[2]"] * 3 and rig.executor.bystander_failures >= 6
    assert 1 <= len([line for line in rig.lines if "RecursionError" in line]) <= 4
    assert len([line for line in rig.lines if "recovered" in line]) == 3


async def test_point_9_what_waits_for_the_recorder_is_bounded(tmp_path: Path) -> None:
    """A flood in the first moments costs lines, not memory."""
    rig = Rig()
    for _ in range(UNRECORDED + 10):
        rig.executor.taken(NOW, Tick(), None)
    assert len(rig.executor._unrecorded) == UNRECORDED
    rig.executor.attach_recorder(FlightRecorder(tmp_path, b"k" * 32))
    assert not rig.executor._unrecorded
