"""The lamp of a simulated connector: it remembers what it shows."""

from __future__ import annotations


class SimulatedLamp:
    """A `Lamp` device."""

    __slots__ = ("shown",)

    def __init__(self) -> None:
        self.shown = "off"

    def show(self, now: float, lamp: str) -> None:
        self.shown = lamp
