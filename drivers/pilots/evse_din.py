"""EVSE-DIN and EVSE-WB: a controller with pilot and contactor of its own, told by Modbus how much it may signal.

It watches pilot, diode and its contactor by itself within the times of IEC 61851-1; nothing tells where its contactor
is.  Holding registers: 1000 amperes to signal, 1002 the vehicle's state, 2005 settings (bit 7: amperes in hundredths).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Final, Protocol

from drivers.devices import DeviceFailure, PilotSample
from drivers.ports.modbus_frames import BusFailure
from drivers.reflex.pilot_signal import MIN_AMPS, STEADY_NS, amps_of

HOLDING: Final = 3
AMPS: Final = 1000
SETTINGS: Final = 2005
HUNDREDTHS: Final = 1 << 7
STATES: Final = {1: 12.0, 2: 9.0, 3: 6.0, 4: 3.0, 5: 0.0}
"""A, B, C, D, fault, as the positive peak that means the same."""
PERIOD_S: Final = 0.2
"""Between two requests; it needs this pause."""
LOOK_S: Final = 0.05
VALID_S: Final = 4.0
"""One request may fail: that takes its time-out and the silence after it.  The controller opens without us."""
DIODE_LOW_V: Final = -12.0
ROUNDING: Final = 0.01
"""Counts: a duty never rounds up, so that 16 A come back as 15.99996."""


class HoldingRegisters(Protocol):
    """What is needed of a Modbus bus."""

    @property
    def device(self) -> str: ...

    def read(self, address: int, function: int, register: int, count: int) -> tuple[int, ...] | BusFailure: ...

    def write(self, address: int, register: int, values: Sequence[int]) -> BusFailure | None: ...


class EvseDinContactor:
    """A `Relay` that can only be forbidden: the controller closes it where the vehicle asks and amperes are told."""

    __slots__ = ("allowed", "wake_at")

    def __init__(self) -> None:
        self.wake_at = inf
        self.allowed = False

    def switch(self, now: float, closed: bool) -> DeviceFailure | None:
        self.allowed = closed
        return None

    def feedback(self, now: float) -> bool | DeviceFailure | None:
        """It tells nothing."""
        return None


class EvseDin:
    """A `Pilot`; `contactor` belongs to it.  `poll` is called by the thread of its bus."""

    __slots__ = ("_address", "_bus", "_duty_ns", "_failure", "_last", "_monotonic", "_scale", "_told", "contactor",
                 "wake_at")  # fmt: skip

    def __init__(self, bus: HoldingRegisters, address: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._address = address
        self._monotonic = monotonic
        self.contactor = EvseDinContactor()
        self.wake_at = -inf
        self._duty_ns = STEADY_NS
        self._scale: int | None = None
        """Counts of register 1000 per ampere; None: not asked yet."""
        self._told: int | None = None
        self._last: PilotSample | None = None
        self._failure = DeviceFailure(self.device, "not read yet", "wait")

    @property
    def device(self) -> str:
        return f"EVSE-DIN at {self._bus.device}, address {self._address}"

    # --- the loop ----------------------------------------------------------------------------------------------------

    def signal(self, now: float, duty_ns: int) -> DeviceFailure | None:
        """Taken along by the next poll, within 0.2 s."""
        self._duty_ns = duty_ns
        return None

    def sample(self, now: float) -> PilotSample | DeviceFailure:
        """The state that it told last, as volts."""
        self.wake_at = now + LOOK_S
        last = self._last
        return last if last is not None and now < last.valid_until else self._failure

    # --- the thread --------------------------------------------------------------------------------------------------

    def poll(self) -> float:
        """Tell it the amperes where they changed, else ask for the state; seconds until the next request."""
        if self._scale is None:
            settings = self._read(SETTINGS, 1)
            if settings is not None:
                self._scale = 100 if settings[0] & HUNDREDTHS else 1
        elif self._wanted() != self._told:
            self._tell(self._wanted())
        else:
            self._ask()
        return PERIOD_S

    def _wanted(self) -> int:
        """For register 1000, never rounded up; 0: no PWM, and the contactor opens."""
        amps = amps_of(self._duty_ns)
        return int(amps * (self._scale or 1) + ROUNDING) if amps > MIN_AMPS - 0.001 else 0

    def _tell(self, counts: int) -> None:
        failure = self._bus.write(self._address, AMPS, (counts,))
        if failure is None:
            self._told = counts
        else:
            self._lost(failure.failure)

    def _ask(self) -> None:
        """Amperes (they must be ours) and state."""
        registers = self._read(AMPS, 3)
        if registers is None:
            return
        now = self._monotonic()
        counts, _, state = registers
        if counts != self._told:
            self._told = None  # it was restarted, or somebody else writes: told anew by the next poll
        if state not in STATES:
            self._lost(DeviceFailure(self.device, f"unknown state {state}", "check that it is an EVSE-DIN"))
            self._last = None
            return
        high = STATES[state]
        self._last = PilotSample(now, high, DIODE_LOW_V if counts else high, now + VALID_S)

    def _read(self, register: int, count: int) -> Sequence[int] | None:
        found = self._bus.read(self._address, HOLDING, register, count)
        if isinstance(found, BusFailure):
            self._lost(found.failure)
            return None
        return found

    def _lost(self, failure: DeviceFailure) -> None:
        """The last sample counts until it is stale."""
        self._failure = failure._replace(device=self.device)
