"""A Central System with security: its certificates, who is let in, what each connection showed, and whether it may."""

from __future__ import annotations

import base64
import ssl
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from tests.conformance import client_hello
from tests.conformance.client_hello import ClientHello
from tests.conformance.front import Attempt, Front
from tests.conformance.wire import CentralSystem
from tests.daemon.security.authority import CLIENT, SERVER, Signed, new_key, signed, write

HOST, IDENTITY, OPERATOR = "localhost", "CP0001", "Operator"
KEY = bytes.fromhex("00010203040506070809FEFFFEFFFEFFFEFFFEFF")
"""The first password: 20 bytes, most of which are no text."""
RSA_PAIR = "AES128-GCM-SHA256:AES256-GCM-SHA384"


class Setting(NamedTuple):
    """How a station connects at first, and what the server is like."""

    profile: int
    rsa: bool = False
    """The server has an RSA key, TLS 1.2 and the whitepaper's pair for RSA alone."""

    def __str__(self) -> str:
        return f"security profile {self.profile}" + (", server with an RSA key, TLS 1.2 alone" if self.rsa else "")


@cache
def root() -> Signed:
    """The authority of server and stations."""
    return signed("root of the operator", ca=True, organization=OPERATOR, days=(-30, 3000))


@cache
def server_certificate(kind: str) -> Signed:
    """For `HOST`, by commonName alone as the whitepaper wants it."""
    return signed(HOST, root(), usage=(SERVER,), organization=OPERATOR, key=new_key(kind), days=(-30, 300))


def station_certificate(serial: str) -> Signed:
    return signed(serial, root(), usage=(CLIENT,), organization=OPERATOR, days=(-30, 300))


@dataclass(frozen=True)
class Shown:
    """What one upgrade request and its connection showed."""

    path: str
    authorization: str | None
    subprotocols: str
    version: str = ""
    """Of TLS; "": none."""
    suite: str = ""
    certificate: bytes = b""
    """The station's, in DER; its key has signed the handshake."""
    hello: ClientHello | None = None


