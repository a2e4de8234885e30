"""Campaign: one wrong bit in each page of database and log; every bill that waits is told as it was, or is named.

`python -m tests.store.flips --flips 2000` prints a line for each loss, and the sums.  The log ends with what hurts
most: the start of a transaction, its stop, a value.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from daemon.store.store import Store
from ocpp16.records import ListVersion, Record, Sample, Transaction
from ocpp16.step import Save
from tests.daemon.store.test_salvage import AT, BILLS, CARDS, OTHERS, SAMPLES, bill, named, sample

RUNNING = replace(
    bill(9, told=False), ended=None, meter_stop_wh=None, reason="", stop_seq=None, stop="none", last_wh=9000
)  # fmt: skip
ENDED = bill(9, told=False)
ENDS: dict[str, list[list[Record]]] = {
    "start": [[CARDS[3]], [RUNNING]],
    "value": [[RUNNING], [sample(9, 1)]],
    "stop": [[RUNNING], [sample(9, 1)], [ENDED]],
    "cards": [[RUNNING], [ENDED], [replace(CARDS[4], used=77)], [replace(CARDS[5], used=78)]],
}
"""The commits that only the log holds, the last of them last."""


class State(NamedTuple):
    """The files after sudden death, and what they hold."""

    name: str
    database: bytes
    log: bytes
    rows: dict[tuple[str, int | str], Record]


def states(folder: Path) -> Iterator[State]:
    for name, commits in ENDS.items():
        place = folder / name
        store = Store.open(place)
        store.commit([Save(row) for row in (*BILLS, *SAMPLES, *CARDS, *OTHERS)])
        store.close()
        rows = {(row.table, row.key): row for row in (*BILLS, *SAMPLES, *CARDS, *OTHERS)}
        store = Store.open(place)
        store.load()
        for commit in commits:
            store.commit([Save(row) for row in commit])
            rows |= {(row.table, row.key): row for row in commit}
        yield State(name, (place / "evsed.db").read_bytes(), (place / "evsed.db-wal").read_bytes(), rows)
        store.close()
        shutil.rmtree(place)


def opened(folder: Path, database: bytes, log: bytes) -> tuple[dict[tuple[str, int | str], Record], str]:
    """The next life: what it loads, and what it says was lost ("-": nothing was damaged)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "evsed.db").write_bytes(database)
    (folder / "evsed.db-wal").write_bytes(log)
    store = Store.open(folder)
    loaded = store.load()
    said = " ".join(str(fields["lost"]) for _, fields in store.news if "lost" in fields)
    store.close()
    return {(row.table, row.key): row for row in loaded}, said or "-"


def judged(state: State, rows: dict[tuple[str, int | str], Record], said: str) -> str:
    """What is wrong with the outcome: "" if nothing is."""
    for key, row in state.rows.items():
        waits = isinstance(row, Transaction) and row.stop != "confirmed"
        if waits and rows.get(key) != row and (key in rows or key[1] not in named(said)):
            return f"bill {key[1]} is {rows.get(key)}"
        if isinstance(row, Sample) and key not in rows and "transactions" not in said and "meter values" not in said:
            return f"value {row.seq} is missing, and nobody says so"
    alien = [row for key, row in rows.items() if row != state.rows.get(key) and not isinstance(row, ListVersion)]
    return f"not what was written: {alien[0]}" if alien else ""


def _count(state: State, rows: dict[tuple[str, int | str], Record], lost: Counter[str]) -> None:
    for (table, key), row in state.rows.items():
        if (table, key) not in rows:
            waits = isinstance(row, Transaction) and row.stop != "confirmed"
            lost[f"{table} (waiting)" if waits else table] += 1


def campaign(flips: int, seed: int, folder: Path) -> list[str]:
    """What went wrong; prints how many rows were lost, by table."""
    dice, wrong = random.Random(seed), []
    lost: Counter[str] = Counter()
    kept = list(states(folder))
    places = [(state, number) for state in kept for number in range((len(state.database) + len(state.log)) // 1024 + 1)]
    assert AT.utc is not None
    for case in range(flips):
        state, page = places[case % len(places)]
        content = bytearray(state.database + state.log)
        at = min(page * 1024 + dice.randrange(1024), len(content) - 1)
        bit = dice.randrange(8)
        content[at] ^= 1 << bit
        split = len(state.database)
        try:
            rows, said = opened(folder / "life", bytes(content[:split]), bytes(content[split:]))
        except Exception as error:  # whatever it is: it would end evsed
            rows, said = {}, f"{type(error).__name__}: {error}"
        _count(state, rows, lost)
        if problem := judged(state, rows, said):
            file = "evsed.db" if at < split else "evsed.db-wal"
            wrong.append(f"{state.name}: {file} byte {at - split * (at >= split)} bit {bit}: {problem} (said: {said})")
    print(f"{flips} wrong bits in {len(places)} pages: {len(wrong)} losses that nobody names; rows lost: {dict(lost)}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.store.flips")
    parser.add_argument("--flips", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evsed-", dir="/dev/shm") as folder:
        wrong = campaign(given.flips, given.seed, Path(folder))
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
