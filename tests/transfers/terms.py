"""Terms on which the tests make their transfers: loopback, a name of their own, short patience."""

from __future__ import annotations

from pathlib import Path

import msgspec

from daemon.jobs.protocol import JobRequest
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.transfers.files import made_folder
from daemon.transfers.limits import Limits
from daemon.transfers.transfer import Terms
from daemon.transfers.urls import Rules

SHORT = Limits(stall_s=0.3, connect_s=2.0, whole_s=20.0, rate_bytes_s=1e12, spare_bytes=0)
BUNDLE = "diagnostics-1.tar.gz"


def terms(folder: Path, ca_file: Path | None = None, **limits: float) -> Terms:
    """Every scheme; any name leads to loopback."""
    rules = Rules(("https", "ftps", "http", "ftp"), (), True)
    limit = msgspec.structs.replace(SHORT, **limits)
    return Terms(folder, rules, str(ca_file or ""), limit, lambda host, port: ["127.0.0.1"])


def fetch(url: str, on: Terms) -> tuple[bool, str]:
    return carry_out(JobRequest("download", location=url), on, watch_of("download", on))


def send(url: str, on: Terms, data: bytes = b"bundle") -> tuple[bool, str]:
    (made_folder(on.store) / BUNDLE).write_bytes(data)
    return carry_out(JobRequest("upload", location=url, file=BUNDLE), on, watch_of("upload", on))


def left(on: Terms) -> list[str]:
    """Endings of the files in the folder."""
    return sorted(path.suffix for path in made_folder(on.store).iterdir())
