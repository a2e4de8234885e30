"""The board of parts as the board process runs it: assembled on this machine's ports, its threads begun."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drivers.assembly.board import Assembled, assemble
from drivers.assembly.ports import MachinePorts, Ports
from drivers.assembly.progress import Watched, stuck
from drivers.board_file.machine_checks import Machine
from drivers.board_file.model import PartsBoard
from drivers.ports.polling_thread import PollingThread
from drivers.process.config import Hosted
from drivers.process.log import Log
from drivers.process.real_time import PRIORITY, become_real_time

BOOT_ID: Final = "proc/sys/kernel/random/boot_id"
PILOT_PRIORITY: Final = PRIORITY - 1


def boot_id_of(root: Path, environ: str) -> str:
    """The kernel's; where /proc does not show it (ProcSubset=pid), what the unit says in BOOT_ID (%b)."""
    try:
        return (root / BOOT_ID).read_text("ascii").strip()[:64]
    except OSError:
        return environ[:64] or "unknown"


def begin_thread(name: str, devices: list[Watched], log: Log) -> None:
    """A thread that serves these devices for as long as the process lives."""
    PollingThread(name, devices, lambda text: log(f"thread {name}", text)).start()


def hosted(
    board: PartsBoard,
    log: Log,
    ports: Ports | None = None,
    root: Path = Path("/"),
    monotonic: Callable[[], float] = time.monotonic,
    begin: Callable[[str, list[Watched], Log], object] = begin_thread,
) -> Hosted:
    """Assemble the board and begin its threads."""
    boot_id = boot_id_of(root, os.environ.get("BOOT_ID", ""))
    session_id = f"{boot_id[:24]}.{os.getpid()}.{time.monotonic_ns():x}"
    persist = Machine(root).lines_persist()

    def urgent() -> None:
        become_real_time(log, PILOT_PRIORITY)

    assembled = assemble(board, ports or MachinePorts(), boot_id, session_id, persist, monotonic, urgent)
    for name, devices in assembled.threads.items():
        begin(name, devices, log)
    return of(assembled)


def of(assembled: Assembled) -> Hosted:
    """What the loop needs: there is no world to be kept, and progress has to be proved."""
    watched = assembled.watched()
    return Hosted(assembled.host, lambda: "", lambda _: True, lambda now: stuck(watched, now))
