"""The supervision of the mains at a GPIO line: a relay or optocoupler that tells that they are there."""

from __future__ import annotations

from drivers.devices import DeviceFailure, SupplySample
from drivers.inputs.contact import GpioContact
from drivers.ports.gpio import Active, Gpio, Pull


class GpioMains:
    """A `Supply` without a voltage.

    line  on for as long as the mains have failed and stored energy keeps the board running
    """

    def __init__(self, gpio: Gpio, line: int | str, *, active: Active = "high", pull: Pull = "off") -> None:
        self._failed = GpioContact(gpio, line, active=active, pull=pull)

    @property
    def wake_at(self) -> float:
        return self._failed.wake_at

    def sample(self, now: float) -> SupplySample:
        """A line that cannot be read counts as a mains failure: there is no energy then."""
        failed = self._failed.active(now)
        return SupplySample(None, isinstance(failed, DeviceFailure) or failed)
