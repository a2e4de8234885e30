"""TriggerMessage: the Central System asks for a message out of turn; the answer goes first (§5.17)."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq
from ocpp16.messages.types import TriggerMessageStatus

ABOUT_CONNECTORS = ("MeterValues", "StatusNotification")
"""The only ones for which a connectorId matters; elsewhere it is ignored."""

Send = Callable[[int | None], bool]
"""Say it (about a connector, or all); False: there is nothing to be said now."""


class RemoteTrigger:
    """`charge_point.py` tells which messages this product can be asked for."""

    def __init__(self, connectors: int) -> None:
        self.connectors = connectors
        self.messages: dict[str, Send] = {}

    def on_trigger(self, request: TriggerMessageReq) -> TriggerMessageConf:
        send = self.messages.get(request.requested_message)
        if send is None:
            return TriggerMessageConf(status=TriggerMessageStatus.NOT_IMPLEMENTED)
        connector = request.connector_id if request.requested_message in ABOUT_CONNECTORS else None
        if connector is not None and not 0 <= connector <= self.connectors:
            return TriggerMessageConf(status=TriggerMessageStatus.REJECTED)
        done = send(connector)
        return TriggerMessageConf(status=TriggerMessageStatus.ACCEPTED if done else TriggerMessageStatus.REJECTED)
