"""`meter scan` of the bench: who answers on the serial buses of the board file, and what it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from drivers.bench.findings import Bench, Finding
from drivers.bench.meter_signatures import identify
from drivers.board_file.model import Bus
from drivers.driver_table import SerialSettings
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure, BusFault

FIRST, LAST = 1, 247
TIMEOUT_S, QUIET_S = 0.55, 0.05
"""Every reply tells its address, so silence needs no second of rest: a late one is seen, and asked for again."""
QUESTIONS: Final = ((4, 0x0000, 2), (3, 0x0000, 2))
"""Whatever speaks Modbus answers one of these, if only by a refusal."""


def scan(bench: Bench, bus_name: str | None = None) -> Iterator[Finding]:
    """One finding a device, and one a bus at which nobody answers."""
    buses = [bus for bus in bench.board.buses.values() if bus.kind == "serial" and bus_name in (None, bus.name)]
    if not buses:
        wanted = "serial bus" if bus_name is None else f"serial bus {bus_name}"
        yield {"problem": f"there is no {wanted} in the board file", "advice": "write a section [bus.NAME] with a port"}
    for bus in buses:
        yield from _scan(bench, bus)


def _scan(bench: Bench, bus: Bus) -> Iterator[Finding]:
    settings = SerialSettings(bus.values["baud"], bus.values["parity"], bus.values["stop_bits"])
    line = bench.ports.serial(bus.device, settings, bus.values["direction"])
    quick = ModbusMaster(line, timeout_s=TIMEOUT_S, quiet_s=QUIET_S, monotonic=bench.monotonic)
    careful = ModbusMaster(line, quiet_s=0.3, monotonic=bench.monotonic)
    found = 0
    last: BusFailure | None = None
    for address in range(FIRST, LAST + 1):
        answer = _asked(quick, address)
        if isinstance(answer, BusFailure) and answer.fault is BusFault.PORT:
            yield {"bus": bus.name, "problem": answer.failure.cause, "advice": answer.failure.remedy}
            return
        if isinstance(answer, BusFailure) and answer.fault is not BusFault.REFUSED:
            last = answer if answer.fault is BusFault.GARBLED else last
            continue
        found += 1
        who = identify(careful, address)
        yield {"bus": bus.name, "address": address, "driver": who.driver, "because": who.because}
    if not found:
        yield _nobody(bus, last)


def _asked(master: ModbusMaster, address: int) -> tuple[int, ...] | BusFailure:
    """The first answer to one of the questions; where something came that was none, it is asked once more."""
    answer: tuple[int, ...] | BusFailure = ()
    for question in QUESTIONS:
        for _ in range(2):
            answer = master.read(address, *question)
            if not isinstance(answer, BusFailure) or answer.fault in (BusFault.REFUSED, BusFault.PORT):
                return answer
            if answer.fault is BusFault.SILENT:
                break
    return answer


def _nobody(bus: Bus, garbled: BusFailure | None) -> Finding:
    settings = f"{bus.values['baud']} baud, parity {bus.values['parity']}"
    if garbled is not None:
        return {"bus": bus.name, "problem": garbled.failure.cause, "advice": garbled.failure.remedy}
    return {
        "bus": bus.name,
        "problem": f"nobody answers at {settings}",
        "advice": "check A and B, the meter's own baud and parity, its supply; evsectl meter read tries other settings",
    }
