"""HTTP and HTTPS by httpx: download of one file with resume, or upload.  No redirects, no proxies, no DNS lookup.

The connections are ours: httpx's own would be held by no watch while they are made, and count no interim responses.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import httpcore
import httpx

from daemon import __version__
from daemon.transfers.causes import http_status, of_system
from daemon.transfers.dialling import dialled, protected
from daemon.transfers.files import Partial
from daemon.transfers.limits import TransferFailed, Watch
from daemon.transfers.urls import Location

CHUNK_BYTES = 64 << 10
NUMBER = re.compile("[0-9]{1,15}", re.ASCII)
NO_PUT = (405, 501)
"""Method Not Allowed, Not Implemented: the server does not support PUT."""


class _Stream(httpcore.NetworkStream):
    """One connection; what is read from it counts against what may come besides the file."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._sock = sock
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = self._sock.recv(max_bytes)
        except OSError as error:
            raise _lost(error, self._watch) from error
        self._watch.beside(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._sock.sendall(buffer)
        except TimeoutError as error:
            raise _lost(error, self._watch) from error
        except OSError as error:  # a server may answer before it has read everything: that answer is read
            raise httpcore.WriteError from error

    def close(self) -> None:
        self._sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(protected(self._sock, ssl_context, server_hostname or "", self._watch), self._watch)


class _Dialler(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever the host of the URL."""

    def __init__(self, addresses: Sequence[str], watch: Watch) -> None:
        self._addresses = addresses
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.NetworkStream:
        return _Stream(dialled(self._addresses, port, self._watch), self._watch)


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream


class _Transport(httpx.BaseTransport):
    """What httpx asks, over a connection of our own."""

    def __init__(self, dialler: _Dialler, tls: ssl.SSLContext | None) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=dialler)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            request.method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=request.extensions["target"]),
            headers=request.headers.raw,
            content=cast(httpx.SyncByteStream, request.stream),
            extensions=request.extensions,
        )
        answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(cast(Iterable[bytes], answer.stream)))

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _response(
    method: str,
    location: Location,
    addresses: Sequence[str],
    watch: Watch,
    tls: ssl.SSLContext | None,
    headers: Mapping[str, str],
    content: Path | None = None,
) -> Iterator[httpx.Response]:
    """The response, its body unread, from the first address that connects.  Raises TransferFailed."""
    own = {"Host": location.authority, "User-Agent": f"evsed/{__version__}", "Connection": "close"}
    if location.user is not None:
        pair = f"{location.user}:{location.password}".encode()
        own["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    request = httpx.Request(
        method,
        httpx.URL(scheme=location.scheme, host=addresses[0], port=location.port),
        headers={**own, **headers},
        content=None if content is None else _pieces(content, watch),
        extensions={"sni_hostname": location.host, "target": location.target.encode()},  # httpx would tidy its path up
    )
    try:
        with _Transport(_Dialler(addresses, watch), tls) as transport:
            yield transport.handle_request(request)
    except httpcore.RemoteProtocolError as error:
        watch.check()
        raise TransferFailed("HTTP", _not_http(error)) from error
    except (httpcore.WriteError, httpcore.LocalProtocolError, ValueError) as error:
        watch.check()
        raise TransferFailed("HTTP", f"the request cannot be sent ({type(error).__name__})") from error


def _lost(error: OSError, watch: Watch) -> TransferFailed:
    watch.check()
    if isinstance(error, TimeoutError):
        return TransferFailed("HTTP", f"no data within {watch.limits.stall_s:g} s")
    return TransferFailed("TLS" if isinstance(error, ssl.SSLError) else "HTTP", of_system(error))


def _not_http(error: httpcore.RemoteProtocolError) -> str:
    """Of the parser's texts only those that are known to repeat nothing of the server's."""
    text = str(error)
    for begin, cause in (
        ("peer closed connection", "the connection was closed before the end of the file"),
        ("Server disconnected", "the server closed the connection without a response"),
    ):
        if text.startswith(begin):
            return cause
    return "the response is not valid HTTP"


def _refused(response: httpx.Response) -> TransferFailed:
    if 300 <= response.status_code < 400:
        return TransferFailed("HTTP", f"status {response.status_code}: redirects are not followed")
    return TransferFailed("HTTP", http_status(response.status_code))


# --- download ---------------------------------------------------------------------------------------------------------


def download(
    location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None, partial: Partial
) -> None:
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
        if size is not None:
            watch.expects(size)
        watch.bytes = offset
        partial.begin(offset, _validator(response), size)
        for chunk in cast(Iterable[bytes], response.stream):
            watch.beside(-len(chunk))
            partial.write(chunk)
            watch.passed(len(chunk))
    watch.check()
    if partial.size != (partial.size if size is None else size):
        raise TransferFailed("HTTP", f"{partial.size} bytes received, {size} were announced")


def _extent(response: httpx.Response, kept_bytes: int) -> tuple[int, int | None]:
    """The offset of the response's body in the file, and the file's size; None: it comes in chunks, the last says so.

    Raises TransferFailed.
    """
    length = _length(response)
    if response.status_code == 200:
        return 0, length
    begin, _, end = response.headers.get("Content-Range", "").strip().partition("/")
    whole = int(end) if NUMBER.fullmatch(end) else kept_bytes + (length or 0)
    if (
        not kept_bytes
        or begin != f"bytes {kept_bytes}-{whole - 1}"
        or end not in (str(whole), "*")
        or length not in (None, whole - kept_bytes)
    ):
        raise TransferFailed("HTTP", "the server sends another part of the file than requested (Content-Range)")
    return kept_bytes, whole


def _length(response: httpx.Response) -> int | None:
    """Of the body; None: it comes in chunks.  Raises TransferFailed: its end would look like a lost connection."""
    length = response.headers.get("Content-Length", "")
    coding = response.headers.get("Transfer-Encoding")
    if coding is None and NUMBER.fullmatch(length):
        return int(length)
    if coding is not None and coding.strip().lower() == "chunked" and not length:
        return None
    raise TransferFailed("HTTP", "the server tells neither the size of the file (Content-Length) nor its end (chunked)")


def _validator(response: httpx.Response) -> str:
    """The value for If-Range (RFC 9110 §13.1.5): a strong ETag, else the date."""
    etag = response.headers.get("ETag", "")
    if etag.startswith('"'):
        return str(etag)[:200]
    return str(response.headers.get("Last-Modified", ""))[:100]


# --- upload -----------------------------------------------------------------------------------------------------------


def upload(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None, file: Path) -> None:
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
