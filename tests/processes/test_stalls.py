"""3, 4: evsed stands still (SIGSTOP), or cannot write, at a bad moment: what arrived counts, a stop stays a stop."""

from __future__ import annotations

import asyncio
import resource
import signal

import pytest

from tests.csms.scripted import ScriptedCentralSystem, late
from tests.processes.bench import Bench, first, flows


async def stopped_for(bench: Bench, seconds: float) -> None:
    bench.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    bench.signal(signal.SIGCONT)


@pytest.mark.parametrize("seconds", [3.0, 11.0])
async def test_4_a_stall_right_after_a_stop(seconds: float) -> None:
    """The contactor opens and the meter is read while evsed stands still: the bill is the register, to the Wh."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.sim("ev", "ignore-stop", "on")  # it draws on for six seconds
        await bench.sim("tap", "CARD-1")
        await bench.until(lambda s: (first(s)["transaction"] or {}).get("state") == "stopping")
        await stopped_for(bench, seconds)
        stop = await central.wait("StopTransaction", within=20)
        register_wh = first(await bench.at_peace(20))["register_wh"]
        (row,) = (await bench.json("transactions"))["transactions"]
        assert (stop["meterStop"], row["stop_exact"]) == (register_wh, True)


async def test_4_an_answer_that_came_in_time_counts_after_a_stall() -> None:
    """The answer waits in the socket while MessageTimeout runs out: the message is not sent a second time."""
    async with ScriptedCentralSystem() as central, Bench(central.url, MessageTimeout="5") as bench:
        await bench.ready()
        await bench.until(lambda s: s["board"] is not None and s["registration"] == "Accepted")
        central.script("StartTransaction", late(2.0))
        await bench.sim("plug")
        await bench.sim("tap", "CARD-1")
        await central.wait("StartTransaction")
        await stopped_for(bench, 8.0)
        await bench.until(lambda s: (first(s)["transaction"] or {}).get("transaction_id") is not None)
        await bench.until(flows)
        assert "no answer to StartTransaction" not in bench.log_text()
        assert len(central.calls("StartTransaction")) == 1


async def test_3_a_stop_whose_commit_fails_is_still_a_stop() -> None:
    """Nothing can be written at the stop: evsed ends; with a repaired disk its next life ends the transaction.

    The contactor does not close again, and the bill is the register, to the Wh.
    """
    async with ScriptedCentralSystem() as central, Bench(central.url, tapped=True) as bench:
        await bench.ready()
        await bench.charge(until=flows)
        await bench.at_peace()
        assert bench.daemon is not None and bench.tap is not None
        resource.prlimit(bench.daemon.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        await bench.ask("sim", words=["tap", "CARD-1"])
        assert await bench.gone() == 1
        assert central.calls("StopTransaction") == []
        await bench.start_daemon()
        stop = await central.wait("StopTransaction")
        status = await bench.at_peace()
        assert (stop["reason"], stop["meterStop"]) == ("Other", first(status)["register_wh"])
        assert [closed for _, closed in bench.tap.contactor()][-1] is False
        assert [closed for _, closed in bench.tap.contactor()].count(True) == 1
        assert "its offer had been withdrawn" in bench.log_text()
