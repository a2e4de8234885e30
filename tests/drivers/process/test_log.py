"""The log of the board process: nobody waits for its reader, and what was lost is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.process.log import KIND_LINES, KIND_S, WAITING, LineLog

MOST_S = 2.0
"""Nothing here may take longer, and it should take microseconds."""


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_lines_come_in_order(tmp_path: Path) -> None:
    """Each on a line of its own, in ASCII, with nothing in it that a terminal would act upon."""
    fd = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    log = LineLog(fd)
    log.line("a", "first \u20ac")
    log.line("b", "second\x1b[2J\nforged")
    assert log.flush(5.0)
    os.close(fd)
    assert (tmp_path / "log").read_text().splitlines() == [
        "evsed-board: first \\u20ac",
        "evsed-board: second?[2J?forged",
    ]


def test_point_1_a_full_pipe_delays_nothing_and_its_losses_are_told() -> None:
    """Nobody reads: `line` returns at once for ever; once somebody reads, the number of lost lines is told."""
    ours, theirs = os.pipe()
    now = [0.0]

    def clock() -> float:
        now[0] += KIND_S  # each line is of another window: no limit of its kind
        return now[0]

    log = LineLog(theirs, clock)
    lines = WAITING + 3000
    took = timed(lambda: [log.line("a", "x" * 400) for _ in range(lines)])
    assert took < 2.0 and not log.flush(0.1)
    heard = b""
    while b"were lost" not in heard:
        heard += os.read(ours, 65536)
    while not log.flush(0.05):
        heard += os.read(ours, 65536)
    os.close(theirs)
    while more := os.read(ours, 65536):
        heard += more
    told = [int(line.split()[1]) for line in heard.decode().splitlines() if line.endswith("were lost")]
    assert heard.count(b"xxx\n") + sum(told) == lines
    os.close(ours)


@pytest.mark.parametrize("how", ["closed", "no reader", "/dev/full", "non-blocking"])
def test_point_1_a_log_that_cannot_be_written_raises_nothing(how: str) -> None:
    """EBADF, EPIPE, ENOSPC, EAGAIN: the thread lives on, `line` returns at once."""
    ours, theirs = os.pipe()
    if how == "closed":
        os.close(theirs)
    elif how == "no reader":
        os.close(ours)
    elif how == "/dev/full":
        theirs = os.open("/dev/full", os.O_WRONLY)
    else:
        os.set_blocking(theirs, False)
    log = LineLog(theirs)
    assert timed(lambda: [log.line(str(number), "x" * 490) for number in range(400)]) < MOST_S
    assert log.flush(5.0) is (how != "non-blocking")
    if how == "/dev/full":
        good = os.open("/dev/null", os.O_WRONLY)
        os.dup2(good, theirs)
        assert log.flush(5.0)
        assert log._told == 400


def test_point_8_a_flood_of_one_kind_leaves_the_others() -> None:
    """Twenty lines of a kind in ten seconds; how many more there were is told when the ten seconds are over."""
    ours, theirs = os.pipe()
    now = [100.0]
    log = LineLog(theirs, lambda: now[0])
    for number in range(1000):
        log.line("client", f"client {number}")
    log.line("contactor", "contactor open")
    now[0] += KIND_S
    log.line("contactor", "contactor closed")
    assert log.flush(5.0)
    heard = os.read(ours, 65536).decode().splitlines()
    assert len(heard) == KIND_LINES + 3
    assert heard[-3:] == [
        "evsed-board: contactor open",
        f"evsed-board: {1000 - KIND_LINES} more lines about client were left out",
        "evsed-board: contactor closed",
    ]


def test_point_1_closed_standard_descriptors_are_taken() -> None:
    """Otherwise a socket of ours would get the number of stderr, and hear the log."""
    play = (
        "import os\n"
        "from drivers.process.log import reserve_standard_descriptors\n"
        "reserve_standard_descriptors()\n"
        "raise SystemExit(0 if os.open(os.devnull, os.O_RDONLY) > 2 else 1)"
    )
    closed = 'exec "$0" -c "$1" 0<&- 2>&-'
    assert subprocess.run(["/bin/sh", "-c", closed, sys.executable, play], check=False).returncode == 0
