"""One connector of a board: its devices, the reflex and its messages, brought into agreement at each occasion.

Nothing ticks: `run` is called at the second that `wake_at` names.
"""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import Final, NamedTuple

from drivers.board_protocol import Packet
from drivers.devices import ConnectorDevices, DeviceFailure
from drivers.host.exchange import DeviceExchange
from drivers.host.last_offer import LastOffer
from drivers.host.messages import BoardMessages
from drivers.host.meter_polling import Cadence, MeterPolling
from drivers.host.outlet import NO_HOLD, Hold, Outlet
from drivers.reflex.derating import OvervoltageCheck, UndervoltageCheck
from drivers.reflex.faults import FaultReport
from drivers.reflex.pilot_signal import STEADY_NS
from drivers.reflex.state_machine import ContactorReport, Evse, Limits, PilotReport, Report, SignalReport

ROUNDS: Final = 50
"""Devices that do not come to rest within one second of time are left for the next occasion: the loop goes on."""


class ConnectorSetup(NamedTuple):
    """One connector as it is built: devices, limits, and what it can measure."""

    devices: ConnectorDevices
    limits: Limits
    phases: int = 1
    measurands: tuple[str, ...] = ("Energy.Active.Import.Register",)
    cadence: Cadence = Cadence()
    volts_from_meter: bool = False
    """Nobody else supervises the mains voltage: the meter's values are judged."""

    def shape(self, number: int) -> Packet:
        """The `connector` message."""
        return {
            "type": "connector",
            "connector": number,
            "min_amps": self.limits.min_amps,
            "max_amps": self.limits.max_amps,
            "phases": self.phases,
            "outlet": "cable" if self.devices.proximity is None else "socket",
            "lock": self.devices.lock is not None,
            "meter": True,
            "measurands": list(self.measurands),
        }


class Polled(NamedTuple):
    """What came of a poll of the meter."""

    changed: bool
    """The reflex was given anything new."""
    sent: bool
    """There was a message."""


