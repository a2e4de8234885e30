"""One run of the process, from the opened store to the exit code."""

from __future__ import annotations

import gc
import os
import signal
import threading
from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.startup import run
from daemon.store.store import Store


@pytest.fixture(autouse=True)
def collecting() -> None:
    """The garbage collector is on before and after: a run turns it off at its start."""
    gc.enable()


def config(folder: Path) -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://127.0.0.1:1/x"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{folder}/store"\n[control]\nsocket = "{folder}/store"\n[board]\nkind = "simulated"\n'
    )
    return load([file], {})


def test_a_store_that_is_in_use_ends_the_process_at_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Two of them on one store would be one too many: exit 1, and the holder is named."""
    store = Store.open(tmp_path / "store")
    assert run(config(tmp_path)) == 1
    assert "held by process" in capfd.readouterr().err
    store.close()


def test_7_an_obstructed_control_socket_does_not_end_the_process(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A folder is in its place: said, and the station runs until it is told to end; the store is free again then."""
    end = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM))
    end.start()
    try:
        assert run(config(tmp_path)) == 0
    finally:
        end.cancel()
    assert "control-socket: the control socket cannot be made" in capfd.readouterr().err
    Store.open(tmp_path / "store").close()


def test_16_every_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the mask of the shell that starts it, and it is as before afterwards."""
    before = os.umask(0)
    end = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM))
    end.start()
    try:
        run(config(tmp_path))
        assert os.umask(0) == 0
    finally:
        end.cancel()
        os.umask(before)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files and {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}
