"""HTTP and HTTPS by httpx: download of one file with resume, or upload.  No redirects, no proxies, no DNS lookup."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from daemon import __version__
from daemon.journal.redaction import joined_line
from daemon.transfers.files import Partial
from daemon.transfers.limits import TransferFailed, Watch
from daemon.transfers.urls import Location

CAUSE_CHARS = 120
CHUNK_BYTES = 64 << 10
NO_PUT = (405, 501)
"""Method Not Allowed, Not Implemented: the server does not support PUT."""


class _Progress:
    """The stage of a connection, as httpx reports it; its sockets are registered with the watch."""

    def __init__(self, watch: Watch) -> None:
        self.stage = "TCP"
        self._watch = watch

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._watch.hold(info["return_value"].get_extra_info("socket"))
        if name.startswith("connection.start_tls."):
            self.stage = "TLS"
        elif name.startswith("http11."):
            self.stage = "HTTP"


@contextmanager
def _response(
    method: str,
    location: Location,
    addresses: Sequence[str],
    watch: Watch,
    tls: ssl.SSLContext,
    headers: Mapping[str, str],
    content: Path | None = None,
) -> Iterator[httpx.Response]:
    """The response, its body unread, from the first address that connects.  Raises TransferFailed."""
    limits = watch.limits
    times = httpx.Timeout(limits.stall_s, connect=limits.connect_s)
    own = {"Host": location.authority, "User-Agent": f"evsed/{__version__}", "Connection": "close"}
    if location.user is not None:
        pair = f"{location.user}:{location.password}".encode()
        own["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    with httpx.Client(verify=tls, trust_env=False, follow_redirects=False, timeout=times) as client:
        for number, address in enumerate(addresses, 1):
            watch.check()
            progress = _Progress(watch)
            url = httpx.URL(scheme=location.scheme, host=address, port=location.port, raw_path=location.target.encode())
            request = client.build_request(
                method,
                url,
                headers={**own, **headers},
                content=None if content is None else _pieces(content, watch),
                extensions={"sni_hostname": location.host, "trace": progress.trace},
            )
            try:
                response = client.send(request, stream=True)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if number < len(addresses) and progress.stage == "TCP":
                    continue
                raise _failure(progress.stage, error, watch) from error
            except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
                raise _failure(progress.stage, error, watch) from error
            try:
                yield response
            except (httpx.HTTPError, httpx.StreamError) as error:
                raise _failure("HTTP", error, watch) from error
            finally:
                response.close()
            return


def _failure(stage: str, error: Exception, watch: Watch) -> TransferFailed:
    watch.check()
    if isinstance(error, TransferFailed):
        return error
    if isinstance(error, httpx.TimeoutException):
        waits = watch.limits.connect_s if isinstance(error, httpx.ConnectTimeout) else watch.limits.stall_s
        return TransferFailed(stage, f"no data within {waits:g} s")
    return TransferFailed(stage, joined_line(str(error), CAUSE_CHARS) or type(error).__name__)


def _refused(response: httpx.Response) -> TransferFailed:
    if response.is_redirect or 300 <= response.status_code < 400:
        return TransferFailed("HTTP", f"status {response.status_code}: redirects are not followed")
    return TransferFailed("HTTP", joined_line(f"status {response.status_code} {response.reason_phrase}", CAUSE_CHARS))


# --- download ---------------------------------------------------------------------------------------------------------


def download(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext, partial: Partial) -> None:
    """The whole file into `partial`, resumed where an earlier attempt ended.  Raises TransferFailed, OSError."""
    kept = partial.kept()
    headers = {"Accept-Encoding": "identity"}
    if kept.bytes:
        headers |= {"Range": f"bytes={kept.bytes}-", "If-Range": kept.validator}
    with _response("GET", location, addresses, watch, tls, headers) as response:
        if response.status_code == 416 and kept.bytes:
            partial.discard()  # not a beginning of the file that is there: the next attempt starts anew
        if response.status_code not in (200, 206):
            raise _refused(response)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise TransferFailed("HTTP", "unexpected Content-Encoding")
        offset, size = _extent(response, kept.bytes)
        watch.expects(size)
        watch.bytes = offset
        partial.begin(offset, _validator(response), size)
        for chunk in response.iter_raw(CHUNK_BYTES):
            partial.write(chunk)
            watch.passed(len(chunk))
    watch.check()
    if partial.size != size:
        raise TransferFailed("HTTP", f"{partial.size} bytes received, {size} were announced")


def _extent(response: httpx.Response, kept_bytes: int) -> tuple[int, int]:
    """The offset of the response's body in the file, and the file's size.  Raises TransferFailed."""
    length = response.headers.get("Content-Length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise TransferFailed("HTTP", "the server does not give the size of the file (Content-Length)")
    if response.status_code == 200:
        return 0, int(length)
    expected = f"bytes {kept_bytes}-{kept_bytes + int(length) - 1}/{kept_bytes + int(length)}"
    if not kept_bytes or response.headers.get("Content-Range", "").strip() != expected:
        raise TransferFailed("HTTP", "the server sends another part of the file than requested (Content-Range)")
    return kept_bytes, kept_bytes + int(length)


def _validator(response: httpx.Response) -> str:
    """The value for If-Range (RFC 9110 §13.1.5): a strong ETag, else the date."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        return str(etag)[:200]
    return str(response.headers.get("Last-Modified", ""))[:100]


# --- upload -----------------------------------------------------------------------------------------------------------


def upload(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext, file: Path) -> None:
    """Send the file by PUT, or by POST where the server does not support PUT.  Raises TransferFailed, OSError."""
    size = file.stat().st_size
    watch.expects(size)
    headers = {"Content-Type": "application/gzip", "Content-Length": str(size)}
    for method in ("PUT", "POST"):
        watch.bytes = 0
        with _response(method, location, addresses, watch, tls, headers, file) as response:
            if response.status_code in NO_PUT and method == "PUT":
                continue
            if not response.is_success:
                raise _refused(response)
            return


def _pieces(file: Path, watch: Watch) -> Iterator[bytes]:
    with file.open("rb") as source:
        while piece := source.read(CHUNK_BYTES):
            watch.passed(len(piece))
            yield piece
