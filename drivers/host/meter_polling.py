"""When the simulated meter is asked, what its answers prove, and when they are worth a message."""

from __future__ import annotations

from collections.abc import Set
from math import inf
from typing import Final

from drivers.devices import Packet
from drivers.reflex.meter_check import MeterWatch
from drivers.simulated.meter import SimulatedMeter

IDLE_PERIOD_S: Final = 10.0
WATCH_PERIOD_S: Final = 1.0
METER_CAUSES: Final = frozenset(("meter-frozen", "meter-lost", "meter-backwards"))


class Metering:
    """`period_s` while current can flow, else every 10 s; without `repeats` only where a value changed."""

    __slots__ = ("_told", "connector", "meter", "period_s", "poll_at", "repeats", "temperature", "watch")

    def __init__(self, connector: int, meter: SimulatedMeter, period_s: float, repeats: bool) -> None:
        self.connector = connector
        self.meter = meter
        self.period_s = period_s
        self.repeats = repeats
        self.temperature = 25.0
        self.watch = MeterWatch()
        self.poll_at = inf
        self._told: tuple[object, ...] = ()

    def poll(self, now: float, flowing: bool) -> bool:
        """Ask and judge (the register is up to now); whether the verdict changed."""
        return self.watch.poll(now, self.meter.read(), flowing)

    def plan(self, now: float, live: bool, causes: Set[str]) -> None:
        """When to ask next: closely while something is wrong and not yet proven, never where nothing can change."""
        if causes and causes & METER_CAUSES:
            unproven = "meter-lost" in causes and not self.watch.causes["meter-lost"]
            period = WATCH_PERIOD_S if live or unproven else inf
        else:
            period = self.period_s if live else inf
        if period == inf and self.repeats:
            period = IDLE_PERIOD_S
        self.poll_at = now + period

    def message(self, now: float, soc: float | None, fresh: bool = False) -> Packet | None:
        """The reading as a message, if it is to be believed and is news (or must be told `fresh`)."""
        reading = self.meter.read()
        if reading is None or any(self.watch.causes.values()):
            return None
        told = (reading, soc, self.temperature)
        if told == self._told and not (fresh or self.repeats):
            return None
        self._told = told
        wh, volts, amps, watts = reading
        return {
            "type": "meter",
            "connector": self.connector,
            "at": now,
            "wh": wh,
            "volts": list(volts),
            "amps": list(amps),
            "watts": list(watts),
            "soc": soc,
            "temperature": self.temperature,
        }
