"""Bytes that reach the device: a store on an ext4 of its own, on a loop device, whose sectors the kernel counts.

What a process writes is not what the medium pays: the file system adds its journal, its tables and whole blocks.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import Row, median
from tests.csms.scripted import ScriptedCentralSystem
from tests.csms.station import Station

SIZE_MB = 256
SECTOR_BYTES = 512
CHARGE_S = 60.0
SETTLE_S = 1.5
STARTED_S = 12.0
"""After the start's warnings the flight recorder is written once, ten seconds later: no part of a transaction."""


class NoDevice(Exception):
    """A loop device cannot be had here; why."""


class Device:
    """A mounted ext4 alone on its device."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._stat = Path("/sys/block") / name / "stat"

    def written_bytes(self) -> int:
        """Bytes that the device was given so far, everything that waits included."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            subprocess.run(["sync", "--file-system", str(self.folder)], check=True)
        finally:
            os.close(descriptor)
        return int(self._stat.read_text().split()[6]) * SECTOR_BYTES


@contextmanager
def own_ext4() -> Iterator[Device]:
    """Blocks of 4 kB and every other setting as Debian has it.  Raises NoDevice."""
    with tempfile.TemporaryDirectory(prefix="evsed-device-", dir="/var/tmp") as place:
        image, folder = Path(place) / "image", Path(place) / "mounted"
        folder.mkdir()
        with image.open("wb") as file:
            file.truncate(SIZE_MB << 20)
        _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))
        loop = _run("losetup", "--find", "--show", str(image)).strip()
        try:
            _run("mount", "-t", "ext4", loop, str(folder))
            try:
                yield Device(folder, Path(loop).name)
            finally:
                _run("umount", str(folder))
        finally:
            _run("losetup", "--detach", loop)


def _run(*words: str) -> str:
    try:
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoDevice(f"{words[0]} is not installed") from None
    except subprocess.CalledProcessError as error:
        raise NoDevice(f"{' '.join(words)}: {error.stderr.strip()}") from None
    return done.stdout


async def device(runs: int = 3) -> list[Row]:
    """What a transaction of a minute costs the medium, from plug to unplug; the stations stand side by side."""
    name = "device bytes per one-minute transaction"
    try:
        found = await asyncio.gather(*(_one_transaction() for _ in range(runs)))
    except NoDevice as error:
        return [Row(name, "<= 50 kB", f"not measured: {error}", None, None, 0)]
    written = median(found)
    return [Row(name, "<= 50 kB", f"{written / 1000:.1f} kB", None, written <= 50_000, runs)]


async def _one_transaction(charge_s: float = CHARGE_S) -> float:
    with own_ext4() as medium:
        async with ScriptedCentralSystem(interval=86400) as central:
            station = Station(central.url, board="process", MeterValueSampleInterval=10)
            (station.home / "store").rmdir()
            (station.home / "store").symlink_to(medium.folder)
            async with station:
                await central.wait("StatusNotification", connectorId=1, status="Available")
                await asyncio.sleep(STARTED_S)
                before = medium.written_bytes()
                await station.ctl("sim", "plug")
                await station.ctl("sim", "tap", "BENCH")
                await central.wait("StatusNotification", status="Charging")
                began = time.monotonic()
                await asyncio.sleep(max(0.0, charge_s - (time.monotonic() - began)))
                await station.ctl("sim", "tap", "BENCH")
                await central.wait("StopTransaction")
                await station.ctl("sim", "unplug")
                await central.wait("StatusNotification", since=len(central.got) - 3, status="Available")
                await asyncio.sleep(SETTLE_S)
                return medium.written_bytes() - before
