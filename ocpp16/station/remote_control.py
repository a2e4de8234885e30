"""RemoteStartTransaction and RemoteStopTransaction (§5.11, §5.12); the answer is given before anything is done.

Which connector a remote start is for: `card_routing.py`.
"""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.connector.connector import Connector
from ocpp16.messages.core import (
    RemoteStartTransactionConf,
    RemoteStartTransactionReq,
    RemoteStopTransactionConf,
    RemoteStopTransactionReq,
)
from ocpp16.messages.types import Reason, RemoteStartStopStatus
from ocpp16.profiles.core.registration import Registration
from ocpp16.state.context import Context
from ocpp16.station.card_routing import CardRouting, NoConnector


class StartRefused(NamedTuple):
    """A RemoteStartTransaction that was answered Rejected."""

    connector: int | None
    id_tag: str
    reason: str
    mono: float


class RemoteControl:
    """Starts and stops for the Central System."""

    def __init__(
        self,
        context: Context,
        configuration: Configuration,
        registration: Registration,
        connectors: dict[int, Connector],
        card_routing: CardRouting,
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.registration = registration
        self.connectors = connectors
        self.card_routing = card_routing
        self.refused: StartRefused | None = None
        """The remote start that was rejected last."""

    def on_remote_start(self, request: RemoteStartTransactionReq) -> RemoteStartTransactionConf:
        """Rejected where no connector can begin; with AuthorizeRemoteTxRequests the card is asked about afterwards."""
        connector = self.card_routing.for_remote_start(request)
        if isinstance(connector, NoConnector):
            self._note_start(request, RemoteStartStopStatus.REJECTED, connector.reason)
            self.refused = StartRefused(request.connector_id, request.id_tag, connector.reason, self.context.now.mono)
            return RemoteStartTransactionConf(status=RemoteStartStopStatus.REJECTED)
        self._note_start(request, RemoteStartStopStatus.ACCEPTED, f"connector {connector.number}")
        authorize = self.configuration.flag(Key.AuthorizeRemoteTxRequests)
        bound = request.connector_id is not None
        connector.remote_start(request.id_tag, authorize, request.charging_profile, bound)
        return RemoteStartTransactionConf(status=RemoteStartStopStatus.ACCEPTED)

    def on_remote_stop(self, request: RemoteStopTransactionReq) -> RemoteStopTransactionConf:
        """Rejected where no transaction runs under that transactionId."""
        for connector in self.connectors.values():
            transaction = connector.state.transaction
            if (
                self.registration.accepted
                and transaction is not None
                and transaction.start == "confirmed"
                and transaction.transaction_id == request.transaction_id
            ):
                self._note_stop(request, RemoteStartStopStatus.ACCEPTED, f"connector {connector.number}")
                connector.stop(Reason.REMOTE)
                return RemoteStopTransactionConf(status=RemoteStartStopStatus.ACCEPTED)
        self._note_stop(request, RemoteStartStopStatus.REJECTED, "no transaction runs under that id")
        return RemoteStopTransactionConf(status=RemoteStartStopStatus.REJECTED)

    def _note_start(self, request: RemoteStartTransactionReq, status: RemoteStartStopStatus, why: str) -> None:
        self.context.note("remote-start", id_tag=request.id_tag, status=str(status), reason=why)

    def _note_stop(self, request: RemoteStopTransactionReq, status: RemoteStartStopStatus, why: str) -> None:
        self.context.note("remote-stop", transaction_id=request.transaction_id, status=str(status), reason=why)
