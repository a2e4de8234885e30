"""The lock that tells of a death, whatever it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.process.sign_of_life import TRIES, hold, lives, path_of, wait_for_death

HOLDS = """
import signal, sys
from drivers.process.sign_of_life import hold
hold(sys.argv[1])
print(1, flush=True)
signal.pause()
"""


def test_it_ends_with_the_process(tmp_path: Path) -> None:
    """Also by SIGKILL; whoever waits goes on."""
    path = path_of(tmp_path / "board.sock")
    assert path.endswith("/board.sock.alive") and not lives(path)
    wait_for_death(path)
    process = subprocess.Popen([sys.executable, "-c", HOLDS, path], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"1\n"
    assert lives(path)
    process.send_signal(signal.SIGSTOP)
    assert lives(path)
    process.kill()
    wait_for_death(path)
    assert not lives(path)
    process.wait()
    process.stdout.close()


def test_only_one_holds_it(tmp_path: Path) -> None:
    """A second one waits a little, and says why it gives up; others cannot read the file."""
    path = path_of(tmp_path / "board.sock")
    held = hold(path)
    assert os.stat(path).st_mode & 0o777 == 0o600
    pauses: list[float] = []
    with pytest.raises(OSError, match="another board process lives"):
        hold(path, pauses.append)
    assert len(pauses) == TRIES - 1
    os.close(held)
    second = hold(path, pauses.append)
    os.close(second)


def test_where_it_cannot_be(tmp_path: Path) -> None:
    """The error is the kernel's; a link is not followed."""
    with pytest.raises(OSError):
        hold(str(tmp_path / "absent" / "x"))
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(OSError):
        hold(str(tmp_path / "link"))
