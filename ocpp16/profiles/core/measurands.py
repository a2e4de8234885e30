"""Measurands (§7.31): a meter reading as SampledValue entries (§7.43), one per measurand and phase."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ocpp16.configuration.keys import REGISTER
from ocpp16.events import MeterSampled
from ocpp16.records import MeasuredValue


class Offered(NamedTuple):
    """What the station offers at the time of a reading."""

    amps: float
    """Per phase."""
    phases: int
    volts: float
    """Nominal, phase to neutral."""


Values = tuple[MeasuredValue, ...]
Measure = Callable[[MeterSampled, Offered], Values]


def _one(name: str, value: float | None, unit: str | None, decimals: int, location: str | None = None) -> Values:
    if value is None:
        return ()
    return (MeasuredValue(value=f"{value:.{decimals}f}", measurand=name, unit=unit, location=location),)


def _per_phase(name: str, values: tuple[float, ...], unit: str, decimals: int, suffix: str = "") -> Values:
    if len(values) <= 1:  # one phase: its value is the overall value
        return _one(name, values[0], unit, decimals) if values else ()
    return tuple(
        MeasuredValue(value=f"{value:.{decimals}f}", measurand=name, unit=unit, phase=f"L{number}{suffix}")
        for number, value in enumerate(values, 1)
    )


def _register(reading: MeterSampled, _: Offered) -> Values:
    return (MeasuredValue(value=str(int(reading.wh)), measurand=REGISTER, unit="Wh"),)


def _power(reading: MeterSampled, _: Offered) -> Values:
    name = "Power.Active.Import"
    if not reading.watts:
        return ()
    total = _one(name, sum(reading.watts), "W", 1)
    return total if len(reading.watts) == 1 else total + _per_phase(name, reading.watts, "W", 1)


MEASURES: dict[str, Measure] = {
    REGISTER: _register,
    "Power.Active.Import": _power,
    "Current.Import": lambda reading, _: _per_phase("Current.Import", reading.amps, "A", 2),
    "Voltage": lambda reading, _: _per_phase("Voltage", reading.volts, "V", 1, "-N"),
    "SoC": lambda reading, _: _one("SoC", reading.soc, "Percent", 0, "EV"),
    "Temperature": lambda reading, _: _one("Temperature", reading.temperature, "Celcius", 1, "Body"),
    "Current.Offered": lambda _, offered: _one("Current.Offered", offered.amps, "A", 1),
    "Power.Offered": lambda _, offered: _one("Power.Offered", offered.amps * offered.volts * offered.phases, "W", 1),
}


def values_of(reading: MeterSampled, offered: Offered, wanted: tuple[str, ...]) -> Values:
    """The entries for the measurands `wanted` (an item may end in a phase), each once; unmeasured ones are left out."""
    entries: list[MeasuredValue] = []
    for item in wanted:
        if (measure := MEASURES.get(item)) is not None:
            entries.extend(measure(reading, offered))
            continue
        name, _, phase = item.rpartition(".")
        if (measure := MEASURES.get(name)) is not None:  # else a word that a damaged row brought along
            found = measure(reading, offered)
            entries.extend(
                entry
                for entry in found
                if entry.phase in (phase, f"{phase}-N") or (len(found) == 1 and phase[:2] == "L1")
            )
    return tuple(dict.fromkeys(entries))
