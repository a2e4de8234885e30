"""Work in a thread, and the end of a process: the exit code is kept, output arrives, no thread is awaited."""

from __future__ import annotations

import subprocess
import sys

import pytest

from daemon.threads import in_thread

WAITS = "import threading; threading.Thread(target=threading.Event().wait, daemon={daemon}).start(); "
LEAVES = "from daemon.threads import leave; print('said'); leave(3)"


@pytest.mark.parametrize("before", ["", WAITS.format(daemon=True), WAITS.format(daemon=False)])
def test_threads_that_wait_do_not_hold_it(before: str) -> None:
    """Alone or with threads that wait for ever: the exit code is kept, and what was printed into a pipe arrives."""
    done = subprocess.run([sys.executable, "-c", before + LEAVES], stdout=subprocess.PIPE, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (3, b"said\n")


async def test_what_a_thread_raises_comes_out() -> None:
    """The work's own exception reaches who waits for it."""
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)
