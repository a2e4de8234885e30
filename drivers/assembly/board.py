"""A board of parts, put together: the devices that the file describes, on its ports, behind one `Host`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from drivers.assembly.joined_readers import JoinedReaders
from drivers.assembly.ports import Ports, SharedPorts
from drivers.assembly.progress import PILOT_S, SLOW_S, Watched
from drivers.board_file.fail_safe import has, refusal
from drivers.board_file.model import ConnectorParts, Part, PartsBoard
from drivers.devices import ConnectorDevices, StationDevices
from drivers.host.connector import ConnectorSetup
from drivers.host.host import BoardIdentity, Host
from drivers.host.meter_polling import Cadence
from drivers.reflex.state_machine import Limits

MEASURANDS: Final = ("Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import")


LIMITS: Final = Limits(close_tries=3, rest_s=30.0, closings_an_hour=20, at_closing_s=2.0, lowers_once=True)
"""Compiled in: no key of the board file changes them."""


class Assembled(NamedTuple):
    """A board and the work that its threads have to do."""

    host: Host
    threads: Mapping[str, list[Watched]]
    """By name: slow devices that one thread serves, in order."""

    def watched(self) -> list[Watched]:
        return [device for devices in self.threads.values() for device in devices]


class Assembly:
    """Makes devices of parts, each port once; `shared.threads` then has the slow ones, by the name of their port."""

    def __init__(self, board: PartsBoard, ports: Ports) -> None:
        self.shared = SharedPorts(board.buses, ports)
        self.volts_from_meter = "supply" not in board.station

    def device(self, part: Part | None) -> Any:
        """The device of a part, made by its driver; None: there is no such part."""
        if part is None:
            return None
        arguments: dict[str, Any] = {}
        thread = "gpio"
        for name, kind in part.entry.ports.items():
            its_thread, arguments[name] = self.shared.port(kind, part.values.get(name), part.entry.serial)
            thread = its_thread if kind not in ("gpio", "pwm") and its_thread else thread
        for name in part.entry.parameters:
            value = part.values[name]
            arguments[name] = tuple(value) if isinstance(value, list) else value
        device = part.entry.make(**arguments)
        if hasattr(device, "poll"):
            self.shared.threads.setdefault(thread, []).append(device)
        return device

    def connector(self, connector: ConnectorParts, lease_s: float) -> ConnectorSetup:
        parts = connector.parts
        pilot = self.device(parts.get("pilot"))
        meter = self.device(parts.get("meter"))
        own = "pilot" in parts and parts["pilot"].entry.own_contactor
        readers = [self.device(parts[family]) for family in ("reader", "button") if family in parts]
        devices = ConnectorDevices(
            pilot=pilot,
            contactor=pilot.contactor if own else self.device(parts.get("contactor")),
            meter=meter,
            proximity=self.device(parts.get("proximity")),
            lock=self.device(parts.get("lock")),
            residual_current=self.device(parts.get("rcd")),
            reader=JoinedReaders(readers) if len(readers) > 1 else readers[0] if readers else None,
            lamp=self.device(parts.get("lamp")),
            ground=self.device(parts.get("ground")),
        )
        limits = LIMITS._replace(
            max_amps=connector.max_amps,
            ventilated=connector.ventilated,
            lease_s=lease_s,
            self_test=not own,
            wake=connector.wake,
        )
        measurands = getattr(meter, "measurands", MEASURANDS)
        return ConnectorSetup(devices, limits, connector.phases, measurands, Cadence(), self.volts_from_meter)


def assemble(
    board: PartsBoard,
    ports: Ports,
    boot_id: str,
    session_id: str,
    lines_persist: bool | None,
    monotonic: Callable[[], float],
    urgent: Callable[[], object] | None = None,
) -> Assembled:
    """The whole board; nothing is opened yet.  Where no fail-safe would open its contactors it energises nothing.

    lines_persist  what the kernel says: whether a line keeps its level when its owner dies
    urgent         called once by each thread that reads a pilot
    """
    assembly = Assembly(board, ports)
    setups = [assembly.connector(connector, board.lease_s) for connector in board.connectors]
    shared = {family: assembly.device(part) for family, part in board.station.items()}
    lamp = shared.pop("lamp", None)
    setups = [
        setup._replace(devices=setup.devices._replace(lamp=setup.devices.lamp or lamp)) if lamp else setup
        for setup in setups
    ]
    host = Host(
        BoardIdentity(board.name, boot_id, session_id, (*has(board.fail_safe), "reflex")),
        setups,
        StationDevices(**shared),
        lease_s=board.lease_s,
        forbidden=refusal(board.fail_safe, lines_persist),
    )
    threads = {
        name: [
            Watched(name, device, PILOT_S, monotonic, urgent)
            if name.startswith("ADC")
            else Watched(name, device, SLOW_S, monotonic)
            for device in devices
        ]
        for name, devices in assembly.shared.threads.items()
    }
    return Assembled(host, threads)
