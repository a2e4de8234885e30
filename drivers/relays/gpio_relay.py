"""A contactor whose coils are switched by GPIO lines."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull
from drivers.relays.series import Contactors, Feedback, Line

LOOKS_EVERY_S: Final = 0.01


class GpioRelay:
    """A `Relay`.  Every line is claimed open at once, before anything else happens.

    lines          of the coils, all in series
    feedback       of the auxiliary contact
    more_feedback  of those of the other coils
    """

    def __init__(
        self,
        gpio: Gpio,
        lines: Sequence[Line],
        feedback: Line | None = None,
        more_feedback: Sequence[Line] = (),
        *,
        active: Active = "high",
        feedback_active: Active = "high",
        feedback_pull: Pull = "off",
    ) -> None:
        contacts = (() if feedback is None else (feedback,)) + tuple(more_feedback)
        self.wake_at = -inf if contacts else inf
        self.closings = 0
        """Since the process began."""
        self._contactors = Contactors(gpio, lines, active)
        self._feedback = Feedback(gpio, contacts, feedback_active, feedback_pull)
        self._has_feedback = bool(contacts)
        self._commanded = False
        self._contactors.set(False)

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        self.closings += closed and not self._commanded
        self._commanded = closed
        return self._contactors.set(closed)

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        if self._has_feedback:
            self.wake_at = now + LOOKS_EVERY_S
        return self._feedback.closed(self._commanded)
