"""Damaged files are kept beside the store, for analysis: `evsed.db.corrupt-N`, the newest generations only."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from daemon.filesystem import open_regular, sync_folder

KEPT_ASIDE = 3
"""Generations of damaged files that are kept; the oldest is removed when a new one comes."""


def set_aside(database: Path, paths: Iterable[Path]) -> str:
    """Rename files of the store, never overwrite.  Returns the generation's name, "" where there was no file."""
    found = [path for path in paths if os.path.lexists(path)]
    if not found:
        return ""
    name = f"{database.name}.corrupt-{max(_generations(database), default=0) + 1}"
    for path in found:
        make_private(path)
        path.rename(database.with_name(name + path.name.removeprefix(database.name)))
    sync_folder(database.parent)
    kept = _generations(database)
    for old in sorted(kept)[:-KEPT_ASIDE]:
        for leftover in kept[old]:
            remove(leftover)
    return name


def _generations(database: Path) -> dict[int, list[Path]]:
    """The damaged files that are kept, by the number of their generation."""
    found: dict[int, list[Path]] = {}
    for path in database.parent.glob(f"{database.name}.corrupt-*"):
        number = re.match(r"[0-9]{1,9}(?![0-9])", path.name.removeprefix(f"{database.name}.corrupt-"))
        if number:
            found.setdefault(int(number.group()), []).append(path)
    return found


def make_private(path: Path) -> None:
    """The store's files hold card numbers: readable by their owner only.  What is no file of ours stays as it is."""
    with suppress(OSError):
        descriptor = open_regular(path, os.O_RDONLY)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)


def remove(path: Path) -> None:
    """A file, or a folder with all that is in it."""
    if stat.S_ISDIR(path.lstat().st_mode):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
