"""What a configuration needs of its machine: a store that can be written, hooks that can be started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.surroundings import missing

NOBODY = 65534


def lacking(folder: Path, store: Path, hooks: str = "", kind: str = "process") -> list[str]:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'[store]\ndir = "{store}"\n[board]\nkind = "{kind}"\n[hooks]\n{hooks}\n'
    )
    return list(missing(load([file], {})))


def test_14_a_store_that_can_be_written(tmp_path: Path) -> None:
    """It is there, or it can be made with all folders above it; looking leaves no trace."""
    (tmp_path / "store").mkdir()
    assert lacking(tmp_path, tmp_path / "store") == [] == lacking(tmp_path, tmp_path / "a/b/c")
    assert list((tmp_path / "store").iterdir()) == [] and not (tmp_path / "a").exists()


def test_14_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    """A file in its place or above it, and a file system that takes no files, are named with the path."""
    (tmp_path / "file").write_text("")
    for store in tmp_path / "file", tmp_path / "file/below", Path("/proc/evsed"), Path("/proc"):
        (line,) = lacking(tmp_path, store)
        assert line.startswith(f"[store] dir: {store} cannot be written by user ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_14_a_store_of_somebody_else(tmp_path: Path) -> None:
    """The user is named, and how to look as the right one."""
    (tmp_path / "store").mkdir(mode=0o700)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        (there,) = lacking_of(tmp_path / "store")
        (absent,) = lacking_of(tmp_path / "none")
    finally:
        os.seteuid(0)
    assert "user nobody" in there and "sudo -u evsed" in there and f"may not be made in {tmp_path}" in absent


def lacking_of(store: Path) -> list[str]:
    """Without a file: nobody may write one here."""
    environ = {"EVSED_STATION_ID": "C", "EVSED_CSMS_URL": "ws://h", "EVSED_CSMS_SECURITY_PROFILE": "0"}
    return list(missing(load((), {**environ, "EVSED_CSMS_ALLOW_INSECURE": "true", "EVSED_STORE_DIR": str(store)})))


def test_14_hooks_that_are_not_there(tmp_path: Path) -> None:
    """Absent, a folder, not executable: named with the remedy; a simulated board plays its hooks."""
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    hooks = f'install = ["/no/such", "x"]\nreboot = ["{tmp_path}/plain"]'
    assert lacking(tmp_path, tmp_path, hooks) == [
        "[hooks] install: /no/such does not exist: correct the path, or install it",
        f"[hooks] reboot: {tmp_path}/plain cannot be executed; chmod +x {tmp_path}/plain",
    ]
    (line,) = lacking(tmp_path, tmp_path, f'reboot = ["{tmp_path}"]')
    assert line == f"[hooks] reboot: {tmp_path} is a folder, not a program"
    assert lacking(tmp_path, tmp_path, 'reboot = ["/bin/sh"]') == [] == lacking(tmp_path, tmp_path, hooks, "simulated")
