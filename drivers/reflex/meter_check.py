"""What a meter must not do: give no answer, run backwards, show the same for ever while current flows.  Pure."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import Reading

LOST_AFTER_S: Final = 3.0
FROZEN_AFTER_S: Final = 15.0
"""A sound meter shows another register, or another last digit of its voltage, long before."""


class MeterCheck:
    """Fed with every poll; `causes`: which of the three faults it shows at this moment."""

    __slots__ = ("_best_wh", "_last", "_lost_since", "_same_since", "causes")

    def __init__(self) -> None:
        self.causes = {"meter-lost": False, "meter-backwards": False, "meter-frozen": False}
        self._last: Reading | None = None
        self._best_wh = -inf
        self._lost_since = inf
        self._same_since = inf

    def poll(self, now: float, reading: Reading | None, flowing: bool) -> bool:
        """One answer (None: none came); `flowing`: a vehicle that asks is on the mains.  Whether a cause changed."""
        before = tuple(self.causes.values())
        if reading is None:
            self._lost_since = min(self._lost_since, now)
            self.causes["meter-lost"] = now >= self._lost_since + LOST_AFTER_S
        else:
            self._lost_since = inf
            self.causes["meter-lost"] = False
            self._judge(now, reading, flowing)
        return before != tuple(self.causes.values())

    def seen(self, now: float, code: str) -> str:
        """The measured values behind a cause; "" where there are none."""
        if self._last is None or not self.causes[code]:
            return ""
        if code == "meter-backwards":
            return f"{self._last.wh:.0f} Wh after {self._best_wh:.0f} Wh"
        return f"{self._last.wh:.0f} Wh for {now - self._same_since:.0f} s while the car draws"

    def _judge(self, now: float, reading: Reading, flowing: bool) -> None:
        self.causes["meter-backwards"] = reading.wh < self._best_wh
        self._best_wh = max(self._best_wh, reading.wh)
        if reading != self._last:
            self._last = reading
            self._same_since = now if flowing else inf
            self.causes["meter-frozen"] = False
        elif not flowing:
            self._same_since = inf  # without current a sound meter may stand still, too: the verdict stays
        else:
            self._same_since = min(self._same_since, now)
            if now >= self._same_since + FROZEN_AFTER_S:
                self.causes["meter-frozen"] = True
