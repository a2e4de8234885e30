"""A power cut at every system call of the store's life: nothing acknowledged is lost, nothing deleted comes back."""

from __future__ import annotations

import itertools
import os
import random
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.store.rows import SCRIPTS
from daemon.store.store import Store
from tests.store.disk import Disk, Image
from tests.store.recorder import Call, built, calls, run_life
from tests.store.workload import Model, applied, commits, rows

SEED = 20160106
STATES = 9_000
"""Fewest different states that must have been opened."""
BAD_STATES = 5
"""So many and the replay has said enough."""
Life = tuple[int, int, str, bool]
"""Commits from and to, the schema, and whether it ends well."""
LIVES: tuple[Life, ...] = (
    (0, 50, "first", False),
    (50, 90, "second", True),
    (90, 150, "second", False),
    (150, 200, "second", True),
)
SECOND_SCHEMA_FROM = 50
"""Commit at which the store was migrated."""


class Verdict(NamedTuple):
    """What a replay found."""

    states: int
    calls: int
    bad: list[str]


def memory_folder() -> Path:
    """Where states are laid out: in memory where the system has such a place."""
    shared = Path("/dev/shm")
    return shared if os.access(shared, os.W_OK) else Path("/tmp")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A fast folder that goes away afterwards."""
    folder = memory_folder() / f"evsed-{os.getpid()}-{tmp_path.name}"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def schemas(folder: Path) -> dict[str, Path]:
    """The shipped schema, and one with another migration behind it."""
    for name in ("first", "second"):
        shutil.copytree(SCRIPTS, folder / name, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    number = len(list(SCRIPTS.glob("*.sql"))) + 1
    script = "ALTER TABLE charge ADD COLUMN later TEXT NOT NULL DEFAULT ''; CREATE TABLE later (x INTEGER PRIMARY KEY);"
    (folder / "second" / f"{number:04}.sql").write_text(script)
    return {name: folder / name for name in ("first", "second")}


def recorded(folder: Path, lives: Iterable[Life], **options: object) -> tuple[list[Call], dict[str, Path]]:
    """The calls of some lives, one after the other."""
    shim, log, store = built(folder), folder / "log", folder / "store"
    known = schemas(folder)
    store.mkdir()
    for first, last, schema, clean in lives:
        life = {"seed": SEED, "first": first, "last": last, "clean": clean}
        run_life(shim, log, store, schema=str(known[schema]), **life, **options)
    return list(calls(log)), known


def replay(story: list[Call], known: dict[str, Path], place: Path, draws: int, since: int = 0) -> Verdict:
    """Every state after every call, opened by the store itself and compared with what had been acknowledged."""
    dice = random.Random(SEED)
    disk = Disk()
    models = all_models(max(call.at for call in story if call.op == "B") + 1)
    begun = acknowledged = states = 0
    bad: list[str] = []
    seen: set[frozenset[tuple[str, bytes]]] = set()
    for index, call in enumerate(story):
        if call.op == "B":
            begun = call.at + 1
        elif call.op == "A":
            acknowledged = call.at + 1
            seen.clear()  # the same octets must now hold more
        else:
            disk.follow(call)
        for image in disk.images(dice, draws) if index >= since else ():
            key = frozenset(image.items())
            if key in seen:
                continue
            seen.add(key)
            states += 1
            allowed = models[acknowledged : begun + 1]
            schema = known["first" if begun < SECOND_SCHEMA_FROM else "second"]
            if problem := opened(image, schema, place, allowed, dice):
                bad.append(f"call {index} ({call.op}), {acknowledged} acknowledged: {problem}")
                if len(bad) >= BAD_STATES:
                    return Verdict(states, index + 1, bad)
    return Verdict(states, len(story), bad)


def all_models(number: int) -> list[Model]:
    """The rows after no commit, one commit, ... `number` commits."""
    models: list[Model] = [{}]
    for writes in itertools.islice(commits(SEED), number):
        models.append(applied(models[-1], writes))
    return models


def opened(image: Image, schema: Path, folder: Path, allowed: list[Model], dice: random.Random) -> str:
    """Lay the image out, open it as the station does, and say what is wrong with it."""
    for old in os.listdir(folder):
        os.unlink(folder / old)
    for name, content in image.items():
        (folder / name).write_bytes(content)
    if dice.random() < 0.1:  # whatever stands in the shared-memory file is never believed
        (folder / "evsed.db-shm").write_bytes(dice.randbytes(32768))
    store = Store.open(folder, schema=schema)
    try:
        news = [one for one in store.news if one[0] != "store-migrated"]
        found = rows(store.load())
        if store.state != "ok" or news:
            return f"{store.state} {store.detail} {news}"
        if found not in allowed:
            lost = {key: row for key, row in allowed[0].items() if found.get(key) != row}
            back = found.keys() - allowed[0].keys()
            return f"lost or changed {sorted(map(str, lost))}, back {sorted(map(str, back))}"
    finally:
        store.close()
    return ""


def test_nothing_acknowledged_is_lost_in_any_crash_state(tmp_path: Path, place: Path) -> None:
    """Whatever a power cut leaves of unsynced writes, the store opens with exactly what it had acknowledged."""
    story, known = recorded(tmp_path, LIVES)
    verdict = replay(story, known, place, draws=8)
    print(f"\n{verdict.states} crash states after {verdict.calls} calls, {len(verdict.bad)} bad")
    assert verdict.bad == []
    assert verdict.states >= STATES


def test_a_store_that_does_not_sync_is_caught(tmp_path: Path, place: Path) -> None:
    """The same replay finds the loss when each commit returns before its bytes are on the disk."""
    story, known = recorded(tmp_path, LIVES, defect=True)
    assert replay(story, known, place, draws=2).bad, "a store that is only being made is found damaged"
    acknowledged = next(n for n, call in enumerate(story) if call.op == "A")
    verdict = replay(story, known, place, draws=2, since=acknowledged)
    assert any("lost or changed" in bad for bad in verdict.bad), verdict.bad


FAILING: tuple[Life, ...] = ((0, 20, "first", False), (19, 27, "first", True))
"""The first life ends at a commit whose fsync fails; the second finds in the page cache what is not on the disk."""


def test_a_failed_fsync_is_not_believed_by_the_next_life(tmp_path: Path, place: Path) -> None:
    """What a failed fsync dropped from the disk is written once more before anything is built on it."""
    story, known = recorded(tmp_path, FAILING, fail_sync_of=19)
    failed = next(n for n, call in enumerate(story) if call.op == "f" and call.failed)
    assert replay(story, known, place, draws=8, since=failed).bad == []


def test_believing_the_page_cache_is_caught(tmp_path: Path, place: Path) -> None:
    """Without that second writing the replay finds a damaged store."""
    story, known = recorded(tmp_path, FAILING, fail_sync_of=19)
    failed = next(n for n, call in enumerate(story) if call.op == "f" and call.failed)
    rewritten = next(n for n in range(failed, len(story)) if story[n].op == "w" and len(story[n].data) > 2048)
    careless = story[:rewritten] + story[rewritten + 2 :]
    assert story[rewritten + 1].op == "f"
    assert replay(careless, known, place, draws=40, since=failed).bad
