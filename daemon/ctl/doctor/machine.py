"""The computer under the station: clock, disk, supply, temperature, memory.  Reads below a given root."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon.ctl.doctor.findings import Area, Finding, Weight
from daemon.host_clock import BUILD_UTC, kernel_is_synchronised
from daemon.store.folder import FULL_BELOW_BYTES, FULL_BELOW_INODES

THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
UNDER_VOLTAGE, CAPPED, SLOWED, TOO_WARM = 1 << 0, 1 << 1, 1 << 2, 1 << 3
SINCE_START: Final = 16
"""The same bits, shifted so far: has been so since the machine was started."""
HOT_C, WARM_C = 85.0, 75.0
"""A Raspberry Pi slows down from 80 C on, and at 85 C as much as it can."""
LOW_MEMORY_KB: Final = 32 << 10
FEW_INODES: Final = 200
DISK_WARNING: Final = 64 << 20
"""Bytes and files below which the disk is nearly full; `daemon/store/folder.py` says where it is full."""


class Machine:
    """`root`: of the file system; the clocks are arguments so that a test can set them."""

    def __init__(
        self,
        root: Path = Path("/"),
        wall: Callable[[], float] = time.time,
        synchronised: Callable[[], bool] = kernel_is_synchronised,
        statvfs: Callable[[Path], os.statvfs_result] = os.statvfs,
    ) -> None:
        self.root = root
        self._wall = wall
        self._synchronised = synchronised
        self._statvfs = statvfs

    def text(self, path: str) -> str:
        """A file's text; empty where it cannot be read."""
        try:
            return (self.root / path.lstrip("/")).read_text("utf-8", "replace")
        except OSError:
            return ""

    def findings(self, store_dir: Path) -> Iterator[Finding]:
        """Everything about the computer; `store_dir`: where the records lie."""
        yield self.clock()
        yield from self.disk(store_dir)
        yield from self.supply()
        yield from self.temperature()
        yield from self.memory()

    # --- clock ----------------------------------------------------------------------------------------------------

    def clock(self) -> Finding:
        wall = self._wall()
        shown = datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if wall < BUILD_UTC:
            built = datetime.fromtimestamp(BUILD_UTC, UTC).strftime("%Y-%m-%d")
            return Finding(
                Area.CLOCK,
                Weight.FAULT,
                f"the clock stands at {shown}, before this software was made ({built})",
                "Give it a time source: a network with NTP (timedatectl timesync-status) or a clock with a battery "
                "(dtoverlay=i2c-rtc); until then the Central System's time counts, and certificates are judged by the "
                "build date.",
            )
        if not self._synchronised():
            return Finding(
                Area.CLOCK,
                Weight.WARNING,
                f"the clock ({shown}) is not synchronised",
                "See timedatectl timesync-status: UDP port 123 to a time server must be open; until then the Central "
                "System's time counts.",
            )
        return Finding(Area.CLOCK, Weight.GOOD, f"{shown}, synchronised")

    # --- disk -----------------------------------------------------------------------------------------------------

    def disk(self, folder: Path) -> Iterator[Finding]:
        """The file system under the store: writable, room for rows and files."""
        there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
        try:
            found = self._statvfs(there)
        except OSError as error:
            yield Finding(Area.DISK, Weight.FAULT, f"{there} cannot be looked at: {error.strerror}", _CARD)
            return
        free = found.f_bavail * found.f_frsize
        size = f"{free / 1e6:,.0f} MB of {found.f_blocks * found.f_frsize / 1e6:,.0f} MB free at {there}"
        if found.f_flag & os.ST_RDONLY:
            text = f"the file system of {there} is read-only: nothing can be recorded, so nothing charges"
            yield Finding(Area.DISK, Weight.FAULT, text, f"{_CARD} See dmesg; mount -o remount,rw after a repair.")
        elif free < FULL_BELOW_BYTES or (found.f_files and found.f_favail < FULL_BELOW_INODES):
            yield Finding(Area.DISK, Weight.FAULT, f"the disk is full: {size}", _ROOM)
        elif free < DISK_WARNING:
            yield Finding(Area.DISK, Weight.WARNING, f"the disk is nearly full: {size}", _ROOM)
        elif found.f_files and found.f_favail < FEW_INODES:
            text = f"the file system of {there} has room for {found.f_favail} more files only"
            yield Finding(Area.DISK, Weight.WARNING, text, "Delete files that are not needed (df -i; many small ones).")
        else:
            yield Finding(Area.DISK, Weight.GOOD, size)
        if errors := self._errors(there):
            text = f"the kernel has counted {errors} error(s) in the file system of {there}"
            yield Finding(Area.DISK, Weight.WARNING, text, f"{_CARD} fsck checks it at the next start.")

    def _errors(self, folder: Path) -> int:
        """Errors that ext4 has recorded of the file system of a folder."""
        try:
            device = folder.stat().st_dev
        except OSError:
            return 0
        name = (self.root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
        text = self.text(f"sys/fs/ext4/{name}/errors_count").strip()
        return int(text) if text.isdigit() else 0

    # --- Raspberry Pi ---------------------------------------------------------------------------------------------

    def supply(self) -> Iterator[Finding]:
        """Under-voltage and throttling as the firmware of the Pi counts them; nothing on another computer."""
        text = self.text(THROTTLED).strip()
        if not re.fullmatch(r"(0x)?[0-9a-fA-F]{1,8}", text):
            return
        bits = int(text, 16)
        if bits & UNDER_VOLTAGE:
            yield Finding(Area.POWER, Weight.FAULT, "the supply of the Raspberry Pi is below 4.63 V now", _SUPPLY)
        elif bits >> SINCE_START & UNDER_VOLTAGE:
            text = "the supply of the Raspberry Pi has been below 4.63 V since it was started"
            yield Finding(Area.POWER, Weight.WARNING, text, _SUPPLY)
        else:
            yield Finding(Area.POWER, Weight.GOOD, "the Raspberry Pi had no under-voltage since it was started")
        if bits & (CAPPED | SLOWED | TOO_WARM):
            yield Finding(Area.TEMPERATURE, Weight.WARNING, "the Raspberry Pi runs slower than it could now", _COOL)

    def temperature(self) -> Iterator[Finding]:
        """Of the processor, where the kernel tells it."""
        text = self.text("sys/class/thermal/thermal_zone0/temp").strip()
        if not re.fullmatch(r"-?\d{1,6}", text):
            return
        celsius = int(text) / 1000
        if celsius >= HOT_C:
            yield Finding(Area.TEMPERATURE, Weight.FAULT, f"the processor has {celsius:.0f} C", _COOL)
        elif celsius >= WARM_C:
            yield Finding(Area.TEMPERATURE, Weight.WARNING, f"the processor has {celsius:.0f} C", _COOL)
        else:
            yield Finding(Area.TEMPERATURE, Weight.GOOD, f"the processor has {celsius:.0f} C")

    def memory(self) -> Iterator[Finding]:
        found = re.search(r"^MemAvailable:\s+(\d+) kB", self.text("proc/meminfo"), re.MULTILINE)
        if found and int(found[1]) < LOW_MEMORY_KB:
            text = f"only {int(found[1]) // 1024} MB of memory are left"
            yield Finding(Area.MEMORY, Weight.WARNING, text, "See which program takes it: ps aux --sort=-rss | head.")


_CARD: Final = "Check the SD card (dmesg | grep -i -e mmc -e ext4) and exchange it."
_ROOM: Final = (
    "Delete what is not needed (du -xh / | sort -h | tail); journalctl --vacuum-size=50M shortens the journal."
)
_SUPPLY: Final = "Check its power supply and cable: 5.1 V, 3 A, short and thick."
_COOL: Final = "Check fan, heat sink and sun."
