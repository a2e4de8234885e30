"""What a conversation is made of: the gate, calls that wait, the call in flight, a failure.  No behaviour."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from ocpp16.messages.types import Message
from ocpp16.rpc.transaction_queue import Report


class Gate(StrEnum):
    """What may be sent (§4.2)."""

    BOOT = "only BootNotification"
    PENDING = "only what the Central System triggers"
    SILENT = "nothing, and no answer either"
    OPEN = "everything"


class Failure(NamedTuple):
    """The CALL was not processed: a CALLERROR with its code, or nothing came (code "")."""

    code: str
    description: str


CallOutcome = Any
"""A confirmation Struct, or a Failure."""
Then = Callable[[CallOutcome], None]


class Volatile(NamedTuple):
    """A call that need not survive."""

    request: Message
    then: Then | None
    triggered: bool = False
    after_seq: int | None = None
    """Not before the report with this place has been sent."""
    lane: int | None = None
    """Calls of one lane (the statuses of a connector) never overtake each other."""


class InFlight(NamedTuple):
    id: str
    action: str
    sent_at: float
    then: Then | None
    report: Report | None


class Postponed:
    """A request handler's word that the answer comes later, by `Session.answer`."""


POSTPONED = Postponed()
