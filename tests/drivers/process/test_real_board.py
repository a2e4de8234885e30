"""A board of parts as the process runs it: its identity, and its threads on ports in memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

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
    """One a port, by name, as daemons: none keeps the process alive."""
    begun: dict[str, bool] = {}

    class EndingPorts(MemoryPorts):
        def i2c(self, path: str) -> Any:
            return self

        def write_word(self, address: int, register: int, word: int) -> None:
            end()

    def end() -> float:
        """The first work of a thread is its last."""
        begun[threading.current_thread().name] = threading.current_thread().daemon
        raise SystemExit

    EndingPorts.device = "/dev/i2c-1"  # type: ignore[attr-defined]
    before = set(threading.enumerate())
    board = hosted(parts_board(), lambda kind, text: None, EndingPorts(end), tmp_path, Ticks())
    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
    assert begun == {"ADC i2c 0x48": True, "bus rs485": True}
    assert board.keep() == "" and board.settle(0.0) and board.host.wake_at() == 0.0


def test_progress_is_proved_by_every_thread() -> None:
    """Until one has been away for too long."""
    board = MemoryBoard()
    alive = of(board.assembled)
    assert alive.stuck(board.clock.now) == ""
    assert "ADC i2c 0x48" in alive.stuck(board.clock.now + 2.0)
