"""The board of 60 lines that stands beside docs/board-socket.md charges, and is told where it errs."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, first, flows

PEER = Path(__file__).parents[2] / "docs/board_peer.py"


async def test_16_the_peer_of_60_lines_charges() -> None:
    """A remote start, energy by its meter, a stop; then evsed is killed and finds it again."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        bench.start = bench.start_daemon  # type: ignore[method-assign]
        peer = await asyncio.create_subprocess_exec(sys.executable, str(PEER), str(bench.home / "board.sock"))
        async with bench:
            await bench.until(lambda s: first(s)["status"] == "Preparing")
            await central.call("RemoteStartTransaction", {"idTag": "CARD-1", "connectorId": 1})
            start = await central.wait("StartTransaction")
            assert start["meterStart"] >= 5_000_000
            await bench.until(flows)
            await bench.until(lambda s: first(s)["register_wh"] >= start["meterStart"] + 3)
            await central.call("RemoteStopTransaction", {"transactionId": 1})
            assert (await central.wait("StopTransaction"))["meterStop"] >= start["meterStart"] + 3
            bench.kill()
            await bench.gone()
            said = len(central.got)
            await bench.start_daemon()
            await bench.until(lambda s: s["board"] == "peer")
            boot = await central.wait("BootNotification", since=said)
            assert (boot["meterSerialNumber"], boot["meterType"]) == ("17042371", "Peer")
            await bench.until(lambda s: first(s)["meter_serial"] == "17042371")
        assert peer.returncode is None, "it outlives its client"
        peer.terminate()
        await peer.wait()


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("amps=amps)\n        elif", "amps=amps and amps + 1)\n        elif", "is above the 16 A of offer"),
        ('"Voltage", ', '"Volts", ', "connector.measurands must be one of"),
    ],
    ids=["an ack above the offer", "a measurand that is none"],
)
async def test_16_what_is_wrong_is_refused_with_that_reason(
    right: str, wrong: str, reason: str, tmp_path: Path
) -> None:
    """The board is told, and `evsectl why` says it."""
    text = PEER.read_text(encoding="utf-8")
    assert text.count(right) == 1
    (tmp_path / "peer.py").write_text(text.replace(right, wrong), encoding="utf-8")
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        bench.start = bench.start_daemon  # type: ignore[method-assign]
        peer = await asyncio.create_subprocess_exec(
            *(sys.executable, str(tmp_path / "peer.py"), str(bench.home / "board.sock")), stderr=asyncio.subprocess.PIPE
        )
        async with bench:
            if "offer" in reason:
                await bench.until(lambda s: first(s)["status"] == "Preparing")
                await central.call("RemoteStartTransaction", {"idTag": "CARD-1", "connectorId": 1})
            assert peer.stderr is not None
            if "offer" in reason:
                told = (await asyncio.wait_for(peer.stderr.readline(), 15)).decode()
                assert told.startswith("evsed refuses this board: ") and reason in told
            await bench.until(lambda s: s["status"] == "Faulted")
            (why,) = (await bench.json("why"))["why"]
            assert why["code"] == "board-missing" and reason in why["text"]
        peer.terminate()
        await peer.wait()
