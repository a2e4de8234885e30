"""The temperature of an NTC thermistor in a divider, from the share of the supply at it; pure."""

from __future__ import annotations

from math import log
from typing import Final, NamedTuple

KELVIN: Final = 273.15
OPEN_SHARE, SHORT_SHARE = 0.995, 0.005
"""Beyond these the thermistor is not connected, or short-circuited."""


class Ntc(NamedTuple):
    """A thermistor between the input and ground, a resistor between the input and the supply."""

    ohms_25: float = 10_000.0
    """At 25 degrees Celsius."""
    beta: float = 3950.0
    """Kelvin."""
    pull_up_ohms: float = 10_000.0

    def celsius(self, share: float) -> float | str:
        """Degrees Celsius at this share (0 to 1) of the supply; or what is wrong with it."""
        if share >= OPEN_SHARE:
            return "the thermistor is not connected"
        if share <= SHORT_SHARE:
            return "the thermistor is short-circuited"
        ohms = self.pull_up_ohms * share / (1.0 - share)
        kelvin = 1.0 / (1.0 / (25.0 + KELVIN) + log(ohms / self.ohms_25) / self.beta)
        return kelvin - KELVIN
