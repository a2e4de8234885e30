"""The disk is full, damaged, or cannot be written: named, visible, survived."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench, first


async def test_full_and_room_again() -> None:
    """No room: the transaction ends, Faulted, connected, nothing begins, and it says why; room again: it serves."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        await bench.charge()
        heard = len(central.got)
        await bench.ctl("sim", "fault", "store-full", "on")
        stop = await central.wait("StopTransaction", since=heard)
        fault = await central.wait("StatusNotification", since=heard, connectorId=0, status="Faulted")
        assert fault["vendorErrorCode"] == "store-full"
        status = await bench.until(lambda s: first(s)["transaction"] is None and not first(s)["contactor_closed"])
        assert status["linked"] and stop["meterStop"] == first(status)["register_wh"]
        assert "recorded" in await bench.ctl("why")
        await bench.sim("tap", "CARD-1")
        await bench.ctl("sim", "fault", "store-full", "off")
        await central.wait("StatusNotification", since=heard, connectorId=0, status="Available")
        await bench.sim("unplug")
        await bench.until(lambda s: first(s)["status"] == "Available")
        await bench.charge()
        assert len(central.calls("StartTransaction")) == 2


async def test_a_damaged_store_is_kept_aside() -> None:
    """A file that is no database: its bytes kept, said so, the station boots and serves."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url, board="simulated")
        damaged = b"this is no database" * 500
        file = bench.home / "store" / "evsed.db"
        file.write_bytes(damaged)
        async with bench:
            await central.wait("StatusNotification", connectorId=1, status="Available")
            kept = [path for path in file.parent.iterdir() if path.name != file.name and path.stat().st_size >= 9000]
            assert damaged in [path.read_bytes() for path in kept]
            lines = [line for line in bench.log_text().splitlines() if "damaged" in line or "aside" in line]
            assert lines, bench.log_text()
            await bench.charge()


MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096


def _mount(source: str, target: Path, kind: str, flags: int, data: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    words = (source.encode(), str(target).encode(), kind.encode(), flags, data.encode())
    if libc.mount(*words) != 0:
        pytest.skip(f"this machine lets nobody mount: {os.strerror(ctypes.get_errno())}")


@contextmanager
def small_disk(target: Path, room: str) -> Iterator[None]:
    """A file system of its own over a folder."""
    _mount("evsed-test", target, "tmpfs", 0, f"size={room}")
    try:
        yield
    finally:
        ctypes.CDLL(None).umount2(str(target).encode(), 2)


async def test_a_disk_that_turns_read_only() -> None:
    """Nothing can be written at the start: connected, Faulted, said so; writable again: it serves by itself."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        store = bench.home / "store"
        with small_disk(store, "8m"):
            async with bench:
                await bench.ready()
                await bench.until(lambda s: s["linked"])
                await bench.killed()
                _mount("", store, "", MS_REMOUNT | MS_RDONLY, "size=8m")
                heard = len(central.got)
                await bench.start_daemon()
                await bench.ready()
                fault = await central.wait("StatusNotification", since=heard, connectorId=0, status="Faulted")
                assert fault["vendorErrorCode"] == "store-full"
                answer = await bench.ask("status")
                assert answer is not None and answer["status"]["store"]["state"] == "unwritable"
                _mount("", store, "", MS_REMOUNT, "size=8m")
                await central.wait("StatusNotification", since=heard, connectorId=0, status="Available", within=15)
                await bench.charge()
                await bench.end()


async def test_a_disk_that_fills_up() -> None:
    """Somebody else fills the disk while a car charges: the transaction ends properly, and is told."""
    async with ScriptedCentralSystem() as central:
        bench = Bench(central.url)
        store = bench.home / "store"
        with small_disk(store, "32m"):
            async with bench:
                await bench.ready()
                await bench.charge()
                heard = len(central.got)
                with (store / "other").open("wb") as other:
                    try:
                        while other.write(bytes(65536)):
                            other.flush()
                    except OSError:
                        pass
                    finally:
                        filled = shutil.disk_usage(store).free
                assert filled < 65536
                await central.wait("StopTransaction", since=heard)
                await central.wait("StatusNotification", since=heard, connectorId=0, status="Faulted")
                assert bench.daemon is not None and bench.daemon.returncode is None
                (store / "other").unlink()
                await central.wait("StatusNotification", since=heard, connectorId=0, status="Available", within=15)
                await bench.end()
