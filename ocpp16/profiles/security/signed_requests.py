"""SignedUpdateFirmware.req (W L01): answered when the signing certificate has been checked, which is a job."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.events import JobDone
from ocpp16.messages.call_error import Refusal
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.security import SignedUpdateFirmwareConf, SignedUpdateFirmwareReq
from ocpp16.messages.types import SignedUpdateFirmwareStatus
from ocpp16.product import Product
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.profiles.security.signed_firmware import SignedFirmware
from ocpp16.profiles.security.signed_states import FIXED
from ocpp16.records import SignedFirmwareUpdate
from ocpp16.rpc.pending_calls import POSTPONED, CallId, Postponed
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import interval_of, retries_of
from ocpp16.state.context import Context
from ocpp16.step import CheckSigner

Status = SignedUpdateFirmwareStatus


class _Asked(NamedTuple):
    """The request whose certificate is being checked."""

    call_id: CallId
    job: int
    update: SignedFirmwareUpdate


class SignedUpdateRequests:
    """Takes one request at a time; a good one begins the update."""

    def __init__(
        self, context: Context, session: Session, product: Product, firmware: SignedFirmware, events: SecurityEvents
    ) -> None:
        self.context = context
        self.session = session
        self.product = product
        self.firmware = firmware
        self.events = events
        self._asked: _Asked | None = None

    def on_signed_update(
        self, request: SignedUpdateFirmwareReq, call_id: CallId
    ) -> SignedUpdateFirmwareConf | Refusal | Postponed:
        """Rejected where it cannot be carried out; else the certificate is checked first."""
        if not self.product.secure_firmware:
            return Refusal("NotSupported", "this station takes unsigned firmware, by UpdateFirmware")
        reason = self._refusal()
        if reason:
            self.context.note("signed-update-refused", status=str(Status.REJECTED), reason=reason)
            return SignedUpdateFirmwareConf(status=Status.REJECTED)
        asked = _Asked(call_id, self.context.next_job(), _update(request))
        self._asked = asked
        self.context.jobs.append(CheckSigner(asked.job, self.firmware.seal(asked.update)))
        return POSTPONED

    def _refusal(self) -> str:
        update = self.firmware.update
        if self._asked is not None:
            return "another request is being checked"
        if update is not None and update.state in FIXED:
            return "another version is being installed"
        return "" if self.context.accepts_changes else "nothing can be recorded: make room on the disk"

    def job_done(self, event: JobDone) -> None:
        """The certificate was checked, or could not be."""
        asked = self._asked
        if asked is None or event.ref != asked.job:
            return
        self._asked = None
        status, reason = self._verdict(event)
        if reason:
            self.context.note("signed-update-refused", status=str(status), reason=reason)
        if status in (Status.INVALID_CERTIFICATE, Status.REVOKED_CERTIFICATE):
            self.events.record(SecurityEvent.INVALID_SIGNING_CERTIFICATE, event.detail)
        self.session.answer(asked.call_id, SignedUpdateFirmwareConf(status=status))
        if not reason:
            self.firmware.begin(asked.update)

    def _verdict(self, event: JobDone) -> tuple[Status, str]:
        """The answer, and why it is no acceptance."""
        if event.verdict == "revoked":
            return Status.REVOKED_CERTIFICATE, event.detail
        if event.verdict == "certificate":
            return Status.INVALID_CERTIFICATE, event.detail
        reason = self._refusal() if event.ok else f"the signing certificate could not be checked: {event.detail}"
        if reason:
            return Status.REJECTED, reason
        return (Status.ACCEPTED_CANCELED if self.firmware.under_way else Status.ACCEPTED), ""


def _update(request: SignedUpdateFirmwareReq) -> SignedFirmwareUpdate:
    firmware = request.firmware
    return SignedFirmwareUpdate(
        request_id=request.request_id,
        location=firmware.location,
        retrieve_utc=to_seconds(firmware.retrieve_date_time),
        install_utc=None if firmware.install_date_time is None else to_seconds(firmware.install_date_time),
        certificate=firmware.signing_certificate,
        signature=firmware.signature,
        retries_left=retries_of(request.retries),
        retry_interval_s=interval_of(request.retry_interval),
    )
