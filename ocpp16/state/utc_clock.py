"""UTC as a Charge Point knows it: an offset to the monotonic clock, a floor below which nothing is stamped.

The system clock is never set.  Intervals and time-outs never look here; only timestamps, expiry dates and clock-aligned
metering do.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.events import Now
from ocpp16.records import Stamp

LEAVE_S = 1.0
"""A difference below this is left alone (transport time is of that size)."""
STEP_S = 60.0
"""Set back by less than this, stamps stand still until the time has come up to them; by more, they go back with it."""
WILD_S = 86400.0
"""A correction above this is believed only when the next answer says the same."""
STRANGE_S = 365 * 86400.0
"""A time that lies so far above the floor may be right or wrong: a day will show."""

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
        """When the time last moved wildly: for a while after it is not worth remembering."""

    @property
    def known(self) -> bool:
        return self.offset is not None

    def host_says(self, now: Now) -> bool:
        """The host's clock, where known to be right, serves until the Central System speaks.  True: newly known."""
        if self.offset is not None or now.utc is None or now.utc < self.floor_utc:
            return False
        self.offset = now.utc - now.mono
        return True

    def central_system_says(self, utc: float, now: Now) -> float | None:
        """`currentTime` of an answer (§4.2, §4.6).  Returns by how much we moved (inf: first known), None: not."""
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
        """The floor for later lives, where the one that is kept lies well above the present time; else None."""
        present = self.utc(mono)
        return None if present is None or kept_utc <= present + STEP_S else max(self._build_utc, present)

    def worth_remembering(self, mono: float) -> bool:
        """Whether the present time may become the floor of later lives: not while a wild step is fresh."""
        return self.offset is not None and (self._leapt_at is None or mono - self._leapt_at > WILD_S)

    def utc(self, mono: float) -> float | None:
        """Best estimate, None while unknown: for expiry dates and schedules."""
        return None if self.offset is None else mono + self.offset

    def stamp(self, mono: float) -> Stamp:
        """The stamp of a fact of now; never below the floor, never before an earlier one."""
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
        """Whether an instant lies before what has been stamped already."""
        return utc < max(self._last_stamp - SLACK_S, self.floor_utc)

    def settle(self, stamp: Stamp) -> Stamp:
        """Put UTC to a stamp that has none.  A boot that ended before UTC was known keeps its order at the floor."""
        if stamp.utc is not None or self.offset is None:
            return stamp
        if stamp.boot != self.boot_id:
            return replace(stamp, utc=self.floor_utc, exact=False)
        return replace(stamp, utc=round(max(stamp.mono + self.offset, self.floor_utc), 3))
