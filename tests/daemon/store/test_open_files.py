"""The files that SQLite has open: what somebody may do to them, and that it shows."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon.store.open_files import OpenFiles

DAY_NS = 86_400 * 10**9


@pytest.fixture
def files(tmp_path: Path) -> Iterator[OpenFiles]:
    """Two files of 100 bytes."""
    folder = tmp_path / "store"
    folder.mkdir()
    for name in ("db", "log"):
        (folder / name).write_bytes(b"x" * 100)
    found = OpenFiles(folder / "db", folder / "log")
    yield found
    found.close()


def replaced(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.write_bytes(bytes(100))


def linked(path: Path) -> None:
    path.rename(path.with_name("old"))
    path.symlink_to(path.with_name("old"))


def cut(path: Path) -> None:
    os.truncate(path, 99)


def moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


@pytest.mark.parametrize("name", ["db", "log"])
@pytest.mark.parametrize(
    ("vice", "said"),
    [
        (Path.unlink, "was deleted"),
        (replaced, "was replaced"),
        (linked, "was replaced"),
        (cut, "was cut from 100 to 99 bytes"),
        (moved, "is not where it was (No such file or directory)"),
    ],
)
def test_5_what_happens_to_a_file_shows(
    files: OpenFiles, tmp_path: Path, name: str, vice: Callable[[Path], None], said: str
) -> None:
    """The path no longer leads to the open file, or the file is shorter than it was."""
    assert files.fault() == ""
    vice(tmp_path / "store" / name)
    assert said in files.fault()


def test_5_somebody_else_s_write_shows(files: OpenFiles, tmp_path: Path) -> None:
    """Only evsed writes."""
    os.utime(tmp_path / "store" / "db", ns=(DAY_NS, DAY_NS))
    assert files.fault() == "another program has written into db"
    files.settle()
    assert files.fault() == ""


def test_5_a_commit_changes_the_log_alone(files: OpenFiles, tmp_path: Path) -> None:
    """It grows; a log that was cut and has grown again has a hole, and the database changes at known moments only."""
    database, log = tmp_path / "store" / "db", tmp_path / "store" / "log"
    log.write_bytes(b"x" * 5000)
    assert (files.committed(), files.fault()) == ("", "")
    os.truncate(log, 3000)
    os.truncate(log, 6000)
    assert files.committed() == "log was cut"
    log.write_bytes(bytes(32) + b"x" * 6000)
    assert files.committed() == "log was cut"
    os.utime(database, ns=(DAY_NS, DAY_NS))
    assert "another program" in files.committed()


def test_c_a_log_that_was_laid_out_ends_in_zeros(files: OpenFiles, tmp_path: Path) -> None:
    """A commit within it lengthens nothing; only where it has grown must its former end be written."""
    log = tmp_path / "store" / "log"
    log.write_bytes(b"x" * 1200 + bytes(3800))
    assert files.committed() == ""
    log.write_bytes(b"x" * 2400 + bytes(2600))
    assert files.committed() == ""
    log.write_bytes(b"x" * 2400 + bytes(2600) + b"x" * 1000)
    assert files.committed() == "log was cut"


def test_5_a_file_that_may_not_be_opened_again_shows() -> None:
    """As after a chown or chmod: the open file still works, the next start would not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    for name in ("db", "log"):
        (folder / name).write_bytes(b"x")
    files = OpenFiles(folder / "db", folder / "log")
    (folder / "log").chmod(0)
    user = os.geteuid()
    if not user:
        os.seteuid(65534)  # root may open everything
    try:
        assert "taken away" in files.fault()
    finally:
        os.seteuid(user)
        files.close()
        shutil.rmtree(folder)


def test_16_hard_links_are_counted(files: OpenFiles, tmp_path: Path) -> None:
    """The database under another name."""
    assert files.names() == 1
    os.link(tmp_path / "store" / "db", tmp_path / "other")
    assert files.names() == 2
