"""A solenoid lock of a socket outlet: one line holds it, a spring opens it, a contact tells where it is."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull

LOOKS_EVERY_S: Final = 0.05


class GpioSolenoidLock:
    """A `Lock`.

    line      on for as long as it is locked
    feedback  the contact (on: locked)
    """

    def __init__(
        self,
        gpio: Gpio,
        line: int | str,
        feedback: int | str,
        *,
        active: Active = "high",
        feedback_active: Active = "high",
        feedback_pull: Pull = "off",
    ) -> None:
        self.wake_at = -inf
        self._line = gpio.output(line, active)
        self._contact = gpio.input(feedback, feedback_active, feedback_pull)
        self._line.set(False)

    def drive(self, now: float, locked: bool) -> DeviceFailure | None:
        return self._line.set(locked)

    def locked(self, now: float) -> bool | DeviceFailure:
        self.wake_at = now + LOOKS_EVERY_S
        return self._contact.is_on()
