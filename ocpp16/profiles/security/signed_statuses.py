"""SignedFirmwareStatusNotification (W L01): each status once, the final one until it is confirmed, and on request."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ocpp16.messages.firmware import FirmwareStatusNotificationReq
from ocpp16.messages.security import SignedFirmwareStatusNotificationReq
from ocpp16.messages.types import FirmwareStatus, SignedFirmwareStatus
from ocpp16.profiles.security.signed_states import ENDS, PLAIN, STATUS
from ocpp16.records import SignedFirmwareUpdate
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import StatusRetry
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer


class SignedStatuses:
    """What the Central System has been told of the update; its row is the memory of that."""

    def __init__(self, context: Context, session: Session) -> None:
        self.context = context
        self.session = session
        self._retry = StatusRetry(context, session, Timer.SIGNED_UPDATE)

    @property
    def update(self) -> SignedFirmwareUpdate | None:
        """The update under way, or the last one."""
        return self.context.facts.of(SignedFirmwareUpdate).get("update")

    def send(self) -> None:
        """Send the status of the present state, once; the final one until it is confirmed."""
        update = self.update
        if update is None or not self.session.is_open:
            return
        status = STATUS.get(update.state)
        if status is not None and status != update.told:
            self.context.save(replace(update, told=str(status)), within_s=1.0)
            request = SignedFirmwareStatusNotificationReq(status=status, request_id=update.request_id)
            self.session.call(request, partial(self._answered, status, update.request_id))

    def _answered(self, status: SignedFirmwareStatus, request_id: int, answer: object) -> None:
        update = self.update
        if update is None or (update.told, update.request_id) != (status, request_id):
            return
        if self._retry.lost(answer):
            self.context.save(replace(update, told=""), within_s=1.0)
        elif update.state in ENDS:
            self.context.save(replace(update, confirmed=True), within_s=1.0)

    def last(self) -> SignedFirmwareStatus:
        """What was told last; Idle where nothing was, or where the last update was installed."""
        update = self.update
        if update is None or update.state == "installed":
            return SignedFirmwareStatus.IDLE
        told = SignedFirmwareStatus(update.told) if update.told else SignedFirmwareStatus.IDLE
        return STATUS.get(update.state, told)

    def triggered(self, connector: int | None) -> bool:
        """ExtendedTriggerMessage FirmwareStatusNotification: the last status with its requestId; Idle has none."""
        status, update = self.last(), self.update
        request_id = None if update is None or status is SignedFirmwareStatus.IDLE else update.request_id
        request = SignedFirmwareStatusNotificationReq(status=status, request_id=request_id)
        self.session.call(request, triggered=True)
        return True

    def triggered_plain(self, connector: int | None) -> bool:
        """TriggerMessage FirmwareStatusNotification (§5.17): the same in the words of the plain message."""
        status = PLAIN.get(self.last(), FirmwareStatus.IDLE)
        self.session.call(FirmwareStatusNotificationReq(status=status), triggered=True)
        return True
