"""Safe change with the real daemon and real TLS servers: URL, profile 1 to 3, roots, certificates, a kill meanwhile."""

from __future__ import annotations

import asyncio
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

from cryptography import x509

from tests.csms.scripted import ScriptedCentralSystem
from tests.daemon.security.authority import CLIENT, signed
from tests.processes.bench import Bench
from tests.processes.test_connection_trial import NEW, basic, heard
from tests.processes.test_security_profiles import KEY, ROOT, bench, server

OTHER_ROOT = signed("another operator", ca=True)


async def said(station: Bench, text: str, times: int = 1) -> None:
    """The journal says it so often."""
    async with asyncio.timeout(40):
        while station.log_text().count(text) < times:
            await asyncio.sleep(0.1)


async def change(central: ScriptedCentralSystem, key: str, value: str) -> None:
    answer = await central.call("ChangeConfiguration", {"key": key, "value": value})
    assert answer[2] == {"status": "Accepted"}, answer


async def install(central: ScriptedCentralSystem, pem: bytes = ROOT.pem) -> None:
    payload = {"certificateType": "CentralSystemRootCertificate", "certificate": pem.decode()}
    answer = await central.call("InstallCertificate", payload)
    assert answer[2] == {"status": "Accepted"}, answer


async def sign(central: ScriptedCentralSystem, usage: tuple[Any, ...] = (CLIENT,)) -> None:
    """The station is asked for a CSR, and gets a certificate for it."""
    central.always["SignCertificate"] = accepted
    since = len(central.got)
    await central.call("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    asked = await central.wait("SignCertificate", since=since)
    request: Any = x509.load_pem_x509_csr(asked["csr"].encode())
    made = signed("D-0001", ROOT, key=request, usage=usage, organization="Strom AG")
    answer = await central.call("CertificateSigned", {"certificateChain": made.pem.decode()})
    assert answer[2] == {"status": "Accepted"}, answer


async def accepted(central: ScriptedCentralSystem, frame: list[Any]) -> None:
    await central.send([3, frame[1], {"status": "Accepted"}])


async def linked_again(central: ScriptedCentralSystem, links: int) -> None:
    await central.until(lambda: len(central.connections) > links, within=40)


async def test_3_from_profile_1_to_2_to_3(tmp_path: Path) -> None:
    """The root is installed over ws, the profile raised, a certificate signed, the profile raised again."""
    async with ScriptedCentralSystem() as central, bench(central.url, tmp_path, 1) as station:
        await station.ready()
        await install(central)
        await change(central, "CpoName", "Strom AG")
        port, links = central.port, len(central.connections)
        await change(central, "SecurityProfile", "2")
        await central.shut()
        central.tls = server(tmp_path)
        await central.listen(port)
        await linked_again(central, links)
        await said(station, "SecurityProfile works and is kept")
        assert central.authorizations[-1] == basic(KEY)
        await sign(central)
        central.tls.load_verify_locations(cadata=ROOT.pem.decode())
        central.tls.verify_mode = ssl.CERT_REQUIRED
        links = len(central.connections)
        await change(central, "SecurityProfile", "3")
        await linked_again(central, links)
        await central.until(lambda: central.authorizations[-1] is None, within=30)
        await said(station, "SecurityProfile works and is kept", 2)
        answer = await central.call("GetConfiguration", {"key": ["SecurityProfile"]})
        assert answer[2]["configurationKey"][0]["value"] == "3"
        await station.killed()
        links = len(central.connections)
        await station.start_daemon()
        await linked_again(central, links)
        assert central.authorizations[-1] is None


async def profile_3(central: ScriptedCentralSystem, station: Bench) -> None:
    """Connected with the certificate of the file; everything is ready for another one."""
    await station.ready()
    await change(central, "CpoName", "Strom AG")


async def test_3_a_new_certificate_is_kept(tmp_path: Path) -> None:
    """The server sees another certificate on the next connection, and after a restart."""
    tls = server(tmp_path, asks_client=True)
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, 3) as station:
        await profile_3(central, station)
        before, links = serial(central), len(central.connections)
        await sign(central)
        await linked_again(central, links)
        await said(station, "works and is kept")
        assert (new := serial(central)) != before
        await station.killed()
        links = len(central.connections)
        await station.start_daemon()
        await linked_again(central, links)
        assert serial(central) == new


