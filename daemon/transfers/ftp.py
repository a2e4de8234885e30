"""FTP, and FTPS by explicit TLS (implicit at port 990): passive mode, download of one file with resume, or upload.

`ftplib` speaks the commands; the connections are ours, so that each is held by the watch before its first byte.
"""

from __future__ import annotations

import ftplib
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO, cast
from urllib.parse import unquote

from daemon.transfers.causes import ftp_reply, of_system
from daemon.transfers.dialling import dialled, protected
from daemon.transfers.files import Partial
from daemon.transfers.limits import TransferFailed, Watch
from daemon.transfers.urls import Location

CHUNK_BYTES = 64 << 10
IMPLICIT_PORT = 990
"""There TLS begins with the first octet: ftps-control of IANA's registry."""
REPLY_LINES = 1000
"""Of one transfer: greeting and welcome may be long, not endless."""
_ERRORS = (ftplib.Error, OSError, EOFError, ValueError, OverflowError)


class _ReplyLines:
    """The lines of a control connection, counted; a text that is not UTF-8 is no reason to fail."""

    def __init__(self, sock: socket.socket, watch: Watch) -> None:
        self._file = sock.makefile("r", encoding="utf-8", errors="replace")
        self._watch = watch
        self._lines = 0

    def readline(self, longest: int) -> str:
        line = self._file.readline(longest)
        self._lines += 1
        self._watch.beside(len(line))
        if self._lines > REPLY_LINES:
            raise TransferFailed("FTP", f"more than {REPLY_LINES} lines of replies")
        return line

    def close(self) -> None:
        self._file.close()


class _Session:
    """A control connection, logged in, and the data connections that belong to it."""

    def __init__(self, location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None) -> None:
        self.stage = "TCP"
        self.ftp = ftplib.FTP()
        self._location = location
        self._addresses = addresses
        self._watch = watch
        self._tls = tls
        self._safe: ssl.SSLSocket | None = None
        self._peer = ""

    def open(self) -> None:
        """Raises what `_ERRORS` names, and TransferFailed."""
        implicit = self._location.port == IMPLICIT_PORT
        sock = dialled(self._addresses, self._location.port, self._watch)
        self._peer = sock.getpeername()[0]
        self._adopt(sock)
        self.stage = "FTP"
        protects = self._location.scheme == "ftps"
        if protects and implicit:
            self._protect()
        self.ftp.welcome = self.ftp.getresp()
        if protects and not implicit:
            self.stage = "TLS"
            self.ftp.voidcmd("AUTH TLS")
            self._protect()
        self.stage = "login"
        self.ftp.login(self._location.user or "anonymous", self._location.password)
        if protects:
            self.ftp.voidcmd("PBSZ 0")
            self.ftp.voidcmd("PROT P")
        self.stage = "FTP"
        self.ftp.voidcmd("TYPE I")

    def _adopt(self, sock: socket.socket) -> None:
        self.ftp.sock = sock
        self.ftp.af = sock.family
        self.ftp.file = cast(TextIO, _ReplyLines(sock, self._watch))

    def _protect(self) -> None:
        assert self.ftp.sock is not None and self._tls is not None
        self._safe = protected(self.ftp.sock, self._tls, self._location.host, self._watch)
        self._adopt(self._safe)  # what came unprotected after the reply is dropped with its buffer

    def data(self, command: str, rest: int = 0) -> tuple[socket.socket, int | None]:
        """The data connection of a command, and the size that its reply may name.

        It goes to the host of the control connection, whatever address the server announces; protected, it resumes the
        TLS session of the control connection.
        """
        _, port = self.ftp.makepasv()
        data = dialled([self._peer], port, self._watch)
        try:
            if rest:
                self.ftp.sendcmd(f"REST {rest}")
            reply = self.ftp.sendcmd(command)
            if reply[:1] == "2":  # some servers say 200 before their 150
                reply = self.ftp.getresp()
            if reply[:1] != "1":
                raise ftplib.error_reply(reply)
            if self._safe is not None and self._tls is not None:
                data = protected(data, self._tls, self._location.host, self._watch, self._safe.session)
        except BaseException:
            data.close()
            raise
        return data, ftplib.parse150(reply) if reply[:3] == "150" else None

    def close(self) -> None:
        with suppress(OSError):
            self.ftp.close()


