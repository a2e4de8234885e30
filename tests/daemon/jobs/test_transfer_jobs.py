"""Downloads and uploads as jobs."""

from __future__ import annotations

from pathlib import Path

from daemon.jobs.protocol import JobRequest
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.transfers.files import made_folder
from tests.transfers.servers import http
from tests.transfers.terms import BUNDLE, terms


def test_each_job_has_its_limit(tmp_path: Path) -> None:
    """A firmware may be larger than a bundle of diagnostics."""
    on = terms(tmp_path)
    assert watch_of("download", on).most_bytes == on.limits.firmware_bytes
    assert watch_of("upload", on).most_bytes == on.limits.upload_bytes


def test_a_download_and_an_upload(tmp_path: Path) -> None:
    """A download answers with the path of the file, an upload sends a file of the folder by its name."""
    on = terms(tmp_path)
    (made_folder(tmp_path) / BUNDLE).write_bytes(b"logs")
    with http({"/f": b"new"}) as server:
        url = f"http://h:{server.port}"
        ok, path = carry_out(JobRequest("download", location=f"{url}/f"), on, watch_of("download", on))
        assert ok and Path(path).read_bytes() == b"new"
        assert carry_out(JobRequest("upload", location=url, file=BUNDLE), on, watch_of("upload", on))[0]
