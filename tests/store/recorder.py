"""Building the shim, running a program under it, reading what it wrote down."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ENTRY = struct.Struct("<cBhiqI")
"""As `struct entry` of shim.c: operation, failed, padding, descriptor, offset or size, length of the data behind."""
ROOT = Path(__file__).parents[2]


class Call(NamedTuple):
    """One call, or a mark of the workload: `B` before a commit, `A` after it (`at`: its number)."""

    op: str
    failed: bool
    fd: int
    at: int
    data: bytes


def built(folder: Path) -> Path:
    """The compiled shim; without a compiler the test is skipped and says what is missing."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("needs gcc (Debian package gcc and libc6-dev) to build the recorder of system calls")
    target = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", target, source], check=True)
    return target


def environment(shim: Path, folder: Path, log: Path | None = None) -> dict[str, str]:
    """What a program needs in its environment to be watched."""
    watched = {**os.environ, "LD_PRELOAD": str(shim), "SHIM_DIR": str(folder)}
    return {**watched, "SHIM_LOG": str(log)} if log else watched


def arm(index: int, number: int, *, always: bool, only_syncs: bool = False) -> None:
    """In a watched program: the `index`-th call from now fails with errno `number`; a negative index: none does."""
    ctypes.CDLL(None).shim_arm(ctypes.c_long(index), number, int(always), ord("f") if only_syncs else 0)


def made() -> int:
    """In a watched program: the calls since `arm`."""
    count = ctypes.CDLL(None).shim_calls
    count.restype = ctypes.c_long
    return int(count())


def run_life(shim: Path, log: Path, folder: Path, **life: object) -> None:
    """One life of `tests/store/workload.py` in `folder`, its calls appended to `log`."""
    given = json.dumps({"log": str(log), "folder": str(folder), **life})
    subprocess.run(
        [sys.executable, "-m", "tests.store.workload", given],
        env=environment(shim, folder, log),
        cwd=ROOT,
        check=True,
    )


def calls(log: Path) -> Iterator[Call]:
    """What was written down, in order."""
    content = log.read_bytes()
    offset = 0
    while offset < len(content):
        op, failed, _, fd, at, size = ENTRY.unpack_from(content, offset)
        offset += ENTRY.size
        yield Call(op.decode(), bool(failed), fd, at, content[offset : offset + size])
        offset += size
