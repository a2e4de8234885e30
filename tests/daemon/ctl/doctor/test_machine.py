"""The computer under the station, as files below a root and clocks that a test sets."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.ctl.doctor.findings import Area, Finding, Weight
from daemon.ctl.doctor.machine import THROTTLED, Machine
from daemon.host_clock import BUILD_UTC

GB = 1 << 30


def volume(free: int = GB, flags: int = 0, inodes: int = 100_000) -> os.statvfs_result:
    return os.statvfs_result((4096, 4096, GB // 4096, free // 4096, free // 4096, 100_000, inodes, inodes, flags, 255))


def machine(root: Path, *, wall: float = BUILD_UTC + 1, synchronised: bool = True, **how: int) -> Machine:
    return Machine(root, lambda: wall, lambda: synchronised, lambda _: volume(**how))


def put(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def of(area: Area, found: Machine, store: Path) -> list[Finding]:
    return [each for each in found.findings(store) if each.area is area]


@pytest.mark.parametrize(
    ("wall", "synchronised", "weight", "text"),
    [
        (0.0, False, Weight.FAULT, "the clock stands at 1970-01-01 00:00:00 UTC, before this software was made"),
        (BUILD_UTC - 1, True, Weight.FAULT, "before this software was made"),
        (BUILD_UTC + 1, False, Weight.WARNING, "is not synchronised"),
        (BUILD_UTC + 1, True, Weight.GOOD, "synchronised"),
    ],
)
def test_clock(tmp_path: Path, wall: float, synchronised: bool, weight: Weight, text: str) -> None:
    """A clock that cannot be right is a fault, one that nobody sets a warning."""
    (found,) = of(Area.CLOCK, machine(tmp_path, wall=wall, synchronised=synchronised), tmp_path)
    assert found.weight is weight and text in found.text and bool(found.remedy) == (weight is not Weight.GOOD)


@pytest.mark.parametrize(
    ("how", "weight", "text"),
    [
        ({"flags": os.ST_RDONLY}, Weight.FAULT, "is read-only: nothing can be recorded"),
        ({"free": 1 << 20}, Weight.FAULT, "the disk is full: 1 MB of"),
        ({"inodes": 3}, Weight.FAULT, "the disk is full"),
        ({"free": 30 << 20}, Weight.WARNING, "the disk is nearly full: 31 MB of"),
        ({"inodes": 100}, Weight.WARNING, "has room for 100 more files only"),
        ({}, Weight.GOOD, "free at"),
    ],
)
def test_disk(tmp_path: Path, how: dict[str, int], weight: Weight, text: str) -> None:
    """Full, nearly full and read-only are told apart, also for a folder that is still to be made."""
    (found,) = of(Area.DISK, machine(tmp_path, **how), tmp_path / "store" / "deep")
    assert found.weight is weight and text in found.text and str(tmp_path) in found.text


def test_a_disk_that_cannot_be_looked_at(tmp_path: Path) -> None:
    """The card has gone."""

    def fails(_: Path) -> os.statvfs_result:
        raise OSError(5, "Input/output error")

    found = list(Machine(tmp_path, statvfs=fails).disk(tmp_path))
    assert [each.weight for each in found] == [Weight.FAULT] and "Input/output error" in found[0].text


def test_errors_that_the_kernel_counts(tmp_path: Path) -> None:
    """A file system with errors is warned of, even where it still works."""
    device = tmp_path.stat().st_dev
    name = f"sys/dev/block/{os.major(device)}:{os.minor(device)}"
    put(tmp_path, f"sys/fs/ext4/{os.major(device)}:{os.minor(device)}/errors_count", "3\n")
    (tmp_path / name).mkdir(parents=True)
    warned = of(Area.DISK, machine(tmp_path), tmp_path)[1]
    assert warned.weight is Weight.WARNING and "3 error(s)" in warned.text


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        ("0x50005", [(Area.POWER, Weight.FAULT), (Area.TEMPERATURE, Weight.WARNING)]),
        ("50000", [(Area.POWER, Weight.WARNING)]),
        ("0x0", [(Area.POWER, Weight.GOOD)]),
        ("nonsense", []),
        ("", []),
    ],
)
def test_supply(tmp_path: Path, bits: str, expected: list[tuple[Area, Weight]]) -> None:
    """Now and since the start, as the firmware of the Pi counts."""
    put(tmp_path, THROTTLED, bits)
    assert [(each.area, each.weight) for each in machine(tmp_path).supply()] == expected


@pytest.mark.parametrize(
    ("text", "weights"), [("90000", [0]), ("76000\n", [1]), ("45123\n", [3]), ("", []), ("warm", [])]
)
def test_temperature(tmp_path: Path, text: str, weights: list[int]) -> None:
    """In thousandths of a degree; nothing where the kernel tells none."""
    put(tmp_path, "sys/class/thermal/thermal_zone0/temp", text)
    assert [each.weight for each in machine(tmp_path).temperature()] == weights


def test_memory(tmp_path: Path) -> None:
    """Little left is warned of."""
    put(tmp_path, "proc/meminfo", "MemTotal: 900000 kB\nMemAvailable:   20480 kB\n")
    (found,) = machine(tmp_path).memory()
    assert found.text == "only 20 MB of memory are left"
    put(tmp_path, "proc/meminfo", "MemAvailable:   204800 kB\n")
    assert not list(machine(tmp_path).memory())
