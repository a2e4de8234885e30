"""One run of the process, from the opened store to the exit code."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
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


def ended_at(text: str, folder: Path, mask: int = 0o022) -> tuple[int, str]:
    """The station of `config` in a process of its own, told to end once it has logged `text`: exit code and log.

    Not in this one: who is told to end has so many seconds, and then ends its process.
    """
    config(folder)
    command = [sys.executable, "-m", "daemon", "--config", str(folder / "evsed.toml")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, umask=mask) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if text in line:
                process.terminate()
        return process.wait(), "".join(lines)


def test_13_a_second_daemon_never_connects(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One with a store of its own, but another one's control socket: exit 1, before anything is dialled."""
    with socket.socket(socket.AF_UNIX) as first:
        first.bind(str(tmp_path / "c.sock"))
        first.listen()
        second = msgspec.structs.replace(config(tmp_path), control_socket=tmp_path / "c.sock")
        assert run(second) == 1
    error = capfd.readouterr().err
    assert f"another evsed answers at {tmp_path}/c.sock" in error and "central system" not in error
    assert not (tmp_path / "store").exists()


def test_7_an_obstructed_control_socket_does_not_end_the_process(tmp_path: Path) -> None:
    """A folder is in its place: said, and the station runs until it is told to end; the store is free again then."""
    code, log = ended_at("the control socket cannot be made", tmp_path)
    assert code == 0
    assert "control-socket: the control socket cannot be made" in log
    Store.open(tmp_path / "store").close()


def test_16_every_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the mask of the shell that starts it."""
    ended_at("the control socket cannot be made", tmp_path, mask=0)
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files and {path.name: path.stat().st_mode & 0o077 for path in files} == {path.name: 0 for path in files}
