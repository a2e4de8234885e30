"""`meter read` of the bench: one sample of each meter; where none answers, whether one would with other settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from drivers.bench.findings import Bench, Finding, missing, problem
from drivers.board_file.model import Part
from drivers.devices import DeviceFailure
from drivers.driver_table import SerialSettings
from drivers.meters.register_meter import MeterValues, RegisterMeter
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure, BusFault

TRIES: Final = 3
"""Noise may damage one."""
BAUDS: Final = (9600, 2400, 19200, 4800, 38400, 1200, 57600, 115200)
PARITIES: Final = ("N", "E", "O")
TRY_TIMEOUT_S, TRY_QUIET_S = 0.4, 0.05
NO_ANSWER: Final = "no answer"


def read(bench: Bench, number: int | None = None) -> Iterator[Finding]:
    """One finding a connector."""
    assembly = bench.assembly()
    for connector, part in bench.parts("meter", number):
        if part is None:
            yield missing("meter", connector)
            continue
        meter = assembly.device(part)
        if not isinstance(meter, RegisterMeter):
            yield _foreign(connector, part, meter, bench)
            continue
        values = _values(meter)
        if isinstance(values, DeviceFailure):
            finding = problem(values, connector=connector, expected=_expected(bench, part))
            yield _explained(bench, part, meter, finding)
        else:
            yield {"connector": connector, "driver": part.driver, **shown(values, meter.serial)}


def _expected(bench: Bench, part: Part) -> str:
    bus = bench.board.buses[part.values["bus"]]
    settings = f"{bus.values['baud']} baud, parity {bus.values['parity']}"
    return f"a {part.driver} at address {part.values['address']} of {bus.device}, {settings}"


def shown(values: MeterValues, serial: str) -> Finding:
    """What the meter has; absent what it has not."""
    reading = values.reading
    fields: Finding = {"wh": round(reading.wh)}
    for name in ("volts", "amps", "watts"):
        if listed := getattr(reading, name):
            fields[name] = list(listed)
    if values.hertz is not None:
        fields["hertz"] = values.hertz
    return fields | ({"serial": serial} if serial else {})


def _values(meter: RegisterMeter) -> MeterValues | DeviceFailure:
    for _ in range(TRIES):
        meter.poll()
        if isinstance(meter.values, MeterValues) or meter.values.cause == NO_ANSWER:
            break
    return meter.values


def _foreign(connector: int, part: Part, meter: Any, bench: Bench) -> Finding:
    """A meter of another make: what every meter promises."""
    if hasattr(meter, "poll"):
        meter.poll()
    reading = meter.latest(bench.monotonic()).reading
    if isinstance(reading, DeviceFailure):
        return problem(reading, connector=connector, expected=f"a {part.driver}")
    values = shown(MeterValues(reading), str(getattr(meter, "serial", "")))
    return {"connector": connector, "driver": part.driver, **values}


def _explained(bench: Bench, part: Part, meter: RegisterMeter, finding: Finding) -> Finding:
    """Where it keeps silent: whether it speaks with other settings of the line."""
    if finding["problem"] != NO_ANSWER:
        return finding
    bus = bench.board.buses[part.values["bus"]]
    now = SerialSettings(bus.values["baud"], bus.values["parity"], bus.values["stop_bits"])
    known = [baud for baud in BAUDS if not part.entry.bauds or baud in part.entry.bauds]
    found = None
    meter.release()
    for settings in (SerialSettings(baud, parity, 1) for baud in known for parity in PARITIES):
        if settings[:2] != now[:2] and _answers(bench, bus, settings, part.values["address"], meter):
            found = settings
            break
    if found is None:
        return finding
    where, words = f"[bus.{bus.name}]", f'baud = {found.baud} and parity = "{found.parity}"'
    return {**finding, "advice": f"it answers at {found.baud} baud, parity {found.parity}: write {words} into {where}"}


def _answers(bench: Bench, bus: Any, settings: SerialSettings, address: int, meter: RegisterMeter) -> bool:
    line = bench.ports.serial(bus.device, settings, bus.values["direction"])
    master = ModbusMaster(line, timeout_s=TRY_TIMEOUT_S, quiet_s=TRY_QUIET_S, monotonic=bench.monotonic)
    result = master.read(address, meter.table.function, *meter.table.probe)
    line.close()
    return not isinstance(result, BusFailure) or result.fault is BusFault.REFUSED
