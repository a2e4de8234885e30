"""FTP, and FTPS by explicit TLS (implicit at port 990): passive mode, download of one file with resume, or upload."""

from __future__ import annotations

import ftplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote

from daemon.journal.redaction import joined_line
from daemon.transfers.files import Partial
from daemon.transfers.limits import TransferFailed, Watch
from daemon.transfers.urls import Location

CAUSE_CHARS = 120
CHUNK_BYTES = 64 << 10
IMPLICIT_PORT = 990
"""There TLS begins with the first octet: ftps-control of IANA's registry."""
_ERRORS = (ftplib.Error, OSError, EOFError, ValueError)


class _Ftp(ftplib.FTP):
    """Plain FTP; its sockets are registered with the watch.

    Data connections go to the host of the control connection, whatever address the server announces (ftplib's default).
    """

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch = watch

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        data, size = super().ntransfercmd(cmd, rest)
        self.watch.hold(data)
        return data, size


class _Ftps(ftplib.FTP_TLS):
    """Control and data protected; the data connection resumes the control connection's TLS session."""

    def __init__(self, watch: Watch, context: ssl.SSLContext) -> None:
        super().__init__(context=context)
        self.watch = watch

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        data, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        self.watch.hold(data)
        control = self.sock
        assert isinstance(control, ssl.SSLSocket)
        return self.context.wrap_socket(data, server_hostname=self.host, session=control.session), size


class _ImplicitFtps(_Ftps):
    """TLS from the first octet; the certificate must be that of `name`."""

    def __init__(self, watch: Watch, context: ssl.SSLContext, name: str) -> None:
        super().__init__(watch, context)
        self.name = name

    def connect(
        self, host: str = "", port: int = 0, timeout: float = 0.0, source_address: tuple[str, int] | None = None
    ) -> str:
        plain = socket.create_connection((host, port), timeout)
        self.af = plain.family
        self.sock = self.context.wrap_socket(plain, server_hostname=self.name)
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def auth(self) -> str:
        return ""  # protected already


@contextmanager
def _session(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext) -> Iterator[_Ftp | _Ftps]:
    """Connected and logged in.  Raises TransferFailed."""
    stage = "TCP"
    ftp = _made(location, watch, tls)
    try:
        try:
            _connect(ftp, location, addresses, watch)
            if isinstance(ftp, _Ftps):
                stage = "TLS"
                ftp.auth()
            stage = "login"
            ftp.login(location.user or "anonymous", location.password)
            if isinstance(ftp, _Ftps):
                ftp.prot_p()
            stage = "FTP"
            ftp.voidcmd("TYPE I")
            yield ftp
        except _ERRORS as error:
            raise _failure(stage, error, watch) from error
    finally:
        ftp.close()


def _made(location: Location, watch: Watch, tls: ssl.SSLContext) -> _Ftp | _Ftps:
    if location.scheme != "ftps":
        return _Ftp(watch)
    if location.port != IMPLICIT_PORT:
        return _Ftps(watch, tls)
    return _ImplicitFtps(watch, tls, location.host)


def _connect(ftp: _Ftp | _Ftps, location: Location, addresses: Sequence[str], watch: Watch) -> None:
    for number, address in enumerate(addresses, 1):
        watch.check()
        try:
            ftp.connect(address, location.port, watch.limits.connect_s)
        except OSError:
            if number == len(addresses):
                raise
            continue
        break
    ftp.host = location.host  # the certificate must be the name's, not the address's
    assert ftp.sock is not None
    watch.hold(ftp.sock)
    ftp.sock.settimeout(watch.limits.stall_s)
    ftp.timeout = watch.limits.stall_s


def _failure(stage: str, error: BaseException, watch: Watch) -> TransferFailed:
    watch.check()
    if isinstance(error, ssl.SSLError):
        stage = "TLS"
    if isinstance(error, TimeoutError):
        return TransferFailed(stage, f"no data within {watch.limits.stall_s:g} s")
    if isinstance(error, EOFError):
        return TransferFailed(stage, "the server closed the connection")
    return TransferFailed(
        stage, joined_line(str(getattr(error, "strerror", None) or error), CAUSE_CHARS) or type(error).__name__
    )


def _path(location: Location) -> str:
    """RFC 1738 §3.2.2: relative to the login folder; `%2F` at its beginning: from the root.  Raises TransferFailed."""
    path, _, kind = location.path[1:].partition(";type=")
    if not path or (kind and kind not in ("i", "a")):
        raise TransferFailed("FTP", "the URL names no file")
    return unquote(path)


# --- download ---------------------------------------------------------------------------------------------------------


def download(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext, partial: Partial) -> None:
    """The whole file into `partial`, resumed where an earlier attempt ended.  Raises TransferFailed, OSError."""
    path = _path(location)
    with _session(location, addresses, watch, tls) as ftp:
        size, validator = _about(ftp, path)
        watch.expects(size or 0)
        kept = partial.kept()
        offset = kept.bytes if kept.validator == validator and size is not None and kept.bytes < size else 0
        source, size = _opened(ftp, path, offset, size)
        watch.bytes = offset
        partial.begin(offset, validator, size)
        while piece := source.recv(CHUNK_BYTES):
            partial.write(piece)
            watch.passed(len(piece))
        _end(source)
        ftp.voidresp()
    watch.check()
    if size is not None and partial.size != size:
        raise TransferFailed("FTP", f"{partial.size} bytes received, {size} were announced")


def _about(ftp: ftplib.FTP, path: str) -> tuple[int | None, str]:
    """Size and validator of the content; a server need not support either command."""
    size, changed = None, ""
    with suppress(ftplib.Error):
        size = ftp.size(path)
    with suppress(ftplib.Error):
        changed = ftp.voidcmd(f"MDTM {path}")[4:].strip()[:40]
    return size, f"{size}/{changed}" if changed and size is not None else ""


def _opened(ftp: ftplib.FTP, path: str, offset: int, size: int | None) -> tuple[socket.socket, int | None]:
    """The data connection, and the size; where SIZE gave none, the one that the server announces with it."""
    source, named = ftp.ntransfercmd(f"RETR {path}", offset or None)
    return source, named if size is None and not offset else size


# --- upload -----------------------------------------------------------------------------------------------------------


def upload(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext, file: Path) -> None:
    """Send the file (STOR).  Raises TransferFailed, OSError."""
    path = _path(location)
    watch.expects(file.stat().st_size)
    with file.open("rb") as source, _session(location, addresses, watch, tls) as ftp:
        sink = ftp.transfercmd(f"STOR {path}")
        while piece := source.read(CHUNK_BYTES):
            sink.sendall(piece)
            watch.passed(len(piece))
        _end(sink)
        ftp.voidresp()


def _end(data: socket.socket) -> None:
    """End the data connection properly.  Many servers do not answer the end of TLS: the reply on control counts."""
    with suppress(OSError):
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
    with suppress(OSError):
        socket.socket.shutdown(data, socket.SHUT_WR)  # the watch holds a duplicate: closing ours alone would not end it
    data.close()
