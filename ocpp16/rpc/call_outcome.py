"""How a CALL of ours ended: its confirmation, or a Failure with its kind."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum, unique
from typing import Any, NamedTuple


@unique
class FailureKind(StrEnum):
    """Why there is no confirmation."""

    NO_ANSWER = "no answer"
    """MessageTimeout passed; the CALL may have been processed."""
    CONNECTION_LOST = "connection lost"
    """Before the answer, or before the CALL was sent; it may have been processed."""
    TOO_MANY_CALLS = "too many calls wait"
    """Dropped unsent, to make room for newer calls."""
    REFUSED = "refused"
    """A CALLERROR, an answer that is no valid confirmation, or our own check before sending; it was not processed."""


class Failure(NamedTuple):
    """A CALL without a confirmation.  `code` and `description` are those of the refusal, empty for every other kind."""

    kind: FailureKind
    code: str = ""
    description: str = ""

    @property
    def is_refusal(self) -> bool:
        """True: certainly not processed.  False: not known to have arrived."""
        return self.kind is FailureKind.REFUSED

    def text(self) -> str:
        """The cause as a person reads it: `no answer`, `connection lost`, `InternalError: out of memory`."""
        if not self.is_refusal:
            return str(self.kind)
        return f"{self.code or 'no error code'}: {self.description}"


NO_ANSWER = Failure(FailureKind.NO_ANSWER)
CONNECTION_LOST = Failure(FailureKind.CONNECTION_LOST)
TOO_MANY_CALLS = Failure(FailureKind.TOO_MANY_CALLS)


def refused(code: str, description: str) -> Failure:
    """The failure of a CALL that was answered with that error code (any text of the other side)."""
    return Failure(FailureKind.REFUSED, code, description)


CallOutcome = Any
"""The confirmation Struct of the request, or a Failure."""
Then = Callable[[CallOutcome], None]
"""Called once with the outcome."""
