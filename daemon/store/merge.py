"""Bills of a damaged store that another one does not hold: numbered anew, so that it can tell them.  No I/O."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from msgspec.structs import replace

from ocpp16.record_checks import last_alive
from ocpp16.records import Record, Sample, Transaction

_Identity = tuple[int, str, float, str, int]


def identity(bill: Transaction) -> _Identity:
    """What makes it this transaction, whatever its number."""
    return bill.connector, bill.id_tag, bill.began.mono, bill.began.boot, bill.meter_start_wh


def is_delivered(bill: Transaction) -> bool:
    """The Central System has confirmed its end."""
    return bill.stop == "confirmed"


def missing_bills(found: Iterable[Record], present: Iterable[Record]) -> list[Record]:
    """Transactions of `found` that are not delivered and not in `present`, each with its values.

    One that has no end gets it at its last known register, marked as inexact: it runs no more.
    """
    rows = list(present)
    known = {identity(row) for row in rows if isinstance(row, Transaction)}
    numbers = {row.number for row in rows if isinstance(row, Transaction)}
    places = count(max(_places(rows), default=0) + 1)
    records: list[Record] = []
    found = list(found)
    for bill in found:
        if not isinstance(bill, Transaction) or is_delivered(bill) or identity(bill) in known:
            continue
        number = bill.number if bill.number not in numbers else max(numbers) + 1
        numbers.add(number)
        values = [row for row in found if isinstance(row, Sample) and row.number == bill.number]
        start_seq = next(places)
        records += [replace(row, seq=next(places), number=number) for row in values]
        records.append(replace(_ended(bill), number=number, start_seq=start_seq, stop_seq=next(places)))
    return records


def _ended(bill: Transaction) -> Transaction:
    if bill.ended is not None:
        return bill
    return replace(
        bill, ended=last_alive(bill), meter_stop_wh=bill.last_wh, reason="PowerLoss", stop="waiting", stop_exact=False
    )


def _places(rows: Iterable[Record]) -> Iterable[int]:
    """Places in the order of all reports."""
    for row in rows:
        if isinstance(row, Sample):
            yield row.seq
        elif isinstance(row, Transaction):
            yield row.start_seq
            yield row.stop_seq or 0
