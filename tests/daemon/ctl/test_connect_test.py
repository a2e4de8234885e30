"""The walk to the Central System: each stage that can fail, with its exit code; nothing is said before the gate."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.csms.limits import ConnectionLimits
from daemon.csms.link_security import Credentials, LinkSecurity
from daemon.csms.tls_context import TlsSettings
from daemon.csms.tls_judgement import Moment
from daemon.ctl.connect_test import BOOT_ID, EXIT_CODES, ConnectTest, StageResult, chain_lines
from daemon.security.certificate import CertificateFacts
from tests.csms.scripted import ScriptedCentralSystem, conf, error, silence
from tests.daemon.security.authority import Signed, signed, write

ROOT = signed("root", ca=True)
GOOD = signed("csms", ROOT, addresses=("127.0.0.1",))
BOOT: dict[str, object] = {"chargePointVendor": "v", "chargePointModel": "m"}


def tls(folder: Path, certificate: Signed = GOOD) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write(folder / "server.pem", certificate.key_pem, certificate.pem))
    return context


async def walk(url: str, folder: Path, **options: Any) -> tuple[int, list[StageResult]]:
    """Exit code and results, with profile 2 for wss and 1 for ws."""
    profile = 2 if url.startswith("wss") else 1
    settings = TlsSettings(str(write(folder / "roots.pem", ROOT.pem)))
    results: list[StageResult] = []

    def moment() -> Moment:
        return Moment(time.time())

    security = LinkSecurity(Credentials(profile, "CP1", b"k", settings), moment)
    test = ConnectTest(url, security, moment, results.append, ConnectionLimits(open_s=1.0))
    return await test.run(**options), results


@pytest.mark.parametrize("secure", [False, True])
async def test_the_whole_way(tmp_path: Path, secure: bool) -> None:
    """Six stages, each with one line; the certificates in the TLS stage."""
    async with ScriptedCentralSystem(tls=tls(tmp_path) if secure else None) as central:
        code, results = await walk(central.url, tmp_path, boot=BOOT)
        assert code == 0 and [row.stage for row in results] == list(EXIT_CODES)
        assert all(row.ok for row in results) and [len(row.chain) for row in results] == [0, 0, int(secure), 0, 0, 0]
        assert central.got[0][1][:3] == [2, BOOT_ID, "BootNotification"]


async def test_it_stops_before_the_upgrade(tmp_path: Path) -> None:
    """A running connection is not disturbed, and no credential was sent."""
    async with ScriptedCentralSystem(tls=tls(tmp_path)) as central:
        code, results = await walk(central.url, tmp_path, upgrade=False)
        assert (code, [row.stage for row in results]) == (0, ["DNS", "TCP", "TLS"])
        assert central.authorizations == [] and central.connections == []


WRONG = {
    "tls-expired": signed("csms", ROOT, addresses=("127.0.0.1",), days=(-9, -1)),
    "tls-wrong-name": signed("csms.example", ROOT),
    "tls-self-signed": signed("csms", addresses=("127.0.0.1",)),
}


@pytest.mark.parametrize("code", WRONG)
async def test_a_wrong_certificate_is_shown(tmp_path: Path, code: str) -> None:
    """Whatever is wrong with it, the technician sees what the server presents, then the reason."""
    async with ScriptedCentralSystem(tls=tls(tmp_path, WRONG[code])) as central:
        exit_code, results = await walk(central.url, tmp_path, boot=BOOT)
        *_, shown, failed = results
        assert (exit_code, failed.stage, failed.code, failed.ok) == (12, "TLS", code, False)
        assert shown.chain and shown.ok is None and central.authorizations == []


@asynccontextmanager
async def server(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[int]:
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


async def test_each_stage_has_its_exit_code(tmp_path: Path) -> None:
    """DNS 10, TCP 11, TLS 12, HTTP 13, WebSocket 14, Boot 15."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(2000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def closed() -> int:
        async with server(mute) as port:
            return port

    assert (await walk("ws://" + "x" * 64, tmp_path))[0] == 10
    code, results = await walk(f"ws://127.0.0.1:{await closed()}/x", tmp_path)
    assert (code, results[-1].code) == (11, "tcp-refused")
    async with server(plain) as port:
        code, results = await walk(f"wss://127.0.0.1:{port}/x", tmp_path)
        assert (code, results[-1].code) == (12, "tls-not-tls")
        code, results = await walk(f"ws://127.0.0.1:{port}/x", tmp_path)
        assert (code, results[-1].code) == (13, "http-refused")
    async with server(mute) as port:
        code, results = await walk(f"wss://127.0.0.1:{port}/x", tmp_path)
        assert (code, results[-1].code) == (12, "tls-no-answer")
        code, results = await walk(f"ws://127.0.0.1:{port}/x", tmp_path)
        assert (code, results[-1].code) == (13, "http-no-answer")
    async with ScriptedCentralSystem() as central:
        central.subprotocols = None
        await central.shut()
        await central.listen()
        assert (await walk(central.url, tmp_path))[0] == 14


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (conf(status="Pending", currentTime="2026-01-01T00:00:00Z", interval=9), "'Pending'"),
        (error("NotSupported"), "NotSupported"),
        (silence(), "no answer to BootNotification within 1 s"),
    ],
)
async def test_a_boot_that_is_not_accepted(tmp_path: Path, answer: Any, words: str) -> None:
    """Exit code 15 and what was answered."""
    async with ScriptedCentralSystem() as central:
        central.scripts["BootNotification"].append(answer)
        code, results = await walk(central.url, tmp_path, boot=BOOT)
        assert code == 15 and words in results[-1].text and results[-1].code == "boot-refused"


def test_the_lines_of_a_chain() -> None:
    """Who, by whom, how long, for which names; nothing of a certificate reaches the terminal unchecked."""
    day = 86_400.0
    leaf = CertificateFacts(("a",), ("a.example",), ("192.0.2.7",), "CN=a\x1b[2J", "CN=r", "1", 0.0, 9 * day)
    root = CertificateFacts(subject="CN=r", issuer="CN=r", not_before=5 * day, not_after=6 * day)
    lines = chain_lines([leaf, root], 3.5 * day)
    assert len(lines) == 7 and "\x1b" not in "".join(lines) and "(6 days left)" in lines[2]
    assert "a.example, 192.0.2.7" in lines[3] and "issued by itself" in lines[5] and "not valid yet" in lines[6]
    assert "expired" in chain_lines([root], 7 * day)[2]


def test_a_result_as_a_row() -> None:
    """For `--json`."""
    row = StageResult("TLS", False, "text", "tls-expired", [CertificateFacts()]).row()
    assert (row["stage"], row["ok"], row["code"]) == ("TLS", False, "tls-expired")
