"""Durable names and bytes, private files, free room."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from daemon.filesystem import private, room, shared, sync_file, sync_folder


def test_names_and_bytes_are_made_durable(tmp_path: Path) -> None:
    """A folder and an open file can be synchronised; what is no folder is an error."""
    with open(tmp_path / "file", "wb") as file:
        file.write(b"x")
        sync_file(file)
        assert (tmp_path / "file").read_bytes() == b"x"
    sync_folder(tmp_path)
    with pytest.raises(NotADirectoryError):
        sync_folder(tmp_path / "file")


def test_a_private_file(tmp_path: Path) -> None:
    """Nobody else may read it, and a symbolic link in its place is refused."""
    with open(tmp_path / "file", "wb", opener=private):
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="symbolic"), open(tmp_path / "link", "wb", opener=private):
        pass


def test_a_shared_file(tmp_path: Path) -> None:
    """Its folder's group may read it where the folder says so, and only there."""
    for mode, wanted in ((0o700, 0o600), (0o2770, 0o640)):
        tmp_path.chmod(mode)
        with open(tmp_path / f"file{mode}", "wb", opener=shared):
            assert stat.S_IMODE((tmp_path / f"file{mode}").stat().st_mode) == wanted


def test_the_room(tmp_path: Path) -> None:
    """Bytes and inodes for a user without privileges; a file system need not count inodes."""
    found = room(tmp_path)
    assert found.free_bytes >= 0 and found.writable
    counts = SimpleNamespace(f_bavail=3, f_frsize=1024, f_files=0, f_favail=0, f_flag=os.ST_RDONLY)
    assert room(tmp_path, lambda _: cast(os.statvfs_result, counts)) == (3072, None, False)
    counts.f_files, counts.f_favail, counts.f_flag = 10, 2, 0
    assert room(tmp_path, lambda _: cast(os.statvfs_result, counts)) == (3072, 2, True)
