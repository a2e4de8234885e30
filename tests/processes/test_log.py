"""The log of a whole session is for people: sentences, no tracebacks, nothing that a card or a server could forge."""

from __future__ import annotations

import re

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import BoardKind
from tests.processes.bench import Bench, first

HOSTILE = "\x1b[2J\nevil\x07\u202e"


@pytest.mark.parametrize("board", ["simulated", "process"])
async def test_every_line_can_be_read(board: BoardKind) -> None:
    """A session, a hostile card at the reader and over the wire, an outage, a stop: each line is plain and telling."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board=board) as bench:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        central.script("Authorize", *[_refuse] * 2)
        await bench.sim("plug")
        await bench.sim("tap", HOSTILE)
        await bench.at_peace()
        answer = await central.call("RemoteStartTransaction", {"idTag": HOSTILE, "connectorId": 1})
        assert answer[0] in (3, 4)
        await bench.until(lambda s: first(s)["transaction"] is not None or s["in_flight"] is None)
        await bench.at_peace()
        if first(await bench.status())["transaction"] is not None:
            await bench.ctl("stop-transaction")
            await central.wait("StopTransaction")
        await bench.sim("unplug")
        await bench.charge("04A2B9C1D3")
        port = central.port
        await central.shut()
        await central.listen(port)
        await bench.at_peace()
        await bench.sim("tap", "04A2B9C1D3")
        await central.wait("StopTransaction", idTag="04A2B9C1D3")
        await bench.end()
        lines = bench.log.read_bytes().decode("ascii").split("\n")
        assert lines.pop() == ""
        for line in lines:
            assert line.isprintable() and 10 < len(line) < 600, line
            assert re.match(r"[a-z][a-z0-9 .-]+", line), line
            assert "Traceback" not in line and "  File" not in line
            assert "04A2B9C1D3" not in line, "a card's number can be copied from the log"
        whole = "\n".join(lines)
        for word in ("started", "accepted", "attached", "transaction", "ended", "connection", "refused"):
            assert word in whole, f"nothing about {word}:\n{whole}"
        assert len(lines) < 40, whole


async def _refuse(central: ScriptedCentralSystem, frame: list[object]) -> None:
    await central.send([3, frame[1], {"idTagInfo": {"status": "Invalid"}}])
