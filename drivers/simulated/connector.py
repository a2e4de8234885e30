"""One connector of the simulated world: the reflex, and the car, cable, contactor and meter around it.

Nothing ticks: `run` is called at the seconds that `wake_at` names, and lets the parts agree again.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from drivers.devices import PilotSample
from drivers.host.messages import BoardMessages
from drivers.host.meter_polling import Metering
from drivers.reflex.evse import ContactorReport, Evse, Limits, PilotReport, Report, SignalReport
from drivers.reflex.faults import FaultReport
from drivers.reflex.iec61851 import STEADY_NS, amps_of
from drivers.simulated.cable import CABLE_AMPS, SimulatedCable
from drivers.simulated.car import SOC_PER_WH, Car
from drivers.simulated.contactor import SimulatedContactor

EXCESS: Final = 1.5
"""What an `overcurrent` car draws of what it may."""

CAUSES: Final = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed"),
    *("overcurrent", "ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
)


class SimulatedConnector:
    """After a change of `causes` or of a car's attribute call `impress`; the other verbs do all that follows."""

    __slots__ = (
        *("evse", "cable", "contactor", "metering", "meter", "car", "causes", "wake_at"),
        *("_voice", "_seq", "_ack", "_unlock_seq", "_unlocked", "_volts"),
        *("_pilot", "_station", "_heat_amps", "_limits", "_full_at", "_lock_failed"),
    )

    def __init__(self, limits: Limits, voice: BoardMessages, cable: SimulatedCable, metering: Metering) -> None:
        self.evse = Evse(limits)
        self.cable = cable
        self.contactor = SimulatedContactor()
        self.metering = metering
        self.meter = metering.meter
        self.car: Car | None = None
        self.causes: set[str] = set()
        self.wake_at = inf
        self._voice = voice
        self._seq: int | None = None
        self._ack = False
        self._unlock_seq: int | None = None
        self._unlocked = False
        self._volts = self.meter.volts
        self._pilot: tuple[float, ...] = ()
        self._station: tuple[str, bool] = ("", False)
        self._heat_amps = inf
        self._limits: tuple[object, ...] = ()
        self._full_at = inf
        self._lock_failed = ""

    @property
    def live(self) -> bool:
        """Voltage at the outlet."""
        return self.contactor.live

    # --- from outside -----------------------------------------------------------------------------------------------

    def offer(self, now: float, amps: float, lease_s: float, in_service: bool, locked: bool, seq: int) -> None:
        """The level that evsed holds; answered by one `ack`."""
        self._unlocked = self._unlocked and locked
        self.cable.wanted = locked and not self._unlocked
        self._seq, self._ack = seq, True
        self.evse.offer(now, amps, lease_s, in_service)
        self.settle(now)

    def unlock(self, now: float, seq: int) -> None:
        """Against the level that is held, until that level or the cable changes; `done` when the lock has moved."""
        self._unlock_seq, self._unlocked = seq, True
        self.cable.wanted = False
        self.settle(now)

    def surroundings(self, now: float, station: tuple[str, bool], heat_amps: float, volts: float) -> None:
        """Of the whole board: why there is no energy (and whether at once), what heat allows, the mains."""
        self._station, self._heat_amps, self._volts = station, heat_amps, volts
        self.settle(now)

    def plug(self, now: float, car: Car) -> None:
        self.car, self.cable.present, self._unlocked = car, True, False
        self.impress(now)

    def unplug(self, now: float) -> None:
        self.integrate(now)
        self.car = None
        self.settle(now)

    def look(self, now: float) -> None:
        """After something was done to `evse.faults`."""
        self.evse.tick(now)
        self.settle(now)

    def impress(self, now: float) -> None:
        """Let changed `causes` and attributes of the car have their effect."""
        self.integrate(now)
        causes, car = self.causes, self.car
        if car is not None:
            car.excess = EXCESS if "overcurrent" in causes else 1.0
            car.ignores_stop = "ev-ignores-stop" in causes
            car.tick(now)
            self._full_at = now + car.full_in(self.meter.watts)
        self.meter.lost = "meter-lost" in causes
        self.meter.backwards = "meter-backwards" in causes
        self.meter.freeze("meter-frozen" in causes)
        self.evse.fault(now, "rcd", "rcd" in causes, "residual current")
        self.evse.fault(now, "reader-lost", "reader-lost" in causes, "it does not answer")
        self._see_current(now)
        self.poll(now)
        self.settle(now)

    # --- time -------------------------------------------------------------------------------------------------------

    def run(self, now: float) -> None:
        """Everything of this connector that is due at this second."""
        if now >= self.metering.poll_at and not self.poll(now):
            self._plan()
            if now < self.wake_at:
                return  # the usual case, kept short: a meter sample and nothing else
        self.evse.tick(now)
        car = self.car
        if car is not None and now >= min(car.wake_at, self._full_at):
            self.integrate(now)
            if now >= self._full_at:
                car.soc = 100.0
            car.tick(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Let the parts act upon each other until they agree; say what came of it."""
        while self._agree(now) or self._tell(now):
            pass
        self._plan()

    def _plan(self) -> None:
        car_at = inf if self.car is None else self.car.wake_at
        self.wake_at = min(
            self.metering.poll_at, self.evse.wake_at, self.contactor.wake_at, self.cable.wake_at, self._full_at, car_at
        )

    # --- the parts agree --------------------------------------------------------------------------------------------

    def _agree(self, now: float) -> bool:
        """One round; whether the reflex was told anything new."""
        evse, changed = self.evse, self._agree_cable(now)
        if self.car is not None:
            self.car.feel(now, round(amps_of(evse.duty), 2), self.live)
        pilot = self._pilot_volts()
        if pilot != self._pilot:
            self._pilot = pilot
            evse.sample(now, PilotSample(now, *pilot, inf))
            changed = True
        return self._agree_power(now) or changed

    def _agree_cable(self, now: float) -> bool:
        """The cable, its lock, and what they and the whole station allow."""
        evse, cable = self.evse, self.cable
        cable.settle(now, evse.closed or self.live, self.car is not None, self.causes)
        if cable.reflex.failed != self._lock_failed:
            self._lock_failed = cable.reflex.failed
            evse.fault(now, "lock-open", self._lock_failed == "lock-open", "it does not lock")
            evse.fault(now, "lock-closed", self._lock_failed == "lock-closed", "it does not unlock")
        cap = (self._heat_amps, "it is too warm for more")
        if cable.socket and self._heat_amps > CABLE_AMPS:
            cap = (CABLE_AMPS, f"the cable carries {CABLE_AMPS:g} A")
        hold = self._station if self._station[0] else cable.hold()
        if (cap, hold) == self._limits:
            return False
        self._limits = (cap, hold)
        evse.cap(now, *cap)
        evse.hold(now, *hold)
        return True

    def _agree_power(self, now: float) -> bool:
        """Contactor, voltage at the outlet, current."""
        if self.contactor.settle(now, self.evse.closed, self._volts > 0.0, self.causes):
            self.evse.feedback(now, self.live)
            return True
        car = self.car
        amps = car.amps if car is not None and self.live and self._volts else 0.0
        if amps == self.meter.amps and self._volts == self.meter.volts:
            return False
        self.integrate(now)
        self.meter.flow(self._volts, amps)
        self._full_at = inf if car is None else now + car.full_in(self.meter.watts)
        self._see_current(now)
        return True

    def _pilot_volts(self) -> tuple[float, float]:
        """Both peaks at the board's measuring point."""
        if "pilot-short" in self.causes:
            return 0.0, 0.0
        if self.car is None:
            high = 12.0
        elif "ventilation" in self.causes:
            high = 3.0
        else:
            high = 6.0 if self.car.ready else 9.0
        if self.evse.duty == STEADY_NS:
            return high, high
        return high, -high if "diode" in self.causes and self.car is not None else -12.0

    # --- the meter --------------------------------------------------------------------------------------------------

    def integrate(self, now: float) -> None:
        """Bring the register and the battery up to now."""
        added = self.meter.integrate(now)
        if added and self.car is not None:
            self.car.soc = min(self.car.soc + added * SOC_PER_WH, 100.0)

    def _see_current(self, now: float) -> None:
        """The reflex knows of the current what the meter shows."""
        reading = self.meter.read()
        self.evse.draw(now, None if reading is None else reading.amps[0])

    def poll(self, now: float, fresh: bool = False) -> bool:
        """Ask the meter, tell what is news (or must be `fresh`); whether the reflex was told anything new."""
        self.integrate(now)
        metering = self.metering
        verdict = metering.poll(now, self.evse.closed and self.evse.state in ("C", "D"))
        if verdict:
            for code, there in metering.watch.causes.items():
                self.evse.fault(now, code, there)
        metering.plan(now, self.evse.closed or self.live, self.causes)
        message = metering.message(now, None if self.car is None else round(self.car.soc, 1), fresh)
        if message is not None:
            self._voice.say(message)
        return verdict

    # --- what is told -----------------------------------------------------------------------------------------------

    def _tell(self, now: float) -> bool:
        """Reports of the reflex, the cable's state, the ends of orders; whether the reflex was told anything new."""
        self._voice.cable(now, self.cable, self.evse.limits.max_amps)
        reports, news = self.evse.reports, False
        while reports:
            news = self._report(now, reports.pop(0)) or news
        if self._ack and self._seq is not None:
            self._voice.ack(self._seq, self.evse)
            self._ack = False
        self._tell_unlocking()
        return news

    def _tell_unlocking(self) -> None:
        """The end of an order to unlock: it has moved, it does not, or the level has locked it anew meanwhile."""
        anew = self.cable.wanted
        if self._unlock_seq is not None and (not self.cable.locked or self.cable.reflex.failed or anew):
            ok = not self.cable.locked
            why = "unlocked" if ok else "it was locked anew" if anew else "it does not unlock"
            self._voice.done(self._unlock_seq, ok, why)
            self._unlock_seq = None

    def _report(self, now: float, report: Report) -> bool:
        if isinstance(report, SignalReport):
            self._ack = True
        elif isinstance(report, PilotReport):
            self._voice.pilot(report)
        elif isinstance(report, FaultReport):
            self._voice.fault(report)
        elif isinstance(report, ContactorReport):
            self._voice.contactor(report)
            return self.poll(now, fresh=True)
        return False

    def present(self, now: float) -> None:
        """All present states, for a client that has just come."""
        for pilot in self.evse.present(now):
            self._voice.pilot(pilot)
        self._voice.cable(now, self.cable, self.evse.limits.max_amps, present=True)
        self._voice.contactor(ContactorReport(self.evse.closed, self.evse.closed == self.live, now))
        self.poll(now, fresh=True)
        for report in self.evse.faults.present(now):
            self._voice.fault(report)

    # --- the dark ---------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """What stays when the unit goes dark."""
        return {
            "meter": self.meter.state(),
            "cable": self.cable.state(),
            "car": None if self.car is None else self.car.state(),
            "causes": sorted(self.causes),
            "contactor": self.live,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The world as it was left; the contactor is open, whatever it was."""
        self.meter.restore(state["meter"])
        self.cable.restore(state["cable"])
        self.car = None if state["car"] is None else Car.of(state["car"])
        self.causes = {code for code in state["causes"] if code in CAUSES}
