"""What must always hold, judged from outside: frames, commits, offers, the board's words and the physical truth.

Each checker has a name, keeps its own small books, raises `Violation` at the first breach; `Checkers` feeds them all.
Nothing here asks the code under test for its opinion.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ocpp16.events import Event, FrameReceived
from ocpp16.records import Record
from ocpp16.step import Commit, Moment, Offer, Outlet, Save, Tell, Withdraw
from tests.sim.world import Watcher, World

if TYPE_CHECKING:
    from collections.abc import Iterable

Change = tuple[Record | None, Record | None]
"""A row before and after a commit; None: not there."""


class Violation(AssertionError):
    """A rule that must always hold does not."""

    def __init__(self, checker: str, what: str, t: float) -> None:
        super().__init__(f"[{checker}] at {t:.3f} s: {what}")
        self.checker = checker


class Checker:
    """One rule.  Only the methods that a rule overrides are called."""

    name = ""

    def fail(self, world: World, what: str) -> None:
        raise Violation(self.name, what, world.t)

    def event(self, world: World, event: Event) -> None: ...

    def after_event(self, world: World) -> None: ...

    def sent(self, world: World, frame: list[Any]) -> None: ...

    def heard(self, world: World, frame: Any) -> None: ...

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None: ...

    def offer(self, world: World, outlet: Outlet, disk: Disk) -> None: ...

    def offered(self, world: World, message: dict[str, Any]) -> None: ...

    def board(self, world: World, message: dict[str, Any]) -> None: ...

    def arrived(self, world: World, frame: list[Any]) -> None: ...

    def life(self, world: World, what: str) -> None: ...

    def peace(self, world: World, disk: Disk) -> None: ...


Disk = dict[tuple[str, int | str], Record]
HOOKS = ("event", "sent", "heard", "commit", "offer", "offered", "board", "arrived", "life", "peace")


class Checkers(Watcher):
    """Feeds what happens to every checker that wants to know."""

    def __init__(self, checkers: Iterable[Checker]) -> None:
        self.checkers = list(checkers)
        self.disk: Disk = {}
        self._on = {
            hook: [c for c in self.checkers if getattr(type(c), hook) is not getattr(Checker, hook)] for hook in HOOKS
        }

    def event(self, world: World, event: Event) -> None:
        for checker in self._on["event"]:
            checker.event(world, event)
        if isinstance(event, FrameReceived) and self._on["heard"]:
            try:
                frame = json.loads(event.text.removeprefix("\ufeff"))
            except (ValueError, RecursionError):
                return
            for checker in self._on["heard"]:
                checker.heard(world, frame)

    def moment(self, world: World, moment: Moment) -> None:
        match moment:
            case Tell(str() as text):
                frame = json.loads(text)
                for checker in self._on["sent"]:
                    checker.sent(world, frame)
            case Commit(writes):
                changes: list[Change] = []
                for write in writes:
                    if isinstance(write, Save):
                        place = (write.record.table, write.record.key)
                        changes.append((self.disk.get(place), write.record))
                        self.disk[place] = write.record
                    else:
                        changes.append((self.disk.pop((write.table, write.key), None), None))
                for checker in self._on["commit"]:
                    checker.commit(world, changes, self.disk)
            case Withdraw(outlet) | Offer(outlet):
                for checker in self._on["offer"]:
                    checker.offer(world, outlet, self.disk)

    def offered(self, world: World, message: dict[str, Any]) -> None:
        for checker in self._on["offered"]:
            checker.offered(world, message)

    def board(self, world: World, message: dict[str, Any]) -> None:
        for checker in self._on["board"]:
            checker.board(world, message)

    def arrived(self, world: World, frame: list[Any]) -> None:
        for checker in self._on["arrived"]:
            checker.arrived(world, frame)

    def life(self, world: World, what: str) -> None:
        for checker in self._on["life"]:
            checker.life(world, what)

    def peace(self, world: World) -> None:
        """To be called when all faults are off and everything has had its time."""
        for checker in self._on["peace"]:
            checker.peace(world, self.disk)


def setting(world: World, disk: Disk, key: str, default: str) -> str:
    """A configuration key as the disk and the configuration file have it."""
    record = disk.get(("setting", key))
    if record is not None:
        return str(record.value)  # type: ignore[attr-defined]
    return world.setup.settings.get(key, default)


@lru_cache(maxsize=4096)
def utc_of(text: str) -> float:
    """Seconds since 1970 of a timestamp on the wire."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
