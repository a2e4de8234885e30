"""What somebody does to the files of the store, with real processes: the station stays connected and loses nothing."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, charges, first

Vice = Callable[[Path], None]


def deleted(store: Path) -> None:
    (store / "evsed.db").unlink()


def all_deleted(store: Path) -> None:
    shutil.rmtree(store)


def emptied(store: Path) -> None:
    os.truncate(store / "evsed.db", 0)


def log_deleted(store: Path) -> None:
    (store / "evsed.db-wal").unlink()


def log_emptied(store: Path) -> None:
    os.truncate(store / "evsed.db-wal", 0)


def renamed(store: Path) -> None:
    store.rename(store.with_name("renamed"))


def replaced(store: Path) -> None:
    """By a copy: a store of evsed, but not the one that is open."""
    for name in ("evsed.db", "evsed.db-wal"):
        copy = store / f"{name}.copy"
        shutil.copy(store / name, copy)
        copy.rename(store / name)


VICES = [deleted, all_deleted, emptied, log_deleted, log_emptied, renamed, replaced]


@pytest.mark.parametrize("vice", VICES)
async def test_5_the_store_vanishes_under_a_charge(vice: Vice) -> None:
    """Start before it, stop after it, then sudden death: the next life knows the whole bill, and told it once."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge()
        start = await central.wait("StartTransaction")
        vice(bench.home / "store")
        await bench.sim("unplug")
        stop = await central.wait("StopTransaction")
        assert stop["meterStop"] >= start["meterStart"]
        await bench.at_peace()
        await bench.until(lambda status: "written anew" in bench.log_text())
        await bench.killed()
        heard = len(central.got)
        await bench.start_daemon()
        await bench.ready()
        await bench.at_peace()
        (row,) = (await bench.json("transactions"))["transactions"]
        assert (row["state"], row["meter_stop_wh"]) == ("ended", stop["meterStop"])
        assert central.calls("StartTransaction", since=heard) + central.calls("StopTransaction", since=heard) == []


def removed(folder: Path) -> None:
    """The whole of it, also where something is written into it meanwhile."""
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


async def test_5_an_idle_station_writes_its_store_anew() -> None:
    """Nobody commits; within some seconds the files are there again, and it was never Faulted."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.at_peace()
        removed(bench.home / "store")
        await bench.until(lambda status: (bench.home / "store" / "evsed.db").exists(), within=12)
        assert (await bench.status())["store"]["state"] == "ok"


@pytest.mark.parametrize("name", ["evsed.db", "evsed.db-wal", "flight.key", "flight.jsonl.gz", "transfers"])
async def test_7_a_fifo_in_place_of_a_file(name: str) -> None:
    """Nobody waits for a writer: the station serves."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        os.mkfifo(bench.home / "store" / name)
        async with bench:
            await bench.ready()
            await bench.charge()


async def test_7_a_mark_that_cannot_be_removed() -> None:
    """A folder in its place: said, and the station serves, at every start."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        (bench.home / "store" / "reset-failed").mkdir()
        async with bench:
            await bench.ready()
            await bench.charge()
            assert "mark of a failed reboot" in bench.log_text()


async def test_7_an_obstructed_control_socket() -> None:
    """A folder stands at its path: connected, Faulted, with a code of its own; gone, and it serves by itself."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        bench.control.mkdir()
        async with bench:
            await central.wait("StatusNotification", connectorId=0, vendorErrorCode="control-socket", status="Faulted")
            assert bench.daemon is not None and bench.daemon.returncode is None
            await central.until(lambda: "a folder is in its place" in bench.log_text())
            heard_before = len(central.got)
            bench.control.rmdir()
            await central.wait("StatusNotification", since=heard_before, connectorId=0, status="Available", within=20)
            await bench.ready()
            await bench.charge()


async def test_7_a_second_evsed_without_its_lock_file() -> None:
    """Somebody removed `evsed.lock`: the second one is refused nevertheless, and the first one goes on."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        (bench.home / "store" / "evsed.lock").unlink()
        second = await bench._spawn("evsed", "--config", str(bench.config))
        assert await asyncio.wait_for(second.wait(), 10) == 1
        assert "another evsed answers" in bench.log_text()
        await bench.charge()


async def test_16_a_linked_database_is_refused() -> None:
    """Faulted and connected while the link is there; what it leads to is not touched."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        other = bench.home / "other"
        other.write_bytes(b"of somebody")
        (bench.home / "store" / "evsed.db").symlink_to(other)
        async with bench:
            await bench.ready()
            await central.wait("StatusNotification", connectorId=0, status="Faulted")
            assert "symbolic link" in bench.log_text() and other.read_bytes() == b"of somebody"
            (bench.home / "store" / "evsed.db").unlink()
            await central.wait("StatusNotification", connectorId=0, status="Available", within=20)


async def test_16_nothing_in_the_store_is_for_others() -> None:
    """After a session, a damaged file and a restart: every file there is its owner's alone."""
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        await bench.ready()
        await bench.charge()
        await bench.killed()
        store = bench.home / "store"
        flip(store / "evsed.db", random.Random(1).randrange(1024, 4096))
        flip(store / "evsed.db-wal", 3000)
        await bench.start_daemon()
        await bench.ready()
        files = [path for path in store.rglob("*") if path.is_file()]
        assert {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}


async def offline_bills(bench: Bench, central: ScriptedCentralSystem) -> set[tuple[int, int]]:
    """Registers of two transactions that the Central System has not heard of; the card is known from an earlier one."""
    await bench.charge()
    await bench.sim("unplug")
    await central.wait("StopTransaction")
    await bench.at_peace()
    await central.shut()
    await bench.until(lambda status: not status["linked"])
    for _ in range(2):
        await bench.sim("plug")
        await bench.sim("tap", "CARD-1")
        await bench.until(charges)
        await bench.sim("unplug")
        await bench.until(lambda status: first(status)["transaction"] is None)
    answer = await bench.ask("transactions")
    assert answer is not None
    rows = [row for row in answer["transactions"] if row["stop"] == "waiting"]
    assert len(rows) == 2
    return {(row["meter_start_wh"], row["meter_stop_wh"]) for row in rows}


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(6))
async def test_6_a_wrong_bit_and_bills_that_nobody_has_heard(seed: int) -> None:
    """Two transactions offline, sudden death, one bit of the store wrong: both are told, as the meter has them."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        async with bench:
            await bench.ready()
            await bench.at_peace()
            bills = await offline_bills(bench, central)
            port = bench.url.rsplit(":", 1)[1].split("/")[0]
            await bench.killed()
            store = bench.home / "store"
            dice = random.Random(seed)
            file = store / ("evsed.db" if seed % 2 else "evsed.db-wal")
            flip(file, dice.randrange(0 if seed % 2 else 32, file.stat().st_size))
            heard = len(central.got)
            await central.listen(int(port))
            await bench.start_daemon()
            await bench.ready()
            await bench.at_peace(within=15)
            starts = {start["meterStart"] for start in central.calls("StartTransaction", since=heard)}
            stops = {stop["meterStop"] for stop in central.calls("StopTransaction", since=heard)}
            assert (starts, stops) == ({first for first, _ in bills}, {last for _, last in bills}), bench.log_text()
