"""A start and stop button at a GPIO line: each press is a card with a fixed idTag."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.inputs.contact import GpioContact
from drivers.ports.gpio import Active, Gpio, Pull

STUCK_AFTER_S: Final = 60.0


class ButtonReader:
    """A `CardReader`.  A button that is already pressed at the start counts when it was let go once.

    id_tag  what a press presents, 1 to 20 letters
    """

    def __init__(
        self, gpio: Gpio, line: int | str, id_tag: str = "BUTTON", *, active: Active = "low", pull: Pull = "up"
    ) -> None:
        self._contact = GpioContact(gpio, line, active=active, pull=pull)
        self._id_tag = id_tag
        self._pressed = True
        self._since = inf

    @property
    def wake_at(self) -> float:
        return self._contact.wake_at

    def read(self, now: float) -> str | DeviceFailure | None:
        on = self._contact.active(now)
        if isinstance(on, DeviceFailure):
            return on
        was, self._pressed = self._pressed, on
        if not on:
            self._since = inf
            return None
        self._since = min(self._since, now)
        if now - self._since > STUCK_AFTER_S:
            return DeviceFailure(self._contact.device, "the button has been pressed for a minute", "free the button")
        return None if was else self._id_tag
