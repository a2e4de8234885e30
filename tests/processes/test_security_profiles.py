"""Security profiles 1, 2 and 3 with the real daemon and real TLS: whole sessions, and not a word to a wrong server."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.daemon.security.authority import CLIENT, SERVER, Signed, signed, write
from tests.processes.bench import Bench

KEY = "00010203040506070809FEFFFEFFFEFFFEFFFEFF"
ROOT = signed("root of the operator", ca=True)
SERVER_CERTIFICATE = signed("csms", ROOT, addresses=("127.0.0.1",), usage=(SERVER,))
STATION = signed("D-0001", ROOT, usage=(CLIENT,))


def server(folder: Path, certificate: Signed = SERVER_CERTIFICATE, *, asks_client: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write(folder / "server.pem", certificate.key_pem, certificate.pem))
    if asks_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=ROOT.pem.decode())
    return context


def lines(folder: Path, profile: int, own: Signed = STATION) -> str:
    """The lines of [csms] for that profile."""
    text = f"security_profile = {profile}\n"
    if profile in (1, 2):
        text += f'authorization_key = "{KEY}"\n'
    if profile >= 2:
        text += f'ca_file = "{write(folder / "roots.pem", ROOT.pem)}"\n'
    if profile == 3:
        text += f'cert_file = "{write(folder / "own.pem", own.pem)}"\n'
        text += f'key_file = "{write(folder / "own.key", own.key_pem)}"\n'
    return text


def bench(url: str, folder: Path, profile: int, **more: Signed) -> Bench:
    made = Bench(url, board="simulated")
    made.security = lines(folder, profile, **more)
    made.write_config()
    return made


@pytest.mark.parametrize("profile", [1, 2, 3])
async def test_a_session(tmp_path: Path, profile: int) -> None:
    """Boot, charge, stop; the key's own bytes in profiles 1 and 2, and no Basic in 3."""
    tls = server(tmp_path, asks_client=profile == 3) if profile >= 2 else None
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, profile) as station:
        await station.ready()
        await station.charge()
        await station.sim("tap", "CARD-1")
        await central.wait("StopTransaction", within=20)
        await station.at_peace(20)
        expected = "Basic " + base64.b64encode(b"CP0001:" + bytes.fromhex(KEY)).decode() if profile < 3 else None
        assert central.authorizations == [expected]
        log = station.log_text()
        assert KEY not in log and KEY.lower() not in log
        assert ("insecure" in log) == (profile < 2)


WRONG = {
    "expired": (signed("csms", ROOT, addresses=("127.0.0.1",), days=(-9, -1)), "tls-expired"),
    "another name": (signed("csms.example", ROOT), "tls-wrong-name"),
    "a root of the same name": (
        signed("csms", signed("root of the operator", ca=True), addresses=("127.0.0.1",)),
        "tls-bad-signature",
    ),
    "self-signed": (signed("csms", addresses=("127.0.0.1",)), "tls-self-signed"),
}


@pytest.mark.parametrize("profile", [2, 3])
@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_server_hears_nothing(tmp_path: Path, profile: int, case: str) -> None:
    """Neither key nor identity: no upgrade request is sent; status gives stage and code, and the trying goes on."""
    certificate, code = WRONG[case]
    tls = server(tmp_path, certificate, asks_client=profile == 3)
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, profile) as station:
        failure = (await station.until(lambda s: s["link"]["last_failure"], 15))["link"]["last_failure"]
        assert (failure["stage"], failure["code"]) == ("TLS", code), failure
        assert central.authorizations == [] and central.connections == []


async def test_a_client_certificate_that_is_refused(tmp_path: Path) -> None:
    """After the handshake of TLS 1.3 for us: told as what it is, not as a wrong port."""
    stranger = signed("D-0001", usage=(CLIENT,))
    tls = server(tmp_path, asks_client=True)
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, 3, own=stranger) as station:
        failure = (await station.until(lambda s: s["link"]["last_failure"], 15))["link"]["last_failure"]
        assert (failure["stage"], failure["code"]) == ("TLS", "tls-client-refused"), failure


async def test_a_client_certificate_that_is_wanted(tmp_path: Path) -> None:
    """Profile 2 at a Central System that wants profile 3."""
    tls = server(tmp_path, asks_client=True)
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, 2) as station:
        failure = (await station.until(lambda s: s["link"]["last_failure"], 15))["link"]["last_failure"]
        assert "security profile 3" in failure["cause"], failure
        assert central.authorizations == []


async def test_a_root_that_is_installed_later(tmp_path: Path) -> None:
    """Without a root nothing is dialled; the file is read at each attempt, so no restart is needed."""
    async with ScriptedCentralSystem(tls=server(tmp_path)) as central, bench(central.url, tmp_path, 2) as station:
        (tmp_path / "roots.pem").unlink()
        failure = (await station.until(lambda s: s["link"]["last_failure"], 15))["link"]["last_failure"]
        write(tmp_path / "roots.pem", ROOT.pem)
        await station.until(lambda s: s["linked"], 30)
        assert failure["code"] == "tls-no-root" and len(central.connections) == 1


async def test_plain_http_at_the_port(tmp_path: Path) -> None:
    """A server without TLS: named so, and nothing goes there unencrypted."""
    got = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.read(2_000))
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with bench(f"wss://127.0.0.1:{port}/ocpp", tmp_path, 2) as station:
            failure = (await station.until(lambda s: s["link"]["last_failure"], 15))["link"]["last_failure"]
            assert (failure["stage"], failure["code"]) == ("TLS", "tls-not-tls"), failure
            assert not any(b"Basic" in data or b"CP0001" in data for data in got)


async def connect_test(station: Bench, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and answer of `evsectl connect-test --json`."""
    program = Path(sys.executable).with_name("evsectl")
    process = await asyncio.create_subprocess_exec(
        *(program, "--config", station.config, "--json", "connect-test", *options), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    text = await process.stdout.read()
    return await process.wait(), json.loads(text)


async def test_connect_test_beside_the_daemon_and_without_it(tmp_path: Path) -> None:
    """Beside a connected daemon it stops before the upgrade; without it `--boot` goes the whole way."""
    async with ScriptedCentralSystem(tls=server(tmp_path)) as central, bench(central.url, tmp_path, 2) as station:
        await station.until(lambda s: s["registration"] == "Accepted", 20)
        code, answer = await connect_test(station)
        assert (code, [row["stage"] for row in answer["stages"]]) == (0, ["DNS", "TCP", "TLS"])
        assert answer["stages"][2]["chain"][0]["subject"] == "CN=csms"
        assert len(central.connections) == 1 and (await station.status())["linked"]
        await station.end()
        code, answer = await connect_test(station, "--boot")
        assert (code, answer["stages"][-1]["stage"], len(central.connections)) == (0, "Boot", 2), answer
        central.http.append(HTTPStatus.UNAUTHORIZED)
        code, answer = await connect_test(station)
        assert (code, answer["stages"][-1]["code"]) == (13, "http-401")