class HostConnector:
    """Every verb does all that follows from it; packets are appended to `out`."""

    __slots__ = (
        *(
            "evse",
            "number",
            "wake_at",
            "_devices",
            "_lamp",
            "_lamp_shown",
            "_vehicle",
            "_exchange",
            "_outlet",
            "_polling",
        ),
        *("_messages", "_celsius", "_station_hold", "_heat_amps", "_limits", "_seq", "_ack_due", "_unlock_seq"),
        *("_overvoltage", "_undervoltage", "_volts_wrong"),
        *("_lock_failed", "_unplugged", "_setup", "_last_offer"),
    )

    def __init__(self, number: int, setup: ConnectorSetup, out: list[Packet]) -> None:
        devices = setup.devices
        self.number = number
        self._setup = setup
        self._last_offer = LastOffer()
        self.evse = Evse(setup.limits)
        self.wake_at = inf
        self._devices = devices.waking()
        self._lamp = devices.lamp
        self._lamp_shown = ""
        self._vehicle = devices.vehicle
        self._outlet = Outlet(devices.proximity, devices.lock, setup.limits.max_amps)
        self._polling = MeterPolling(devices.meter, setup.cadence)
        self._messages = BoardMessages(number, out)
        self._exchange = DeviceExchange(devices, self.evse, self._messages)
        self._undervoltage = UndervoltageCheck()
        self._overvoltage = OvervoltageCheck()
        self._volts_wrong = (False, False)
        self._celsius: float | None = None
        self._station_hold = NO_HOLD
        self._heat_amps = inf
        self._limits: tuple[float, str, Hold] = (inf, "", NO_HOLD)
        self._seq: int | None = None
        self._ack_due = False
        self._unlock_seq: int | None = None
        self._lock_failed = ""
        self._unplugged = False

    # --- levels and orders ------------------------------------------------------------------------------------------

    def offer(self, now: float, message: Packet) -> None:
        """The level that the client holds; answered by one `ack`."""
        self._outlet.want(message["locked"])
        self._seq, self._ack_due = message["seq"], True
        self._show(now, message["lamp"])
        lease_s = min(message["lease_s"], self.evse.limits.lease_s)
        self._last_offer.offered(now, lease_s, message.get("transaction"))
        self.evse.offer(now, message["amps"], lease_s, message["in_service"])
        self.settle(now)

    def _show(self, now: float, lamp: str) -> None:
        if self._lamp is not None and lamp != self._lamp_shown:
            self._lamp_shown = "" if self._lamp.show(now, lamp) else lamp  # what failed is repeated

    def unlock(self, now: float, seq: int) -> str:
        """Answered by `done` when the lock has moved, or why it is refused at once."""
        if not self._outlet.has_lock:
            return "no lock: the cable is fixed"
        if self.is_live():
            return "there is voltage: end the charge first"
        self._unlock_seq = seq
        self._outlet.unlock()
        self.settle(now)
        return ""

    def surroundings(self, now: float, hold: Hold, heat_amps: float, celsius: float | None) -> None:
        """Of the whole station: why there is no energy, amperes per phase that heat allows, degrees Celsius."""
        self._station_hold, self._heat_amps, self._celsius = hold, heat_amps, celsius
        self.settle(now)

    def apply_faults(self, now: float) -> None:
        """After something was done to `evse.faults`."""
        self.evse.tick(now)
        self.settle(now)

    def read_meter(self, now: float) -> bool:
        """A fresh reading as a message; whether there was one to be trusted."""
        self._polling.request_fresh(-inf)
        polled = self.poll(now)
        self.settle(now)
        return polled.sent

    def is_live(self) -> bool:
        """Whether there is voltage at the outlet, or may be."""
        return self.evse.closed or self.evse.feedback_closed

    # --- time -------------------------------------------------------------------------------------------------------

    def run(self, now: float) -> None:
        """Everything of this connector that is due at this second."""
        if self._polling.is_due(now) and not self.poll(now).changed:
            self.plan()
            if now < self.wake_at:
                return  # the usual case, kept short: a meter sample and nothing else
        if not self._exchange.pilot(now):  # a new sample comes before the judgement that the old one is stale
            self.evse.tick(now)
        self.settle(now)

    def settle(self, now: float) -> None:
        """Let devices and reflex act upon each other until they agree; report what came of it."""
        for _ in range(ROUNDS):
            if not (self._exchange_all(now) or self._report_all(now)):
                self.plan()
                return
        self.wake_at = now

    def plan(self) -> None:
        """Find `wake_at`: the next second at which anything of this connector is due."""
        due = min(self._polling.poll_at, self.evse.wake_at, self._outlet.reflex.wake_at)
        for device in self._devices:
            if device.wake_at < due:
                due = device.wake_at
        self.wake_at = due

    # --- devices and reflex: each answers whether the reflex was given anything new ----------------------------------

    def _exchange_all(self, now: float) -> bool:
        exchange = self._exchange
        changed = self._exchange_outlet(now)
        changed = exchange.pilot(now) or changed
        changed = exchange.inputs(now) or changed
        changed = exchange.contactor(now) or changed
        return exchange.current(now, self._polling.read(now)) or changed

    def _exchange_outlet(self, now: float) -> bool:
        """The cable, its lock, and what they and the whole station allow."""
        evse, outlet = self.evse, self._outlet
        outlet.settle(now, self.is_live())
        if outlet.reflex.failed != self._lock_failed:
            self._lock_failed = failed = outlet.reflex.failed
            detail = str(outlet.failure or "")
            evse.fault(now, "lock-open", failed == "lock-open", detail or "it does not lock")
            evse.fault(now, "lock-closed", failed == "lock-closed", detail or "it does not unlock")
        cap, why, carries = self._heat_amps, "it is too warm for more", outlet.cap_amps()
        if carries < cap:
            cap, why = carries, f"the cable carries {carries:g} A"
        hold = self._station_hold if self._station_hold.why else outlet.hold()
        if (cap, why, hold) == self._limits:
            return False
        self._limits = (cap, why, hold)
        evse.cap(now, cap, why)
        evse.hold(now, *hold)
        return True

    # --- the meter --------------------------------------------------------------------------------------------------

    def poll(self, now: float) -> Polled:
        """Read the meter, judge it, send what is due."""
        polling = self._polling
        verdict = polling.poll(now, self.evse.closed and self.evse.state in ("C", "D"))
        if verdict:
            for code, there in polling.check.causes.items():
                self.evse.fault(now, code, there, str(polling.failure or polling.check.seen(now, code)))
        if self._setup.volts_from_meter and not polling.doubtful:
            verdict = self._judge_volts(now) or verdict
        soc = None if self._vehicle is None else self._vehicle.soc_percent(now)
        self._messages.meter_identity(polling.sample.identity)  # before the values that are its
        sent = polling.message_due(soc, self._celsius)
        if sent:
            self._messages.meter(polling.sample, soc, self._celsius)
        polling.plan(now, self.is_live())
        return Polled(self._exchange.current(now, polling.sample) or verdict, sent)

    def _judge_volts(self, now: float) -> bool:
        """The mains as the meter shows them; a meter without voltages says nothing.  Whether a verdict changed."""
        reading = self._polling.sample.reading
        if isinstance(reading, DeviceFailure) or not reading.volts:
            return False
        low, high = min(reading.volts), max(reading.volts)
        wrong = self._undervoltage.update(now, low), self._overvoltage.update(now, high)
        if wrong == self._volts_wrong:
            return False
        self._volts_wrong = wrong
        self.evse.fault(now, "undervoltage", wrong[0], f"{low:g} V")
        self.evse.fault(now, "overvoltage", wrong[1], f"{high:g} V")
        return True

    # --- reports ----------------------------------------------------------------------------------------------------

    def _report_all(self, now: float) -> bool:
        """Reports of the reflex, the cable's state, the ends of orders; whether the reflex was given anything new."""
        self._messages.cable(now, self._outlet.cable)
        self._messages.switchings(self._exchange.switchings.count)
        reports, changed = self.evse.reports, False
        while reports:
            changed = self._report(now, reports.pop(0)) or changed
        if self._ack_due and self._seq is not None:
            self._messages.ack(self._seq, self.evse)
            self._ack_due = False
        if self._unlock_seq is not None and (ended := self._outlet.unlocking_ended()):
            self._messages.done(self._unlock_seq, *ended)
            self._unlock_seq = None
        return changed

    def _report(self, now: float, report: Report) -> bool:
        match report:
            case SignalReport():
                self._ack_due = True
            case PilotReport():
                self._messages.pilot(report)
                if self._unplugged and report.state != "A":
                    self._outlet.vehicle_connected()
                self._unplugged = report.state == "A"
            case FaultReport():
                self._messages.fault(self._exchange.explained(report))
            case ContactorReport():
                self._messages.contactor(report)
                self._polling.request_fresh(report.at)
                return self.poll(now).changed
        return False

    def shape(self, now: float) -> Packet:
        """The `connector` message of a greeting."""
        return self._setup.shape(self.number) | self._last_offer.told(now)

    def open_at_once(self, now: float) -> None:
        """Without the reflex, which may be broken: contactor open, pilot steady."""
        with suppress(Exception):
            self._setup.devices.contactor.switch(now, False)
        with suppress(Exception):
            self._setup.devices.pilot.signal(now, STEADY_NS)
        with suppress(Exception):
            self._setup.devices.contactor.feedback(now)

    def present(self, now: float) -> None:
        """All present states, for a client that has just connected."""
        for pilot in self.evse.present(now):
            self._messages.pilot(pilot)
        self._messages.cable(now, self._outlet.cable, always=True)
        evse = self.evse
        self._messages.contactor(ContactorReport(evse.closed, evse.closed == evse.feedback_closed, now))
        self._messages.switchings(self._exchange.switchings.count, always=True)
        self._messages.meter_identity(self._polling.read(now).identity, always=True)
        self._polling.request_fresh(-inf)
        self.poll(now)
        for report in evse.faults.present(now):
            self._messages.fault(report)
