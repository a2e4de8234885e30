"""What a program has started, as /proc shows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from daemon.jobs.process_tree import ProcessTree, adopt_orphans, children, processes

WAITS = "print(os.getpid(), flush=True); signal.pause()"
SHAPES = {
    "child": f"import os, signal; {WAITS}",
    "grandchild": f"import os, signal; os.fork() and signal.pause(); {WAITS}",
    "orphan": f"import os, signal\nif os.fork(): os._exit(0)\n{WAITS}",
    "orphan of another group": f"import os, signal\nif os.fork(): os._exit(0)\nos.setpgid(0, 0)\n{WAITS}",
    "daemon": f"import os, signal\nif os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\n{WAITS}",
}


@contextmanager
def started(code: str) -> Iterator[tuple[subprocess.Popen[bytes], ProcessTree, int]]:
    """The process, its tree, and the pid that it prints."""
    before = children()
    adopt_orphans(True)
    words = [sys.executable, "-c", code]
    with subprocess.Popen(words, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        tree = ProcessTree(process.pid, before)
        try:
            yield process, tree, int(process.stdout.readline())
        finally:
            tree.signal(signal.SIGKILL)
            adopt_orphans(False)


@pytest.mark.parametrize("shape", SHAPES)
def test_whatever_left_its_parent_is_found(shape: str) -> None:
    """Point 11: orphans, other groups and sessions, daemons: each is found and ended, stopped ones included."""
    with started(SHAPES[shape]) as (process, tree, pid):
        assert pid in tree.alive()
        os.kill(pid, signal.SIGSTOP)
        tree.signal(signal.SIGTERM)
        while tree.alive():
            process.poll()
        assert pid not in {each.pid for each in processes()} or pid == process.pid


def test_others_are_left_alone() -> None:
    """Neither this process nor children that it had before belong to it."""
    with started(SHAPES["child"]) as (other, _, _), started(SHAPES["child"]) as (_, tree, pid):
        assert tree.alive() == [pid] and other.poll() is None
