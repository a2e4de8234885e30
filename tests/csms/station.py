"""Real processes for tests and the demonstration: `evsed` (and `evsed-board`) in a folder of its own, and `evsectl`.

A black box: everything goes through programs, files and sockets; nothing of the product is imported.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

BIN = Path(sys.executable).parent
BoardKind = Literal["simulated", "process"]


class ControlFailed(AssertionError):
    """`evsectl` did not exit with 0."""


class Station:
    """One charging station: configuration, processes, control.  `async with Station(url) as station: ...`.

    `meter_wh`: what its meter shows at first; 0 makes bills easy to read.
    """

    meter_wh = 0

    def __init__(self, url: str, *, board: BoardKind = "simulated", product: str = "", **ocpp: object) -> None:
        self.url, self.board, self.product, self.ocpp = url, board, product, ocpp
        self.security = "security_profile = 0\nallow_insecure = true\n"
        """Lines of [csms]."""
        self.home = Path(tempfile.mkdtemp(prefix="evsed-"))  # short: a Unix socket's path has at most 107 bytes
        self.config, self.log = self.home / "evsed.toml", self.home / "log"
        self.control = self.home / "control.sock"
        self.daemon: asyncio.subprocess.Process | None = None
        self.board_process: asyncio.subprocess.Process | None = None
        self.write_config()

    def write_config(self, url: str | None = None) -> None:
        """Write `evsed.toml` and `board.toml`."""
        self.url = url or self.url
        product = f'product = "{self.product}"\n' if self.product else ""
        values = "".join(f"{key} = {json.dumps(value)}\n" for key, value in self.ocpp.items())
        (self.home / "store").mkdir(exist_ok=True)
        simulated = f'[simulated]\nstate_dir = "{self.home}"\nmeter_wh = {self.meter_wh}\n'
        self.config.write_text(
            f'[station]\nid = "CP0001"\nvendor = "evsed"\nmodel = "Demo"\nserial = "D-0001"\n{product}'
            f'[csms]\nurl = "{self.url}"\n{self.security}reconnect_max_s = 2\n'
            f'[store]\ndir = "{self.home}/store"\n'
            f'[board]\nkind = "{self.board}"\nsocket = "{self.home}/board.sock"\n'
            + (simulated if self.board == "simulated" else "")
            + f'[control]\nsocket = "{self.control}"\n[ocpp]\n{values}'
        )
        (self.home / "board.toml").write_text(
            f'kind = "simulated"\nsocket = "{self.home}/board.sock"\nconnectors = 1\n{simulated}'
        )

    async def __aenter__(self) -> Station:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()
        if isinstance(error, Exception):  # not for Ctrl-C
            print(f"--- the station's log ---\n{self.log_text()[-6000:]}", file=sys.stderr)
        shutil.rmtree(self.home, ignore_errors=True)

    async def start(self) -> None:
        """Start what does not run, and wait for nothing."""
        if self.board == "process" and (self.board_process is None or self.board_process.returncode is not None):
            self.board_process = await self._spawn("evsed-board", "--config", str(self.home / "board.toml"))
        self.daemon = await self._spawn("evsed", "--config", str(self.config))

    async def _spawn(self, *words: str) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                BIN / words[0], *words[1:], cwd=self.home, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def ready(self, within: float = 30.0) -> None:
        """Return when the control socket answers."""
        for _ in range(int(within * 20)):
            assert self.daemon is not None and self.daemon.returncode is None, f"evsed ended:\n{self.log_text()}"
            if self.control.exists():
                try:
                    _, writer = await asyncio.open_unix_connection(str(self.control))
                except OSError:
                    pass
                else:
                    writer.close()
                    return
            await asyncio.sleep(0.05)
        raise AssertionError(f"evsed is not ready:\n{self.log_text()}")

    async def ctl(self, *words: str) -> str:
        """What `evsectl WORDS` prints; ControlFailed if it does not exit with 0."""
        code, text = await self.ctl_code(*words)
        if code != 0:
            raise ControlFailed(f"evsectl {' '.join(words)}: exit {code}: {text}")
        return text

    async def ctl_code(self, *words: str) -> tuple[int, str]:
        """Exit code and output of `evsectl WORDS`."""
        process = await asyncio.create_subprocess_exec(
            BIN / "evsectl", "--socket", str(self.control), *words,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        return process.returncode or 0, out.decode(errors="replace")

    async def json(self, *words: str) -> Any:
        """What `evsectl --json WORDS` says."""
        return json.loads(await self.ctl("--json", *words))

    async def gone(self, within: float = 8.0) -> int:
        """The daemon's exit code, once it ended by itself."""
        assert self.daemon is not None
        return await asyncio.wait_for(self.daemon.wait(), within)

    def kill(self) -> None:
        """SIGKILL to the daemon alone."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGKILL)

    async def end(self) -> None:
        """End both processes: asked first, then by force."""
        for process in (self.daemon, self.board_process):
            if process is None or process.returncode is not None:
                continue
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 6)
            except TimeoutError:
                process.kill()
                await process.wait()

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_kb(pid: int) -> int:
    """Memory that a process holds now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
