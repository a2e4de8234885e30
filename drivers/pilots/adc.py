"""What a pilot needs of an analogue-digital converter: both peaks in counts, and how long they count."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from drivers.devices import DeviceFailure

VALID_S: Final = 0.05
"""A sample that is older is stale: whatever should read the converter does not."""
STUCK_S: Final = 2.0
"""A converter of this resolution whose last digits stand still for so long does not convert."""


class AdcSample(NamedTuple):
    """Counts of one measurement of both half-waves."""

    at: float
    high: int
    """Of the positive peak."""
    low: int
    """Of the negative peak."""


class AdcInputs(Protocol):
    """The two inputs of one pilot at a converter that a thread reads."""

    @property
    def device(self) -> str: ...

    def latest(self, now: float) -> AdcSample | DeviceFailure:
        """The last sample; a failure where there is none, or it is older than `VALID_S`."""


class Latest:
    """What a thread has measured last, for the loop that asks; one thread writes, one reads.

    noisy  the last digits of a converter that works never stand still: where they do, it is broken
    """

    __slots__ = ("_changed_at", "_last", "_noisy", "device")

    def __init__(self, device: str, noisy: bool = False) -> None:
        self.device = device
        self._noisy = noisy
        self._last: AdcSample | DeviceFailure = DeviceFailure(device, "not read yet", "wait")
        self._changed_at: float | None = None

    def put(self, sample: AdcSample | DeviceFailure, moved: bool = False) -> None:
        """By the thread.  `moved`: its last digits have moved while this sample was taken."""
        last = self._last
        if isinstance(sample, AdcSample) and (moved or isinstance(last, DeviceFailure) or sample[1:] != last[1:]):
            self._changed_at = sample.at
        self._last = sample

    def latest(self, now: float) -> AdcSample | DeviceFailure:
        """By the loop."""
        last, changed_at = self._last, self._changed_at
        if isinstance(last, DeviceFailure):
            return last
        if now > last.at + VALID_S:
            return DeviceFailure(self.device, "its last sample is too old", "check its wiring; restart evsed-board")
        if self._noisy and changed_at is not None and last.at > changed_at + STUCK_S:
            return DeviceFailure(self.device, "its values stand still", "check its supply and its reference voltage")
        return last
