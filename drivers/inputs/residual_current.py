"""A residual-current monitor at GPIO lines: its trip output, and its test input where it has one."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import DeviceFailure
from drivers.inputs.contact import GpioContact
from drivers.ports.gpio import Active, Gpio, Pull

TRIPS_WITHIN_S: Final = 1.0
"""A monitor that is told to test itself."""
ENDS_WITHIN_S: Final = 3.0
"""So long it may stay tripped after its test."""
REMEDY: Final = "check the monitor and the wiring of its test input"


class GpioResidualCurrent:
    """A `ResidualCurrent`.  Its own test does not count as a trip; one that fails does, until the next test.

    line  its trip output
    test  its test input, where it has one
    """

    def __init__(
        self,
        gpio: Gpio,
        line: int | str,
        test: int | str | None = None,
        *,
        active: Active = "high",
        pull: Pull = "off",
        test_active: Active = "high",
    ) -> None:
        self._trip = GpioContact(gpio, line, active=active, pull=pull)
        self._test = None if test is None else gpio.output(test, test_active)
        self._began = inf
        self._seen = False
        self._failure: DeviceFailure | None = None
        if self._test is not None:
            self._test.set(False)

    @property
    def wake_at(self) -> float:
        return self._trip.wake_at

    def tripped(self, now: float) -> bool | DeviceFailure:
        on = self._trip.active(now)
        if self._began != inf:
            self._go_on(now, on)
            return on if isinstance(on, DeviceFailure) else False
        return self._failure or on

    @property
    def has_test(self) -> bool:
        return self._test is not None

    def begin_test(self, now: float) -> DeviceFailure | None:
        """With the contactor open; `testing` until it is over, then `tripped` tells how it ended."""
        if self._test is None:
            return None
        self._failure = self._test.set(True)
        if self._failure is None:
            self._began, self._seen = now, False
        return self._failure

    def testing(self, now: float) -> bool:
        """Whether a test is under way."""
        self.tripped(now)
        return self._began != inf

    def _go_on(self, now: float, on: bool | DeviceFailure) -> None:
        """First it must trip, then it must let go."""
        if isinstance(on, DeviceFailure):
            self._end(on)
        elif not self._seen:
            self._seen = on
            if on:
                self._release(now)
            elif now >= self._began + TRIPS_WITHIN_S:
                self._end(DeviceFailure(self._trip.device, "its self-test does not trip", REMEDY))
        elif not on:
            self._end(None)
        elif now >= self._began + ENDS_WITHIN_S:
            self._end(DeviceFailure(self._trip.device, "it stays tripped after its self-test", REMEDY))

    def _release(self, now: float) -> None:
        self._began = now
        failure = self._test.set(False) if self._test is not None else None
        if failure is not None:
            self._end(failure)

    def _end(self, failure: DeviceFailure | None) -> None:
        self._began = inf
        if self._test is not None:
            failure = self._test.set(False) or failure
        self._failure = failure
