"""`evsectl connect-test`: walks DNS, TCP, TLS, HTTP, WebSocket and Boot one after the other, and says where it ends.

Each stage uses what the daemon uses, on connections of its own.  Without `upgrade` it stops after TLS: a second
WebSocket under one identity makes most Central Systems close the first one.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from daemon.config.model import Config
from daemon.csms import failure_causes, tcp_connect, tls_context, tls_failures
from daemon.csms.connection import WebSocketConnection
from daemon.csms.dialling import dial
from daemon.csms.endpoint import PORTS, central_system_url
from daemon.csms.failure_causes import ConnectionFailed, quoted
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link_security import LinkSecurity
from daemon.csms.tcp_connect import Address
from daemon.csms.tls_judgement import Moment, written
from daemon.ctl.tested_set import TestedSet, moment
from daemon.journal.redaction import single_line
from daemon.security.certificate import CertificateFacts, presented_chain
from ocpp16.profiles.core.registration import boot_notification
from ocpp16.rpc.payload import encode

STAGES: Final = ("DNS", "TCP", "TLS", "HTTP", "WebSocket", "Boot")
EXIT_CODES: Final = {stage: 10 + number for number, stage in enumerate(STAGES)}
BOOT_ID: Final = "connect-test"
T = TypeVar("T")


class StageResult(NamedTuple):
    """One stage: `ok` None: not walked.  `text`: one line.  `chain`: what the server presented, its own first."""

    stage: str
    ok: bool | None
    text: str
    code: str = ""
    chain: Sequence[CertificateFacts] = ()

    def row(self) -> dict[str, object]:
        return {
            "stage": self.stage,
            "ok": self.ok,
            "text": self.text,
            "code": self.code,
            "chain": [msgspec.structs.asdict(each) for each in self.chain],
        }


class _Listener:
    """Takes the messages of the one connection of the test."""

    def __init__(self) -> None:
        self.texts: asyncio.Queue[str] = asyncio.Queue()

    def on_open(self, connection: WebSocketConnection) -> None:
        """The stage WebSocket has passed."""

    def on_text(self, text: str) -> None:
        self.texts.put_nowait(text)

    def crowded(self) -> bool:
        return self.texts.qsize() > 100

    def flapping(self) -> bool:
        return False

    def last_words(self) -> str:
        return ""

    def on_quiet(self) -> None:
        """The walk sends BootNotification, which is proof enough."""


class ConnectTest:
    """One walk.  `result` gets each stage as it ends; `run` returns the exit code."""

    def __init__(
        self,
        url: str,
        security: LinkSecurity,
        moment: Callable[[], Moment],
        result: Callable[[StageResult], None],
        limits: ConnectionLimits | None = None,
    ) -> None:
        self._url = url
        self._security = security
        self._moment = moment
        self._result = result
        self._limits = limits or ConnectionLimits()
        address = urlsplit(url)
        self._scheme, self._host = address.scheme, address.hostname or ""
        self._port = address.port or PORTS[address.scheme]
        self._where = f"{self._host} port {self._port}"
        self._stage = "DNS"

    async def run(self, *, upgrade: bool = True, boot: dict[str, object] | None = None) -> int:
        """`upgrade` False: stop before the upgrade request.  `boot`: the payload of a BootNotification.req to send."""
        try:
            address = await self._within(self._resolve())
            await self._within(self._tls(await self._within(self._connect(address))))
            if upgrade:
                await self._websocket(boot)
        except ConnectionFailed as failed:
            stage = failed.stage or self._stage
            self._result(StageResult(stage, False, failed.cause, str(failed.code)))
            return EXIT_CODES[stage]
        return 0

    async def _within(self, work: Awaitable[T]) -> T:
        limit = asyncio.timeout(self._limits.open_s)
        try:
            async with limit:
                return await work
        except TimeoutError:
            if not limit.expired():
                raise failure_causes.unreachable(TimeoutError(110, ""), self._where) from None
            raise failure_causes.late(self._stage, self._where, self._limits.open_s, b"") from None
        except OSError as error:
            if self._stage == "TLS":
                raise tls_failures.handshake_failed(error, self._where) from None
            raise failure_causes.unreachable(error, self._where) from None

    def _passed(self, text: str, chain: Sequence[CertificateFacts] = ()) -> None:
        self._result(StageResult(self._stage, True, text, chain=chain))
        self._stage = STAGES[min(STAGES.index(self._stage) + 1, len(STAGES) - 1)]

    async def _resolve(self) -> Sequence[Address]:
        found = await tcp_connect.resolve(self._host, self._port)
        self._passed(f"{self._host} is {', '.join(str(address[0]) for _, address in found)}")
        return found

    async def _connect(self, addresses: Sequence[Address]) -> socket.socket:
        sock = await tcp_connect.first_to_connect(addresses)
        self._passed(f"connected to {sock.getpeername()[0]} port {self._port}")
        return sock

    async def _tls(self, sock: socket.socket) -> None:
        """Handshake and judgement; nothing is sent afterwards.  Where it fails, a look at what the server presents."""
        try:
            context = self._security.context(self._scheme)
            if context is None:
                self._passed("not used: the connection is not encrypted (security profile 0 or 1)")
                return
            _, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=self._host)
            try:
                link: ssl.SSLObject = writer.get_extra_info("ssl_object")
                chain = presented_chain(link)
                if (failed := self._security.judge(link, self._host)) is not None:
                    self._look(chain)
                    raise failed
                suite = (link.cipher() or ("",))[0]
                self._passed(f"{link.version()}, {suite}; {self._moment()}", chain)
            finally:
                writer.transport.abort()
        except ssl.SSLCertVerificationError:
            self._look(await self._presented())
            raise
        finally:
            sock.close()

    def _look(self, chain: Sequence[CertificateFacts]) -> None:
        """The certificates, before the failure that is about them."""
        self._result(StageResult("TLS", None, f"the server presents {len(chain)} certificate(s)", chain=chain))

    async def _presented(self) -> Sequence[CertificateFacts]:
        """What the server presents, on a connection that is trusted with nothing; none where even that fails."""
        try:
            _, writer = await asyncio.open_connection(
                self._host, self._port, ssl=tls_context.looking_context(), server_hostname=self._host
            )
        except OSError:
            return ()
        chain = presented_chain(writer.get_extra_info("ssl_object"))
        writer.transport.abort()
        return chain

    async def _websocket(self, boot: dict[str, object] | None) -> None:
        listener = _Listener()
        connection = await dial(self._url, self._security, self._limits, listener)
        self._passed("the server answers 101 Switching Protocols")
        self._passed("the subprotocol ocpp1.6 is agreed")
        try:
            if boot is not None:
                await self._boot(connection, listener, boot)
        finally:
            await connection.close()

    async def _boot(self, connection: WebSocketConnection, listener: _Listener, boot: dict[str, object]) -> None:
        connection.send(json.dumps([2, BOOT_ID, "BootNotification", boot], separators=(",", ":")))
        receive = asyncio.ensure_future(listener.texts.get())
        waiting: set[asyncio.Future[Any]] = {receive, connection.ended}
        await asyncio.wait(waiting, timeout=self._limits.open_s, return_when=asyncio.FIRST_COMPLETED)
        if not receive.done():
            receive.cancel()
            if connection.ended.done():
                raise connection.ended.result()
            raise _no_boot(f"no answer to BootNotification within {self._limits.open_s:g} s", "see its log")
        status = _status(str(receive.result()))
        if status != "Accepted":
            raise _no_boot(f"BootNotification was answered with {quoted(status)}", "release this station there")
        self._passed("BootNotification was answered with Accepted")


def _no_boot(what: str, hint: str) -> ConnectionFailed:
    return ConnectionFailed("Boot", what, hint, code=Code.BOOT_REFUSED)


def _status(text: str) -> str:
    """The status of the answer, or the whole answer where it has none."""
    try:
        kind, ident, *rest = json.loads(text)
        if kind == 3 and ident == BOOT_ID:
            return str(rest[0]["status"])
    except (ValueError, TypeError, LookupError):
        pass
    return text


def chain_lines(chain: Sequence[CertificateFacts], now: float) -> list[str]:
    """A few lines for each certificate: subject, issuer, validity, names; `now`: UTC seconds."""
    lines = []
    for number, each in enumerate(chain, 1):
        days = each.days_left(now)
        state = "expired" if days < 0 else "not valid yet" if now < each.not_before else f"{days:.0f} days left"
        lines.append(f"{number}. {single_line(each.subject) or 'no subject'}")
        lines.append(f"   issued by {'itself' if each.self_issued else single_line(each.issuer)}")
        lines.append(f"   valid {written(each.not_before)} to {written(each.not_after)} ({state})")
        if names := (*each.dns_names, *each.addresses):
            lines.append(f"   for {single_line(', '.join(names))}")
    return lines


def command(config: Config, tested: TestedSet, *, linked: bool, boot: bool, show: Callable[[StageResult], None]) -> int:
    """Runs the test.  `linked`: evsed is connected, so nothing may take its place."""
    url = central_system_url(tested.url, config.station.id)
    test = ConnectTest(url, LinkSecurity(tested.credentials, moment), moment, show)
    payload = json.loads(encode(boot_notification(config.identity))) if boot else None
    return asyncio.run(test.run(upgrade=boot or not linked, boot=payload))
