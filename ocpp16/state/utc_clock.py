"""UTC of a Charge Point: an offset to the monotonic clock, and a floor below which no timestamp lies.

The system clock is never set.  Only timestamps, expiry dates and clock-aligned metering use UTC, never intervals or
time-outs.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.events import Now
from ocpp16.records import Stamp

LEAVE_S = 1.0
"""A difference below this changes nothing (transport takes as long)."""
STEP_S = 60.0
"""Set back by less than this, stamps stand still until the time has reached them; by more, they go back with it."""
WILD_S = 86400.0
"""A correction above this takes effect only when the next answer confirms it."""
STRANGE_S = 365 * 86400.0
"""A time so far above the floor is not stored as the new floor before a day has passed."""

SLACK_S = 5.0
"""A planned instant may lie this far before the newest stamp."""


class Clock:
    """Monotonic seconds <-> UTC seconds since 1970."""

    def __init__(self, boot_id: str, floor_utc: float, offset: float | None, build_utc: float = 0.0) -> None:
        self.boot_id = boot_id
        self.floor_utc = floor_utc
        self._build_utc = build_utc
        self.offset = offset
        self._last_stamp = 0.0
        self._wild: float | None = None
        self._leapt_at: float | None = None
        """When the time last moved by more than `WILD_S`: for a while the floor is not moved."""

    @property
    def known(self) -> bool:
        """Whether UTC is known."""
        return self.offset is not None

    def host_says(self, now: Now) -> bool:
        """Use the host's clock, where it is known to be right, until the Central System sends a time.

        Returns whether UTC is newly known.
        """
        if self.offset is not None or now.utc is None or now.utc < self.floor_utc:
            return False
        self.offset = now.utc - now.mono
        return True

    def central_system_says(self, utc: float, now: Now) -> float | None:
        """`currentTime` of an answer, in seconds since 1970 (§4.2, §4.6).

        Returns by how many seconds the clock was moved (inf: first known); None: not at all.
        """
        if self.offset is None:
            self.offset = max(utc, self.floor_utc) - now.mono
            if utc - self.floor_utc > STRANGE_S:
                self._leapt_at = now.mono
            return float("inf")
        offset = utc - now.mono
        moved = offset - self.offset
        if abs(moved) < LEAVE_S:
            self._wild = None
            return None
        if abs(moved) > WILD_S and (self._wild is None or abs(self._wild - offset) > STEP_S):
            self._wild = offset
            return None
        self._wild = None
        self.offset = offset
        if abs(moved) > WILD_S:
            self._leapt_at = now.mono
        if moved < -STEP_S:  # what was stamped meanwhile was wrong: only within a transaction order stays
            self._last_stamp = min(self._last_stamp, utc)
            self.floor_utc = max(self._build_utc, min(self.floor_utc, utc))
        return moved

    def lowered_floor(self, kept_utc: float, mono: float) -> float | None:
        """The floor to be stored instead of `kept_utc`, where that lies well above the present time; else None."""
        present = self.utc(mono)
        return None if present is None or kept_utc <= present + STEP_S else max(self._build_utc, present)

    def worth_remembering(self, mono: float) -> bool:
        """Whether the present time may be stored as the floor: not within a day of a wild step."""
        return self.offset is not None and (self._leapt_at is None or mono - self._leapt_at > WILD_S)

    def utc(self, mono: float) -> float | None:
        """Best estimate, None while unknown: for expiry dates and schedules."""
        return None if self.offset is None else mono + self.offset

    def told(self, mono: float) -> float | None:
        """UTC of a past instant, for a message about it; never below the floor, None while unknown."""
        return None if self.offset is None else max(mono + self.offset, self.floor_utc)

    def stamp(self, mono: float) -> Stamp:
        """The stamp of a present fact; never below the floor, never before an earlier one."""
        if self.offset is None:
            return Stamp(mono=mono, boot=self.boot_id)
        self._last_stamp = max(mono + self.offset, self.floor_utc, self._last_stamp)
        return Stamp(mono=mono, boot=self.boot_id, utc=round(self._last_stamp, 3))

    def at(self, mono: float) -> Stamp:
        """The stamp of an instant that was planned: exact, but for a clock that went back meanwhile."""
        if self.offset is None:
            return Stamp(mono=mono, boot=self.boot_id)
        utc = max(mono + self.offset, self.floor_utc)
        if utc < self._last_stamp - SLACK_S:
            utc = self._last_stamp
        self._last_stamp = max(utc, self._last_stamp)
        return Stamp(mono=mono, boot=self.boot_id, utc=round(utc, 3))

    def went_back(self, utc: float) -> bool:
        """Whether an instant lies before earlier stamps."""
        return utc < max(self._last_stamp - SLACK_S, self.floor_utc)

    def settle(self, stamp: Stamp) -> Stamp:
        """Add UTC to a stamp without it; those of a boot that ended before UTC was known get the floor, in order."""
        if stamp.utc is not None or self.offset is None:
            return stamp
        if stamp.boot != self.boot_id:
            return replace(stamp, utc=self.floor_utc, exact=False)
        return replace(stamp, utc=round(max(stamp.mono + self.offset, self.floor_utc), 3))
