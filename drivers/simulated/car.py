"""The car of the simulated world: when it asks for current, what it draws, its state of charge.

Current is piecewise constant and every change has its second, so that energy can be computed instead of sampled.
"""

from __future__ import annotations

from math import inf
from typing import Any, Final

ASKS_AFTER_S: Final = 1.0
"""PWM appeared: S2 closes (B -> C)."""
STOPS_AFTER_S: Final = 1.5
"""The pilot went steady: it stops drawing and opens S2; Table A.6 gives it 3 s."""
RAISES_AFTER_S: Final = 2.0
LOWERS_AFTER_S: Final = 1.5
FLAP_S: Final = 3.0

CAPACITY_WH: Final = 60_000.0
EFFICIENCY: Final = 0.9
SOC_PER_WH: Final = 100.0 * EFFICIENCY / CAPACITY_WH
ARRIVES_WITH_SOC: Final = 40.0


class Car:
    """In: `sense`, and plain attributes (call `tick` after setting one).  Out: `ready`, `amps`, `wake_at`."""

    __slots__ = (
        *("soc", "max_amps", "wants", "rude_draw", "ignores_stop", "flaps", "excess", "ready", "amps", "wake_at"),
        *("_signalled", "_live", "_ready_at", "_amps_at", "_amps_to", "_flap_at"),
    )

    def __init__(self, soc: float = ARRIVES_WITH_SOC, max_amps: float = 32.0) -> None:
        self.soc = soc
        """Percent; the world adds what was charged."""
        self.max_amps = max_amps
        self.wants = True
        self.rude_draw = False
        """Asks without being offered, and draws all it can."""
        self.ignores_stop = False
        self.flaps = False
        self.excess = 1.0
        """Above 1: draws so many times what it may."""
        self.ready = False
        """S2 closed: states C and D."""
        self.amps = 0.0
        self.wake_at = inf
        self._signalled = 0.0
        self._live = False
        self._ready_at = inf
        self._amps_at = inf
        self._amps_to = 0.0
        self._flap_at = inf

    def sense(self, now: float, signalled: float, live: bool) -> None:
        """What the pilot allows (amperes, 0: steady) and whether there is voltage."""
        if signalled != self._signalled or live != self._live:
            self._signalled = signalled
            self._live = live
            self.tick(now)

    def tick(self, now: float) -> None:
        """Do what is due, and plan `wake_at` from the present state."""
        if self.flaps:
            self._flap(now)
        else:
            self._flap_at = inf
        self._decide(now)
        self._draw(now)
        self.wake_at = min(self._ready_at, self._amps_at, self._flap_at)

    def full_in(self, watts: float) -> float:
        """Seconds until the battery is full at this power."""
        return (100.0 - self.soc) / SOC_PER_WH / watts * 3600.0 if watts > 0.0 else inf

    def _flap(self, now: float) -> None:
        if self._flap_at == inf:
            self._flap_at = now + FLAP_S
        elif now >= self._flap_at:
            self._flap_at = now + FLAP_S
            self.wants = not self.wants

    def _decide(self, now: float) -> None:
        """Open or close S2: at once for the car's own reasons, with a delay for the pilot's."""
        if not self.wants or self.soc >= 100.0:
            target, after = False, 0.0
        elif self.rude_draw:
            target, after = True, 0.0
        elif self._signalled > 0.0:
            target, after = True, ASKS_AFTER_S
        else:
            target, after = self.ready and self.ignores_stop, STOPS_AFTER_S
        if target == self.ready:
            self._ready_at = inf
        else:
            self._ready_at = min(self._ready_at, now + after)
            if now >= self._ready_at:
                self.ready, self._ready_at = target, inf

    def _target_amps(self) -> float:
        if self.rude_draw:
            return self.max_amps
        if self._signalled == 0.0:
            return self.amps  # until S2 opens
        return min(self._signalled, self.max_amps) * self.excess

    def _draw(self, now: float) -> None:
        if not (self.ready and self._live):
            self.amps, self._amps_at = 0.0, inf
            return
        target = self._target_amps()
        if target == self.amps:
            self._amps_at = inf
            return
        if self._amps_at == inf or target != self._amps_to:
            self._amps_to = target
            self._amps_at = now + (RAISES_AFTER_S if target > self.amps else LOWERS_AFTER_S)
        if now >= self._amps_at:
            self.amps, self._amps_at = target, inf

    def state(self) -> dict[str, Any]:
        """What a power cut leaves, JSON-able."""
        kept = ("soc", "max_amps", "wants", "rude_draw", "flaps")
        return {name: getattr(self, name) for name in kept}

    @classmethod
    def of(cls, state: dict[str, Any]) -> Car:
        car = cls()
        for name, value in state.items():
            setattr(car, name, value)
        return car
