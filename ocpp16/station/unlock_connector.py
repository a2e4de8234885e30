"""UnlockConnector: ends the transaction, releases the cable, and is answered when the lock has moved (§5.18)."""

from __future__ import annotations

from functools import partial

from ocpp16.connector.connector import Connector
from ocpp16.messages.core import UnlockConnectorConf, UnlockConnectorReq
from ocpp16.messages.types import Reason, UnlockStatus
from ocpp16.rpc.pending_calls import POSTPONED, CallId, Postponed
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.station.board_orders import BoardOrders


class UnlockConnector:
    """The requests whose answer is still to come."""

    def __init__(
        self, context: Context, session: Session, connectors: dict[int, Connector], board_orders: BoardOrders
    ) -> None:
        self.context = context
        self.session = session
        self.connectors = connectors
        self.board_orders = board_orders
        self._waiting: dict[int, CallId] = {}
        """Message ids by connector."""

    def on_unlock(self, request: UnlockConnectorReq, call_id: CallId) -> UnlockConnectorConf | Postponed:
        """NotSupported, and nothing is touched, without a lock (E 3.87); UnlockFailed while one is under way."""
        connector = self.connectors.get(request.connector_id)
        if connector is None or connector.state.shape is None or not connector.state.shape.lock:
            return UnlockConnectorConf(status=UnlockStatus.NOT_SUPPORTED)
        if connector.number in self._waiting:
            return UnlockConnectorConf(status=UnlockStatus.UNLOCK_FAILED)
        self._waiting[connector.number] = call_id
        connector.stop(Reason.UNLOCK_COMMAND)
        self.connector_ended(connector.number)
        return POSTPONED

    def connector_ended(self, number: int) -> None:
        """No transaction runs any more: order the unlock that waited for its end."""
        connector = self.connectors[number]
        if number not in self._waiting or connector.state.transaction is not None:
            return
        connector.release_cable()
        self.board_orders.order("unlock", number, partial(self._unlocked, number))

    def board_lost(self) -> None:
        """Nobody can unlock, and no transaction ends before a board is there: what waits has failed."""
        for number in list(self._waiting):
            self._unlocked(number, False, "the board is lost")

    def _unlocked(self, number: int, ok: bool, detail: str) -> None:
        call_id = self._waiting.pop(number, None)
        if call_id is None:
            return
        status = UnlockStatus.UNLOCKED if ok else UnlockStatus.UNLOCK_FAILED
        self.context.note("unlocked" if ok else "unlock-failed", connector=number, detail=detail)
        self.session.answer(call_id, UnlockConnectorConf(status=status))
