"""`evsectl store recover FILE`: what can be read of a damaged store, and its bills brought into the present one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from daemon.filesystem import as_owner_of, read_regular
from daemon.store.database import PAGE_BYTES, stored_layout
from daemon.store.merge import is_delivered, missing_bills
from daemon.store.rows import SCRIPTS
from daemon.store.salvage import Salvaged, salvage
from daemon.store.store import Store, StoreBusy, StoreFailed
from ocpp16.messages.datetimes import to_text
from ocpp16.records import Record, Transaction
from ocpp16.step import Save

Row = dict[str, Any]
NOTHING_LOST = "nothing undelivered was lost"


class Refused(Exception):
    """The bills cannot be brought into that store, and why."""


class Recovered(NamedTuple):
    """`lost`: a sentence; `merged`: the numbers that the bills got in the other store, None: it was not asked for."""

    rows: list[Row]
    lost: str
    merged: list[int] | None

    @property
    def is_whole(self) -> bool:
        return self.lost.startswith(NOTHING_LOST)


def recover(file: Path, into: Path | None) -> Recovered:
    """Read the damaged file and its log; bring undelivered bills into the store `into`.  Raises OSError, Refused."""
    found = _read(file)
    bills = [record for record in found.records if isinstance(record, Transaction)]
    merged = None if into is None else _merge(found.records, into)
    return Recovered([_row(bill) for bill in bills], found.lost, merged)


def _read(file: Path) -> Salvaged:
    log = file.with_name(f"{file.name}-wal")
    return salvage(read_regular(file), read_regular(log) if log.exists() else b"", PAGE_BYTES, stored_layout(SCRIPTS))


def _merge(found: Sequence[Record], into: Path) -> list[int]:
    """Idempotent: a bill that is there is not doubled.  Done as the owner of the folder, who must read it later."""
    if not (into / "evsed.db").exists():
        raise Refused(f"there is no store in {into}: name the folder of [store] dir")
    with as_owner_of(into):
        try:
            store = Store.open(into)
        except StoreBusy as busy:
            raise Refused(f"stop evsed first (systemctl stop evsed): {busy}") from None
        try:
            if store.state == "unwritable":
                raise Refused(store.detail)
            missing = missing_bills(found, store.load())
            store.commit([Save(record) for record in missing])
        except StoreFailed as failed:
            raise Refused(str(failed)) from failed
        finally:
            store.close()
    return [record.number for record in missing if isinstance(record, Transaction)]


def _row(bill: Transaction) -> Row:
    end = bill.meter_stop_wh if bill.meter_stop_wh is not None else bill.last_wh
    return {
        "number": bill.number,
        "transaction_id": bill.transaction_id,
        "connector": bill.connector,
        "id_tag": bill.id_tag,
        "began": None if bill.began.utc is None else to_text(bill.began.utc),
        "ended": None if bill.ended is None or bill.ended.utc is None else to_text(bill.ended.utc),
        "meter_start_wh": bill.meter_start_wh,
        "meter_stop_wh": end,
        "energy_wh": end - bill.meter_start_wh,
        "exact": bill.ended is not None and bill.stop_exact,
        "delivered": is_delivered(bill),
    }
