"""The meter of a simulated connector: a register that integrates exactly and survives power cuts, and how it breaks."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Final

from drivers.devices import DeviceFailure, MeterSample, Reading

BACKWARDS_WH: Final = 500.0
FROZEN_PERIOD_S: Final = 1.0
"""A frozen meter has to be read so often, since nothing else shows that it is frozen."""
LOST: Final = DeviceFailure("meter", "no answer", "end the simulated fault meter-lost")


class SimulatedMeter:
    """A `Meter` device.  `flow` at each change of voltage or current; in between, energy is power x time.

    bring_up_to  calls `integrate` with the second given, and whatever must be done with the energy
    """

    __slots__ = (
        *(
            "_bring_up_to",
            "_frozen",
            "_shown",
            "_shows",
            "_since",
            "amps",
            "backwards",
            "live",
            "lost",
            "phases",
            "volts",
            "wake_at",
        ),
        *("watts", "wh"),
    )

    def __init__(self, wh: float, phases: int, volts: float, bring_up_to: Callable[[float], object]) -> None:
        self._bring_up_to = bring_up_to
        self.wh = wh
        self.phases = phases
        self.volts = volts
        self.amps = 0.0
        """Per phase."""
        self.watts = 0.0
        """Over all phases."""
        self.live = False
        """There is voltage behind it."""
        self.wake_at = inf
        self.lost = False
        self.backwards = False
        self._frozen: Reading | None = None
        self._shows: tuple[float, float, float] | None = None
        self._shown = Reading(wh)
        """The reading of `_shows`: made once for as long as register, voltage and current stay."""
        self._since = 0.0

    def latest(self, now: float) -> MeterSample:
        self._bring_up_to(now)
        if self._frozen is None or not self.live:
            self.wake_at = inf
        elif self.wake_at <= now or self.wake_at == inf:
            self.wake_at = now + FROZEN_PERIOD_S
        return MeterSample(now, self.read() or LOST)

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
        if (wh, self.volts, self.amps) != self._shows:
            self._shows = (wh, self.volts, self.amps)
            watts = round(self.volts * self.amps, 1)
            n = self.phases
            self._shown = Reading(round(wh, 3), (self.volts,) * n, (self.amps,) * n, (watts,) * n)
        return self._shown

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
