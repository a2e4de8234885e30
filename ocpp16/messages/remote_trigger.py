"""Messages of the profile RemoteTrigger, with the spec's limits.  No behaviour."""

from __future__ import annotations

from ocpp16.messages.types import Integer, Message, TriggerMessageStatus

# --- sent by the Central System -------------------------------------------------------------------------------------


class TriggerMessageReq(Message, frozen=True):
    requested_message: str
    """A `MessageTrigger`; any other text is answered NotImplemented, not with a CALLERROR (§5.17)."""
    connector_id: Integer | None = None


class TriggerMessageConf(Message, frozen=True):
    status: TriggerMessageStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "TriggerMessage": (TriggerMessageReq, TriggerMessageConf),
}
