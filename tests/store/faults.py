"""A station whose disk refuses the n-th call, once or for ever: run under the shim, a process for each case."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import sys
import traceback
from pathlib import Path
from typing import Any

from daemon.store.store import Store, StoreFailed
from tests.store.recorder import arm, made
from tests.store.workload import CHECKPOINT_PAGES, Model, applied, commits, rows

SEED = 7
BEFORE = 25
"""Commits that the store holds already in the scenario `grown`."""
COMMITS = 7
LIVES = 3
"""Restarts with the fault still there."""
RETRIES = 2
ERRORS = (errno.EIO, errno.ENOSPC, errno.EROFS)


def station(
    folder: Path,
    schema: Path,
    done: int,
    end: int,
    acknowledged: int,
    legible: Model | None = None,
    defect: bool = False,
) -> int:
    """Live, restart after each failed commit, and write down how many commits have been acknowledged.

    `legible`: what the first life must be able to load, whatever it may not write.  `defect`: a station that
    acknowledges before it has committed.
    """
    for _ in range(LIVES):
        store = Store.open(folder, schema=schema, checkpoint_pages=CHECKPOINT_PAGES)
        loaded = rows(store.load())
        assert legible is None or loaded == legible, "what could be read was not read"
        legible = None
        try:
            for _ in range(RETRIES):
                if store.state == "unwritable":
                    store.retry()
            for number, writes in enumerate(itertools.islice(commits(SEED), end)):
                if number < done:
                    continue
                store.probe()
                if defect:
                    os.pwrite(acknowledged, (done + 1).to_bytes(4, "big"), 0)
                store.commit(writes)
                done += 1
                os.pwrite(acknowledged, done.to_bytes(4, "big"), 0)
            return done
        except StoreFailed as failure:
            assert str(folder) in str(failure) and ";" in str(failure), "place and remedy are named"
        finally:
            store.close()
    return done


def prepared(folder: Path, schema: Path, scenario: str) -> int:
    """The folder as the case finds it; the number of commits it holds."""
    folder.mkdir()
    if scenario == "fresh":
        return 0
    if os.fork() == 0:  # a life that ended in the dark: the log is full of what the file does not have yet
        store = Store.open(folder, schema=schema, checkpoint_pages=CHECKPOINT_PAGES)
        for writes in itertools.islice(commits(SEED), BEFORE):
            store.commit(writes)
        os._exit(0)
    os.wait()
    return BEFORE


def models(number: int) -> list[Model]:
    found: list[Model] = [{}]
    for writes in itertools.islice(commits(SEED), number):
        found.append(applied(found[-1], writes))
    return found


def case(
    start: Path, folder: Path, schema: Path, done: int, fault: tuple[int, int, bool], known: list[Model], defect: bool
) -> str:
    """One fault; what is wrong afterwards, or nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder)
    note = os.open(start.with_name("acknowledged"), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    os.pwrite(note, done.to_bytes(4, "big"), 0)
    child = os.fork()
    if child == 0:
        try:
            arm(fault[0], fault[1], always=fault[2])
            legible = None if fault[1] == errno.EIO else known[done]
            station(folder, schema, done, done + COMMITS, note, legible, defect)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    acknowledged = int.from_bytes(os.pread(note, 4, 0), "big")
    os.close(note)
    if status:
        return "an exception that is no StoreFailed"
    with_fault_gone = Store.open(folder, schema=schema)
    try:
        if with_fault_gone.state != "ok" or any(code != "store-migrated" for code, _ in with_fault_gone.news):
            return f"{with_fault_gone.state} {with_fault_gone.detail} {with_fault_gone.news}"
        if rows(with_fault_gone.load()) not in known[acknowledged : acknowledged + 2]:
            return f"not what was acknowledged ({acknowledged})"
        return ""
    finally:
        with_fault_gone.close()


def count(start: Path, folder: Path, schema: Path, done: int, number: int) -> int:
    """Calls that a life makes when all goes well, as far as errno `number` could hit them."""
    shutil.copytree(start, folder)
    note = os.open(os.devnull, os.O_RDWR)
    arm(-1, number, always=False)
    assert station(folder, schema, done, done + COMMITS, note) == done + COMMITS
    os.close(note)
    return made()


def run(given: dict[str, Any]) -> dict[str, Any]:
    """All cases of one scenario; how many there were and which were bad."""
    watched = Path(given["folder"])
    start = watched.parent / "start"
    done = prepared(start, Path(given["first"]), given["scenario"])
    known = models(done + COMMITS + 1)
    bad: list[str] = []
    cases = 0
    for number in ERRORS:
        calls = count(start, watched / f"counted-{number}", Path(given["second"]), done, number)
        for index, always in itertools.product(range(0, calls, given.get("stride", 1)), (False, True)):
            cases += 1
            fault = (index, number, always)
            if problem := case(start, watched / "case", Path(given["second"]), done, fault, known, "defect" in given):
                bad.append(f"call {index} {errno.errorcode[number]} {'always' if always else 'once'}: {problem}")
    return {"cases": cases, "bad": bad}


if __name__ == "__main__":  # python -m tests.store.faults JSON
    print(json.dumps(run(json.loads(sys.argv[1]))))
