"""The running station, all parts together in this process, against a Central System on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

from daemon.board.transport import BoardSocket
from daemon.config.loader import load
from daemon.journal.journal import Journal
from daemon.runner import InvariantError
from daemon.station import Station
from daemon.store.store import Store, StoreFailed
from ocpp16.events import BoardDone
from ocpp16.step import Order


class CentralSystem:
    """Accepts everything, remembers the actions."""

    def __init__(self) -> None:
        self.heard: list[list[Any]] = []
        self.news = asyncio.Condition()

    async def serve(self, ws: ServerConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in ws:
                frame = json.loads(text)
                if frame[0] == 2:
                    await ws.send(json.dumps([3, frame[1], self.answer(frame[2])]))
                async with self.news:
                    self.heard.append(frame)
                    self.news.notify_all()

    def answer(self, action: str) -> dict[str, Any]:
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": datetime.now(UTC).isoformat(), "interval": 300}
        if action == "StartTransaction":
            return {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}
        return {"idTagInfo": {"status": "Accepted"}} if action == "Authorize" else {}

    async def wait(self, is_it: Callable[[list[Any]], bool]) -> list[Any]:
        async with self.news, asyncio.timeout(10):
            await self.news.wait_for(lambda: any(is_it(frame) for frame in self.heard))
        return next(frame for frame in self.heard if is_it(frame))

    async def action(self, name: str) -> list[Any]:
        return await self.wait(lambda frame: frame[0] == 2 and frame[2] == name)


class Rig:
    """A station in its folder, made but not yet running."""

    def __init__(self, folder: Path, url: str, more: str) -> None:
        self.folder, self.lines = folder, list[str]()
        (folder / "evsed.toml").write_text(
            f'[station]\nid = "CP1"\n[csms]\nurl = "{url}"\nsecurity_profile = 0\nallow_insecure = true\n'
            f'[store]\ndir = "{folder}/store"\n[control]\nsocket = "{folder}/c"\n{more}'
        )
        config = load([folder / "evsed.toml"], {})
        self.thread = ThreadPoolExecutor(1)
        self.store = self.thread.submit(Store.open, config.store_dir).result()
        journal = Journal(lambda priority, text, fields: self.lines.append(text))
        self.station = Station(config, self.store, self.thread, journal)

    async def ask(self, **request: Any) -> dict[str, Any]:
        reader, writer = await asyncio.open_unix_connection(str(self.folder / "c"))
        writer.write(json.dumps(request).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(reader.readline(), 10))
        writer.close()
        assert isinstance(answer, dict)
        return answer

    async def ready(self) -> None:
        async with asyncio.timeout(10):
            while not (self.folder / "c").exists():
                await asyncio.sleep(0)

    def close(self) -> None:
        self.thread.submit(self.store.close).result()
        self.thread.shutdown()


SIMULATED = '[board]\nkind = "simulated"\n'


@contextlib.asynccontextmanager
async def station(folder: Path, more: str = SIMULATED, url: str = "") -> AsyncIterator[tuple[Rig, CentralSystem]]:
    central = CentralSystem()
    async with serve(central.serve, "127.0.0.1", 0, subprotocols=[websockets.Subprotocol("ocpp1.6")]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        rig = Rig(folder, url or f"ws://127.0.0.1:{port}/ocpp", more)
        try:
            yield rig, central
        finally:
            rig.close()


async def test_16_a_secret_for_everybody_is_warned_of_at_the_start(tmp_path: Path) -> None:
    """A line with file, mode and remedy; never the secret."""
    (tmp_path / "evsed.env").write_text("EVSED_PASSWORD=hush")
    (tmp_path / "evsed.env").chmod(0o644)
    async with station(tmp_path) as (rig, _):
        rig.station._log_start()
        (line,) = [line for line in rig.lines if "evsed.env" in line]
        assert "mode 0644" in line and "chmod 600" in line and "hush" not in line


async def test_a_charge_and_a_soft_reset(tmp_path: Path) -> None:
    """Boot, plug, card, transaction, trace, stop, reset: over the real sockets, to exit 0."""
    async with station(tmp_path) as (rig, central):
        life = asyncio.ensure_future(rig.station.run())
        await central.wait(lambda f: f[0] == 2 and f[2] == "StatusNotification" and f[3]["connectorId"] == 1)
        await rig.ready()
        status = (await rig.ask(do="status"))["status"]
        assert status["station_id"] == "CP1" and status["link"]["connected"] and status["store"]["state"] == "ok"
        reader, follower = await asyncio.open_unix_connection(str(tmp_path / "c"))
        follower.write(b'{"do":"trace"}\n')
        await reader.readline()
        assert (await rig.ask(do="sim", words=["plug"]))["ok"]
        assert (await rig.ask(do="sim", words=["tap", "04A2B9"], connector=1))["ok"]
        await central.action("StartTransaction")
        assert "frame" in json.loads(await reader.readline())
        follower.close()
        assert (await rig.ask(do="sim", words=["fault", "store-full", "on"]))["ok"]
        await central.action("StopTransaction")
        assert (await rig.ask(do="sim", words=["fault", "store-full", "off"]))["ok"]
        log = (await rig.ask(do="log"))["log"]
        assert all(note["utc"] for note in log) and any("transaction 1 started" in note["text"] for note in log)
        assert (await rig.ask(do="reset"))["ok"]
        assert await asyncio.wait_for(life, 15) == 0
        assert not (tmp_path / "c").exists() and any("SoftReset" in line for line in rig.lines)
        assert rig.station.recorder is not None
        rig.station.recorder.flush()
        assert (tmp_path / "store" / "flight.jsonl.gz").exists()


async def test_a_hard_reset_plays_the_reboot_hook(tmp_path: Path) -> None:
    """With the simulated board the hook is simulated, too; then exit 0."""
    async with station(tmp_path) as (rig, central):
        life = asyncio.ensure_future(rig.station.run())
        await central.action("StatusNotification")
        await rig.ready()
        assert (await rig.ask(do="reset", hard=True))["ok"]
        assert await asyncio.wait_for(life, 15) == 0
        assert any(line.startswith("reboot hook") for line in rig.lines)


async def test_a_hard_reset_without_a_hook_says_so(tmp_path: Path) -> None:
    """Without evsed-job only evsed restarts, and that is logged."""
    more = f'[board]\nsocket = "{tmp_path}/none"\n[jobs]\nsocket = "{tmp_path}/nojobs"\n'
    async with station(tmp_path, more) as (rig, central):
        life = asyncio.ensure_future(rig.station.run())
        await central.action("BootNotification")
        await rig.ready()
        assert (await rig.ask(do="reset", hard=True))["ok"]
        assert await asyncio.wait_for(life, 15) == 0
        assert any("not rebooted" in line for line in rig.lines)


async def test_a_missing_board_and_no_central_system(tmp_path: Path) -> None:
    """The station stays up, reports what is missing, and ends when requested."""
    more = f'[board]\nsocket = "{tmp_path}/none"\n'
    async with station(tmp_path, more, "ws://127.0.0.1:1/x") as (rig, _):
        life = asyncio.ensure_future(rig.station.run())
        await rig.ready()
        assert isinstance(rig.station.executor._board, BoardSocket)
        status = (await rig.ask(do="status"))["status"]
        assert status["link"]["last_failure"]["stage"] == "TCP"
        rig.station._request_end(lambda code: None)
        assert await asyncio.wait_for(life, 5) == 0
        assert any(line.startswith("board: no board at") for line in rig.lines)


async def test_an_order_before_there_is_a_board_is_answered(tmp_path: Path) -> None:
    """Nobody waits for a board that is not made yet."""
    async with station(tmp_path) as (rig, _):
        rig.station.executor.order(Order(3, "unlock", 1))
        _, waiting = rig.station.runner._inbox.take()
        assert waiting == BoardDone(3, False, "no board is attached")


async def test_a_second_request_to_end_does_not_wait(tmp_path: Path) -> None:
    """Asked twice, the process goes at once."""
    async with station(tmp_path) as (rig, _):
        ended: list[int] = []
        rig.station._request_end(ended.append)
        rig.station._request_end(ended.append)
        assert ended == [0]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (StoreFailed("disk gone"), "commit failed"),
        (InvariantError("AssertionError at Tick: x"), "internal error"),
        (OSError("no socket"), "cannot continue"),
    ],
)
async def test_a_part_that_dies_ends_the_station(tmp_path: Path, error: Exception, words: str) -> None:
    """A failed commit, an internal error, a part that fails: logged with its reason, exit 1."""
    async with station(tmp_path) as (rig, _):

        async def dies() -> None:
            raise error

        rig.station.runner.run = dies  # type: ignore[method-assign,assignment]
        assert await asyncio.wait_for(rig.station.run(), 10) == 1
        assert any(words in line and str(error) in line for line in rig.lines)


async def test_no_part_may_end_by_itself(tmp_path: Path) -> None:
    """A task that is over without an error is one too."""
    async with station(tmp_path) as (rig, _):

        async def ends() -> None:
            return

        rig.station.link.run = ends  # type: ignore[method-assign]
        assert await asyncio.wait_for(rig.station.run(), 10) == 1
        assert any("ended by itself" in line for line in rig.lines)


async def test_a_recorder_that_cannot_write_is_told(tmp_path: Path) -> None:
    """From whatever thread it comes, the reason becomes a note."""
    async with station(tmp_path) as (rig, _):
        rig.station._recorder_failed("no space")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert any("flight recorder" in line and "no space" in line for line in rig.lines)


async def test_the_status_in_one_line(tmp_path: Path) -> None:
    """What the supervisor shows: status, link, queue; a link closed by ourselves is no failure."""
    async with station(tmp_path) as (rig, _):
        assert "not connected" in rig.station._status_line()
        rig.station._log_link("link-down", {"stage": "", "cause": "closed by ourselves"})
        assert rig.lines[-1] == "central system: connection closed by ourselves"
