"""A station on the bench: real processes, the control socket spoken to directly, the board socket tapped."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.csms.station import BoardKind, Station
from tests.processes.board_tap import BoardTap

QUICK = {"MeterValueSampleInterval": 1, "TransactionMessageRetryInterval": 1, "MinimumStatusDuration": 0}
Row = dict[str, Any]


class Bench(Station):
    """`lease_s`: the board's own.  `tapped`: `tap` remembers every word between daemon and board."""

    def __init__(
        self,
        url: str,
        *,
        board: BoardKind = "process",
        product: str = "",
        lease_s: float = 20.0,
        tapped: bool = False,
        **ocpp: object,
    ) -> None:
        self.lease_s = lease_s
        self.tapped = tapped
        super().__init__(url, board=board, product=product, **{**QUICK, **ocpp})
        self.tap = BoardTap(self.home / "tap.sock", self.home / "board.sock") if tapped else None

    def write_config(self, url: str | None = None) -> None:
        super().write_config(url)
        board = self.home / "board.toml"
        board.write_text(board.read_text().replace("connectors = 1", f"connectors = 1\nlease_s = {self.lease_s}"))
        if self.tapped:
            text = self.config.read_text().replace(f"{self.home}/board.sock", f"{self.home}/tap.sock")
            self.config.write_text(text)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.tap is not None:
            self.tap.close()
        await super().__aexit__(kind, error, trace)

    # --- the control socket -----------------------------------------------------------------------------------------

    async def ask(self, what: str, **fields: Any) -> Row | None:
        """The answer to one request; None where the daemon is away, or dies meanwhile."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.control))
        except OSError:
            return None
        try:
            writer.write(json.dumps({"v": 1, "do": what, **fields}).encode() + b"\n")
            line = await asyncio.wait_for(reader.readline(), 8)
            return dict(json.loads(line)) if line else None
        except (OSError, TimeoutError, ValueError):
            return None
        finally:
            writer.close()

    async def sim(self, *words: str) -> None:
        """Something happens in the simulated world."""
        answer = await self.ask("sim", words=list(words))
        assert answer is not None and answer["ok"], (words, answer)

    async def status(self) -> Row:
        answer = await self.ask("status")
        assert answer is not None, "the daemon does not answer"
        return dict(answer["status"])

    async def connector(self) -> Row:
        return dict((await self.status())["connectors"][0])

    async def until(self, true: Callable[[Row], Any], within: float = 10.0) -> Row:
        """The first status of the station for which it is true."""
        deadline = time.monotonic() + within
        seen: Row | None = None
        while time.monotonic() < deadline:
            answer = await self.ask("status")
            if answer is not None:
                seen = dict(answer["status"])
                if true(seen):
                    return seen
            await asyncio.sleep(0.05)
        raise AssertionError(f"it did not come to this within {within} s: {seen}")

    async def at_peace(self, within: float = 10.0) -> Row:
        """Connected, and nothing left to tell."""
        return await self.until(lambda s: s["linked"] and s["queue"] == 0 and s["in_flight"] is None, within)

    # --- the driver -------------------------------------------------------------------------------------------------

    async def charge(self, card: str = "CARD-1", until: Callable[[Row], Any] | None = None) -> Row:
        """Plug, card, and the contactor closes (or what else is waited for); the connector."""
        await self.until(lambda s: s["board"] is not None and s["registration"] == "Accepted")
        await self.sim("plug")
        await self.sim("tap", card)
        return first(await self.until(until or charges))

    # --- signs ------------------------------------------------------------------------------------------------------

    def signal(self, number: signal.Signals) -> None:
        assert self.daemon is not None
        self.daemon.send_signal(number)

    async def killed(self) -> None:
        """SIGKILL to the daemon, and it is gone."""
        self.kill()
        await self.gone()

    async def board_gone(self, number: signal.Signals, within: float = 9.0) -> int:
        """A sign to the board process; its exit code."""
        assert self.board_process is not None
        self.board_process.send_signal(number)
        return await asyncio.wait_for(self.board_process.wait(), within)

    async def start_board(self) -> None:
        """The board process alone."""
        path = self.home / "board.sock"
        path.unlink(missing_ok=True)
        self.board_process = await self._spawn("evsed-board", "--config", str(self.home / "board.toml"))
        for _ in range(200):
            if path.exists():
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"evsed-board is not ready:\n{self.log_text()}")

    async def start_daemon(self) -> None:
        """The daemon alone."""
        self.daemon = await self._spawn("evsed", "--config", str(self.config))


class BoardClient:
    """Somebody at the board socket: hears everything, and says what it is told to."""

    def __init__(self, path: Path) -> None:
        self.heard: list[tuple[float, Row]] = []
        self.ended = False
        self._sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
        self._sock.connect(str(path))
        with contextlib.suppress(OSError):  # refused already
            self.say(type="hello", version=2)
        self._task = asyncio.ensure_future(self._listen())

    @classmethod
    async def after_daemon(cls, path: Path) -> BoardClient:
        """As soon as the board has seen that the daemon's end is closed: until then it refuses anybody else."""
        for _ in range(100):
            client = cls(path)
            while not client.heard and not client.ended:
                await asyncio.sleep(0.01)
            if client.heard[0][1]["type"] != "refused":
                return client
            await client.close()
        raise AssertionError("the board does not notice that its client has gone")

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while packet := await loop.sock_recv(self._sock, 4096):
            self.heard.append((time.monotonic(), json.loads(packet)))
        self.ended = True

    def say(self, **message: Any) -> None:
        self._sock.send(json.dumps(message).encode())

    async def order(self, *words: str) -> None:
        """`do sim` as the daemon would say it; returns when the board has done it, or has gone with it."""
        self.say(type="do", what="sim", words=list(words), seq=1)
        await self.until(lambda m: m["type"] == "done" and m["seq"] == 1)

    async def until(self, wanted: Callable[[Row], Any], within: float = 10.0) -> tuple[float, Row]:
        """The first such message, and when it came."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for at, message in self.heard:
                if wanted(message):
                    return at, message
            await asyncio.sleep(0.02)
        raise AssertionError(f"the board did not say it: {self.heard[-8:]}")

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._sock.close()


def first(status: Row) -> Row:
    return dict(status["connectors"][0])


def charges(status: Row) -> bool:
    """A transaction runs and its contactor is closed."""
    return running(status) and bool(first(status)["contactor_closed"])


def flows(status: Row) -> bool:
    """Current flows at the first connector."""
    return bool(first(status)["contactor_closed"] and first(status)["amps"] and first(status)["amps"][0] > 0)


def running(status: Row) -> bool:
    transaction = first(status)["transaction"]
    return transaction is not None and transaction["state"] == "running"
