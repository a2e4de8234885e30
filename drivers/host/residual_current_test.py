"""When a residual-current monitor is tested: at the start, before each closing, daily while nothing is plugged in."""

from __future__ import annotations

from math import inf
from typing import Final

from drivers.devices import ResidualCurrent, SelfTestingResidualCurrent

EVERY_S: Final = 86_400.0


class ResidualCurrentTest:
    """`run` at each occasion; nothing may be closed while it answers True."""

    __slots__ = ("_device", "_next_at", "_used")

    def __init__(self, device: ResidualCurrent | None) -> None:
        able = device is not None and getattr(device, "has_test", False)
        self._device: SelfTestingResidualCurrent | None = device if able else None  # type: ignore[assignment]
        self._next_at = -inf
        self._used = False
        """There was a closing since the last test."""

    def closed(self) -> None:
        """The contactor is closed: before its next closing there is another test."""
        self._used = True

    def run(self, now: float, idle: bool, first: bool, wanted: bool = False) -> bool:
        """Begin a test where one is due; whether one is under way, or the `first` has yet to begin.

        idle   the contactor is open and no vehicle is there
        first  the contactor is open, whatever is plugged in: enough for the first test
        wanted a closing is to come
        """
        if self._device is None:
            return False
        never = self._next_at == -inf
        due = now >= self._next_at and (idle or (never and first))
        before_closing = self._used and first and wanted
        if (due or before_closing) and not (not never and self._device.testing(now)):
            self._next_at = now + EVERY_S
            self._used = False
            self._device.begin_test(now)
            return True
        return self._next_at == -inf or self._device.testing(now)
