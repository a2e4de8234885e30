"""A station's life as the store sees it: what it writes, step by step, from a seed; and a process that lives it."""

from __future__ import annotations

import errno
import functools
import itertools
import json
import os
import random
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from daemon.store.store import Store
from ocpp16.records import (
    Availability,
    CachedTag,
    LatchedFault,
    MeasuredValue,
    Record,
    Sample,
    Setting,
    Stamp,
    Transaction,
    Unit,
)
from ocpp16.step import Delete, Save, Write
from tests.store.recorder import ENTRY, arm

Model = dict[tuple[str, int | str], Record]
"""What must be in the store: the rows by table and key."""

CHECKPOINT_PAGES = 24
"""So short a log that its pages go to their places again and again."""


def stamp(second: int) -> Stamp:
    return Stamp(mono=100.25 + second, boot="0d9c1b4e-5a1c-4d3b-9a43-1f0e7a2a7f11", utc=1_700_000_000.5 + second)


def transaction(number: int, seq: int) -> Transaction:
    return Transaction(
        number=number,
        connector=1,
        id_tag="04A2B9C3D4E5F6",
        began=stamp(number),
        meter_start_wh=number * 100,
        start_seq=seq,
        last_wh=number * 100,
        last=stamp(number),
    )


def sample(seq: int, number: int, measurands: int) -> Sample:
    names = ("Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import", "SoC", "Temperature")
    values = tuple(MeasuredValue(value=f"{seq}.5", measurand=name, location="Outlet") for name in names[:measurands])
    return Sample(seq=seq, connector=1, number=number, at=stamp(seq), context="Sample.Periodic", values=values)


def commits(seed: int) -> Iterator[list[Write]]:
    """For ever: transactions with their values, settings, cards, faults; each list is one commit."""
    dice = random.Random(seed)
    change = msgspec.structs.replace
    number = seq = 0
    while True:
        number += 1
        seq += 2
        one = transaction(number, seq)
        yield [Save(one), Save(Unit(boot_id=one.began.boot, floor_utc=one.began.utc or 0.0))]
        one = change(one, start="confirmed", transaction_id=number + 1000, verdict="Accepted")
        yield [Save(one), Save(CachedTag(id_tag=f"04a2b9{dice.randrange(30):x}", status="Accepted", used=number))]
        waiting = []
        for _ in range(dice.randrange(1, 5)):
            seq += 1
            waiting.append(seq)
            one = change(one, last_wh=one.last_wh + 10, last=stamp(seq))
            yield [Save(sample(seq, number, dice.randrange(1, 7))), Save(one)]
        if dice.random() < 0.3:
            yield [Save(Setting(name=f"Key{dice.randrange(5)}", value="x" * dice.randrange(500)))]
        if dice.random() < 0.2:
            yield [Save(LatchedFault(name="1/weld", connector=1, code="weld", detail=f"{number}"))]
        if dice.random() < 0.2:
            yield [Save(Availability(connector=1, operative=bool(number % 2))), Delete("latched_fault", "1/weld")]
        one = change(one, ended=stamp(seq), meter_stop_wh=one.last_wh, reason="Local", stop_seq=seq, stop="waiting")
        yield [Save(one), *(Delete("sample", old) for old in waiting[:-1])]
        yield [Save(change(one, stop="confirmed")), *(Delete("sample", old) for old in waiting[-1:])]
        if number > 6:
            yield [Delete("charge", number - 6)]


def applied(model: Model, writes: list[Write]) -> Model:
    """The rows after one commit."""
    after = dict(model)
    for write in writes:
        if isinstance(write, Save):
            after[write.record.table, write.record.key] = write.record
        else:
            after.pop((write.table, write.key), None)
    return after


def rows(records: list[Record]) -> Model:
    return {(record.table, record.key): record for record in records}


class Careless(sqlite3.Connection):
    """The planted defect: a commit returns before its bytes are on the disk."""

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous=EXTRA", "synchronous=NORMAL"), *parameters)


class Mortal(sqlite3.Connection):
    """Once doomed, its process dies before SQLite can tidy up behind a failed commit."""

    doomed = False

    def close(self) -> None:
        if Mortal.doomed:
            os._exit(0)
        super().close()


def mark(log: int, op: bytes, number: int) -> None:
    """Into the recorder's log, between the calls: a commit begins, a commit is acknowledged."""
    os.write(log, ENTRY.pack(op, 0, 0, -1, number, 0))


def live(given: dict[str, Any]) -> None:
    """One life: open, commit `first` to `last` - 1, and end well, by a failed commit, or by sudden death."""
    log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    factory = Careless if given.get("defect") else Mortal
    store = Store.open(
        Path(given["folder"]),
        schema=Path(given["schema"]),
        checkpoint_pages=CHECKPOINT_PAGES,
        connect=functools.partial(sqlite3.connect, factory=factory),
    )
    store.load()
    for number, writes in enumerate(itertools.islice(commits(given["seed"]), given["last"])):
        if number < given["first"]:
            continue
        if number == given.get("fail_sync_of") and not given["clean"]:
            arm(0, errno.EIO, always=False, only_syncs=True)
            Mortal.doomed = True
        mark(log, b"B", number)
        store.commit(writes)
        mark(log, b"A", number)
    if not given["clean"]:
        os._exit(0)
    store.close()


if __name__ == "__main__":  # python -m tests.store.workload JSON
    live(json.loads(sys.argv[1]))