@contextmanager
def _session(
    location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None
) -> Iterator[_Session]:
    """Connected and logged in.  Raises TransferFailed."""
    session = _Session(location, addresses, watch, tls)
    try:
        session.open()
        yield session
    except _ERRORS as error:
        watch.check()
        raise _failure(session.stage, error, watch) from error
    finally:
        session.close()


def _failure(stage: str, error: BaseException, watch: Watch) -> TransferFailed:
    if isinstance(error, TimeoutError):
        return TransferFailed(stage, f"no data within {watch.limits.stall_s:g} s")
    if isinstance(error, EOFError):
        return TransferFailed(stage, "the server closed the connection")
    if isinstance(error, OSError):
        return TransferFailed("TLS" if isinstance(error, ssl.SSLError) else stage, of_system(error))
    return TransferFailed(stage, ftp_reply(str(error)) if isinstance(error, ftplib.Error) else ftp_reply(""))


def _path(location: Location) -> str:
    """RFC 1738 §3.2.2: relative to the login folder; `%2F` at its beginning: from the root.  Raises TransferFailed."""
    path, _, kind = location.path[1:].partition(";type=")
    if not path or (kind and kind not in ("i", "a")):
        raise TransferFailed("FTP", "the URL names no file")
    return unquote(path)


# --- download ---------------------------------------------------------------------------------------------------------


def download(
    location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None, partial: Partial
) -> None:
    """The whole file into `partial`, resumed where an earlier attempt ended.  Raises TransferFailed, OSError."""
    path = _path(location)
    with _session(location, addresses, watch, tls) as session:
        size, validator = _about(session.ftp, path)
        watch.expects(size or 0)
        kept = partial.kept()
        offset = kept.bytes if kept.validator == validator and size is not None and kept.bytes < size else 0
        source, named = session.data(f"RETR {path}", offset)
        if size is None and not offset:
            size = named
            watch.expects(size or 0)
        watch.bytes = offset
        with source:
            _receive(source, partial, offset, validator, size, watch)
            _end(source)
        session.ftp.voidresp()
    watch.check()
    if size is not None and partial.size != size:
        raise TransferFailed("FTP", f"{partial.size} bytes received, {size} were announced")


def _receive(
    source: socket.socket, partial: Partial, offset: int, validator: str, size: int | None, watch: Watch
) -> None:
    partial.begin(offset, validator, size)
    while piece := source.recv(CHUNK_BYTES):
        partial.write(piece)
        watch.passed(len(piece))


def _about(ftp: ftplib.FTP, path: str) -> tuple[int | None, str]:
    """Size and validator of the content; a server need not support either command."""
    size, changed = None, ""
    with suppress(ftplib.Error):
        size = ftp.size(path)
    with suppress(ftplib.Error):
        changed = ftp.voidcmd(f"MDTM {path}")[4:].strip()[:40]
    return size, f"{size}/{changed}" if changed and size is not None else ""


# --- upload -----------------------------------------------------------------------------------------------------------


def upload(location: Location, addresses: Sequence[str], watch: Watch, tls: ssl.SSLContext | None, file: Path) -> None:
    """Send the file (STOR).  Raises TransferFailed, OSError."""
    path = _path(location)
    watch.expects(file.stat().st_size)
    with file.open("rb") as source, _session(location, addresses, watch, tls) as session:
        sink, _ = session.data(f"STOR {path}")
        with sink:
            while piece := source.read(CHUNK_BYTES):
                sink.sendall(piece)
                watch.passed(len(piece))
            _end(sink)
        session.ftp.voidresp()


def _end(data: socket.socket) -> None:
    """End the data connection properly.  Many servers do not answer the end of TLS: the reply on control counts."""
    with suppress(OSError):
        if isinstance(data, ssl.SSLSocket):
            data.unwrap()
    with suppress(OSError):
        socket.socket.shutdown(data, socket.SHUT_WR)  # the watch holds a duplicate: closing ours alone would not end it
