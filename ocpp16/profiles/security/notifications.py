"""SecurityEventNotification (W A04): tells the Central System of security events, oldest first, until it confirms each.

One at a time, and only while no transaction message wants to be sent: the bill goes first.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ocpp16.messages.datetimes import to_text
from ocpp16.messages.security import SecurityEventNotificationReq
from ocpp16.profiles.security.security_events import TECH_INFO_LONGEST, SecurityEvents
from ocpp16.records import SecurityOccurrence
from ocpp16.rpc.call_outcome import Failure, FailureKind
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

AGAIN_S = 60.0
"""After the n-th failure in a row it is sent again after n times as long …"""
LONGEST_WAIT_S = 3600.0
"""… and at the latest after this; after this at once by a Central System that does not know the message."""
AT_ONCE = 10
"""So many repetitions of one cause a day are told as they happen; more are told once an hour, with their number."""
UNKNOWN_THERE = ("NotImplemented", "NotSupported")


class SecurityEventNotifications:
    """The queue of security events to the Central System: its rows are the events themselves."""

    def __init__(
        self,
        context: Context,
        session: Session,
        queue: TransactionQueue,
        events: SecurityEvents,
        wanted: Callable[[], bool],
    ) -> None:
        self._context = context
        self._session = session
        self._queue = queue
        self._events = events
        self._wanted = wanted
        """Whether the security extension is in use."""
        self._failures = 0
        self._not_before = 0.0
        self._told_at: dict[int, float] = {}
        """When the row with that number was confirmed last (monotonic seconds)."""
        self._asked = False

    def pump(self) -> None:
        """After each step: send the next one, if it may be sent now."""
        session, now = self._session, self._context.now.mono
        if self._asked or not session.is_open or now < self._not_before:
            return
        if session.busy or (self._queue.waiting and self._queue.retry_at() is None) or not self._wanted():
            return
        due = [(self._due(row), row.number, row) for row in self._events.waiting()]
        if not due:
            return
        at, _, row = min(due, key=lambda one: (one[0] > now, one[0] if one[0] > now else 0.0, one[1]))
        if at > now:
            self._context.timers.set(Timer.SECURITY, at)
            return
        self._asked = True
        session.call(notification(row), partial(self._answered, row))
        session.pump()

    def link_up(self) -> None:
        """A new connection: what failed on the last one is tried again."""
        self._failures, self._not_before = 0, 0.0

    def _due(self, row: SecurityOccurrence) -> float:
        told_at = self._told_at.get(row.number)
        return 0.0 if told_at is None or row.told < AT_ONCE else told_at + LONGEST_WAIT_S

    def _answered(self, row: SecurityOccurrence, answer: object) -> None:
        self._asked = False
        now = self._context.now.mono
        if not isinstance(answer, Failure) or answer.kind is FailureKind.UNUSABLE:  # a CALLRESULT: it has arrived
            self._failures = 0
            self._told_at[row.number] = now
            self._events.told(row.number, row.count)
            return
        if answer.kind in (FailureKind.CONNECTION_LOST, FailureKind.TOO_MANY_CALLS):
            return
        self._failures += 1
        wait_s = LONGEST_WAIT_S if answer.code in UNKNOWN_THERE else min(AGAIN_S * self._failures, LONGEST_WAIT_S)
        self._not_before = now + wait_s
        self._context.timers.set(Timer.SECURITY, self._not_before)
        self._context.note("security-event-retry", event=row.type, wait_s=wait_s, error=answer.text()[:200])


def notification(row: SecurityOccurrence) -> SecurityEventNotificationReq:
    """What is said of a row: all that was not told yet, with the time of the first."""
    times = row.count - row.told
    many = f"{times} times until {to_text(row.last.utc or 0.0)}" if times > 1 else ""
    text = row.tech_info[: TECH_INFO_LONGEST - len(many) - 2]
    return SecurityEventNotificationReq(
        type=row.type,
        timestamp=to_text(row.began.utc or 0.0),
        tech_info="; ".join(part for part in (text, many) if part) or None,
    )
