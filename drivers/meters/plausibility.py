"""What no sound meter behind a fuse can show; pure.  A register that runs backwards twice is judged by the reflex."""

from __future__ import annotations

from typing import Final

from drivers.devices import Reading

MOST_VOLTS: Final = 300.0
"""Of a phase against neutral."""
FUSE_FACTOR: Final = 3.0
"""A fuse carries more than this for some milliseconds only.  What is merely too much is the reflex's affair."""
ENERGY_FACTOR: Final = 1.6
"""Of the fuse's current at 264 V: what a fuse may carry for an hour, rounded up."""
RESOLUTION_WH: Final = 200.0
"""A register in tenths of a kWh moves in such steps; twice that, since a sample may be late."""
ROOM_W: Final = 50.0
"""Volts, amperes and watts are measured and rounded one by one."""


class Plausibility:
    """Fed with every reading that came; `fuse_amps` per phase.

    A register that jumped is refused until it has come back or the process starts anew: then the meter was exchanged,
    and somebody knows of it.
    """

    __slots__ = ("_alike", "_at", "_ends_at_wh", "_fell", "_fuse_amps", "_phases", "_turns", "_wh")

    def __init__(self, fuse_amps: float, phases: int, ends_at_wh: int = 0, alike: bool = False) -> None:
        self._fuse_amps = fuse_amps
        self._phases = phases
        self._ends_at_wh = ends_at_wh
        self._alike = alike
        self._at = 0.0
        self._wh: float | None = None
        self._turns = 0
        self._fell = False

    def judge(self, at: float, reading: Reading, hertz: float | None = None) -> Reading | str:
        """The reading, its register counted on over its end; or why it cannot be."""
        why = self._out_of_range(reading) or (self._contradiction(reading, hertz) if self._alike else "")
        if why:
            return why
        wh = self._counted_on(reading.wh)
        if self._wh is not None:
            most = self._fuse_amps * 264.0 * self._phases * ENERGY_FACTOR * (at - self._at) / 3600.0 + RESOLUTION_WH
            if wh - self._wh > most:
                return f"its register jumped from {self._wh:.0f} to {wh:.0f} Wh"
        if self._wh is not None and wh < self._wh:  # it may come back: what stood there before stays the measure
            fell, self._fell = self._fell, True
            return reading._replace(wh=wh) if fell else f"its register fell from {self._wh:.0f} to {wh:.0f} Wh"
        self._at, self._wh, self._fell = at, wh, False
        return reading._replace(wh=wh)

    def _out_of_range(self, reading: Reading) -> str:
        if reading.wh < 0:
            return f"its register shows {reading.wh} Wh"
        for volts in reading.volts:
            if not 0 <= volts <= MOST_VOLTS:
                return f"it shows {volts:g} V"
        for amps in reading.amps:
            if abs(amps) > self._fuse_amps * FUSE_FACTOR:
                return f"it shows {amps:g} A behind a fuse of {self._fuse_amps:g} A"
        most_watts = self._fuse_amps * FUSE_FACTOR * MOST_VOLTS * (1 if len(reading.watts) > 1 else self._phases)
        for watts in reading.watts:
            if abs(watts) > most_watts:
                return f"it shows {watts:g} W behind a fuse of {self._fuse_amps:g} A"
        return ""

    def _contradiction(self, reading: Reading, hertz: float | None) -> str:
        if hertz is not None and not 40 <= hertz <= 70 and any(reading.volts):
            return f"it shows {hertz:g} Hz"
        for volts, amps, watts in zip(reading.volts, reading.amps, reading.watts, strict=True):
            if abs(watts) > volts * abs(amps) * 1.1 + ROOM_W:
                return f"{volts:g} V, {amps:g} A and {watts:g} W contradict each other"
        return ""

    def _counted_on(self, wh: float) -> float:
        """Of a register that begins anew at its end: it is counted on for as long as this process lives."""
        end = self._ends_at_wh
        if end and self._wh is not None:
            turns, last = divmod(self._wh, end)
            if last > end * 0.99 and wh < end * 0.01:
                turns += 1
            self._turns = int(turns)
        return wh + self._turns * end
