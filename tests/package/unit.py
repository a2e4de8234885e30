"""A unit on which the package is installed, as a scenario sees it: its programs, its services, its Central System."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.csms.scripted import ScriptedCentralSystem

PORT = 9000
CONFIG = Path("/etc/evsed/evsed.toml")
ENVIRONMENT = Path("/etc/evsed/evsed.env")


def run(*command: str, check: bool = True) -> str:
    """What a program prints; AssertionError with it where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


async def ctl(*words: str) -> str:
    """evsectl, without holding up the Central System."""
    return await asyncio.to_thread(run, "evsectl", *words)


async def status() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(await ctl("--json", "status"))
    return value


async def connector() -> dict[str, Any]:
    found: dict[str, Any] = (await status())["connectors"][0]
    return found


async def until(true: Callable[[], Any], within_s: float = 30.0, what: str = "") -> None:
    """Ask again and again; AssertionError when the time is over."""
    end = time.monotonic() + within_s
    while True:
        try:
            answer = true()
            if asyncio.iscoroutine(answer):
                answer = await answer
        except (AssertionError, OSError, ValueError, KeyError):
            answer = False
        if answer:
            return
        assert time.monotonic() < end, f"not within {within_s} s: {what}\n{run('journalctl', '--no-pager', '-n', '60')}"
        await asyncio.sleep(0.1)


def show(unit: str, *names: str) -> list[str]:
    """Properties of a unit, as systemd has them."""
    lines = run("systemctl", "show", unit, *(f"--property={name}" for name in names)).splitlines()
    told = dict(line.split("=", 1) for line in lines if "=" in line)
    return [told[name] for name in names]


def pid(unit: str) -> int:
    return int(show(unit, "MainPID")[0])


def journal(unit: str) -> list[str]:
    return run("journalctl", "--no-pager", "-o", "cat", "-u", unit).splitlines()


def install(version: str = "*") -> None:
    """As `apt install ./evsed.deb` with its dependencies already there."""
    run("dpkg", "--install", *(str(path) for path in Path("/packages").glob(f"evsed_{version}_all.deb")))


def configure() -> None:
    """What an integrator writes: an identity, a Central System; the simulated board stays."""
    text = CONFIG.read_text("utf-8")
    text = re.sub(r"^# id = .*", 'id = "CP0001"', text, flags=re.M)
    text = re.sub(r"^security_profile = 2", "security_profile = 0", text, flags=re.M)
    text = re.sub(r"^allow_insecure = false", "allow_insecure = true", text, flags=re.M)
    text += "MeterValueSampleInterval = 1\n"
    CONFIG.write_text(text, "utf-8")
    with ENVIRONMENT.open("a", encoding="utf-8") as file:
        file.write(f"EVSED_CSMS_URL=ws://127.0.0.1:{PORT}/ocpp\n")


async def started(central: ScriptedCentralSystem) -> None:
    """Configured, running, registered."""
    configure()
    await asyncio.to_thread(run, "systemctl", "restart", "evsed-board.service", "evsed.service")
    await central.wait("StatusNotification", connectorId=1, within=30)


async def charge(central: ScriptedCentralSystem) -> None:
    """From the plug to the closed contactor."""
    await ctl("sim", "plug")
    await ctl("sim", "tap", "CARD")
    await central.wait("StatusNotification", connectorId=1, status="Charging", within=30)


async def leave(central: ScriptedCentralSystem) -> dict[str, Any]:
    """The driver ends it; the StopTransaction."""
    await ctl("sim", "tap", "CARD")
    stop = await central.wait("StopTransaction", within=30)
    await ctl("sim", "unplug")
    return stop


def one_bill(central: ScriptedCentralSystem) -> None:
    """Exactly one start, one stop."""
    starts = {frame[1]: frame[3] for _, frame in central.got if frame[0] == 2 and frame[2] == "StartTransaction"}
    stops = {frame[1]: frame[3] for _, frame in central.got if frame[0] == 2 and frame[2] == "StopTransaction"}
    assert len(starts) == len(stops) == 1, (starts, stops)
    (start,), (stop,) = starts.values(), stops.values()
    assert stop["meterStop"] >= start["meterStart"]
