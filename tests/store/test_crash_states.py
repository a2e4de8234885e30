"""A power cut at every system call of the store's life: nothing acknowledged is lost, nothing deleted comes back."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from daemon.store import Store
from daemon.store_rows import SCRIPTS
from tests.store.disk import Disk, Image
from tests.store.recorder import Call, built, calls, run_life
from tests.store.workload import Model, applied, commits, rows

SEED = 20160106
STATES = 20_000
"""Fewest different states that must have been opened."""
LIVES = (
    # commits from, to, schema, and whether the life ends well
    (0, 60, "first", False),
    (60, 130, "second", True),
    (130, 260, "second", False),
    (260, 300, "second", True),
)


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


def recorded(folder: Path, defect: bool) -> tuple[list[Call], dict[str, Path]]:
    """The calls of all lives, one after the other."""
    shim, log, store = built(folder), folder / "log", folder / "store"
    known = schemas(folder)
    store.mkdir()
    for first, last, schema, clean in LIVES:
        life = {"seed": SEED, "first": first, "last": last, "clean": clean, "defect": defect}
        run_life(shim, log, store, schema=str(known[schema]), **life)
    return list(calls(log)), known


def replay(story: list[Call], schema: Path, place: Path, draws: int, limit_bad: int = 5) -> Verdict:
    """Every state after every call, opened by the store itself and compared with what had been acknowledged."""
    dice = random.Random(SEED)
    disk = Disk()
    models = [dict[tuple[str, int | str], object]()]
    begun = acknowledged = states = 0
    bad: list[str] = []
    seen: set[bytes] = set()
    source = commits(SEED)
    for index, call in enumerate(story):
        if call.op == "B":
            begun += 1
            models.append(applied(models[-1], next(source)))  # type: ignore[arg-type]
        elif call.op == "A":
            acknowledged += 1
            seen.clear()
        else:
            disk.follow(call)
        for image in disk.images(dice, draws):
            key = digest(image)
            if key in seen:
                continue
            seen.add(key)
            states += 1
            allowed = models[acknowledged : begun + 1]
            if problem := opened(image, schema, place, allowed, dice):
                bad.append(f"call {index} ({call.op}), {acknowledged} acknowledged: {problem}")
                if len(bad) >= limit_bad:
                    return Verdict(states, index + 1, bad)
    return Verdict(states, len(story), bad)


def digest(image: Image) -> bytes:
    sums = hashlib.blake2b(digest_size=12)
    for name in sorted(image):
        sums.update(f"{name} {len(image[name])} ".encode())
        sums.update(image[name])
    return sums.digest()


def opened(image: Image, schema: Path, place: Path, allowed: list[Model], dice: random.Random) -> str:
    """Lay the image out, open it as the station does, and say what is wrong with it."""
    folder = place / "state"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
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
    story, known = recorded(tmp_path, defect=False)
    verdict = replay(story, known["second"], place, draws=6)
    print(f"\n{verdict.states} crash states after {verdict.calls} calls, {len(verdict.bad)} bad")
    assert verdict.bad == []
    assert verdict.states >= STATES


def test_a_store_that_does_not_sync_is_caught(tmp_path: Path, place: Path) -> None:
    """The same replay finds the loss when each commit returns before its bytes are on the disk."""
    story, known = recorded(tmp_path, defect=True)
    verdict = replay(story, known["second"], place, draws=2)
    assert verdict.bad
    assert "lost or changed" in verdict.bad[0]
