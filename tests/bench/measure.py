"""Readings of processes from /proc, medians, and the row that each figure becomes.  It starts nothing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Row(NamedTuple):
    """One figure.  `peer` None: the peer has nothing like it.  `met` None: stated for comparison only."""

    name: str
    target: str
    measured: str
    peer: str | None
    met: bool | None
    runs: int


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def cpu_s(pid: int) -> float:
    """Seconds that all threads of a process have been on a CPU, to the nanosecond."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def pss_mb(pid: int) -> float:
    """Proportional set size in MB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def rss_mb(pid: int) -> float:
    """Resident set size in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1000


def written_bytes(pid: int) -> int:
    """Bytes that a process caused to be written to a disk."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


def table(rows: Sequence[Row]) -> str:
    """All figures, as text."""
    head = ("figure", "target", "evsed", "peer", "", "runs")
    verdicts = {True: "met", False: "SHORT", None: ""}
    lines = [head, *((r.name, r.target, r.measured, r.peer or "-", verdicts[r.met], str(r.runs)) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
