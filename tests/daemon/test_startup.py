"""One run of the process, from the opened store to the exit code."""

from __future__ import annotations

import gc
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


def test_a_part_that_cannot_start_ends_the_process(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A control socket that cannot be created (a folder is in its place): logged, exit 1, the store is free again."""
    assert run(config(tmp_path)) == 1
    assert "restarting" in capfd.readouterr().err
    Store.open(tmp_path / "store").close()
