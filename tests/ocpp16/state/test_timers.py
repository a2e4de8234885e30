"""Every timer by name: the earliest is the step's `wake_at`."""

from __future__ import annotations

from ocpp16.state.timers import Timer, Timers


def test_earliest() -> None:
    """The earliest of all timers says when to come back."""
    timers = Timers()
    assert timers.earliest() is None
    timers.set(Timer.BOOT, 20.0)
    timers.set(Timer.PLUG_IN, 10.0, 2)
    assert timers.earliest() == 10.0
    timers.set(Timer.PLUG_IN, 30.0, 2)
    assert timers.earliest() == 20.0
    assert timers.table() == {(Timer.BOOT, 0): 20.0, (Timer.PLUG_IN, 2): 30.0}


def test_take() -> None:
    """What is due is taken oldest first, once."""
    timers = Timers()
    for timer, due in ((Timer.BOOT, 3.0), (Timer.ANSWER, 1.0), (Timer.REPORT, 2.0), (Timer.LAZY, 9.0)):
        timers.set(timer, due)
    assert [key[:2] for key in timers.take(3.0)] == [(Timer.ANSWER, 0), (Timer.REPORT, 0), (Timer.BOOT, 0)]
    assert timers.take(3.0) == []
    assert timers.due(Timer.LAZY) == 9.0
    assert timers.due(Timer.BOOT) is None


def test_clear() -> None:
    """A timer that does not run may be cleared."""
    timers = Timers()
    timers.set(Timer.STATUS, 5.0, 1)
    timers.clear(Timer.STATUS, 1)
    timers.clear(Timer.STATUS, 1)
    assert timers.earliest() is None
