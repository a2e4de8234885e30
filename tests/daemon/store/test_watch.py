"""The store's room is watched, and the core is told what changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from daemon.store.watch import StoreWatch
from ocpp16.events import Event, StoreChanged, StoreState


class Played:
    """A store whose state is said by the test."""

    def __init__(self) -> None:
        self.news: list[tuple[str, dict[str, Any]]] = []
        self.state: StoreState = "ok"
        self.asked: list[str] = []

    def probe(self) -> StoreState:
        self.asked.append("probe")
        return self.state

    def retry(self) -> StoreState:
        self.asked.append("retry")
        return self.state

    def pretend_full(self, on: bool) -> None:
        self.state = "full" if on else "ok"


async def at_once(work: Callable[[], StoreState]) -> StoreState:
    return work()


def rig() -> tuple[StoreWatch, Played, list[Event], list[tuple[str, dict[str, Any]]]]:
    store, events, said = Played(), list[Event](), list[tuple[str, dict[str, Any]]]()
    return StoreWatch(store, at_once, events.append, lambda code, **f: said.append((code, f))), store, events, said


async def test_only_changes_are_told() -> None:
    """The core hears of a state when it changes, with words."""
    watch, store, events, _ = rig()
    await watch.turn()
    store.state = "full"
    await watch.turn()
    await watch.turn()
    store.state = "ok"
    await watch.turn()
    assert events == [StoreChanged("full", "too little room"), StoreChanged("ok", "all is well again")]


async def test_what_cannot_be_written_is_tried_again() -> None:
    """While nothing can be written, each turn tries to open it; its news are told and their reason goes along."""
    watch, store, events, said = rig()
    store.state = "unwritable"
    store.news = [("store-unwritable", {"reason": "read-only"})]
    await watch.turn()
    await watch.turn()
    assert store.asked == ["probe", "retry"] and events == [StoreChanged("unwritable", "read-only")]
    assert said == [("store-unwritable", {"reason": "read-only"})] and store.news == []


def test_the_watermark_can_be_played() -> None:
    """`sim fault store-full` is told at once, and taken back at once."""
    watch, _, events, _ = rig()
    watch.pretend_full(True)
    watch.pretend_full(False)
    assert [event.state for event in events if isinstance(event, StoreChanged)] == ["full", "ok"]


def test_a_board_that_came_hears_it_again() -> None:
    """After an attach the unit's own fault is told once more."""
    watch, _, events, _ = rig()
    watch.board_came()
    watch.pretend_full(True)
    watch.board_came()
    assert len(events) == 2


async def test_it_looks_at_the_start() -> None:
    """The state that the store was opened with is told before anything else."""
    watch, store, events, _ = rig()
    store.state = "full"
    task = asyncio.ensure_future(watch.run())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(events) == 1
