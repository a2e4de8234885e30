"""What firmware and diagnostics share: retries as asked (§5.9, §5.19), and an end that is told until it is heard."""

from __future__ import annotations

from ocpp16.rpc.call_outcome import Failure
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

OWN_RETRIES = 3
OWN_RETRY_S = 60
"""Where the Central System names none."""
MAX_RETRIES = 100
MAX_RETRY_S = 86400
AGAIN_S = 60.0
"""What nobody answered is told again after this."""
AGAIN = 10
"""So often; then at the next connection."""


def retries_of(asked: int | None) -> int:
    """Further tries after the first, 0 to 100."""
    return OWN_RETRIES if asked is None else max(0, min(asked, MAX_RETRIES))


def interval_of(asked: int | None) -> int:
    """Seconds between two tries, 0 to 86,400."""
    return OWN_RETRY_S if asked is None else max(0, min(asked, MAX_RETRY_S))


class StatusRetry:
    """Sets its timer where a status must be told again: it may have been heard, or not; twice is better than never."""

    def __init__(self, context: Context, session: Session, timer: Timer) -> None:
        self._context = context
        self._session = session
        self._timer = timer
        self._unheard = 0

    def lost(self, answer: object) -> bool:
        """Whether neither an answer nor a refusal came."""
        if not isinstance(answer, Failure) or answer.is_refusal:
            self._unheard = 0
            return False
        if self._session.up and self._unheard < AGAIN and self._context.timers.due(self._timer) is None:
            self._unheard += 1
            self._context.timers.set(self._timer, self._context.now.mono + AGAIN_S)
        return True
