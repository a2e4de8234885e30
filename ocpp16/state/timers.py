"""Every timer of a Charge Point by name, in one table: the earliest is the step's `wake_at`.

The table shows what the machine waits for.  No clock is read here: all times are arguments.
"""

from __future__ import annotations

from enum import StrEnum


class Timer(StrEnum):
    """What can be waited for; the second half of a timer's key is a connector, or 0 for the station."""

    BOOT = "next BootNotification"
    ANSWER = "answer to the open CALL"
    HEARTBEAT = "next Heartbeat"
    REPORT = "next try of the oldest transaction message"
    PARKED = "next try of a parked transaction message"
    LAZY = "commit of writes that may wait"
    SAMPLE = "next sampled meter values"
    ALIGNED = "next clock-aligned meter values"
    PLUG_IN = "ConnectionTimeOut"
    FREE_VEND = "next try of an idTag of free vend that got no answer"
    STATUS = "MinimumStatusDuration"
    STATUS_AGAIN = "repetition of a status that was refused"
    ENERGISE = "the car may still begin to ask for energy"
    OPENING = "contactor open and last reading"
    SHUTDOWN = "shutdown deadline"
    SCHEDULE = "next change of the charging profiles"
    RESERVATION = "next reservation expires"
    UPDATE = "next action of the firmware update"
    SECURITY = "next try of a security event"
    SIGNED_UPDATE = "next action of the signed firmware update"
    TRIAL = "deadline of the connection set on trial"
    UPLOAD = "next try of the diagnostics upload"
    LOG_UPLOAD = "next try of the log upload"
    CERTIFICATES = "next look at the dates of certificates"
    FLOOR = "next write of the time floor"


TimerKey = tuple[Timer, int]


class Timers:
    """Due times in monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[TimerKey, float] = {}

    def set(self, timer: Timer, due: float, connector: int = 0) -> None:
        """Fire at `due`, a monotonic second; a timer that runs already is moved."""
        self._due[timer, connector] = due

    def clear(self, timer: Timer, connector: int = 0) -> None:
        self._due.pop((timer, connector), None)

    def due(self, timer: Timer, connector: int = 0) -> float | None:
        """The monotonic second at which it fires; None while it does not run."""
        return self._due.get((timer, connector))

    def earliest(self) -> float | None:
        return min(self._due.values()) if self._due else None

    def take(self, now: float) -> list[tuple[Timer, int, float]]:
        """Stop and return all that are due, with the second at which they were, oldest first."""
        if not self._due or min(self._due.values()) > now:  # after nearly every event
            return []
        ripe = sorted((due, key) for key, due in self._due.items() if due <= now)
        for _, key in ripe:
            del self._due[key]
        return [(timer, connector, due) for due, (timer, connector) in ripe]

    def table(self) -> dict[TimerKey, float]:
        """A copy, for those who look."""
        return dict(self._due)
