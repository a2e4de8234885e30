"""Retries of downloads and uploads (§5.9, §5.19), and resending of a final status until it is confirmed."""

from __future__ import annotations

from ocpp16.rpc.call_outcome import Failure
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

OWN_RETRIES = 3
OWN_RETRY_S = 60
"""Retries and seconds between them where the request names none."""
MAX_RETRIES = 100
MAX_RETRY_S = 86400
AGAIN_S = 60.0
"""An unconfirmed status is sent again after this."""
AGAIN = 10
"""So often; then each hour, and at the next connection."""
HOURLY_S = 3600.0


def retries_of(asked: int | None) -> int:
    """Retries after the first attempt: the number requested, brought into 0 to 100."""
    return OWN_RETRIES if asked is None else max(0, min(asked, MAX_RETRIES))


def interval_of(asked: int | None) -> int:
    """Seconds between two attempts: as requested, brought into 0 to 86,400."""
    return OWN_RETRY_S if asked is None else max(0, min(asked, MAX_RETRY_S))


class StatusRetry:
    """Resends an unconfirmed status; duplicates are harmless."""

    def __init__(self, context: Context, session: Session, timer: Timer) -> None:
        self._context = context
        self._session = session
        self._timer = timer
        self._unconfirmed = 0

    def lost(self, answer: object) -> bool:
        """Whether the status was neither confirmed nor refused; then the timer to resend it is set."""
        if not isinstance(answer, Failure) or answer.is_refusal:
            self._unconfirmed = 0
            return False
        if self._session.up and self._context.timers.due(self._timer) is None:
            self._unconfirmed += 1
            wait_s = AGAIN_S if self._unconfirmed <= AGAIN else HOURLY_S
            self._context.timers.set(self._timer, self._context.now.mono + wait_s)
        return True
