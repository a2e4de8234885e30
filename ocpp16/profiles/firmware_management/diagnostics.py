"""Diagnostics (§4.4, §5.9): one upload at a time, as a job, and what is told about it."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.messages.datetimes import to_seconds
from ocpp16.messages.firmware import DiagnosticsStatusNotificationReq, GetDiagnosticsConf, GetDiagnosticsReq
from ocpp16.messages.types import DiagnosticsStatus
from ocpp16.profiles.firmware_management.status_retry import OWN_RETRY_S, StatusRetry, interval_of, retries_of
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import FILE_ENDINGS, CancelJob, Upload


class Diagnostics:
    """The upload that is under way, and its end until it has arrived."""

    def __init__(self, context: Context, session: Session) -> None:
        self.context = context
        self.session = session
        self._insist = StatusRetry(context, session, Timer.UPLOAD)
        self._upload: Upload | None = None
        self._left = 0
        self._wait_s = OWN_RETRY_S
        self._untold: DiagnosticsStatus | None = None
        """The end of the last one, where nobody has answered it."""

    def started(self) -> None:
        """A new life: an upload that was cut is over, and an end that was not confirmed is told again."""
        last = self.context.facts.unit.upload
        if last:
            done = last == DiagnosticsStatus.UPLOADED
            self._untold = DiagnosticsStatus.UPLOADED if done else DiagnosticsStatus.UPLOAD_FAILED

    def on_get_diagnostics(self, request: GetDiagnosticsReq) -> GetDiagnosticsConf:
        """A second request takes the place of the first."""
        if self._upload is not None:
            self.context.jobs.append(CancelJob(self._upload.ref))
        ref = self.context.next_job()
        utc = int(self.context.utc or self.context.clock.floor_utc)
        name = f"diagnostics-{utc}-{ref}.tar.gz"  # made by us: nothing of the request ever becomes a file name
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
        self._say(DiagnosticsStatus.UPLOADING)
        self.context.jobs.append(self._upload)
        return GetDiagnosticsConf(file_name=_named_in(request.location) or name)

    def job_done(self, event: JobDone) -> None:
        """Every retry after its interval; UploadFailed only after the last."""
        if self._upload is None or event.ref != self._upload.ref:
            return
        self.context.note("diagnostics", ok=event.ok, detail=event.detail)
        if not event.ok and self._left > 0:
            self._left -= 1
            self.context.timers.set(Timer.UPLOAD, self.context.now.mono + self._wait_s)
            return
        self._upload = None
        self._say(DiagnosticsStatus.UPLOADED if event.ok else DiagnosticsStatus.UPLOAD_FAILED)

    def due(self) -> None:
        """The next try of the upload, or of telling its end."""
        if self._upload is None:
            self.tell()
        else:
            self._upload = replace(self._upload, ref=self.context.next_job())
            self.context.jobs.append(self._upload)

    def tell(self) -> None:
        """The end that is still to be told."""
        if self._untold is not None and self.session.up and self.session.gate is Gate.OPEN:
            self._say(self._untold)

    def _say(self, status: DiagnosticsStatus) -> None:
        self._untold = None
        self.context.save_unit(upload=str(status))
        self.session.call(DiagnosticsStatusNotificationReq(status=status), partial(self._said, status))

    def _said(self, status: DiagnosticsStatus, answer: object) -> None:
        if self._upload is not None or status is DiagnosticsStatus.UPLOADING:
            return
        if self._insist.lost(answer):
            self._untold = status
        else:
            self.context.save(replace(self.context.facts.unit, upload=""), within_s=1.0)

    def triggered_status(self, connector: int | None) -> bool:
        """§5.17: Uploading, or Idle."""
        status = DiagnosticsStatus.IDLE if self._upload is None else DiagnosticsStatus.UPLOADING
        self.session.call(DiagnosticsStatusNotificationReq(status=status), triggered=True)
        return True


def _named_in(location: str) -> str | None:
    """The file's name, where the location has one of its own (at most 255 characters, §6.26)."""
    path = location.partition("?")[0].partition("#")[0]
    last = path.rpartition("/")[2]
    return last[-255:] if path.count("/") > 2 and last.lower().endswith(FILE_ENDINGS) else None
