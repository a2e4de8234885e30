"""The meter of the simulated world: a register that integrates exactly and survives the dark, and how it breaks."""

from __future__ import annotations

from typing import Any

from drivers.devices import Reading

BACKWARDS_WH = 500.0


class SimulatedMeter:
    """`flow` at each change of voltage or current; between two changes energy is volts x amperes x time."""

    __slots__ = ("_frozen", "_since", "amps", "backwards", "lost", "phases", "volts", "watts", "wh")

    def __init__(self, wh: float, phases: int, volts: float) -> None:
        self.wh = wh
        self.phases = phases
        self.volts = volts
        self.amps = 0.0
        """Per phase."""
        self.watts = 0.0
        """Over all phases."""
        self.lost = False
        self.backwards = False
        self._frozen: Reading | None = None
        self._since = 0.0

    def integrate(self, now: float) -> float:
        """Bring the register up to now; Wh since the last time."""
        added = 0.0
        if self.watts:
            added = self.watts * (now - self._since) / 3600.0
            self.wh += added
        self._since = now
        return added

    def flow(self, volts: float, amps: float) -> None:
        """From the second of the last `integrate` on."""
        self.volts, self.amps = volts, amps
        self.watts = volts * amps * self.phases

    def read(self) -> Reading | None:
        """What it shows at the second of the last `integrate`; None: it does not answer."""
        return None if self.lost else self._frozen or self._show()

    def _show(self) -> Reading:
        wh = self.wh - BACKWARDS_WH if self.backwards else self.wh
        watts = round(self.volts * self.amps, 1)
        n = self.phases
        return Reading(round(wh, 3), (self.volts,) * n, (self.amps,) * n, (watts,) * n)

    def freeze(self, frozen: bool) -> None:
        """Show from now on what is shown now, whatever flows."""
        if frozen != (self._frozen is not None):
            self._frozen = self._show() if frozen else None

    def state(self) -> dict[str, Any]:
        return {"wh": self.wh, "frozen": self._frozen}

    def restore(self, state: dict[str, Any]) -> None:
        self.wh = float(state["wh"])
        frozen = state["frozen"]
        self._frozen = Reading(frozen[0], *(tuple(phase) for phase in frozen[1:])) if frozen else None
