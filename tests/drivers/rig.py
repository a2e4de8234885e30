"""A reflex on a test rig: a pilot with a vehicle, a contactor that follows in 20 ms, time that goes by wakes."""

from __future__ import annotations

from math import inf

from drivers.devices import PilotSample
from drivers.reflex.pilot_signal import STEADY_NS
from drivers.reflex.state_machine import Evse, Limits, Report

VOLTS = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0, "F": -12.0}
CONTACTOR_S = 0.02


class Rig:
    """`now` starts at 100 s; the vehicle is absent."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.now = 100.0
        self.evse = Evse(limits or Limits(lease_s=inf))
        self.high = VOLTS["A"]
        self.diode = True
        self.minus: float | None = None
        """What is measured while -12 V are signalled; None: what the vehicle makes of +12 V."""
        self.follows = True
        """The contactor does what it is told."""
        self.good_for = inf
        self.reports: list[Report] = []
        self.contactor = False
        self._moves_at = inf
        self._duty = STEADY_NS
        self._sample()
        self._settle()

    def state(self, state: str, settled: bool = True) -> None:
        """The vehicle takes this state; usually wait until it counts."""
        self.volts(VOLTS[state])
        if settled:
            self.wait(0.2)

    def volts(self, high: float) -> None:
        self.high = high
        self._sample()
        self._settle()

    def offer(self, amps: float, lease_s: float = 1000.0, in_service: bool = True) -> None:
        self.evse.offer(self.now, amps, lease_s, in_service)
        self._settle()

    def draw(self, amps: float | None) -> None:
        self.evse.draw(self.now, amps)
        self._settle()

    def fault(self, code: str, cause: bool) -> None:
        self.evse.fault(self.now, code, cause)
        self._settle()

    def feedback(self, closed: bool) -> None:
        """The auxiliary contact on its own."""
        self.contactor = closed
        self.evse.feedback(self.now, closed)
        self._settle()

    def settle(self) -> None:
        """After something was done to the reflex itself."""
        self.evse.tick(self.now)
        self._settle()

    def wait(self, seconds: float) -> None:
        """Let time pass, from one wake to the next."""
        end = self.now + seconds
        while (due := min(self.evse.wake_at, self._moves_at)) <= end:
            self.now = max(self.now, due)
            if self.now >= self.evse.wake_at:
                self.evse.tick(self.now)
            self._settle()
        self.now = end

    def charging(self, amps: float = 16.0) -> None:
        """A vehicle in C, contactor closed, drawing what it may."""
        self.state("B")
        self.offer(amps)
        self.state("C")
        self.draw(amps)

    def seen(self, kind: type) -> list[Report]:
        return [report for report in self.reports if isinstance(report, kind)]

    def _sample(self) -> None:
        high = self.minus if self.evse.duty == 0 and self.minus is not None else self.high
        low = -12.0 if self.evse.duty != STEADY_NS and self.diode else high
        self._duty = self.evse.duty
        self.evse.sample(self.now, PilotSample(self.now, high, low, self.now + self.good_for))

    def _settle(self) -> None:
        while True:
            if self.evse.duty != self._duty:
                self._sample()
                continue
            if self.evse.closed != self.contactor and self.follows and self._moves_at == inf:
                self._moves_at = self.now + CONTACTOR_S
            if self.evse.closed == self.contactor:
                self._moves_at = inf
            if self.now < self._moves_at:
                break
            self._moves_at = inf
            self.contactor = self.evse.closed
            self.evse.feedback(self.now, self.contactor)
        self.reports += self.evse.reports
        self.evse.reports.clear()
