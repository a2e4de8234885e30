"""Firmware and diagnostics of the real daemon: in its threads and by `evsed-job`, killed in the middle, told to end."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import sys
import tarfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench
from tests.transfers.servers import Http, Request, head, http, noise

ROOT = Path(__file__).resolve().parents[2]
PLAIN = ROOT / "tests/conformance/products/plain-firmware.toml"
IMAGE = noise(2_000_000)
SHIM = (
    "import os,sys; os.dup2(int(sys.argv[1]), 3); os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()));"
    "os.execv(sys.executable, [sys.executable, '-m', 'daemon.jobs.process', '--config', sys.argv[2]])"
)
"""What systemd does at a connection to evsed-job's socket."""


class TransferBench(Bench):
    """Loopback is allowed; `jobs`: an `evsed-job` of its own for each connection, with a hook that copies the image."""

    def __init__(self, url: str, jobs: bool = False) -> None:
        self.jobs = jobs
        self.listening: asyncio.Server | None = None
        super().__init__(url, board="simulated", product=str(PLAIN))

    def write_config(self, url: str | None = None) -> None:
        super().write_config(url)
        text = "[transfers]\nallow_loopback = true\n"
        if self.jobs:
            copy = "import shutil, sys; shutil.copy(sys.argv[2], sys.argv[1] + '/installed'); print('copied')"
            install = json.dumps([sys.executable, "-c", copy, str(self.home)])
            text += f"[jobs]\nsocket = '{self.home}/j'\n[hooks]\ninstall = {install}\n"
        self.config.write_text(text + self.config.read_text())

    async def start(self) -> None:
        if self.jobs and self.listening is None:
            server = socket.socket(socket.AF_UNIX)
            server.bind(f"{self.home}/j")
            server.listen()
            threading.Thread(target=self._activate, args=(server,), daemon=True).start()
        await super().start()

    def _activate(self, server: socket.socket) -> None:
        import subprocess

        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    descriptor = connection.fileno()
                    words = [sys.executable, "-c", SHIM, str(descriptor), str(self.config)]
                    env = {**os.environ, "PYTHONPATH": str(ROOT)}
                    subprocess.Popen(words, pass_fds=(descriptor,), env=env, stderr=subprocess.DEVNULL)


@asynccontextmanager
async def at_work(jobs: bool = False) -> AsyncIterator[tuple[ScriptedCentralSystem, TransferBench]]:
    async with ScriptedCentralSystem() as central:
        bench = TransferBench(central.url, jobs)
        async with bench:
            await central.wait("StatusNotification", connectorId=1, status="Available")
            yield central, bench


async def update(central: ScriptedCentralSystem, url: str) -> None:
    payload = {"location": url, "retrieveDate": "2026-01-01T00:00:00Z", "retries": 2, "retryInterval": 1}
    assert (await central.call("UpdateFirmware", payload))[0] == 3


async def told(central: ScriptedCentralSystem, *statuses: str) -> None:
    for status in statuses:
        await central.wait("FirmwareStatusNotification", status=status, within=30)


def statuses(central: ScriptedCentralSystem) -> list[Any]:
    return [
        frame[3]["status"] for _, frame in central.got if frame[0] == 2 and frame[2] == "FirmwareStatusNotification"
    ]


async def test_diagnostics_are_sent() -> None:
    """The bundle arrives whole under the name that the answer gave, and no card number stands in it."""
    with http() as server:
        async with at_work() as (central, bench):
            await bench.sim("plug")
            await bench.sim("tap", "04CAFE77AA55")
            await central.wait("StartTransaction")
            url = f"http://u:s3cr3t@127.0.0.1:{server.port}/logs"
            answer = await central.call("GetDiagnostics", {"location": url})
            await central.wait("DiagnosticsStatusNotification", status="Uploaded")
            data = server.files[f"/logs/{answer[2]['fileName']}"]
            log = bench.log_text()
    content = b""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        names = [name.rpartition("/")[2] for name in archive.getnames()]
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            content += file.read()
    assert {"about.json", "status.json", "log.json", "transactions.json", "flight.jsonl.gz"} <= set(names)
    assert b"04CAFE77AA55" not in content and b"s3cr3t" not in content and "s3cr3t" not in log


def slow(server: Http, pieces: int = 50) -> threading.Event:
    """The file comes in pieces with pauses; the event is set when half of it is on its way."""
    half = threading.Event()

    def answer(request: Request, connection: socket.socket) -> None:
        first = int(request.fields.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        data = IMAGE[first:]
        fields = {"Content_Length": str(len(data)), "ETag": '"1"'}
        if first:
            fields["Content_Range"] = f"bytes {first}-{len(IMAGE) - 1}/{len(IMAGE)}"
        connection.sendall(head(206 if first else 200, **fields))
        size = len(IMAGE) // pieces
        for start in range(0, len(data), size):
            if half.is_set() or server.listening.ended.wait(0.02):
                connection.sendall(data[start:])
                return
            connection.sendall(data[start : start + size])
            if start > len(IMAGE) // 2:
                half.set()
                server.listening.ended.wait(3)
                return

    server.answer = answer
    return half


async def test_killed_in_the_middle_of_a_download() -> None:
    """The next life fetches the rest, installs what is whole, and tells every status once."""
    with http() as server:
        half = slow(server)
        async with at_work() as (central, bench):
            await update(central, f"http://127.0.0.1:{server.port}/f")
            await told(central, "Downloading")
            await asyncio.to_thread(half.wait, 10)
            bench.kill()
            await bench.gone()
            assert [path.suffix for path in (bench.home / "store/transfers").glob("*.bin")] == []
            await bench.start_daemon()
            await told(central, "Downloaded", "Installing")
            assert await bench.gone(60) == 0
            await bench.start_daemon()
            await told(central, "Installed")
            await bench.at_peace()
            assert not list((bench.home / "store/transfers").iterdir())
        assert statuses(central) == ["Downloading", "Downloaded", "Installing", "Installed"]


async def test_evsed_job_does_it() -> None:
    """Download and installation by processes of their own: the integrator's program gets the whole file."""
    with http({"/f": IMAGE}) as server:
        async with at_work(jobs=True) as (central, bench):
            await update(central, f"http://127.0.0.1:{server.port}/f")
            await told(central, "Downloading", "Downloaded", "Installing")
            assert await bench.gone(60) == 0
            assert (bench.home / "installed").read_bytes() == IMAGE
            await bench.start_daemon()
            await told(central, "Installed")
            answer = await central.call("GetDiagnostics", {"location": f"http://127.0.0.1:{server.port}/"})
            await central.wait("DiagnosticsStatusNotification", status="Uploaded")
            assert server.files[f"/{answer[2]['fileName']}"]


async def test_the_end_does_not_wait_for_a_transfer() -> None:
    """SIGTERM while a server says nothing: the daemon ends as fast as ever."""
    with http() as server:

        def silent(request: Request, connection: socket.socket) -> None:
            server.listening.ended.wait(60)

        server.answer = silent
        async with at_work() as (central, bench):
            await update(central, f"http://127.0.0.1:{server.port}/f")
            await central.call("GetDiagnostics", {"location": f"http://127.0.0.1:{server.port}/"})
            await told(central, "Downloading")
            assert bench.daemon is not None
            began = time.monotonic()
            bench.daemon.terminate()
            assert await bench.gone() == 0 and time.monotonic() - began < 3
