"""One connector of the simulated world: the reflex, and the car, cable, contactor and meter around it.

Nothing ticks: `run` is called at the seconds that `wake_at` names, and lets the parts agree again.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

from drivers.api import Message, PilotSample
from drivers.evse import ContactorReport, Evse, Limits, PilotReport, Report, SignalReport
from drivers.faults import FaultReport
from drivers.iec61851 import STEADY_NS, amps_of
from drivers.simulated.cable import CABLE_AMPS, SimulatedCable
from drivers.simulated.car import SOC_PER_WH, Car
from drivers.simulated.metering import METER_CAUSES, Metering

CONTACTOR_S: Final = 0.02
EXCESS: Final = 1.5
"""What an `overcurrent` car draws of what it may."""

CAUSES: Final = (
    *("rcd", "weld", "contactor", "pilot-short", "diode", "ventilation", "lock-open", "lock-closed"),
    *("overcurrent", "ev-ignores-stop", "meter-frozen", "meter-lost", "meter-backwards", "reader-lost"),
)


class SimulatedConnector:
    """Change a fact (`car`, `causes`, `unlock`, `surroundings` …), then call `settle`; what it says is appended to `out`."""

    def __init__(
        self, number: int, limits: Limits, out: list[Message], cable: SimulatedCable, metering: Metering
    ) -> None:
        self.number = number
        self.evse = Evse(limits)
        self.cable = cable
        self.metering = metering
        self.meter = metering.meter
        self.car: Car | None = None
        self.causes: set[str] = set()
        self.live = False
        """Voltage at the outlet."""
        self.wake_at = inf
        self._out = out
        self._seq: int | None = None
        self._ack = False
        self._unlock_seq: int | None = None
        self._unlocked = False
        self._commanded = self._contacts = False
        self._moves_at = inf
        self._volts = self.meter.volts
        self._pilot: tuple[float, ...] = ()
        self._station: tuple[str, bool] = ("", False)
        self._heat_amps = inf
        self._limit: tuple[object, ...] = ()
        self._full_at = inf
        self._lock_failed = ""
        self._cable_told: tuple[bool, bool] | None = None

    # --- from outside ---------------------------------------------------------------------------------------------------

    def offer(self, now: float, message: Message) -> None:
        """The level that evsed holds; answered by one `ack`."""
        self._unlocked = self._unlocked and message["locked"]
        self.cable.wanted = message["locked"] and not self._unlocked
        self._seq, self._ack = message["seq"], True
        self.evse.offer(now, message["amps"], message["lease_s"], message["in_service"])
        self.settle(now)

    def unlock(self, now: float, seq: int) -> None:
        """Against the level that is held, until that level or the cable changes; `done` comes when the lock has moved."""
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
        self._integrate(now)
        self.car = None
        self.settle(now)

    def relatch(self, now: float, code: str) -> None:
        """A fault on record, from before this board lived."""
        self.evse.faults.relatch(now, code)
        self.evse.tick(now)
        self.settle(now)

    def tested(self, now: float) -> list[str]:
        """A selftest; codes of what is wrong."""
        return self._ended(now, self.evse.faults.tested(now))

    def serviced(self, now: float) -> list[str]:
        """Service clears what is latched; codes of what is still there."""
        return self._ended(now, self.evse.faults.serviced(now))

    def _ended(self, now: float, left: list[str]) -> list[str]:
        self.evse.tick(now)
        self.settle(now)
        return left

    def tell_meter(self, now: float) -> bool:
        """A fresh `meter` message; False where the meter gives nothing to be believed."""
        told = len(self._out)
        self._poll(now, fresh=True)
        self.settle(now)
        return len(self._out) > told

    def impress(self, now: float) -> None:
        """Let changed `causes` and attributes of the car have their effect."""
        self._integrate(now)
        causes, car = self.causes, self.car
        if car is not None:
            car.excess = EXCESS if "overcurrent" in causes else 1.0
            car.ignores_stop = "ev-ignores-stop" in causes
            car.tick(now)
        self.meter.lost = "meter-lost" in causes
        self.meter.backwards = "meter-backwards" in causes
        self.meter.freeze("meter-frozen" in causes)
        self.evse.fault(now, "rcd", "rcd" in causes, "residual current")
        self.evse.fault(now, "reader-lost", "reader-lost" in causes, "it does not answer")
        self._see_current(now)
        self._poll(now)
        self.settle(now)

    # --- time -----------------------------------------------------------------------------------------------------------

    def run(self, now: float) -> None:
        """Everything of this connector that is due at this second."""
        if now >= self.metering.poll_at and not self._poll(now):
            self._plan()
            if now < self.wake_at:
                return  # the usual case, kept short: a meter sample and nothing else
        self.evse.tick(now)
        car = self.car
        if car is not None and now >= min(car.wake_at, self._full_at):
            self._integrate(now)
            if now >= self._full_at:
                car.soc = 100.0
            car.tick(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Let the parts act upon each other until they agree; say what came of it."""
        while self._agree(now) or self._drain(now):
            pass
        self._plan()

    def _plan(self) -> None:
        car_at = inf if self.car is None else self.car.wake_at
        self.wake_at = min(
            self.metering.poll_at, self.evse.wake_at, self._moves_at, self.cable.wake_at, self._full_at, car_at
        )

    # --- the parts agree ------------------------------------------------------------------------------------------------

    def _agree(self, now: float) -> bool:
        """One round; whether the reflex was told anything new."""
        evse, cable = self.evse, self.cable
        cable.settle(now, evse.closed or self.live, self.car is not None, self.causes)
        if cable.reflex.failed != self._lock_failed:
            self._lock_failed = cable.reflex.failed
            evse.fault(now, "lock-open", cable.reflex.failed == "lock-open", "it does not lock")
            evse.fault(now, "lock-closed", cable.reflex.failed == "lock-closed", "it does not unlock")
        if self.car is not None:
            self.car.feel(now, round(amps_of(evse.duty), 2), self.live)
        changed = False
        pilot = self._pilot_volts()
        if pilot != self._pilot:
            self._pilot = pilot
            evse.sample(now, PilotSample(now, *pilot, inf))
            changed = True
        cap, hold = self._limits()
        if (cap, hold) != self._limit:
            self._limit = (cap, hold)
            evse.cap(now, *cap)
            evse.hold(now, *hold)
            changed = True
        return self._agree_contactor(now) or self._agree_current(now) or changed

    def _agree_contactor(self, now: float) -> bool:
        if self.evse.closed != self._commanded:
            self._commanded = self.evse.closed
            self._moves_at = now + CONTACTOR_S
        if now >= self._moves_at:
            self._moves_at = inf
            self._contacts = self._commanded and "contactor" not in self.causes
        if "rcd" in self.causes or not self._volts:
            self._contacts = False  # opens without any reflex
        live = self._contacts or "weld" in self.causes
        if live == self.live:
            return False
        self.live = live
        self.evse.feedback(now, live)
        return True

    def _agree_current(self, now: float) -> bool:
        car = self.car
        amps = car.amps if car is not None and self.live and self._volts else 0.0
        if amps == self.meter.amps and self._volts == self.meter.volts:
            return False
        self._integrate(now)
        self.meter.flow(self._volts, amps)
        self._full_at = inf if car is None else now + car.full_in(self.meter.watts)
        self._see_current(now)
        return True

    def _limits(self) -> tuple[tuple[float, str], tuple[str, bool]]:
        """Cap and hold of the reflex."""
        cap = (self._heat_amps, "it is too warm for more")
        if self.cable.socket and CABLE_AMPS < self._heat_amps:
            cap = (CABLE_AMPS, f"the cable carries {CABLE_AMPS:g} A")
        return cap, self._station if self._station[0] else self.cable.hold()

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

    # --- the meter ------------------------------------------------------------------------------------------------------

    def _integrate(self, now: float) -> None:
        added = self.meter.integrate(now)
        if added and self.car is not None:
            self.car.soc = min(self.car.soc + added * SOC_PER_WH, 100.0)

    def _see_current(self, now: float) -> None:
        """The reflex knows of the current what the meter shows."""
        reading = self.meter.read()
        self.evse.draw(now, None if reading is None else reading.amps[0])

    def _poll(self, now: float, fresh: bool = False) -> bool:
        """Ask the meter, tell what is news; whether the reflex was told anything new."""
        self._integrate(now)
        metering = self.metering
        verdict = metering.poll(now, self.evse.closed and self.evse.state in ("C", "D"))
        if verdict:
            for code, there in metering.watch.causes.items():
                self.evse.fault(now, code, there)
        metering.plan(now, self.evse.closed or self.live, self.causes)
        message = metering.message(now, None if self.car is None else round(self.car.soc, 1), fresh)
        if message is not None:
            self._out.append(message)
        return verdict

    # --- what is told ---------------------------------------------------------------------------------------------------

    def _drain(self, now: float) -> bool:
        """Reports of the reflex, the cable's state and the ends of orders; whether the reflex was told anything new."""
        if (self.cable.present, self.cable.locked) != self._cable_told:
            self._out.append(self._cable_message(now))
        reports, news = self.evse.reports, False
        while reports:
            news = self._tell(now, reports.pop(0)) or news
        if self._ack and self._seq is not None:
            evse = self.evse
            self._out.append(
                {"type": "ack", "seq": self._seq, "connector": self.number, "amps": evse.amps, "why": evse.why}
            )
            self._ack = False
        if self._unlock_seq is not None and (not self.cable.locked or self.cable.reflex.failed):
            ok = not self.cable.locked
            detail = "unlocked" if ok else "it does not unlock"
            self._out.append({"type": "done", "seq": self._unlock_seq, "ok": ok, "detail": detail})
            self._unlock_seq = None
        return news

    def _tell(self, now: float, report: Report) -> bool:
        if isinstance(report, SignalReport):
            self._ack = True
        elif isinstance(report, PilotReport):
            self._say("pilot", state=report.state, at=report.at)
        elif isinstance(report, ContactorReport):
            self._say("contactor", closed=report.closed, confirmed=report.confirmed, at=report.at)
            return self._poll(now, fresh=True)
        elif isinstance(report, FaultReport):
            self._say("fault", **report._asdict())
        return False

    def _say(self, kind: str, **fields: Any) -> None:
        self._out.append({"type": kind, "connector": self.number, **fields})

    def _cable_message(self, now: float) -> Message:
        cable = self.cable
        self._cable_told = (cable.present, cable.locked)
        amps = 0.0 if not cable.present else CABLE_AMPS if cable.socket else self.evse.limits.max_amps
        return {
            "type": "cable",
            "connector": self.number,
            "present": cable.present,
            "max_amps": amps,
            "locked": cable.locked,
            "at": now,
        }

    def present(self, now: float) -> None:
        """All present states, for a client that has just come."""
        if self.evse.state is not None:
            self._say("pilot", state=self.evse.state, at=now)
        self._out.append(self._cable_message(now))
        closed = self.evse.closed
        self._say("contactor", closed=closed, confirmed=closed == self.live, at=now)
        self._poll(now, fresh=True)
        for report in self.evse.faults.present(now):
            self._say("fault", **report._asdict())

    # --- the dark -------------------------------------------------------------------------------------------------------

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
