"""The scenarios, each played by root on a freshly booted Debian 13: `python3 -m tests.package.scenarios NAME`."""

from __future__ import annotations

import asyncio
import http.server
import os
import pwd
import re
import resource
import signal
import stat
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar, Final

from tests.csms.scripted import ScriptedCentralSystem
from tests.package.unit import (
    CONFIG,
    PORT,
    charge,
    connector,
    ctl,
    install,
    journal,
    leave,
    one_bill,
    pid,
    run,
    show,
    started,
    until,
)

SESSION_LINES: Final = 40
EXPOSURE: Final = {"evsed.service": 1.2, "evsed-board.service": 0.8, "evsed-job@.service": 1.3}
"""Upper bounds of `systemd-analyze security`."""


async def central_system() -> ScriptedCentralSystem:
    central = ScriptedCentralSystem()
    await central.listen(PORT)
    return central


def owner(path: str) -> tuple[str, int]:
    found = os.stat(path)
    return pwd.getpwuid(found.st_uid).pw_name, stat.S_IMODE(found.st_mode)


async def installs_and_charges() -> None:
    """One command installs it; a session from the plug to the bill; the log stays short; purge leaves nothing."""
    install()
    assert owner("/etc/evsed/evsed.env") == ("evsed", 0o600)
    assert owner("/var/lib/evsed") == ("evsed", 0o711) and owner("/run/evsed") == ("evsed", 0o771)
    central = await central_system()
    began = time.monotonic()
    await started(central)
    print(f"registered {time.monotonic() - began:.1f} s after systemctl start")
    for unit in ("evsed.service", "evsed-board.service"):
        active, sub = show(unit, "ActiveState", "SubState")
        assert (active, sub) == ("active", "running")
    assert owner("/run/evsed/board.sock") == ("evsed-board", 0o660)
    before = len(journal("evsed"))
    await charge(central)
    text = show("evsed.service", "StatusText")[0]
    await until(lambda: "Charging" in show("evsed.service", "StatusText")[0], what=text)
    await asyncio.sleep(3)
    await leave(central)
    await until(lambda: _available(), what="Available again")
    one_bill(central)
    lines = journal("evsed")[before:]
    assert len(lines) <= SESSION_LINES, "\n".join(lines)
    if resource.getrlimit(resource.RLIMIT_RTPRIO)[1] >= 50:  # a container may have none to give
        assert not [line for line in journal("evsed-board") if "not permitted" in line], journal("evsed-board")
    await asyncio.to_thread(run, "dpkg", "--remove", "evsed")
    assert Path("/var/lib/evsed/store.db").exists() or list(Path("/var/lib/evsed").iterdir())
    assert show("evsed.service", "ActiveState")[0] == "inactive"
    await asyncio.to_thread(run, "dpkg", "--purge", "evsed")
    left = [
        path for path in ("/var/lib/evsed", "/var/lib/evsed-board", "/etc/evsed", "/run/evsed") if Path(path).exists()
    ]
    assert not left, left
    assert not run("find", "/etc/systemd", "/usr/lib/systemd/system", "-name", "evsed*").strip()


async def _available() -> bool:
    return bool((await connector())["status"] == "Available")


async def killed_and_hung() -> None:
    """SIGKILL of evsed moves nothing; SIGSTOP is ended by the watchdog; a dead board is opened and comes back."""
    install()
    central = await central_system()
    await started(central)
    await charge(central)
    board = pid("evsed-board")
    for way in (signal.SIGKILL, signal.SIGSTOP):
        before = pid("evsed")
        os.kill(before, way)
        await until(lambda before=before: pid("evsed") not in (0, before), 60, f"evsed after {way.name}")
        await until(_charging, 30, f"charging after {way.name}")
        assert pid("evsed-board") == board
    assert len({frame[1] for _, frame in central.got if frame[0] == 2 and frame[2] == "StartTransaction"}) == 1
    for way, within in ((signal.SIGKILL, 5.0), (signal.SIGSTOP, 8.0)):
        before, at = pid("evsed-board"), time.monotonic()
        os.kill(before, way)
        await until(lambda before=before: pid("evsed-board") not in (0, before), within, f"board after {way.name}")
        print(f"evsed-board after {way.name}: another one after {time.monotonic() - at:.2f} s")
        await until(_attached, 30, "the board is attached again")
    await ctl("sim", "unplug")
    await central.wait("StopTransaction", within=40)
    one_bill(central)
    assert any("safe" in line or "opened" in line for line in journal("evsed-board")), journal("evsed-board")


async def _charging() -> bool:
    found = await connector()
    return bool(found["status"] == "Charging" and found["contactor_closed"])


async def _attached() -> bool:
    return (await connector())["status"] not in ("Faulted", "Unavailable")


