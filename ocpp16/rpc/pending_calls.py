"""CALLs under way as plain data: ours, and those whose answer is postponed.  `session.py` sends one at a time."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.messages.types import Message
from ocpp16.rpc.call_outcome import Then
from ocpp16.rpc.transaction_queue import QueuedMessage


class WaitingCall(NamedTuple):
    """A CALL that is dropped when the connection is lost: any but the transaction messages."""

    request: Message
    then: Then | None
    triggered: bool = False
    """Requested by the Central System (§5.17): may also be sent while the registration is pending."""
    after_seq: int | None = None
    """Not before the transaction message with this sequence number has been sent."""
    lane: int | None = None
    """Calls of one lane (the statuses of a connector) are sent in their order."""


class InFlight(NamedTuple):
    """The one CALL whose answer is awaited (J 4.1.1)."""

    id: str
    action: str
    sent_at: float
    """Monotonic seconds."""
    then: Then | None
    report: QueuedMessage | None
    """The transaction message that was sent, None for every other CALL."""


class CallId(NamedTuple):
    """A received CALL: ids count for one connection, and the other side may begin anew on the next one."""

    text: str
    connection: int
    """The how-manieth of this process."""


class Postponed:
    """Returned for a received CALL whose answer comes later, by `Session.answer`."""


POSTPONED = Postponed()
