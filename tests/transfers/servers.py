"""Small file servers on loopback, honest and vicious, in threads of their own; and a certificate authority."""

from __future__ import annotations

import datetime
import io
import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "files.example"
LONG = datetime.timedelta(days=3650)


class Identity(NamedTuple):
    """PEM files of an authority, and of a server that it vouches for."""

    authority: Path
    server: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server)
        return context


def identity(folder: Path, name: str = NAME) -> Identity:
    """A fresh authority and a certificate for `name`."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "root of the test")])
    root = _signed(root_name, root_name, root_key.public_key(), root_key, None)
    leaf_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    leaf = _signed(leaf_name, root_name, key.public_key(), root_key, name)
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(root.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.pem").write_bytes(private + leaf.public_bytes(pem))
    return Identity(folder / "authority.pem", folder / "server.pem")


def _signed(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    by: ec.EllipticCurvePrivateKey,
    san: str | None,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LONG)
        .not_valid_after(now + LONG)
        .add_extension(x509.BasicConstraints(ca=san is None, path_length=None), critical=True)
    )
    if san:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(san)]), critical=False)
    return made.sign(by, hashes.SHA256())


# --- one connection, one thread ---------------------------------------------------------------------------------------


class Listening:
    """`serve(connection)` for each that comes, until the end."""

    def __init__(self, serve: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> None:
        self._serve, self._tls = serve, tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self.ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self._open.append(connection)
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                self._serve(connection)

    def close(self) -> None:
        self.ended.set()
        for sock in (self._socket, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


@contextmanager
def raw(serve: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """`serve` has each connection to itself; the port."""
    listening = Listening(serve, tls)
    try:
        yield listening.port
    finally:
        listening.close()


def endless(begin: bytes, again: bytes) -> Callable[[socket.socket], None]:
    """`begin`, then `again` for ever, as fast as it is read."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(begin)
        many = again * (1 + (64 << 10) // len(again))
        while True:
            connection.sendall(many)

    return serve


def dripping(begin: bytes, again: bytes = b"x", pause_s: float = 0.05) -> Callable[[socket.socket], None]:
    """`begin`, then a little every now and then, for ever; b"" as `again`: silence."""

    def serve(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            time.sleep(pause_s)
            connection.sendall(again)

    return serve


class Request(NamedTuple):
    method: str
    target: str
    fields: dict[str, str]
    body: bytes


Answer = Callable[[Request, socket.socket], None]


class Http:
    """Requests are kept in `got`; `answer` answers them, by default it serves `files` with ranges and ETags."""

    def __init__(self, files: dict[str, bytes] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.files = files or {}
        self.got: list[Request] = []
        self.answer: Answer = self.honest
        self.listening = Listening(self._serve, tls)
        self.port = self.listening.port

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        method, target, _ = stream.readline().decode("latin-1").split()
        fields = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            fields[name.lower()] = value.strip()
        body = stream.read(int(fields.get("content-length", 0)))
        request = Request(method, target, fields, body)
        self.got.append(request)
        self.answer(request, connection)

    def honest(self, request: Request, connection: socket.socket) -> None:
        data = self.files.get(request.target)
        if request.method in ("PUT", "POST"):
            self.files[request.target] = request.body
            connection.sendall(head(201, Content_Length="0"))
        elif data is None:
            connection.sendall(head(404, Content_Length="0"))
        else:
            etag = f'"{hash(data) & 0xFFFFFFFF:x}"'
            wanted = re.fullmatch(r"bytes=(\d+)-", request.fields.get("range", ""))
            if wanted and request.fields.get("if-range") == etag:
                first = int(wanted[1])
                extent = f"bytes {first}-{len(data) - 1}/{len(data)}"
                piece = data[first:]
                connection.sendall(head(206, Content_Length=str(len(piece)), Content_Range=extent, ETag=etag) + piece)
            else:
                connection.sendall(head(200, Content_Length=str(len(data)), ETag=etag) + data)


def head(status: int, **fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Word", *(f"{name.replace('_', '-')}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@contextmanager
def http(files: dict[str, bytes] | None = None, tls: ssl.SSLContext | None = None) -> Iterator[Http]:
    server = Http(files, tls)
    try:
        yield server
    finally:
        server.listening.close()


# --- FTP --------------------------------------------------------------------------------------------------------------


class FalseFtp:
    """An FTP server that follows no rule but its fields."""

    def __init__(self, data: bytes, *, size: int | None = None, cut: int | None = None, stalls: bool = False) -> None:
        self.data, self.size, self.cut, self.stalls = data, len(data) if size is None else size, cut, stalls
        self.said: list[str] = []
        self.points_to = "127,0,0,1"
        """Host in the answer to PASV."""
        self.words: dict[str, str] = {}
        """Answers of its own."""
        self._rest = 0
        self.listening = Listening(self._serve)
        self.port = self.listening.port

    def _serve(self, control: socket.socket) -> None:
        stream = control.makefile("rb")
        control.sendall(b"220 ready\r\n")
        passive = socket.create_server(("127.0.0.1", 0))
        while line := stream.readline().decode("latin-1").strip():
            self.said.append(line)
            verb, _, rest = line.partition(" ")
            if verb in self.words:
                control.sendall(self.words[verb].encode() + b"\r\n")
            elif verb == "RETR":
                control.sendall(b"150 here it comes\r\n")
                self._send(passive, control)
            else:
                if verb == "REST":
                    self._rest = int(rest)
                port = passive.getsockname()[1]
                control.sendall(self._word(verb, port).encode() + b"\r\n")

    def _word(self, verb: str, port: int) -> str:
        return {
            "USER": "331 password",
            "PASS": "230 in",
            "SIZE": f"213 {self.size}",
            "MDTM": "213 20260101000000",
            "PASV": f"227 Entering ({self.points_to},{port >> 8},{port & 255})",
            "REST": "350 there",
        }.get(verb, "200 well")

    def _send(self, passive: socket.socket, control: socket.socket) -> None:
        connection, _ = passive.accept()
        data = self.data[self._rest :] if self.cut is None else self.data[self._rest : self.cut]
        with connection:
            with suppress(OSError):
                connection.sendall(data)
            if self.stalls:
                self.listening.ended.wait(20)
        self._rest = 0
        control.sendall(b"226 done\r\n")


@contextmanager
def false_ftp(data: bytes, **how: object) -> Iterator[FalseFtp]:
    server = FalseFtp(data, **how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.listening.close()


@contextmanager
def ftp(folder: Path, tls: Path | None = None, port: int = 0, implicit: bool = False) -> Iterator[int]:
    """A real one (pyftpdlib) for user `u`, password `p/w`; `tls`: a PEM file, and nothing without protection.

    `implicit`: protected from the first byte.
    """
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import IOLoop
    from pyftpdlib.servers import FTPServer

    logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
    authorizer = DummyAuthorizer()
    authorizer.add_user("u", "p/w", str(folder), perm="elrwmfd")
    fields: dict[str, object] = {"authorizer": authorizer, "auth_failed_timeout": 0}
    if tls:
        fields |= {"certfile": str(tls), "tls_control_required": True, "tls_data_required": True, "ssl_context": None}
    if implicit:

        def handle(self: Any) -> None:
            self.secure_connection(self.ssl_context)
            TLS_FTPHandler.handle(self)

        fields["handle"] = handle
    handler = type("Handler", (TLS_FTPHandler if tls else FTPHandler,), fields)
    server = FTPServer(("127.0.0.1", port), handler, ioloop=IOLoop())
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            server.ioloop.loop(timeout=0.02, blocking=False)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.socket.getsockname()[1]
    finally:
        stop.set()
        thread.join()
        server.close_all()


def noise(size: int) -> bytes:
    """Bytes that no transfer may change, the same in every run."""
    return io.BytesIO(bytes(range(256)) * (size // 256 + 1)).read(size)
