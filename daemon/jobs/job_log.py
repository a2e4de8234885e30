"""The log of `evsed-job`: one line for each job that ended, in the same form and journal as those of evsed."""

from __future__ import annotations

import os
from collections.abc import Mapping

from daemon.jobs.protocol import JobAnswer, decode_request
from daemon.journal.journal import Journal, choose
from daemon.journal.log_queue import Sink

UNKNOWN = "unknown"
"""Stands for a job whose request cannot be read."""


class JobLog:
    """Writes to journald under systemd, else to standard error; never raises."""

    def __init__(self, sink: Sink | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._journal = Journal(sink or choose(environ, program="evsed-job"))

    def ended(self, line: bytes, answer: JobAnswer) -> None:
        """Say how the job of this request ended."""
        try:
            job: str = decode_request(line).job
        except ValueError:
            job = UNKNOWN
        detail = answer.detail or "no detail"
        if answer.ok:
            self._journal.log("job-done", job=job, detail=detail)
        else:
            self._journal.log("job-failed", job=job, detail=detail)
