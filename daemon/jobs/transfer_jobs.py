"""Download and upload as jobs: from a request to the transfer that carries it out."""

from __future__ import annotations

from daemon.jobs.protocol import JobRequest
from daemon.transfers.limits import Watch
from daemon.transfers.transfer import Terms, download, upload


def watch_of(job: str, terms: Terms) -> Watch:
    """The limits of one job, "download" or "upload"."""
    return Watch(terms.limits, terms.limits.firmware_bytes if job == "download" else terms.limits.upload_bytes)


def carry_out(request: JobRequest, terms: Terms, watch: Watch) -> tuple[bool, str]:
    """Download or upload; whether it succeeded, and its detail.  Blocks; never raises."""
    if request.job == "download":
        return download(request.location, terms, watch)
    return upload(request.location, request.file, terms, watch)
