"""A motor lock of a socket outlet: two lines drive it for a moment each, a contact tells where it is."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull

LOOKS_EVERY_S: Final = 0.05


class GpioMotorLock:
    """A `Lock`.  A motor that does not arrive is driven again and again by the reflex, but never without a pause.

    lock, unlock  lines that drive the motor one way and the other; never both
    feedback      the contact (on: locked)
    pulse_s       how long it is driven at most; it stops a moment after it has arrived
    """

    def __init__(
        self,
        gpio: Gpio,
        lock: int | str,
        unlock: int | str,
        feedback: int | str,
        pulse_s: float = 0.6,
        *,
        active: Active = "high",
        feedback_active: Active = "high",
        feedback_pull: Pull = "off",
    ) -> None:
        self.wake_at = -inf
        self._drives = {True: gpio.output(lock, active), False: gpio.output(unlock, active)}
        self._contact = gpio.input(feedback, feedback_active, feedback_pull)
        self._pulse_s = pulse_s
        self._wanted = False
        self._stops_at = -inf
        self._rests_until = -inf
        self._stop()

    def drive(self, now: float, locked: bool) -> DeviceFailure | None:
        self._wanted = locked
        return self._begin(now)

    def locked(self, now: float) -> bool | DeviceFailure:
        """Ends a pulse that is over, and begins another one where it has not arrived and the motor has rested."""
        self.wake_at = now + LOOKS_EVERY_S
        on = self._contact.is_on()
        moving = self._stops_at != -inf
        if moving and now >= self._stops_at:
            failure = self._stop()
            self._rests_until = now + self._pulse_s
            if failure is not None:
                return failure
        elif not moving and not isinstance(on, DeviceFailure) and on != self._wanted and now >= self._rests_until:
            failure = self._begin(now)
            if failure is not None:
                return failure
        return on

    def _begin(self, now: float) -> DeviceFailure | None:
        failure = self._drives[not self._wanted].set(False) or self._drives[self._wanted].set(True)
        self._stops_at = now + self._pulse_s
        self.wake_at = min(now + LOOKS_EVERY_S, self._stops_at)
        return failure

    def _stop(self) -> DeviceFailure | None:
        self._stops_at = -inf
        first, second = (self._drives[way].set(False) for way in (True, False))
        return first or second
