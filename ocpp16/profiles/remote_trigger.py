"""TriggerMessage: the Central System requests a message out of turn; the answer is sent first (§5.17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ocpp16.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq
from ocpp16.messages.security import ExtendedTriggerMessageConf, ExtendedTriggerMessageReq
from ocpp16.messages.types import TriggerMessageStatus

ABOUT_CONNECTORS = ("MeterValues", "StatusNotification")
"""The only ones for which a connectorId matters; elsewhere it is ignored."""

Send = Callable[[int | None], bool]
"""Send the message (of a connector; None: of all); False: there is nothing to be sent now."""


class RemoteTrigger:
    """`messages`: how each requestedMessage that this product has is sent; any other is NotImplemented."""

    def __init__(self, connectors: int, messages: Mapping[str, Send], lowest_connector: int = 0) -> None:
        self.connectors = connectors
        self.lowest_connector = lowest_connector
        self.messages = messages

    def on_trigger(self, request: TriggerMessageReq) -> TriggerMessageConf:
        """Accepted once the message is queued behind this answer."""
        return TriggerMessageConf(status=self._sent(request))

    def on_extended_trigger(self, request: ExtendedTriggerMessageReq) -> ExtendedTriggerMessageConf:
        """The same for the messages of the security extension (W)."""
        return ExtendedTriggerMessageConf(status=self._sent(request))

    def _sent(self, request: TriggerMessageReq | ExtendedTriggerMessageReq) -> TriggerMessageStatus:
        send = self.messages.get(request.requested_message)
        if send is None:
            return TriggerMessageStatus.NOT_IMPLEMENTED
        connector = request.connector_id if request.requested_message in ABOUT_CONNECTORS else None
        if connector is not None and not self.lowest_connector <= connector <= self.connectors:
            return TriggerMessageStatus.REJECTED
        return TriggerMessageStatus.ACCEPTED if send(connector) else TriggerMessageStatus.REJECTED
