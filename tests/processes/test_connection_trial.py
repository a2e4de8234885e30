"""A new AuthorizationKey or profile with the real daemon: kept where it works, taken back where it is refused."""

from __future__ import annotations

import asyncio
import base64
from http import HTTPStatus
from pathlib import Path

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.test_security_profiles import KEY, bench

NEW = "ff" * 16


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(b"CP0001:" + bytes.fromhex(key)).decode()


async def heard(central: ScriptedCentralSystem, key: str, times: int) -> None:
    async with asyncio.timeout(40):
        while central.authorizations.count(basic(key)) < times:
            await asyncio.sleep(0.1)


async def test_3_a_new_key_is_kept(tmp_path: Path) -> None:
    """The next connection carries exactly the new bytes, and so does one after a restart."""
    async with ScriptedCentralSystem() as central, bench(central.url, tmp_path, 1) as station:
        await station.ready()
        answer = await station.ask("set", key="AuthorizationKey", value=NEW)
        assert answer and answer["ok"]
        await heard(central, NEW, 1)
        async with asyncio.timeout(30):
            while "works and is kept" not in station.log_text():
                await asyncio.sleep(0.1)
        await station.killed()
        code, said = await station.ctl_code("--config", str(station.config), "connect-test")
        assert code == 0 and "connection set 1" in said and central.authorizations[-1] == basic(NEW)
        await station.start_daemon()
        await heard(central, NEW, 3)
        assert NEW not in station.log_text()


async def test_3_a_key_that_is_refused_is_taken_back(tmp_path: Path) -> None:
    """Three times 401, then the key of before, by itself; the log says stage and code."""
    async with ScriptedCentralSystem() as central, bench(central.url, tmp_path, 1) as station:
        await station.ready()
        central.http.extend([HTTPStatus.UNAUTHORIZED] * 3)
        answer = await station.ask("set", key="AuthorizationKey", value=NEW)
        assert answer and answer["ok"]
        await heard(central, KEY, 2)
        assert "does not work (HTTP: http-401)" in station.log_text()


async def test_3_a_profile_without_a_root_is_refused(tmp_path: Path) -> None:
    """The reason is told, the connection stays."""
    async with ScriptedCentralSystem() as central, bench(central.url, tmp_path, 1) as station:
        await station.ready()
        answer = await station.ask("set", key="SecurityProfile", value="2")
        assert answer and not answer["ok"] and "CentralSystemRootCertificate" in str(answer)
