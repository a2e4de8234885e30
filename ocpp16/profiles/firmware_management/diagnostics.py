"""GetDiagnostics (§5.9) and DiagnosticsStatusNotification (§4.4): one upload at a time, as a job, with its retries."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.firmware import DiagnosticsStatusNotificationReq, GetDiagnosticsConf, GetDiagnosticsReq
from ocpp16.messages.types import DiagnosticsStatus
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.rpc.status_retry import OWN_RETRY_S, StatusRetry, interval_of, retries_of
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import FILE_ENDINGS, CancelJob, Upload


class Diagnostics:
    """The upload in progress, and its final status until that is confirmed."""

    def __init__(self, context: Context, session: Session) -> None:
        self.context = context
        self.session = session
        self._status_retry = StatusRetry(context, session, Timer.UPLOAD)
        self._upload: Upload | None = None
        self._left = 0
        self._wait_s = OWN_RETRY_S
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
        if self._upload is not None:
            self.context.jobs.append(CancelJob(self._upload.ref))
        ref = self.context.next_job()
        utc = int(self.context.utc or self.context.clock.floor_utc)
        name = f"diagnostics-{utc}-{ref}.tar.gz"  # no part of the request becomes a name in our files
        self._upload = Upload(
            ref,
            request.location,
            name,
            None if request.start_time is None else to_seconds(request.start_time),
            None if request.stop_time is None else to_seconds(request.stop_time),
        )
        self._left = retries_of(request.retries)
        self._wait_s = interval_of(request.retry_interval)
        self.context.timers.clear(Timer.UPLOAD)
        self._send(DiagnosticsStatus.UPLOADING)
        self.context.jobs.append(self._upload)
        return GetDiagnosticsConf(file_name=_named_in(request.location) or name)

    def job_done(self, event: JobDone) -> None:
        """The job has ended: retried after its interval; UploadFailed is sent only after the last retry."""
        if self._upload is None or event.ref != self._upload.ref:
            return
        self.context.note("diagnostics", ok=event.ok, detail=event.detail)
        if not event.ok and self._left > 0:
            self._left -= 1
            self.context.timers.set(Timer.UPLOAD, self.context.now.mono + self._wait_s)
            return
        self._upload = None
        self._send(DiagnosticsStatus.UPLOADED if event.ok else DiagnosticsStatus.UPLOAD_FAILED)

    def due(self) -> None:
        """The timer expired: the next attempt of the upload, or of sending its final status."""
        if self._upload is None:
            self.send_status()
        else:
            self._upload = replace(self._upload, ref=self.context.next_job())
            self.context.jobs.append(self._upload)

    def send_status(self) -> None:
        """Send the final status that is not confirmed yet, if there is one."""
        if self._unreported is not None and self.session.up and self.session.gate is Gate.OPEN:
            self._send(self._unreported)

    def _send(self, status: DiagnosticsStatus) -> None:
        self._unreported = None
        self.context.save_unit(upload=str(status))
        self.session.call(DiagnosticsStatusNotificationReq(status=status), partial(self._answered, status))

    def _answered(self, status: DiagnosticsStatus, answer: object) -> None:
        if self._upload is not None or status is DiagnosticsStatus.UPLOADING:
            return
        if self._status_retry.lost(answer):
            self._unreported = status
        else:
            self.context.save(replace(self.context.facts.unit, upload=""), within_s=1.0)

    def triggered_status(self, connector: int | None) -> bool:
        """§5.17: Uploading, or Idle."""
        status = DiagnosticsStatus.IDLE if self._upload is None else DiagnosticsStatus.UPLOADING
        self.session.call(DiagnosticsStatusNotificationReq(status=status), triggered=True)
        return True


def _named_in(location: str) -> str | None:
    """The file name in the location, cut at 255 characters (§6.26); None where it names a folder.

    A location with a query is complete: whatever ends its path is the file.
    """
    path, _, query = location.partition("#")[0].partition("?")
    last = path.rpartition("/")[2]
    is_file = (query and last and location.startswith("http")) or last.lower().endswith(FILE_ENDINGS)
    return last[-255:] if path.count("/") > 2 and is_file else None
