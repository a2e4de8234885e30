"""An upload with its retries, as GetDiagnostics (§5.9) and GetLog (W N01) ask for it: one at a time of each."""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.events import JobDone
from ocpp16.rpc.status_retry import OWN_RETRY_S, interval_of, retries_of
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.step import FILE_ENDINGS, CancelJob, Upload


class RetriedUpload:
    """The upload in progress."""

    def __init__(self, context: Context, timer: Timer) -> None:
        self._context = context
        self._timer = timer
        self.current: Upload | None = None
        self._left = 0
        self._wait_s = OWN_RETRY_S

    def start(self, upload: Upload, retries: int | None, interval_s: int | None) -> bool:
        """Begin; whether another one was cancelled for it.  `upload.ref` comes from `Context.next_job`."""
        cancelled = self.current is not None
        if self.current is not None:
            self._context.jobs.append(CancelJob(self.current.ref))
        self.current = upload
        self._left, self._wait_s = retries_of(retries), interval_of(interval_s)
        self._context.timers.clear(self._timer)
        self._context.jobs.append(upload)
        return cancelled

    def has_ended(self, event: JobDone) -> bool:
        """Whether the whole upload has ended with this; a failed attempt is repeated after its interval."""
        if self.current is None or event.ref != self.current.ref:
            return False
        self._context.note("diagnostics", ok=event.ok, detail=event.detail)
        if not event.ok and self._left > 0:
            self._left -= 1
            self._context.timers.set(self._timer, self._context.now.mono + self._wait_s)
            return False
        self.current = None
        return True

    def again(self) -> None:
        """The interval is over: the next attempt."""
        if self.current is not None:
            self.current = replace(self.current, ref=self._context.next_job())
            self._context.jobs.append(self.current)


def named_in(location: str) -> str | None:
    """The file name in the location, cut at 255 characters (§6.26); None where it names a folder.

    A location with a query is complete: whatever ends its path is the file.
    """
    path, _, query = location.partition("#")[0].partition("?")
    last = path.rpartition("/")[2]
    is_file = (query and last and location.startswith("http")) or last.lower().endswith(FILE_ENDINGS)
    return last[-255:] if path.count("/") > 2 and is_file else None
