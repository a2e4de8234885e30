"""The store's room is watched, and changes are reported."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from daemon.store.watch import PROBE_EVERY, WRITE_EVERY, StoreWatch
from ocpp16.events import Event, StoreChanged, StoreState


class FakeStore:
    """A store whose state is set by the test."""

    def __init__(self) -> None:
        self.news: list[tuple[str, dict[str, Any]]] = []
        self.state: StoreState = "ok"
        self.detail = ""
        self.asked: list[str] = []
        self.suspect = False

    def has_new_errors(self) -> bool:
        return self.suspect

    def is_suspect(self) -> bool:
        return self.suspect

    def probe(self, try_write: bool = False) -> StoreState:
        self.asked.append("write" if try_write else "probe")
        return self.state

    def retry(self) -> StoreState:
        self.asked.append("retry")
        return self.state

    def pretend_full(self, on: bool) -> None:
        self.state = "full" if on else "ok"


async def at_once(work: Callable[[], StoreState]) -> StoreState:
    return work()


def rig() -> tuple[StoreWatch, FakeStore, list[Event], list[tuple[str, dict[str, Any]]]]:
    store, events, said = FakeStore(), list[Event](), list[tuple[str, dict[str, Any]]]()
    return StoreWatch(store, at_once, events.append, lambda code, **f: said.append((code, f))), store, events, said


async def test_only_changes_are_reported() -> None:
    """A state is reported when it changes, with its detail."""
    watch, store, events, _ = rig()
    await watch.probe()
    store.state = "full"
    await watch.probe()
    await watch.probe()
    store.state = "ok"
    await watch.probe()
    assert events == [StoreChanged("full", "too little free room"), StoreChanged("ok", "recovered")]


async def test_what_cannot_be_written_is_tried_again() -> None:
    """While nothing can be written, each turn tries to open it; its news are logged, and the change says why."""
    watch, store, events, said = rig()
    store.state, store.detail = "unwritable", "read-only"
    store.news = [("store-unwritable", {"detail": "read-only"})]
    await watch.probe()
    await watch.probe()
    assert store.asked == ["probe", "retry"] and events == [StoreChanged("unwritable", "read-only")]
    assert said == [("store-unwritable", {"detail": "read-only"})] and store.news == []


def test_the_watermark_can_be_played() -> None:
    """`sim fault store-full` is reported at once, and taken back at once."""
    watch, _, events, _ = rig()
    watch.pretend_full(True)
    watch.pretend_full(False)
    assert [event.state for event in events if isinstance(event, StoreChanged)] == ["full", "ok"]


def test_a_new_board_gets_the_state_again() -> None:
    """After an attach the unit's own fault is reported again."""
    watch, _, events, _ = rig()
    watch.board_attached()
    watch.pretend_full(True)
    watch.board_attached()
    assert len(events) == 2


async def test_it_reports_at_the_start() -> None:
    """The state that the store was opened with is reported before anything else."""
    watch, store, events, _ = rig()
    store.state = "full"
    task = asyncio.ensure_future(watch.run())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(events) == 1


async def test_3_a_write_is_tried_sparingly() -> None:
    """Every five minutes: 288 times a day."""
    watch, store, _, _ = rig()
    for _ in range(2 * WRITE_EVERY):
        await watch.probe()
    assert store.asked.count("write") == 2


async def test_3_an_error_of_the_file_system_is_followed_by_a_write_at_once() -> None:
    """The kernel found an error and perhaps stopped writing: seen within a second, and no write before."""
    watch, store, events, _ = rig()
    await watch.suspect()
    assert store.asked == []
    store.suspect, store.state, store.detail = True, "unwritable", "read-only"
    await watch.suspect()
    assert store.asked == ["write"] and events == [StoreChanged("unwritable", "read-only")]
    await watch.suspect()
    assert store.asked == ["write"]  # what cannot be written is tried again at each look, not each second


async def test_3_an_error_just_before_a_look_is_not_lost() -> None:
    """Each look asks the kernel as well."""
    watch, store, _, _ = rig()
    store.suspect = True
    await watch.probe()
    assert store.asked == ["write"]


async def test_3_the_kernel_is_asked_each_second_and_files_every_fifth() -> None:
    """Four turns without a look, then one with it."""
    watch, store, _, _ = rig()
    for _ in range(PROBE_EVERY):
        assert store.asked == []
        await watch.turn()
    assert store.asked == ["probe"]
