"""The peer that the figures stand beside: a minimal charge point on the package `ocpp`, as its documentation shows it.

It boots, answers a few requests with full schema validation, keeps one transaction in memory, and stores nothing.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import websockets
from ocpp.routing import after, on
from ocpp.v16 import ChargePoint, call, call_result
from ocpp.v16.enums import Action


class Peer(ChargePoint):  # type: ignore[misc]
    transaction = 0

    @on(Action.get_configuration)
    def on_get_configuration(self, key: list[str] | None = None, **_: Any) -> call_result.GetConfiguration:
        value = {"key": (key or ["HeartbeatInterval"])[0], "readonly": False, "value": "300"}
        return call_result.GetConfiguration(configuration_key=[value])

    @on(Action.change_availability)
    def on_change_availability(self, **_: Any) -> call_result.ChangeAvailability:
        return call_result.ChangeAvailability(status="Accepted")

    @on(Action.remote_start_transaction)
    def on_remote_start(self, **_: Any) -> call_result.RemoteStartTransaction:
        return call_result.RemoteStartTransaction(status="Accepted")

    @after(Action.remote_start_transaction)
    async def start_transaction(self, id_tag: str, **_: Any) -> None:
        answer = await self.call(
            call.StartTransaction(connector_id=1, id_tag=id_tag, meter_start=0, timestamp=datetime.now(UTC).isoformat())
        )
        self.transaction = answer.transaction_id

    @on(Action.remote_stop_transaction)
    def on_remote_stop(self, **_: Any) -> call_result.RemoteStopTransaction:
        return call_result.RemoteStopTransaction(status="Accepted")

    @after(Action.remote_stop_transaction)
    async def stop_transaction(self, transaction_id: int, **_: Any) -> None:
        now = datetime.now(UTC).isoformat()
        await self.call(call.StopTransaction(meter_stop=0, timestamp=now, transaction_id=transaction_id))


async def main(url: str) -> None:
    async for connection in websockets.connect(url, subprotocols=["ocpp1.6"]):  # type: ignore[list-item]
        peer = Peer("PEER", connection)

        async def boot(peer: Peer = peer) -> None:
            await peer.call(call.BootNotification(charge_point_model="peer", charge_point_vendor="ocpp"))

        try:
            await asyncio.gather(peer.start(), boot())
        except websockets.ConnectionClosed:
            continue


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
