"""What a configuration needs of this machine: a writable store, hooks that can be started.  Changes nothing."""

from __future__ import annotations

import os
import pwd
import tempfile
from collections.abc import Iterator
from pathlib import Path

from daemon.config.model import Config


def missing(config: Config) -> Iterator[str]:
    """Each thing that is not there, for a person: what, why, and the remedy."""
    if why := _why_not_written(config.store_dir):
        yield f"[store] dir: {config.store_dir} cannot be written by {_user()}: {why}"
    if config.board.kind == "simulated":
        return  # its hooks are played
    for name, argv in (("install", config.hooks.install), ("reboot", config.hooks.reboot)):
        if argv and (why := _why_not_started(argv[0])):
            yield f"[hooks] {name}: {argv[0]} {why}"


def _user() -> str:
    try:
        return f"user {pwd.getpwuid(os.geteuid()).pw_name}"
    except KeyError:
        return f"user {os.geteuid()}"


def _why_not_written(folder: Path) -> str:
    """ "": it can, or it will be made.  A file without a name is written, which leaves no trace."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is no folder"
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(b"\n")
    except PermissionError:
        if there != folder:
            return f"it is not there, and may not be made in {there}: make it, owned by the user of evsed"
        return "it belongs to somebody else: chown it, or run this as the user of evsed (sudo -u evsed …)"
    except OSError as error:
        return f"{error.strerror or error}: check the path and its file system ({there})"
    return ""


def _why_not_started(program: str) -> str:
    try:
        found = Path(program).exists()
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    if not found:
        return "does not exist: correct the path, or install it"
    if Path(program).is_dir():
        return "is a folder, not a program"
    return "" if os.access(program, os.X_OK) else f"cannot be executed; chmod +x {program}"
