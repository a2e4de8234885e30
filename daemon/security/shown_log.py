"""The security log as it is shown: rows for `evsectl`, and the text of an upload (GetLog)."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from daemon.filesystem import private
from daemon.security.security_log import LoggedEvent, read, with_times


def shown(folder: Path, last: object = None) -> dict[str, Any]:
    """The newest `last` entries as rows (None: all), and what is wrong with the log, in words."""
    entries, problems = read(folder)
    rows = with_times(entries)
    if isinstance(last, int):
        rows = rows[-last:] if last > 0 else []
    return {"security_log": [msgspec.to_builtins(row) for row in rows], "problems": problems}


def write_upload(log_folder: Path, file: Path, oldest: float | None, latest: float | None) -> None:
    """The entries of a window (seconds since 1970, None: open) as lines of JSON; then what is wrong with the log.

    Entries without a time are always there.  Raises OSError; an unfinished file is removed.
    """
    entries, problems = read(log_folder)
    lines = [msgspec.json.encode(entry) for entry in with_times(entries) if _within(entry, oldest, latest)]
    lines += [msgspec.json.encode({"problem": problem}) for problem in problems]
    draft = file.with_suffix(".new")
    try:
        with open(draft, "wb", opener=private) as out:
            out.write(b"".join(line + b"\n" for line in lines))
        os.replace(draft, file)
    finally:
        draft.unlink(missing_ok=True)


def _within(entry: LoggedEvent, oldest: float | None, latest: float | None) -> bool:
    if entry.at is None:
        return True
    at = datetime.fromisoformat(entry.at).timestamp()
    return (oldest is None or at >= oldest) and (latest is None or at <= latest)
