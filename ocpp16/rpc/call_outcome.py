"""How a CALL of ours ended: its confirmation, or a Failure with its kind."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum, unique
from typing import Any, NamedTuple

from ocpp16.messages.types import IdTagInfo


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
    """A CALLERROR, or our own check before sending; it was not processed."""
    UNUSABLE = "unusable answer"
    """It was answered, but what decides cannot be read: a failure to process, and no reason for an offline rule."""


class Failure(NamedTuple):
    """A CALL without a confirmation.  `code` and `description` say what was refused or cannot be read, else empty."""

    kind: FailureKind
    code: str = ""
    description: str = ""
    id_tag_info: IdTagInfo | None = None
    """The verdict about the card, where an unusable answer has one all the same."""

    @property
    def is_refusal(self) -> bool:
        """True: certainly not processed.  False: not known to have arrived."""
        return self.kind is FailureKind.REFUSED

    def text(self) -> str:
        """The cause as a person reads it: `no answer`, `connection lost`, `InternalError: out of memory`."""
        if self.kind is FailureKind.UNUSABLE:
            return f"{self.kind}: {self.description}"
        if not self.is_refusal:
            return str(self.kind)
        return f"{self.code or 'no error code'}: {self.description}".removesuffix(": ")

    def told(self) -> str:
        """The same as a sentence about the Central System, to be read after the name of the message."""
        match self.kind:
            case FailureKind.REFUSED:
                return f"the Central System refused: {self.text()}"
            case FailureKind.UNUSABLE:
                return f"the Central System's answer cannot be used: {self.description}"
            case FailureKind.NO_ANSWER:
                return "the Central System did not answer"
            case FailureKind.CONNECTION_LOST:
                return "the connection was lost before the Central System answered"
            case _:  # too many calls
                return "too many other messages wait for the Central System"


NO_ANSWER = Failure(FailureKind.NO_ANSWER)
CONNECTION_LOST = Failure(FailureKind.CONNECTION_LOST)
TOO_MANY_CALLS = Failure(FailureKind.TOO_MANY_CALLS)


def refused(code: str, description: str) -> Failure:
    """The failure of a CALL that was answered with that error code (any text of the other side)."""
    return Failure(FailureKind.REFUSED, code, description)


def unusable(code: str, description: str, id_tag_info: IdTagInfo | None = None) -> Failure:
    """The failure of a CALL whose answer lacks what decides."""
    return Failure(FailureKind.UNUSABLE, code, description, id_tag_info)


CallOutcome = Any
"""The confirmation Struct of the request, or a Failure."""
Then = Callable[[CallOutcome], None]
"""Called once with the outcome."""