async def upgraded_in_a_charge() -> None:
    """evsed is new at once, the board waits for the open contactor; one transaction; back to the version before."""
    install("0.1.0")
    central = await central_system()
    await started(central)
    await charge(central)
    board = pid("evsed-board")
    await asyncio.to_thread(install, "0.1.1")
    await until(_charging, 30, "charging after the upgrade")
    assert "0.1.1" in await ctl("status")
    assert pid("evsed-board") == board
    await asyncio.sleep(2)
    assert (await connector())["contactor_closed"]
    await leave(central)
    one_bill(central)
    await until(lambda: pid("evsed-board") not in (0, board), 60, "the board is restarted once nothing is closed")
    await until(_attached, 30, "the new board is attached")
    await asyncio.to_thread(install, "0.1.0")
    await until(_is_back, 30, "the version before")
    assert Path("/etc/evsed/evsed.toml").read_text("utf-8").count('id = "CP0001"') == 1


async def _is_back() -> bool:
    return "0.1.0" in await ctl("status")


async def sandboxed() -> None:
    """Exposure below the bounds; what the units must not be able to do is tried from inside of them."""
    install()
    for unit, bound in EXPOSURE.items():
        told = run("systemd-analyze", "security", "--no-pager", "--offline=yes", f"/usr/lib/systemd/system/{unit}")
        found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", told)
        assert found and float(found[1]) <= bound, f"{unit}: {found and found[1]} > {bound}"
        print(f"{unit}: exposure {found[1]}")
    for unit in ("evsed", "evsed-board", "evsed-job"):
        _probe(unit)


def _probe(unit: str) -> None:
    """Run `probes.py` in place of the unit's program."""
    service = f"{unit}@probe.service" if unit == "evsed-job" else f"{unit}.service"
    folder = Path(f"/run/systemd/system/{service}.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "probe.conf").write_text(
        "[Service]\nExecStart=\nExecStart=/usr/bin/python3 -I -B /usr/lib/evsed/probes.py " + unit + "\n"
        "Type=oneshot\nRestart=no\nWatchdogSec=0\nExecStopPost=\nStandardInput=null\nStandardOutput=journal\n",
        "ascii",
    )
    Path("/usr/lib/evsed/probes.py").write_bytes(Path("/project/tests/package/probes.py").read_bytes())
    run("systemctl", "daemon-reload")
    run("systemctl", "stop", service)
    run("systemctl", "start", service, check=False)
    said = [line for line in journal(service) if line.startswith("probe ")]
    done = [line for line in said if line.startswith("probe done")]
    bad = [line for line in said if line.startswith("probe LET")]
    assert done and not bad, "\n".join(bad or journal(service)[-20:])
    print(f"{unit}: {done[0]}")
    (folder / "probe.conf").unlink()
    run("systemctl", "daemon-reload")


class Upload(http.server.BaseHTTPRequestHandler):
    """A file server that takes what is PUT."""

    taken: ClassVar[list[int]] = []

    def do_PUT(self) -> None:
        self.taken.append(len(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(201)
        self.end_headers()


async def uploads_by_a_user_of_its_own() -> None:
    """Diagnostics go from evsed to evsed-job, which may read nothing else of it, and to the server."""
    install()
    text = CONFIG.read_text("utf-8").replace("allow_loopback = false", "allow_loopback = true")
    CONFIG.write_text(text, "utf-8")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Upload)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    central = await central_system()
    await started(central)
    answer = await central.call("GetDiagnostics", {"location": "http://127.0.0.1:8080/up/"})
    assert answer[2].get("fileName"), answer
    await central.wait("DiagnosticsStatusNotification", status="Uploaded", within=60)
    assert Upload.taken and Upload.taken[0] > 1000
    assert "evsed-job" in run("journalctl", "--no-pager", "-o", "verbose", "-t", "systemd")


async def reboots_on_request() -> None:
    """A hard reset reaches the reboot of the machine through the hook, without a right of evsed-job."""
    install()
    Path("/run/systemd/system/evsed-reboot.service.d").mkdir(parents=True)
    Path("/run/systemd/system/evsed-reboot.service.d/test.conf").write_text(
        "[Service]\nExecStart=\nExecStart=/usr/bin/rm -f /run/evsed-job/reboot\n"
        "ExecStart=/usr/bin/touch /run/rebooted\n",
        "ascii",
    )
    run("systemctl", "daemon-reload")
    central = await central_system()
    await started(central)
    assert (await central.call("Reset", {"type": "Hard"}))[2] == {"status": "Accepted"}
    await until(lambda: Path("/run/rebooted").exists(), 30, "the reboot")


SCENARIOS: Final[dict[str, Callable[[], Awaitable[None]]]] = {
    scenario.__name__: scenario
    for scenario in (
        installs_and_charges,
        killed_and_hung,
        upgraded_in_a_charge,
        sandboxed,
        uploads_by_a_user_of_its_own,
        reboots_on_request,
    )
}

if __name__ == "__main__":
    asyncio.run(SCENARIOS[sys.argv[1]]())  # type: ignore[arg-type]
    os._exit(0)
