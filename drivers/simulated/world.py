"""The simulated world around a board: its connectors, weather and mains, and what `do sim` makes happen in it."""

from __future__ import annotations

from math import inf
from typing import Any, Final, Literal

from drivers.devices import Packet
from drivers.host.messages import BoardMessages
from drivers.host.meter_polling import Metering
from drivers.reflex.derating import Heat, Supply
from drivers.reflex.evse import Limits
from drivers.reflex.faults import FaultBook
from drivers.simulated.cable import SimulatedCable
from drivers.simulated.car import ARRIVES_WITH_SOC, Car
from drivers.simulated.commands import STATION_CAUSES, SimCommand
from drivers.simulated.connector import SimulatedConnector
from drivers.simulated.meter import SimulatedMeter

VOLTS: Final = 230.0
LOW_VOLTS: Final = 180.0
MILD_C: Final = 25.0
HOT_C: Final = 90.0
BACKUP_S: Final = 8.0
"""Backup power lasts so long."""

WorldState = dict[str, Any]
"""JSON-able.  Nothing in it is a time: the world stands still in the dark."""
Ended = Literal["", "dark", "reboot"]


class World:
    """What the board's sensors feel; what is said of it is appended to `out`."""

    def __init__(
        self,
        connectors: int,
        limits: Limits,
        phases: int,
        socket: bool,
        period_s: float,
        repeats: bool,
        out: list[Packet],
    ) -> None:
        self.ended: Ended = ""
        self.boots, self.sessions = 1, 0
        self.wake_at = inf
        self.connectors = [
            SimulatedConnector(
                limits,
                BoardMessages(number, out),
                SimulatedCable(socket),
                Metering(number, SimulatedMeter(0.0, phases, VOLTS), period_s, repeats),
            )
            for number in range(1, connectors + 1)
        ]
        self.faults = FaultBook()
        """Of the whole station."""
        self._out = out
        self._limits = limits
        self._heat = Heat()
        self._supply = Supply()
        self._causes: set[str] = set()
        self._temperature = MILD_C
        self._arrival_soc = ARRIVES_WITH_SOC
        self._mains = True
        self._dark_at = inf

    # --- time -------------------------------------------------------------------------------------------------------

    def begin(self, now: float) -> None:
        """The board comes to life: everything is looked at once."""
        self.surround(now)
        for connector in self.connectors:
            connector.impress(now)
        self.plan()

    def run(self, now: float) -> None:
        """Everything that is due at this second."""
        if now >= self._dark_at:
            self.go_dark(now, "dark")
            return
        if now >= self._supply.wake_at:
            self.surround(now)
        for connector in self.connectors:
            if connector.wake_at <= now:
                connector.run(now)
        self.plan()

    def plan(self) -> None:
        wake_at = min(self._dark_at, self._supply.wake_at)
        for connector in self.connectors:
            if connector.wake_at < wake_at:
                wake_at = connector.wake_at
        self.wake_at = wake_at if not self.ended else inf

    # --- the whole station ------------------------------------------------------------------------------------------

    def surround(self, now: float) -> None:
        """Mains, heat and the station's faults, as each connector feels them."""
        celsius = HOT_C if "overtemperature" in self._causes else self._temperature
        volts = 0.0 if not self._mains else LOW_VOLTS if "undervoltage" in self._causes else VOLTS
        self._heat.feel(celsius)
        low = self._supply.feel(now, volts) and self._mains
        self.faults.set(now, "overtemperature", self._heat.too_hot, f"{celsius:g} C")
        self.faults.set(now, "undervoltage", low, f"{volts:g} V")
        self.faults.set(now, "mains", not self._mains, "on backup power")
        self.faults.settle(now, False)
        station = (self.faults.stopper(), self.faults.stops() == "now")
        for connector in self.connectors:
            connector.metering.temperature = celsius
            connector.surroundings(now, station, self._heat.cap(self._limits.max_amps), volts)
        self._say_faults()

    def _say_faults(self) -> None:
        for report in self.faults.reports:
            self._out.append({"type": "fault", "connector": None, **report._asdict()})
        self.faults.reports.clear()

    def present(self, now: float) -> None:
        """All present states."""
        for connector in self.connectors:
            connector.present(now)
        self.faults.reports += self.faults.present(now)
        self._say_faults()

    def go_dark(self, now: float, ended: Ended) -> None:
        """Everything stops here; the world stays as it is, the next board is one of another boot."""
        for connector in self.connectors:
            connector.integrate(now)
            connector.contactor.live = False
        self.boots += 1
        self.sessions = 0
        self.ended = ended
        self.wake_at = inf

    # --- what people and villains do --------------------------------------------------------------------------------

    def do(self, now: float, deed: SimCommand, connector: SimulatedConnector, number: int | None) -> str:
        """Make it happen; what to tell the one who wanted it."""
        match deed.what:
            case "tap":
                return self._tap(now, deed.name, connector, number)
            case "power-cut":
                self.go_dark(now, "dark")
            case "hard-reset":
                self.go_dark(now, "reboot")
            case "backup-power":
                self._mains, self._dark_at = False, min(self._dark_at, now + BACKUP_S)
                self.surround(now)
            case "temperature":
                self._temperature = deed.number
                self.surround(now)
            case "fault" if deed.name in STATION_CAUSES:
                _put(self._causes, deed.name, deed.on)
                self.surround(now)
            case _ if deed.what == "plug" and connector.cable.is_shut:
                return "the outlet is shut until somebody is authorized: nothing was plugged in"
            case _:
                self._do_at(now, deed, connector)
        return "done"

    def _tap(self, now: float, id_tag: str, connector: SimulatedConnector, number: int | None) -> str:
        if "reader-lost" in connector.causes:
            return "the reader is lost: nothing read it"
        self._out.append({"type": "card", "connector": number, "id_tag": id_tag, "at": now})
        return "read"

    def _do_at(self, now: float, deed: SimCommand, connector: SimulatedConnector) -> None:
        """A driver, his car or a villain at one connector."""
        car = connector.car
        match deed.what, deed.name:
            case "plug", _:
                if car is None:
                    connector.plug(now, Car(self._arrival_soc))
                return
            case "unplug", _:
                if car is not None:
                    connector.unplug(now)
                return
            case "fault", code:
                _put(connector.causes, code, deed.on)
            case "ev", "ignore-stop":
                _put(connector.causes, "ev-ignores-stop", deed.on)
            case "soc", _:
                self._arrival_soc = deed.number
                connector.integrate(now)
                if car is not None:
                    car.soc = deed.number
            case _, wish if car is not None:
                _drive(car, wish, deed.on)
        connector.impress(now)

    # --- the dark ---------------------------------------------------------------------------------------------------

    def state(self) -> WorldState:
        """All that stays in the dark."""
        return {
            "version": 1,
            "boots": self.boots,
            "sessions": self.sessions,
            "temperature": self._temperature,
            "arrival_soc": self._arrival_soc,
            "causes": sorted(self._causes),
            "connectors": [connector.state() for connector in self.connectors],
        }

    def restore(self, state: WorldState) -> None:
        """KeyError, TypeError or ValueError where it is no state of ours."""
        self.boots, self.sessions = int(state["boots"]), int(state["sessions"])
        self._temperature, self._arrival_soc = float(state["temperature"]), float(state["arrival_soc"])
        self._causes = set(state["causes"]) & set(STATION_CAUSES)
        for connector, kept in zip(self.connectors, state["connectors"], strict=False):
            connector.restore(kept)


def _put(causes: set[str], code: str, there: bool) -> None:
    (causes.add if there else causes.discard)(code)


def _drive(car: Car, wish: str, on: bool) -> None:
    match wish:
        case "pause":
            car.wants = False
        case "charge":
            car.wants = True
        case "rude-draw":
            car.rude_draw = on
        case "flap":
            car.flaps = on
            car.wants = car.wants or not on
