"""A board of parts as the process runs it: its identity, and its threads on ports in memory."""

from __future__ import annotations

from pathlib import Path

from drivers.process.real_board import boot_id_of, hosted, of
from tests.drivers.assembly.memory_board import MemoryBoard, MemoryPorts, parts_board
from tests.drivers.pilots.converters import Ticks


def test_the_boot_id(tmp_path: Path) -> None:
    """The kernel's, or what the unit says where /proc is hidden."""
    assert boot_id_of(tmp_path, "said") == "said" and boot_id_of(tmp_path, "") == "unknown"
    folder = tmp_path / "proc/sys/kernel/random"
    folder.mkdir(parents=True)
    (folder / "boot_id").write_text("abc\n")
    assert boot_id_of(tmp_path, "said") == "abc"


def test_its_threads_are_begun(tmp_path: Path) -> None:
    """One a port, by its name."""
    begun: list[tuple[str, int]] = []
    board = hosted(
        *(parts_board(), lambda kind, text: None, MemoryPorts(Ticks()), tmp_path, Ticks()),
        lambda name, devices, log: begun.append((name, len(devices))),
    )
    assert begun == [("ADC i2c 0x48", 1), ("bus rs485", 1)]
    assert board.keep() == "" and board.settle(0.0) and board.host.wake_at() == 0.0


def test_progress_is_proved_by_every_thread() -> None:
    """Until one has been away for too long."""
    board = MemoryBoard()
    alive = of(board.assembled)
    assert alive.stuck(board.clock.now) == ""
    assert "ADC i2c 0x48" in alive.stuck(board.clock.now + 2.0)
