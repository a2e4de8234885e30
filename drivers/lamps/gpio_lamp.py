"""A status lamp of one to three GPIO lines: a colour for each status, and whether it blinks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio
from drivers.ports.handle import PATIENCE_S


class Light(NamedTuple):
    """What is lit; `blink_s` is half a period, 0: steady."""

    red: bool = False
    green: bool = False
    blue: bool = False
    blink_s: float = 0.0


LIGHTS: Final[Mapping[str, Light]] = {
    "off": Light(),
    "available": Light(green=True),
    "preparing": Light(green=True, blink_s=0.5),
    "charging": Light(blue=True),
    "suspended": Light(blue=True, blink_s=1.0),
    "finishing": Light(green=True, blue=True),
    "reserved": Light(red=True, green=True),
    "unavailable": Light(red=True, blink_s=1.0),
    "faulted": Light(red=True),
}
IDLE_S: Final = 0.1


class GpioLamp:
    """A `Lamp`; `poll`, which makes it blink, belongs to a thread.

    red, green, blue  lines of its colours, those that it has; with one alone everything is shown by that one
    """

    def __init__(
        self,
        gpio: Gpio,
        red: int | str | None = None,
        green: int | str | None = None,
        blue: int | str | None = None,
        *,
        active: Active = "high",
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        given = {"red": red, "green": green, "blue": blue}
        self._lines = {colour: gpio.output(line, active) for colour, line in given.items() if line is not None}
        self._monotonic = monotonic
        self._light = LIGHTS["off"]
        self._since = 0.0
        self._lock = threading.Lock()
        self._set(False)

    def show(self, now: float, lamp: str) -> DeviceFailure | None:
        if not self._lock.acquire(timeout=PATIENCE_S):
            return DeviceFailure("lamp", "its lines are still busy", "check what its lines are connected to")
        try:
            self._light, self._since = LIGHTS[lamp], now
            return self._set(True)
        finally:
            self._lock.release()

    def looks(self, lamp: str) -> str:
        """What somebody sees before it."""
        light = LIGHTS[lamp]
        colours = [colour for colour in ("red", "green", "blue") if getattr(light, colour)]
        lit = list(self._lines) if len(self._lines) == 1 and colours else [c for c in colours if c in self._lines]
        if not lit:
            return "dark"
        return " and ".join(lit) + (", blinking" if light.blink_s else ", steady")

    def poll(self) -> float:
        """The next half of a blink."""
        with self._lock:
            blink_s = self._light.blink_s
            if not blink_s:
                return IDLE_S
            phase = (self._monotonic() - self._since) / blink_s
            self._set(int(phase) % 2 == 0)
            return max(0.0, min(IDLE_S, (int(phase) + 1 - phase) * blink_s))

    def _set(self, lit: bool) -> DeviceFailure | None:
        light, failure = self._light, None
        for colour, line in self._lines.items():
            alone = len(self._lines) == 1 and any(light[:3])
            failure = line.set(lit and (alone or bool(getattr(light, colour)))) or failure
        return failure
