"""The processes that a program has started, however they have left it: as `/proc` shows them.

`evsed-job` adopts the orphans among them (PR_SET_CHILD_SUBREAPER), so that what has changed its group, its session or
its parent is still found.  Not found is what another program started on request: systemd, D-Bus, at.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SET_CHILD_SUBREAPER = 36
"""prctl(2)."""


class Process(NamedTuple):
    pid: int
    state: str
    parent: int
    session: int


def processes(proc: Path = Path("/proc")) -> Iterator[Process]:
    """All that this user may see."""
    for folder in proc.iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError):  # it has ended meanwhile
                fields = (folder / "stat").read_bytes().rpartition(b")")[2].split()
                yield Process(int(folder.name), fields[0].decode(), int(fields[1]), int(fields[3]))


def adopt_orphans(on: bool) -> None:
    """Whether orphans below this process become its children."""
    ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, int(on), 0, 0, 0)


class ProcessTree:
    """What the program with the pid `leader` has started, itself included.  It leads a session of its own.

    `strangers` are children of this process that were there before.
    """

    def __init__(self, leader: int, strangers: frozenset[int] = frozenset()) -> None:
        self._leader = leader
        self._strangers = strangers

    def alive(self) -> list[int]:
        """The pids of those that run; ended orphans are cleared away, the leader is left to its parent."""
        found = {each.pid: each for each in processes()}
        known = {os.getpid(): False}

        def belongs(pid: int) -> bool:
            if pid not in known:
                each = found.get(pid)
                known[pid] = False  # against a circle, should pids be given anew meanwhile
                if each is not None and pid not in self._strangers:
                    ours = pid == self._leader or each.session == self._leader or each.parent == os.getpid()
                    known[pid] = ours or belongs(each.parent)
            return known[pid]

        running = []
        for each in found.values():
            if not belongs(each.pid):
                continue
            if each.state not in "ZX":
                running.append(each.pid)
            elif each.parent == os.getpid() and each.pid != self._leader:
                with suppress(OSError):
                    os.waitpid(each.pid, os.WNOHANG)
        return running

    def signal(self, number: signal.Signals) -> None:
        """To each of them, stopped ones included."""
        for pid in self.alive():
            for each in (number, signal.SIGCONT):
                with suppress(OSError):  # it has ended, or belongs to another user
                    os.kill(pid, each)


def children() -> frozenset[int]:
    """The pids of this process's children."""
    return frozenset(each.pid for each in processes() if each.parent == os.getpid())
