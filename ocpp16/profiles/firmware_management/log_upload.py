"""GetLog and LogStatusNotification (W N01): the diagnostics or the security log, one upload at a time."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.security import GetLogConf, GetLogReq, LogStatusNotificationReq
from ocpp16.messages.types import LogStatus, LogType, UploadLogStatus
from ocpp16.profiles.firmware_management.retried_upload import RetriedUpload, named_in
from ocpp16.records import SecurityLogState
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import StatusRetry
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import Upload

FAILURES: dict[str, UploadLogStatus] = {
    "bad-location": UploadLogStatus.BAD_MESSAGE,
    "denied": UploadLogStatus.PERMISSION_DENIED,
    "not-supported": UploadLogStatus.NOT_SUPPORTED_OPERATION,
}
"""The most exact status, by `JobDone.failure`; any other failure is UploadFailure."""


class LogUpload:
    """The upload in progress, and its final status until that is confirmed."""

    def __init__(self, context: Context, session: Session) -> None:
        self._context = context
        self._session = session
        self._upload = RetriedUpload(context, Timer.LOG_UPLOAD)
        self._status_retry = StatusRetry(context, session, Timer.LOG_UPLOAD)
        self._unreported = False

    @property
    def _state(self) -> SecurityLogState:
        return self._context.facts.of(SecurityLogState).get("log") or SecurityLogState()

    def started(self) -> None:
        """The process has started: an interrupted upload has failed, an unconfirmed final status is sent again."""
        if self._state.upload:
            self._unreported = True
            if self._state.upload == UploadLogStatus.UPLOADING:
                self._save(UploadLogStatus.UPLOAD_FAILURE, self._state.request_id)

    def on_get_log(self, request: GetLogReq) -> GetLogConf:
        """Starts the upload; one in progress is cancelled.  Rejected while nothing can be written."""
        context, log = self._context, request.log
        if not context.writable:
            context.note("command-refused", action="GetLog", what="the store is not writable", status="Rejected")
            return GetLogConf(status=LogStatus.REJECTED)
        ref, utc = context.next_job(), int(context.utc or context.clock.floor_utc)
        is_security = request.log_type is LogType.SECURITY_LOG
        name = f"security-log-{utc}-{ref}.txt" if is_security else f"diagnostics-{utc}-{ref}.tar.gz"
        cancelled = self._upload.start(
            Upload(
                ref,
                log.remote_location,
                name,
                None if log.oldest_timestamp is None else to_seconds(log.oldest_timestamp),
                None if log.latest_timestamp is None else to_seconds(log.latest_timestamp),
                "security-log" if is_security else "diagnostics-log",
            ),
            request.retries,
            request.retry_interval,
        )
        self._send(UploadLogStatus.UPLOADING, request.request_id)
        status = LogStatus.ACCEPTED_CANCELED if cancelled else LogStatus.ACCEPTED
        return GetLogConf(status=status, filename=named_in(log.remote_location) or name)

    def job_done(self, event: JobDone) -> None:
        """The job has ended; a failure is told only after the last retry."""
        if self._upload.has_ended(event):
            failure = FAILURES.get(event.failure, UploadLogStatus.UPLOAD_FAILURE)
            self._send(UploadLogStatus.UPLOADED if event.ok else failure, self._state.request_id)

    def due(self) -> None:
        """The timer expired: the next attempt of the upload, or of sending its final status."""
        if self._upload.current is None:
            self.send_status()
        else:
            self._upload.again()

    def send_status(self) -> None:
        """Send the final status that is not confirmed yet, if there is one."""
        if self._unreported and self._session.is_open:
            self._send(UploadLogStatus(self._state.upload), self._state.request_id)

    def _save(self, status: UploadLogStatus | None, request_id: int, within_s: float = 0.0) -> None:
        self._context.save(replace(self._state, upload=status or "", request_id=request_id), within_s=within_s)

    def _send(self, status: UploadLogStatus, request_id: int) -> None:
        self._unreported = False
        self._save(status, request_id)
        request = LogStatusNotificationReq(status=status, request_id=request_id)
        self._session.call(request, partial(self._answered, status))

    def _answered(self, status: UploadLogStatus, answer: object) -> None:
        if self._upload.current is not None or status is UploadLogStatus.UPLOADING:
            return
        if self._status_retry.lost(answer):
            self._unreported = True
        else:
            self._save(None, self._state.request_id, within_s=1.0)

    def triggered_status(self, connector: int | None) -> bool:
        """W: Uploading with its requestId, or Idle without one."""
        if self._upload.current is None:
            request = LogStatusNotificationReq(status=UploadLogStatus.IDLE)
        else:
            request = LogStatusNotificationReq(status=UploadLogStatus.UPLOADING, request_id=self._state.request_id)
        self._session.call(request, triggered=True)
        return True
