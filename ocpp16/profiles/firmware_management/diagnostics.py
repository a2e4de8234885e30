"""GetDiagnostics (§5.9) and DiagnosticsStatusNotification (§4.4): one upload at a time, as a job, with its retries."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.firmware import DiagnosticsStatusNotificationReq, GetDiagnosticsConf, GetDiagnosticsReq
from ocpp16.messages.types import DiagnosticsStatus
from ocpp16.profiles.firmware_management.retried_upload import RetriedUpload, named_in
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import StatusRetry
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import Upload


class Diagnostics:
    """The upload in progress, and its final status until that is confirmed."""

    def __init__(self, context: Context, session: Session) -> None:
        self.context = context
        self.session = session
        self._status_retry = StatusRetry(context, session, Timer.UPLOAD)
        self._upload = RetriedUpload(context, Timer.UPLOAD)
        self._unreported: DiagnosticsStatus | None = None
        """The final status of the last upload, where it was not confirmed."""

    def started(self) -> None:
        """The process has started: an interrupted upload has failed, an unconfirmed final status is sent again."""
        last = self.context.facts.unit.upload
        if last:
            done = last == DiagnosticsStatus.UPLOADED
            self._unreported = DiagnosticsStatus.UPLOADED if done else DiagnosticsStatus.UPLOAD_FAILED

    def on_get_diagnostics(self, request: GetDiagnosticsReq) -> GetDiagnosticsConf:
        """§5.9: start the upload; one in progress is cancelled."""
        ref = self.context.next_job()
        utc = int(self.context.utc or self.context.clock.floor_utc)
        name = f"diagnostics-{utc}-{ref}.tar.gz"  # no part of the request becomes a name in our files
        upload = Upload(
            ref,
            request.location,
            name,
            None if request.start_time is None else to_seconds(request.start_time),
            None if request.stop_time is None else to_seconds(request.stop_time),
        )
        self._upload.start(upload, request.retries, request.retry_interval)
        self._send(DiagnosticsStatus.UPLOADING)
        return GetDiagnosticsConf(file_name=named_in(request.location) or name)

    def job_done(self, event: JobDone) -> None:
        """The job has ended: retried after its interval; UploadFailed is sent only after the last retry."""
        if self._upload.has_ended(event):
            self._send(DiagnosticsStatus.UPLOADED if event.ok else DiagnosticsStatus.UPLOAD_FAILED)

    def due(self) -> None:
        """The timer expired: the next attempt of the upload, or of sending its final status."""
        if self._upload.current is None:
            self.send_status()
        else:
            self._upload.again()

    def send_status(self) -> None:
        """Send the final status that is not confirmed yet, if there is one."""
        if self._unreported is not None and self.session.is_open:
            self._send(self._unreported)

    def _send(self, status: DiagnosticsStatus) -> None:
        self._unreported = None
        self.context.save_unit(upload=str(status))
        self.session.call(DiagnosticsStatusNotificationReq(status=status), partial(self._answered, status))

    def _answered(self, status: DiagnosticsStatus, answer: object) -> None:
        if self._upload.current is not None or status is DiagnosticsStatus.UPLOADING:
            return
        if self._status_retry.lost(answer):
            self._unreported = status
        else:
            self.context.save(replace(self.context.facts.unit, upload=""), within_s=1.0)

    def triggered_status(self, connector: int | None) -> bool:
        """§5.17: Uploading, or Idle."""
        status = DiagnosticsStatus.IDLE if self._upload.current is None else DiagnosticsStatus.UPLOADING
        self.session.call(DiagnosticsStatusNotificationReq(status=status), triggered=True)
        return True
