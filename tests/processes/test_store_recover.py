"""`evsectl store recover --into`, with the real programs: bills of a damaged store go on in a new one."""

from __future__ import annotations

import json
import random
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench
from tests.processes.test_store_files import offline_bills

PAGE = 1024
Damage = Callable[[Path, random.Random], None]
Leave = Callable[[Bench], Awaitable[None]]


def without_its_beginning(file: Path, dice: random.Random) -> None:
    """No SQLite can open it."""
    content = file.read_bytes()
    file.write_bytes(bytes(PAGE) + content[PAGE:])


def with_wrong_bits(file: Path, dice: random.Random) -> None:
    """In the pages that every table is found by."""
    content = bytearray(file.read_bytes())
    for at in (18, 100, *(dice.randrange(PAGE) for _ in range(6))):
        content[at] ^= 16
    file.write_bytes(content)


async def ended(bench: Bench) -> None:
    """SIGTERM to the daemon, and it is gone."""
    bench.signal(signal.SIGTERM)
    assert await bench.gone() == 0


@pytest.mark.parametrize("damage", [without_its_beginning, with_wrong_bits])
@pytest.mark.parametrize("leave", [Bench.killed, ended], ids=["killed", "ended"])
async def test_6_the_bills_of_a_damaged_store_go_on_in_a_new_one(leave: Leave, damage: Damage) -> None:
    """Two transactions that nobody has heard of: in the new store they are told once, as the meter has them."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        async with bench:
            await bench.ready()
            await bench.at_peace()
            bills = await offline_bills(bench, central)
            port = int(bench.url.rsplit(":", 1)[1].split("/")[0])
            await leave(bench)
            store, old = bench.home / "store", bench.home / "old card"
            store.rename(old)
            damage(old / "evsed.db", random.Random(6))

            code, said = await bench.ctl_code("store", "recover", str(old / "evsed.db"), "--into", str(store))
            assert code == 1 and "evsectl:" in said, said  # there is no store yet
            store.mkdir()
            await bench.start_daemon()  # the Central System is still away
            await bench.ready()
            code, said = await bench.ctl_code("store", "recover", str(old / "evsed.db"), "--into", str(store))
            assert code == 1 and "stop evsed first" in said, said
            await ended(bench)

            before = (old / "evsed.db").read_bytes()
            code, said = await bench.ctl_code("store", "recover", str(old / "evsed.db"), "--into", str(store))
            assert "brought into" in said, said
            for _, stop_wh in bills:
                assert str(stop_wh) in said, said
            assert (old / "evsed.db").read_bytes() == before, "the damaged file is only read"
            _, said = await bench.ctl_code("--json", "store", "recover", str(old / "evsed.db"), "--into", str(store))
            assert json.loads(said)["merged"] == [], said
            shutil.rmtree(old)

            heard = len(central.got)
            await central.listen(port)
            await bench.start_daemon()
            await bench.ready()
            await bench.at_peace(within=20)
            starts = central.calls("StartTransaction", since=heard)
            stops = central.calls("StopTransaction", since=heard)
            told = {start["meterStart"] for start in starts}, {stop["meterStop"] for stop in stops}
            assert told == ({first for first, _ in bills}, {last for _, last in bills}), bench.log_text()
            assert len(starts) == len(stops) == 2, bench.log_text()
