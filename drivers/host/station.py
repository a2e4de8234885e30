"""What all connectors of a board share: temperature, mains supply, the station's card reader and its faults."""

from __future__ import annotations

from math import inf

from drivers.board_protocol import Packet
from drivers.devices import Contact, DeviceFailure, StationDevices, SupplySample
from drivers.host.messages import fault_message
from drivers.host.outlet import Hold
from drivers.reflex.derating import HeatDerating, UndervoltageCheck
from drivers.reflex.faults import ActiveFaults


class HostStation:
    """`look` where `now >= wake_at`, then apply `hold`, `cap_amps` and `celsius` to each connector, then `report`."""

    __slots__ = (
        "_devices",
        "_forbidden",
        "_heat",
        "_out",
        "_reader_failure",
        "_undervoltage",
        "celsius",
        "faults",
        "wake_at",
    )

    def __init__(self, devices: StationDevices, out: list[Packet], forbidden: str = "") -> None:
        """`forbidden`: why this board may energise nothing, as long as it runs; empty: it may."""
        self._devices = devices
        self._forbidden = forbidden
        self._out = out
        self._heat = HeatDerating()
        self._undervoltage = UndervoltageCheck()
        self.faults = ActiveFaults()
        self.celsius: float | None = None
        self.wake_at = inf

    def plan(self) -> None:
        """Find `wake_at`: the next second at which any device of the station has to be looked at."""
        self.wake_at = min(self._undervoltage.wake_at, self._heat.wake_at)
        for device in self._devices:
            if device is not None:
                self.wake_at = min(self.wake_at, device.wake_at)

    def look(self, now: float) -> None:
        """Read every device of the station and set its faults."""
        self._read_thermometer(now)
        self._read_supply(now)
        self._read_card(now)
        self._read_contact(now, "emergency-stop", self._devices.emergency_stop)
        self._read_contact(now, "tamper", self._devices.tamper)
        self.faults.set(now, "fail-safe", bool(self._forbidden), self._forbidden)
        self.faults.settle(now, False)
        self.plan()

    def _read_thermometer(self, now: float) -> None:
        if self._devices.thermometer is None:
            return
        celsius = self._devices.thermometer.celsius(now)
        if isinstance(celsius, DeviceFailure):
            self.celsius = None
            self._heat.lost(now)
            self.faults.set(now, "overtemperature", self._heat.too_hot or self._heat.blind, str(celsius))
            return
        self.celsius = celsius
        self._heat.update(celsius)
        self.faults.set(now, "overtemperature", self._heat.too_hot, f"{celsius:g} C")

    def _read_supply(self, now: float) -> None:
        if self._devices.supply is None:
            return
        supply: SupplySample = self._devices.supply.sample(now)
        volts = inf if supply.volts is None else supply.volts
        low = self._undervoltage.update(now, volts) and not supply.on_backup
        self.faults.set(now, "undervoltage", low, f"{volts:g} V")
        self.faults.set(now, "mains", supply.on_backup, "on backup power")

    def _read_card(self, now: float) -> None:
        if self._devices.reader is None:
            return
        card = self._devices.reader.read(now)
        if isinstance(card, str):
            self._out.append({"type": "card", "connector": None, "id_tag": card, "at": now})
        self.faults.set(now, "reader-lost", isinstance(card, DeviceFailure), str(card))

    def _read_contact(self, now: float, code: str, contact: Contact | None) -> None:
        if contact is None:
            return
        active = contact.active(now)
        self.faults.set(now, code, bool(active), str(active) if isinstance(active, DeviceFailure) else "")

    # --- what follows for each connector ----------------------------------------------------------------------------

    def hold(self) -> Hold:
        """Why the station as a whole gives no energy."""
        return Hold(self.faults.blocking(), self.faults.stops() == "now" or self._heat.at_once)

    def cap_amps(self, min_amps: float, max_amps: float) -> float:
        """Amperes per phase that heat allows a connector of that range; infinite: all."""
        return self._heat.cap(min_amps, max_amps)

    def report(self) -> None:
        """Faults that came or went, as messages."""
        for report in self.faults.reports:
            self._out.append(fault_message(None, report))
        self.faults.reports.clear()

    def present(self, now: float) -> None:
        """All faults that are on, for a client that has just connected."""
        self.faults.reports += self.faults.present(now)
        self.report()
