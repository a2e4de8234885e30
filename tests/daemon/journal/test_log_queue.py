"""The log never blocks, never fails, and says what it lost."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from daemon.journal.log_queue import QUEUED_LINES, LogQueue, standard_error, to_descriptor


def lost_line(lost: int) -> tuple[int, str, Mapping[str, str]]:
    return 4, f"{lost} lost", {}


def test_lines_are_written_in_their_order() -> None:
    """What was put in comes out, before the end of the process."""
    seen: list[str] = []
    queue = LogQueue(lambda priority, text, fields: seen.append(text), lost_line)
    for number in range(100):
        queue(5, str(number), {})
    queue.close()
    assert seen == [str(number) for number in range(100)]
    LogQueue(lambda *_: None, lost_line).close()  # nothing was ever logged


def test_point_1_a_reader_that_does_not_read() -> None:
    """A write that blocks costs lines and is counted; nobody waits, the end comes after half a second."""
    seen: list[str] = []
    gate = threading.Event()

    def blocked(priority: int, text: str, fields: Mapping[str, str]) -> None:
        gate.wait(10)
        seen.append(text)

    queue = LogQueue(blocked, lost_line)
    began = time.monotonic()
    for number in range(5 * QUEUED_LINES):
        queue(5, str(number), {})
    assert time.monotonic() - began < 1.0 and queue.lost >= 4 * QUEUED_LINES - 1
    queue.close(0.2)
    assert 0.1 < time.monotonic() - began < 2.0 and not seen
    gate.set()
    queue.close(5.0)
    lost = [text for text in seen if text.endswith("lost")]
    assert lost and sum(int(text.split()[0]) for text in lost) + len(seen) - len(lost) == 5 * QUEUED_LINES


def test_point_1_a_log_that_cannot_be_written() -> None:
    """A full disk, a closed pipe, any exception: counted, and told when something can be written again."""
    seen: list[str] = []
    full, done = True, threading.Event()

    def write(priority: int, text: str, fields: Mapping[str, str]) -> None:
        if full:
            raise OSError(28, "No space left on device")
        seen.append(text)
        done.set()

    queue = LogQueue(write, lost_line)
    for number in range(10):
        queue(5, str(number), {})
    queue.close()
    assert queue.lost == 10 and not done.is_set()
    queue = LogQueue(write, lost_line)
    queue.lost, full = 10, False
    queue(5, "again", {})
    queue.close()
    assert seen == ["10 lost", "again"] and queue.lost == 0


def test_lines_on_a_descriptor() -> None:
    """Whole lines, past the buffers of Python, also into a pipe that somebody made non-blocking."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    write = to_descriptor(writer, prefixes=True)
    read: list[bytes] = []

    def drain() -> None:
        while data := os.read(reader, 65536):
            read.append(data)

    thread = threading.Timer(0.05, drain)
    thread.start()
    to_descriptor(writer)(3, "first", {})
    for _ in range(100):
        write(3, "x" * 2000, {})
    os.close(writer)
    thread.join()
    os.close(reader)
    assert b"".join(read) == b"first\n" + (b"<3>" + b"x" * 2000 + b"\n") * 100
    assert standard_error() >= 0


def test_closed_standard_descriptors_are_filled(tmp_path: Path) -> None:
    """A process that is started with stderr closed writes no log line into its next file."""
    code = (
        "import os; from daemon.journal.log_queue import keep_standard_descriptors as keep, to_descriptor; keep();"
        f"f = os.open({str(tmp_path / 'precious')!r}, os.O_CREAT | os.O_WRONLY); to_descriptor(2)(3, 'x', {{}});"
        "os._exit(0 if f > 2 else 9)"
    )
    shell = 'exec "$0" -c "$1" <&- >&- 2>&-'
    assert subprocess.run(["sh", "-c", shell, sys.executable, code], check=False).returncode == 0
    assert (tmp_path / "precious").read_bytes() == b""