class Secured:
    """Stands before a CentralSystem: `url` for the station, `lines` for its configuration, then what came.

    What is wrong goes into the faults of the Central System; where `strict`, the upgrade is refused instead.
    """

    def __init__(self, central: CentralSystem, setting: Setting, serial: str) -> None:
        self.central, self.setting, self.serial = central, setting, serial
        self.profile, self.key = setting.profile, KEY
        """What the station must prove itself by now."""
        self.strict = False
        self.own = station_certificate(serial)
        """The certificate of its configuration."""
        self.certificate = self.own.certificate
        """The one that it must show in profile 3."""
        self.shown: list[Shown] = []
        self.front = Front(lambda: central.port, lambda: central.tls_port)
        self.front.hear = self._heard
        self.url = ""

    async def open(self) -> None:
        self.central.tls, self.central.admit = self._context(), self._admit
        await self.central.listen()
        port = await self.front.listen()
        scheme = "wss" if self.profile >= 2 else "ws"
        self.url = f"{scheme}://{HOST}:{port}/ocpp"

    def _context(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = server_certificate("RSA-2048" if self.setting.rsa else "P-256")
        self._load(made, certificate)
        if self.setting.rsa:
            made.maximum_version = ssl.TLSVersion.TLSv1_2
            made.set_ciphers(RSA_PAIR)
        made.verify_mode = ssl.CERT_OPTIONAL  # asked for in every profile: who has none to show must show none
        made.load_verify_locations(cadata=root().pem.decode())
        return made

    @staticmethod
    def _load(context: ssl.SSLContext, certificate: Signed) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            context.load_cert_chain(write(Path(folder) / "server.pem", certificate.key_pem, certificate.pem))

    def lines(self, home: Path) -> str:
        """Of `[csms]`; writes certificates into `home`.  Profile 1 knows no root yet."""
        text = f"security_profile = {self.profile}\n"
        if self.profile in (1, 2):
            text += f'authorization_key = "{self.key.hex()}"\n'
        if self.profile >= 2:
            text += f'ca_file = "{write(home / "roots.pem", root().pem)}"\n'
        if self.profile == 3:
            text += f'cert_file = "{write(home / "own.pem", self.own.pem)}"\n'
            text += f'key_file = "{write(home / "own.key", self.own.key_pem)}"\n'
        return text

    # --- what comes ---------------------------------------------------------------------------------------------------

    def _heard(self, attempt: Attempt) -> None:
        told = self.central.transcript
        if not attempt.tls:
            told.add("TCP", "something without TLS")
        elif attempt.hello is None:
            told.add("TLS", f"no ClientHello: {attempt.malformed}")
            self.central.faults.append(f"no ClientHello: {attempt.malformed}")
        else:
            for what, names in attempt.hello.texts():
                told.add("TLS", f"ClientHello, {what}: {names}")
            self._blame(*client_hello.faults(attempt.hello, HOST))

    def _blame(self, *faults: str) -> None:
        self.central.faults += [fault for fault in faults if fault not in self.central.faults]

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        shown = self._looked_at(connection, request)
        self.shown.append(shown)
        self.central.transcript.add("HTTP", self._told(shown))
        faults = self.faults_of(shown)
        if faults and self.strict:
            self.central.transcript.add("HTTP", f"401: {'; '.join(faults)}")
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        self._blame(*faults)
        return None

    def _looked_at(self, connection: ServerConnection, request: Request) -> Shown:
        link = connection.transport.get_extra_info("ssl_object")
        attempt = self.front.by_port.get(connection.remote_address[1])
        offered = ", ".join(request.headers.get_all("Sec-WebSocket-Protocol"))
        basic = request.headers.get("Authorization")
        if link is None:
            return Shown(request.path, basic, offered)
        return Shown(
            request.path, basic, offered, link.version() or "?", (link.cipher() or ("?",))[0],
            link.getpeercert(binary_form=True) or b"", attempt.hello if attempt else None,
        )  # fmt: skip

    def _told(self, shown: Shown) -> str:
        """For a transcript; the key itself is not in it."""
        parts = [f"GET {shown.path}", f"subprotocols {shown.subprotocols or '-'}"]
        if shown.version:
            parts.append(f"{shown.version} {shown.suite}")
        if shown.certificate:
            parts.append(f"client certificate {subject_of(shown.certificate)}")
        if shown.authorization is not None:
            name, key = credentials(shown.authorization)
            parts.append(f"Basic {name}:({len(key)} bytes)")
        return ", ".join(parts)

    def faults_of(self, shown: Shown) -> list[str]:
        """What a connection may not show, or lacks, in the profile that is to be in force (W A00)."""
        wrong = []
        if unquote(shown.path.rsplit("/", 1)[-1]) != IDENTITY:
            wrong.append(f"the URL ends with {shown.path.rsplit('/', 1)[-1]}, not with the identity {IDENTITY}")
        if "ocpp1.6" not in [name.strip() for name in shown.subprotocols.split(",")]:
            wrong.append(f"the subprotocol ocpp1.6 is not offered: {shown.subprotocols or 'none'}")
        if bool(shown.version) != (self.profile >= 2):
            wrong.append(f"{shown.version or 'no TLS'} in security profile {self.profile}")
        elif shown.version and shown.version not in ("TLSv1.2", "TLSv1.3"):
            wrong.append(f"{shown.version} was agreed upon")
        return [*wrong, *self._wrong_password(shown), *self._wrong_certificate(shown)]

    def _wrong_password(self, shown: Shown) -> list[str]:
        if self.profile == 3:
            return ["an Authorization header in security profile 3"] if shown.authorization is not None else []
        if shown.authorization is None:
            return [f"no Authorization header in security profile {self.profile}"]
        name, key = credentials(shown.authorization)
        wrong = []
        if name != IDENTITY:
            wrong.append(f"the user of the Authorization header is {name!r}, not {IDENTITY}")
        if not 16 <= len(key) <= 20:
            wrong.append(f"the password has {len(key)} bytes, 16 to 20 are allowed")
        if key != self.key:
            wrong.append("the password is not the key that is to be in force, byte by byte")
        return wrong

    def _wrong_certificate(self, shown: Shown) -> list[str]:
        if self.profile != 3:
            return [f"a client certificate in security profile {self.profile}"] if shown.certificate else []
        if not shown.certificate:
            return ["no client certificate in security profile 3"]
        from cryptography.hazmat.primitives.serialization import Encoding

        if shown.certificate != self.certificate.public_bytes(Encoding.DER):
            return ["the client certificate is not the one that is to be in force"]
        return []


def credentials(authorization: str) -> tuple[str, bytes]:
    """(user, password) of a Basic header; ("", b"") where it is none."""
    scheme, _, text = authorization.partition(" ")
    try:
        name, colon, key = base64.b64decode(text, validate=True).partition(b":")
    except ValueError:
        return "", b""
    return (name.decode("latin-1"), key) if scheme == "Basic" and colon else ("", b"")


def subject_of(der: bytes) -> str:
    from cryptography import x509

    return x509.load_der_x509_certificate(der).subject.rfc4514_string()
