"""The simulated world around a board: its connectors, temperature and mains, and what `do sim` makes happen in it."""

from __future__ import annotations

from math import inf
from typing import Any, Final, Literal

from drivers.devices import StationDevices
from drivers.simulated.car import ARRIVES_WITH_SOC, Car
from drivers.simulated.commands import STATION_CAUSES, SimCommand
from drivers.simulated.connector import SimulatedConnector
from drivers.simulated.reader import SimulatedReader
from drivers.simulated.supply import SimulatedSupply
from drivers.simulated.thermometer import SimulatedThermometer

VOLTS: Final = 230.0
LOW_VOLTS: Final = 180.0
MILD_C: Final = 25.0
HOT_C: Final = 90.0
BACKUP_S: Final = 8.0
"""Backup power lasts so long."""

WorldState = dict[str, Any]
"""JSON-able.  Nothing in it is a time: without power the world stands still."""
Ended = Literal["", "dark", "reboot"]


class World:
    """Devices and what happens to them.  A device that has changed sets its `wake_at`."""

    def __init__(self, connectors: int, phases: int, socket: bool, first_wh: float = 0.0) -> None:
        self.ended: Ended = ""
        self.dark_at = inf
        """The backup supply is empty."""
        self.boots, self.sessions = 1, 0
        self.connectors = [
            SimulatedConnector(phases, socket, VOLTS, first_wh * number) for number in range(1, connectors + 1)
        ]
        self._thermometer = SimulatedThermometer(MILD_C)
        self._supply = SimulatedSupply(VOLTS)
        self._reader = SimulatedReader(frozenset())
        self.causes: set[str] = set()
        self._temperature = MILD_C
        self._mains = True
        self._arrival_soc = ARRIVES_WITH_SOC

    def devices(self) -> StationDevices:
        """What the host is given for the whole station."""
        return StationDevices(self._thermometer, self._supply, self._reader)

    def integrate(self, now: float) -> None:
        """Bring every register up to now."""
        for connector in self.connectors:
            connector.integrate(now)

    def go_dark(self, now: float, ended: Ended) -> None:
        """The power is cut: everything stops, the world stays as it is, the next board has another boot id."""
        self.integrate(now)
        for connector in self.connectors:
            connector.contactor.live = False
        self.boots += 1
        self.sessions = 0
        self.ended = ended

    # --- simulated commands -----------------------------------------------------------------------------------------

    def do(self, now: float, command: SimCommand, number: int | None) -> str:
        """Make it happen at this connector (None: the first, or the station); the detail for whoever asked."""
        connector = self.connectors[(number or 1) - 1]
        match command.what:
            case "tap":
                return self._tap(now, command.name, connector, number)
            case "power-cut":
                self.go_dark(now, "dark")
            case "hard-reset":
                self.go_dark(now, "reboot")
            case "backup-power":
                self._mains, self.dark_at = False, min(self.dark_at, now + BACKUP_S)
                self._surround(now)
            case "temperature":
                self._temperature = command.number
                self._surround(now)
            case "fault" if command.name in STATION_CAUSES:
                _put(self.causes, command.name, command.on)
                self._surround(now)
            case _ if command.what == "plug" and connector.cable.is_shut:
                return "the outlet is shut until somebody is authorized: nothing was plugged in"
            case _:
                self._do_at(now, command, connector)
        return "done"

    def _tap(self, now: float, id_tag: str, connector: SimulatedConnector, number: int | None) -> str:
        if "reader-lost" in connector.causes:
            return "the reader is lost: nothing read it"
        (self._reader if number is None else connector.reader).present(now, id_tag)
        return "read"

    def _do_at(self, now: float, command: SimCommand, connector: SimulatedConnector) -> None:
        """What a driver, a car or a defect does at one connector."""
        car = connector.car
        match command.what, command.name:
            case "plug", _:
                if car is None:
                    connector.plug(now, Car(self._arrival_soc))
                return
            case "unplug", _:
                if car is not None:
                    connector.unplug(now)
                return
            case "fault", code:
                _put(connector.causes, code, command.on)
            case "ev", "ignore-stop":
                _put(connector.causes, "ev-ignores-stop", command.on)
            case "soc", _:
                self._arrival_soc = command.number
                connector.integrate(now)
                if car is not None:
                    car.soc = command.number
            case _, behaviour if car is not None:
                _drive(car, behaviour, command.on)
        connector.changed(now)

    def _surround(self, now: float) -> None:
        """Temperature and mains as they are from now on."""
        self._thermometer.set(now, HOT_C if "overtemperature" in self.causes else self._temperature)
        volts = 0.0 if not self._mains else LOW_VOLTS if "undervoltage" in self.causes else VOLTS
        self._supply.set(now, volts)
        for connector in self.connectors:
            connector.supply(volts)

    # --- power cuts -------------------------------------------------------------------------------------------------

    def state(self) -> WorldState:
        """What a power cut leaves."""
        return {
            "version": 1,
            "boots": self.boots,
            "sessions": self.sessions,
            "temperature": self._temperature,
            "arrival_soc": self._arrival_soc,
            "causes": sorted(self.causes),
            "connectors": [connector.state() for connector in self.connectors],
        }

    def restore(self, state: WorldState) -> None:
        """KeyError, TypeError or ValueError where it is no state of a world."""
        self.boots, self.sessions = int(state["boots"]), int(state["sessions"])
        self._temperature, self._arrival_soc = float(state["temperature"]), float(state["arrival_soc"])
        self.causes = set(state["causes"]) & set(STATION_CAUSES)
        for connector, kept in zip(self.connectors, state["connectors"], strict=False):
            connector.restore(kept)
        self._surround(-inf)


def _put(causes: set[str], code: str, there: bool) -> None:
    (causes.add if there else causes.discard)(code)


def _drive(car: Car, behaviour: str, on: bool) -> None:
    match behaviour:
        case "pause":
            car.wants = False
        case "charge":
            car.wants = True
        case "rude-draw":
            car.rude_draw = on
        case "flap":
            car.flaps = on
            car.wants = car.wants or not on
