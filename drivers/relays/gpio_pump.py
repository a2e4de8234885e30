"""A contactor behind a charge pump: a line that toggles holds it, one that stands still, at either level, opens it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull
from drivers.relays.series import Contactors, Feedback, Line

LOOKS_EVERY_S: Final = 0.01


class GpioPump:
    """A `Relay`.  The loop of the board toggles it, turn by turn: a loop that hangs opens the contactor.

    lines          of the charge pumps or retriggerable monostables: they are toggled together
    pump_hz        full periods a second, 20 to 50: two edges each, one at most a turn of the loop (10 ms)
    series         lines of coils in series with them, which are simply on or off
    feedback       of the auxiliary contact
    more_feedback  of those of the other coils
    """

    def __init__(
        self,
        gpio: Gpio,
        lines: Sequence[Line],
        pump_hz: float = 25.0,
        series: Sequence[Line] = (),
        feedback: Line | None = None,
        more_feedback: Sequence[Line] = (),
        *,
        active: Active = "high",
        feedback_active: Active = "high",
        feedback_pull: Pull = "off",
    ) -> None:
        self.wake_at = -inf
        self.closings = 0
        """Since the process began."""
        contacts = (() if feedback is None else (feedback,)) + tuple(more_feedback)
        self._pumps = Contactors(gpio, lines, "high")
        self._half_s = 0.5 / pump_hz
        self._contactors = Contactors(gpio, series, active)
        self._feedback = Feedback(gpio, contacts, feedback_active, feedback_pull)
        self._commanded = False
        self._level = False
        self._edge_at = inf
        self._pumps.set(False)
        self._contactors.set(False)

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        self.closings += closed and not self._commanded
        self._commanded = closed
        failure = self._contactors.set(closed)
        if not closed or failure is not None:
            self._edge_at = inf
            self._level = False
            return self._pumps.set(False) or failure
        self._edge_at = now
        return self._toggle(now)

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        failure = self._toggle(now)
        self.wake_at = min(self._edge_at, now + LOOKS_EVERY_S)
        return failure or self._feedback.closed(self._commanded)

    def _toggle(self, now: float) -> DeviceFailure | None:
        """The next edge, where it is due.  One that is late is not made up for."""
        if now < self._edge_at:
            return None
        self._level = not self._level
        self._edge_at = max(self._edge_at + self._half_s, now + self._half_s / 2)
        return self._pumps.set(self._level)
