"""A contact at a GPIO line: emergency stop, tamper switch, trip output; without chatter."""

from __future__ import annotations

from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull

LOOKS_EVERY_S: Final = 0.01


class GpioContact:
    """A `Contact`: on at once, off only after it has been off for `releases_after_s`.

    line  with `active = "low"` and a pull-up a broken wire of a closed contact to ground counts as on
    """

    def __init__(
        self,
        gpio: Gpio,
        line: int | str,
        *,
        active: Active = "high",
        pull: Pull = "off",
        releases_after_s: float = 0.05,
    ) -> None:
        self.wake_at = float("-inf")
        self._line = gpio.input(line, active, pull)
        self._releases_after_s = releases_after_s
        self._on_at = float("-inf")

    @property
    def device(self) -> str:
        return self._line.device

    def active(self, now: float) -> bool | DeviceFailure:
        """A failure is to be treated as on."""
        self.wake_at = now + LOOKS_EVERY_S
        on = self._line.is_on()
        if isinstance(on, DeviceFailure):
            return on
        if on:
            self._on_at = now
        return now - self._on_at < self._releases_after_s or on
