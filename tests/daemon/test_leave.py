"""The end of a process: the exit code is kept, what was said is heard, and nobody is waited for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from daemon.leave import leave

WAITS = (
    "import threading; from daemon.leave import leave; "
    "threading.Thread(target=threading.Event().wait, daemon={daemon}).start(); print('said'); leave(3)"
)


@pytest.mark.parametrize("daemon", [True, False])
def test_threads_that_wait_do_not_hold_it(daemon: bool) -> None:
    """A thread that would wait for ever changes neither the exit code nor what was printed into a pipe."""
    done = subprocess.run([sys.executable, "-c", WAITS.format(daemon=daemon)], stdout=subprocess.PIPE, timeout=30)
    assert (done.returncode, done.stdout) == (3, b"said\n")


def test_alone_it_ends_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other threads the interpreter ends in its own way."""
    monkeypatch.setattr("threading.active_count", lambda: 1)
    with pytest.raises(SystemExit) as end:
        leave(2)
    assert end.value.code == 2
