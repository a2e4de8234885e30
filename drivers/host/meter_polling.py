"""When a meter is read, what its answers prove, and when a reading is worth a message.

A reading that is requested as fresh, after a contactor has switched, waits for a sample of that second or later.
"""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure, Meter, MeterSample, Reading
from drivers.reflex.meter_check import MeterCheck

IDLE_PERIOD_S: Final = 10.0
WATCH_PERIOD_S: Final = 1.0
FRESH_PERIOD_S: Final = 0.25
"""How often a meter is read whose next sample is waited for."""
STALE_AFTER_S: Final = 3.0
"""A sample that is older counts as no answer: whatever should read the meter does not."""


class Cadence(NamedTuple):
    """How often the meter is read."""

    period_s: float = 1.0
    """While current can flow; else every 10 s."""
    repeats: bool = True
    """Whether a reading equal to the last one is a message, too."""


class MeterPolling:
    """The meter of one connector.  `poll` where `is_due`, or at any other time; then `plan`."""

    __slots__ = ("_cadence", "_fresh_from", "_meter", "_sent", "check", "doubtful", "poll_at", "sample")

    def __init__(self, meter: Meter, cadence: Cadence) -> None:
        self._meter = meter
        self._cadence = cadence
        self.check = MeterCheck()
        self.sample = MeterSample(-inf, DeviceFailure("meter", "not read yet", "wait"))
        self.doubtful = True
        """There is no reading, or a fault of the meter is proven."""
        self.poll_at = inf
        """The next poll of the cadence."""
        self._fresh_from = inf
        self._sent: tuple[object, ...] = ()

    def is_due(self, now: float) -> bool:
        """Whether to poll now: by the cadence, or since the meter has something new."""
        return now >= self.poll_at or now >= self._meter.wake_at

    @property
    def failure(self) -> DeviceFailure | None:
        """Why there is no reading."""
        return self.sample.reading if isinstance(self.sample.reading, DeviceFailure) else None

    def read(self, now: float) -> MeterSample:
        """The meter's latest sample, without any judgement of it."""
        sample = self._meter.latest(now)
        if now > sample.at + STALE_AFTER_S and isinstance(sample.reading, Reading):
            failure = DeviceFailure("meter", "its last sample is too old", "restart evsed-board")
            return MeterSample(now, failure, sample.identity)
        return sample

    def poll(self, now: float, flowing: bool) -> bool:
        """Read and judge; `flowing`: a vehicle that asks is on the mains.  Whether the verdict of `check` changed."""
        self.sample = self.read(now)
        reading = self.sample.reading
        changed = self.check.poll(now, None if isinstance(reading, DeviceFailure) else reading, flowing)
        self.doubtful = isinstance(reading, DeviceFailure) or any(self.check.causes.values())
        return changed

    def plan(self, now: float, live: bool) -> None:
        """The next poll: every second while a failure is not yet proven, never where nothing can change."""
        if self.doubtful:
            unproven = self.failure is not None and not self.check.causes["meter-lost"]
            period = WATCH_PERIOD_S if live or unproven else inf
        else:
            period = self._cadence.period_s if live else inf
            if self._fresh_from != inf:
                period = min(period, FRESH_PERIOD_S)
        if period == inf and self._cadence.repeats:
            period = IDLE_PERIOD_S
        self.poll_at = now + period

    def request_fresh(self, at: float) -> None:
        """Send the next reading that was sampled at `at` or later, whether it has changed or not."""
        self._fresh_from = at

    def message_due(self, soc: float | None, celsius: float | None) -> bool:
        """Whether the last sample has to be sent; it then counts as sent.  Never where a fault makes it doubtful."""
        if self.doubtful:
            self._fresh_from = inf
            return False
        fresh = self.sample.at >= self._fresh_from
        values = (self.sample.reading, soc, celsius)
        if values == self._sent and not (fresh or self._cadence.repeats):
            return False
        if fresh:
            self._fresh_from = inf
        self._sent = values
        return True
