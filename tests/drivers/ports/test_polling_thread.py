"""The thread of a port: devices served as they are due, internal errors logged, and a loop that never waits for it."""

from __future__ import annotations

import threading
from itertools import pairwise

from drivers.ports.polling_thread import BROKEN_PAUSE_S, PollingThread


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """Counts its polls; each takes `takes_s`."""

    def __init__(self, clock: Clock, takes_s: float, pause_s: float) -> None:
        self.clock, self.takes_s, self.pause_s = clock, takes_s, pause_s
        self.polls: list[float] = []
        self.error: Exception | None = None

    def poll(self) -> float:
        self.polls.append(self.clock.now)
        self.clock.now += self.takes_s
        if self.error:
            raise self.error
        return self.pause_s


def test_devices_are_served_as_they_are_due() -> None:
    """Nobody is forgotten, whoever takes long."""
    clock = Clock()
    first, second = Slow(clock, 0.1, 1.0), Slow(clock, 0.3, 0.0)
    thread = PollingThread("bus", [first, second], lambda text: None, clock)
    for _ in range(20):
        pause_s = thread.turn()
        clock.now += pause_s
    assert len(first.polls) + len(second.polls) == 20
    assert max(after - before for before, after in pairwise(first.polls)) < 1.5


def test_it_waits_until_the_next_is_due() -> None:
    """And does nothing before."""
    clock = Clock()
    device = Slow(clock, 0.25, 1.0)
    thread = PollingThread("bus", [device], lambda text: None, clock)
    assert thread.turn() == 1.0
    assert thread.turn() == 1.0
    assert len(device.polls) == 1
    clock.now += 1.0
    thread.turn()
    assert len(device.polls) == 2


def test_an_internal_error_ends_no_thread() -> None:
    """It is logged, and the device tried again after a second."""
    clock, lines = Clock(), list[str]()
    device = Slow(clock, 0.0, 0.0)
    device.error = KeyError("x")
    thread = PollingThread("bus", [device], lines.append, clock)
    assert thread.turn() == BROKEN_PAUSE_S
    assert lines == ["bus: internal error: KeyError: 'x'"]
    device.error, clock.now = None, 1.0
    thread.turn()
    assert len(device.polls) == 2


def test_it_runs_by_itself() -> None:
    """In a thread of its own, which may hang as long as it likes, until it is stopped."""
    entered, over, again = threading.Event(), threading.Event(), threading.Event()

    class Hanging:
        def poll(self) -> float:
            (again if entered.is_set() else entered).set()
            over.wait(10)
            return 0.0

    thread = PollingThread("bus", [Hanging()], lambda text: None)
    thread.start()
    assert entered.wait(10)
    over.set()
    assert again.wait(10)
    thread.stop()
    PollingThread("none", [], lambda text: None).start()
