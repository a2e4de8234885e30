"""The station under test: real processes in a folder of their own, its supervisor, and the hands at its control socket.

A black box: only programs, files and sockets are used.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESTART_S = 0.05
"""How long a supervisor waits before it starts the station again."""
LOG_BYTES = 6000
TEST_STATION: Mapping[str, str] = {"vendor": "evsed", "model": "Conformance", "serial": "C-0001"}
"""What stands in `[station]` where nobody names his own station."""


class HandFailed(Exception):
    """What was to be done by hand could not be done."""


def environment(plant: str = "") -> dict[str, str]:
    """Of a child: this checkout's packages; `plant`: a defect to be planted in it."""
    paths = [str(ROOT / "tests/conformance/planted"), str(ROOT)] if plant else [str(ROOT)]
    own = {name: value for name, value in os.environ.items() if not name.startswith("EVSED_")}
    env = {**own, "PYTHONPATH": os.pathsep.join(paths)}
    return {**env, "CONFORMANCE_PLANT": plant} if plant else env


class Hands:
    """What is done by hand, at the control socket of a station with the simulated board."""

    def __init__(self, control: Path) -> None:
        self.control = control
        self.powered = asyncio.Event()
        self.powered.set()
        self.ends: list[int] = []
        """Exit codes so far, where they are known."""

    async def power_cut(self) -> None:
        raise NotImplementedError

    def log_text(self) -> str:
        return ""

    async def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """One request at the control socket; waits until it answers (a station that starts has none yet)."""
        for _ in range(200):
            try:
                reader, writer = await asyncio.open_unix_connection(str(self.control))
                break
            except OSError:
                await asyncio.sleep(0.05)
        else:
            raise HandFailed(f"{do}: the control socket does not answer")
        try:
            writer.write(json.dumps({"v": 1, "do": do, **fields}).encode() + b"\n")
            line = await asyncio.wait_for(reader.readline(), 15)
            return dict(json.loads(line)) if line else {"ok": False, "error": "it went away"}
        except (OSError, TimeoutError) as error:
            return {"ok": False, "error": str(error) or "no answer"}
        finally:
            writer.close()

    async def sim(self, words: str, connector: int | None = None) -> None:
        fields = {} if connector is None else {"connector": connector}
        answer = await self.ask("sim", words=words.split(), **fields)
        if not answer.get("ok") and words not in ("power-cut", "backup-power"):
            raise HandFailed(f"sim {words}: {answer.get('error')}")


def insecure(home: Path) -> str:
    """Lines of `[csms]` for security profile 0."""
    return "security_profile = 0\nallow_insecure = true\n"


class Unit(Hands):
    """`await open()`, then it runs and is started again whenever it ends, until `close()`.  `powered`: mains.

    `csms` writes what it needs into the station's folder and returns further lines of `[csms]`.
    """

    def __init__(
        self,
        url: str,
        product: str,
        connectors: int,
        plant: str = "",
        station: Mapping[str, str] = TEST_STATION,
        csms: Callable[[Path], str] = insecure,
        **ocpp: object,
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="evsed-c-"))
        super().__init__(self.home / "control.sock")
        self.log = self.home / "log"
        self.starts = 0
        self._env = environment(plant)
        self._task: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None
        (self.home / "store").mkdir()
        names = "".join(f"{name} = {json.dumps(value)}\n" for name, value in station.items() if value)
        values = "".join(f"{key} = {json.dumps(value)}\n" for key, value in ocpp.items())
        (self.home / "evsed.toml").write_text(
            f'[station]\nid = "CP0001"\n{names}'
            f"product = {json.dumps(product)}\n"
            f'[csms]\nurl = "{url}"\n{csms(self.home)}reconnect_max_s = 1\n'
            f'[store]\ndir = "{self.home}/store"\n'
            f'[board]\nkind = "simulated"\nconnectors = {connectors}\n'
            f"[transfers]\nallow_loopback = true\n"
            f'[control]\nsocket = "{self.control}"\n[ocpp]\n{values}'
        )

    async def open(self) -> None:
        self._task = asyncio.ensure_future(self._supervise())

    async def _supervise(self) -> None:
        """What systemd does: start it whenever there is power and it does not run."""
        while True:
            await self.powered.wait()
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "daemon", "--config", str(self.home / "evsed.toml"),
                    cwd=self.home, env=self._env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip
            self.starts += 1
            self.ends.append(await self._process.wait())
            await asyncio.sleep(RESTART_S)

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        shutil.rmtree(self.home, ignore_errors=True)

    async def power_cut(self) -> None:
        """Dark; returns when the process is gone.  `powered` decides when it comes back."""
        self.powered.clear()
        before = len(self.ends)
        await self.sim("power-cut")
        for _ in range(400):
            if len(self.ends) > before:
                return
            await asyncio.sleep(0.02)
        raise HandFailed("power-cut: it still runs")

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")[-LOG_BYTES:] if self.log.exists() else ""
