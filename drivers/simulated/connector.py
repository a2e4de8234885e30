"""One connector of the simulated world: its devices, the car that is plugged in, and the current between them.

Nothing ticks: each device's `wake_at` names the second at which it changes by itself.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from drivers.devices import ConnectorDevices
from drivers.simulated.cable import SimulatedCable
from drivers.simulated.car import SOC_PER_WH, Car
from drivers.simulated.contactor import SimulatedContactor
from drivers.simulated.lamp import SimulatedLamp
from drivers.simulated.lock import SimulatedLock
from drivers.simulated.meter import SimulatedMeter
from drivers.simulated.pilot import SimulatedPilot
from drivers.simulated.reader import SimulatedReader
from drivers.simulated.residual_current import SimulatedResidualCurrent

EXCESS: Final = 1.5
"""What an `overcurrent` car draws of what it may."""

CAUSES: Final = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed"),
    *("overcurrent", "ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
)
"""Faults that can be simulated at a connector."""


class SimulatedConnector:
    """After a change of `causes` or of a car's attribute call `changed`."""

    __slots__ = (
        *("cable", "car", "causes", "contactor", "lamp", "lock", "meter", "pilot", "reader", "residual_current"),
        *("volts", "_car_changed", "_full_at", "_socket"),
    )

    def __init__(self, phases: int, socket: bool, volts: float, first_wh: float = 0.0) -> None:
        self.volts = volts
        """Of the mains."""
        self.causes: set[str] = set()
        """The faults that are on; some devices look at them by themselves."""
        self.car: Car | None = None
        self.lock = SimulatedLock(self.causes)
        self.cable = SimulatedCable(socket, self.lock)
        self.contactor = SimulatedContactor(self.causes)
        self.meter = SimulatedMeter(first_wh, phases, volts, self.integrate)
        self.pilot = SimulatedPilot(self.causes, self.car_at)
        self.reader = SimulatedReader(self.causes)
        self.residual_current = SimulatedResidualCurrent(self.causes)
        self.lamp = SimulatedLamp()
        self._socket = socket
        self._car_changed = False
        self._full_at = inf

    def devices(self) -> ConnectorDevices:
        """What the host is given."""
        return ConnectorDevices(
            pilot=self.pilot,
            contactor=self.contactor,
            meter=self.meter,
            proximity=self.cable if self._socket else None,
            lock=self.lock if self._socket else None,
            residual_current=self.residual_current,
            reader=self.reader,
            lamp=self.lamp,
            vehicle=self,
        )

    def soc_percent(self, now: float) -> float | None:
        """A simulated car tells its state of charge (a `Vehicle` device)."""
        return None if self.car is None else round(self.car.soc, 1)

    # --- what happens at the connector ------------------------------------------------------------------------------

    def plug(self, now: float, car: Car) -> None:
        self.car = car
        self.cable.present = self.cable.held = True
        self.changed(now)

    def unplug(self, now: float) -> None:
        self.integrate(now)
        self.car = None
        self.cable.held = False
        self.pilot.wake_at = now

    def supply(self, volts: float) -> None:
        """The mains from now on; 0: they are gone."""
        self.volts = volts
        self.contactor.powered = volts > 0.0

    def changed(self, now: float) -> None:
        """Let changed `causes` and attributes of the car take effect."""
        self.integrate(now)
        self._apply()
        self.pilot.wake_at = self.meter.wake_at = now

    def _apply(self) -> None:
        causes = self.causes
        if self.car is not None:
            self.car.excess = EXCESS if "overcurrent" in causes else 1.0
            self.car.ignores_stop = "ev-ignores-stop" in causes
            self._car_changed = True
        self.meter.lost = "meter-lost" in causes
        self.meter.backwards = "meter-backwards" in causes
        self.meter.freeze("meter-frozen" in causes)

    # --- car and current --------------------------------------------------------------------------------------------

    def integrate(self, now: float) -> None:
        """Bring the register and the battery up to now."""
        added = self.meter.integrate(now)
        if added and self.car is not None:
            self.car.soc = min(self.car.soc + added * SOC_PER_WH, 100.0)

    def car_at(self, now: float) -> Car | None:
        """The car as it is at this second: it acts where that is due, and draws what pilot and contactor allow."""
        car, meter, live = self.car, self.meter, self.contactor.live
        meter.live = live
        amps = 0.0
        if car is not None:
            if self._car_changed or now >= min(car.wake_at, self._full_at):
                self._act(now, car)
            car.sense(now, self.pilot.signalled_amps, live)
            if live and self.volts:
                amps = car.amps
        if amps != meter.amps or self.volts != meter.volts:
            self.integrate(now)
            meter.flow(self.volts, amps)
            self._full_at = inf if car is None else now + car.full_in(meter.watts)
        if car is not None:
            self.pilot.wake_at = min(self.pilot.wake_at, car.wake_at, self._full_at)
        return car

    def _act(self, now: float, car: Car) -> None:
        self.integrate(now)
        if self._car_changed:
            self._car_changed = False
            car.tick(now)
            self._full_at = now + car.full_in(self.meter.watts)
            return
        if now >= self._full_at:
            car.soc = 100.0
        car.tick(now)

    # --- power cuts -------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What a power cut leaves, JSON-able."""
        return {
            "meter": self.meter.state(),
            "cable": self.cable.state(),
            "car": None if self.car is None else self.car.state(),
            "causes": sorted(self.causes),
            "contactor": self.contactor.live,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """As it was left; the contactor is open, whatever it was.  KeyError or TypeError where it is no such state."""
        self.meter.restore(state["meter"])
        self.cable.restore(state["cable"])
        self.car = None if state["car"] is None else Car.of(state["car"])
        self.cable.held = self.car is not None
        self.causes |= {code for code in state["causes"] if code in CAUSES}
        self._apply()
