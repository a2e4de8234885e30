"""Every timer of a Charge Point by name, in one table: the earliest is the step's `wake_at`.

Whoever wants to know what the machine is waiting for prints this table.  No clock is read here: times come in.
"""

from __future__ import annotations

from enum import StrEnum


class Timer(StrEnum):
    """What can be waited for; the second half of a timer's key is a connector, or 0 for the station."""

    BOOT = "next BootNotification"
    ANSWER = "answer to the open CALL"
    HEARTBEAT = "next Heartbeat"
    REPORT = "next try of the oldest transaction message"
    LAZY = "write what may wait"
    SAMPLE = "next sampled meter values"
    ALIGNED = "next clock-aligned meter values"
    PLUG_IN = "ConnectionTimeOut"
    STATUS = "MinimumStatusDuration"
    ENERGISE = "the car starts to draw"
    OPENING = "the car stops drawing"
    LAST_WORD = "the last answers before going down"
    SCHEDULE = "next change of the charging profiles"
    RESERVATION = "next reservation expires"
    UPDATE = "next act of the firmware update"
    UPLOAD = "next try of the diagnostics upload"
    FLOOR = "remember the time"


TimerKey = tuple[Timer, int]


class Timers:
    """Due times in monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[TimerKey, float] = {}

    def set(self, timer: Timer, due: float, connector: int = 0) -> None:
        """Fire at `due`; a timer that runs already is moved."""
        self._due[timer, connector] = due

    def clear(self, timer: Timer, connector: int = 0) -> None:
        self._due.pop((timer, connector), None)

    def due(self, timer: Timer, connector: int = 0) -> float | None:
        """When it fires, None while it does not run."""
        return self._due.get((timer, connector))

    def earliest(self) -> float | None:
        return min(self._due.values()) if self._due else None

    def take(self, now: float) -> list[tuple[Timer, int, float]]:
        """All that are due, with the second at which they were, oldest first; they no longer run."""
        if not self._due or min(self._due.values()) > now:  # after nearly every event
            return []
        ripe = sorted((due, key) for key, due in self._due.items() if due <= now)
        for _, key in ripe:
            del self._due[key]
        return [(timer, connector, due) for due, (timer, connector) in ripe]

    def table(self) -> dict[TimerKey, float]:
        """A copy, for those who look."""
        return dict(self._due)