def serial(central: ScriptedCentralSystem) -> str:
    """Of the certificate that the station has shown on the open connection."""
    assert central.connection is not None
    return str(central.connection.transport.get_extra_info("peercert")["serialNumber"])


async def test_3_a_new_certificate_that_is_refused_is_taken_back(tmp_path: Path) -> None:
    """The server accepts the old one alone: three refusals, then the old one, by itself."""
    tls = server(tmp_path, asks_client=True)
    async with ScriptedCentralSystem(tls=tls) as central, bench(central.url, tmp_path, 3) as station:
        await profile_3(central, station)
        before, links = serial(central), len(central.connections)
        central.http.extend([HTTPStatus.FORBIDDEN] * 3)
        await sign(central)
        await linked_again(central, links)
        assert serial(central) == before
        await said(station, "does not work (HTTP: http-403)")
        rows = (await station.json("certs"))["certificates"]
        assert [row["state"] for row in rows if row["use"] == "certificate of the station"].count("in-force") == 1


async def test_3_a_root_that_hides_the_right_one_is_taken_back(tmp_path: Path) -> None:
    """Installed over TLS; it has the name of the right one and another key: the station connects again by itself."""
    fake = signed("root of the operator", ROOT, ca=True)
    async with ScriptedCentralSystem(tls=server(tmp_path)) as central, bench(central.url, tmp_path, 2) as station:
        await station.ready()
        await install(central, fake.pem)
        links = len(central.connections)
        assert central.connection is not None
        await central.connection.close()
        await linked_again(central, links)
        assert (await central.call("TriggerMessage", {"requestedMessage": "Heartbeat"}))[2]["status"] == "Accepted"


async def test_3_a_new_url_is_kept(tmp_path: Path) -> None:
    """Another Central System with TLS: kept once it has accepted the BootNotification."""
    async with (
        ScriptedCentralSystem(tls=server(tmp_path)) as old,
        ScriptedCentralSystem(tls=server(tmp_path)) as new,
        bench(old.url, tmp_path, 2) as station,
    ):
        await station.ready()
        await station.at_peace()
        answer = await station.ask("set", key="csms.url", value=new.url)
        assert answer and answer["ok"]
        await new.wait("BootNotification", within=30)
        await said(station, "csms.url works and is kept")


async def test_3_a_new_url_with_a_wrong_certificate_is_taken_back(tmp_path: Path) -> None:
    """Of an authority that the station does not know: back at the old one, with stage and code."""
    wrong = signed("csms", OTHER_ROOT, addresses=("127.0.0.1",))
    async with (
        ScriptedCentralSystem(tls=server(tmp_path)) as old,
        ScriptedCentralSystem(tls=server(tmp_path, wrong)) as new,
        bench(old.url, tmp_path, 2) as station,
    ):
        await station.ready()
        await station.at_peace()
        links = len(old.connections)
        answer = await station.ask("set", key="csms.url", value=new.url)
        assert answer and answer["ok"]
        await linked_again(old, links)
        await said(station, "csms.url does not work (TLS: tls-unknown-issuer)")
        assert new.authorizations == [] and new.got == []


async def test_3_a_kill_in_the_middle_of_a_trial(tmp_path: Path) -> None:
    """kill -9 while the new key is refused: the next process goes on, and ends at the key that works."""
    async with ScriptedCentralSystem() as central, bench(central.url, tmp_path, 1) as station:
        await station.ready()
        central.http.extend([HTTPStatus.UNAUTHORIZED] * 4)
        answer = await station.ask("set", key="AuthorizationKey", value=NEW)
        assert answer and answer["ok"]
        await heard(central, NEW, 1)
        await station.killed()
        central.http.clear()
        central.http.extend([HTTPStatus.UNAUTHORIZED] * 3)
        links = len(central.connections)
        await station.start_daemon()
        await linked_again(central, links)
        assert central.authorizations[-1] == basic(KEY)
        await said(station, "does not work (HTTP: http-401)")
