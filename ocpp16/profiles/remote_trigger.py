"""TriggerMessage: the Central System requests a message out of turn; the answer is sent first (§5.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ocpp16.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq
from ocpp16.messages.types import TriggerMessageStatus

ABOUT_CONNECTORS = ("MeterValues", "StatusNotification")
"""The only ones for which a connectorId matters; elsewhere it is ignored."""

Send = Callable[[int | None], bool]
"""Send the message (of a connector; None: of all); False: there is nothing to be sent now."""


class RemoteTrigger:
    """`messages`: how each requestedMessage that this product has is sent; any other is NotImplemented."""

    def __init__(self, connectors: int, messages: Mapping[str, Send]) -> None:
        self.connectors = connectors
        self.messages = messages

    def on_trigger(self, request: TriggerMessageReq) -> TriggerMessageConf:
        """Accepted once the message is queued behind this answer."""
        send = self.messages.get(request.requested_message)
        if send is None:
            return TriggerMessageConf(status=TriggerMessageStatus.NOT_IMPLEMENTED)
        connector = request.connector_id if request.requested_message in ABOUT_CONNECTORS else None
        if connector is not None and not 0 <= connector <= self.connectors:
            return TriggerMessageConf(status=TriggerMessageStatus.REJECTED)
        done = send(connector)
        return TriggerMessageConf(status=TriggerMessageStatus.ACCEPTED if done else TriggerMessageStatus.REJECTED)
