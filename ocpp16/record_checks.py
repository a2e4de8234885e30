"""Are rows sensible, beyond their types?  What a damaged page, a foreign hand or an old error may have left in a store.

Pure.  A row that concerns money is mended to the nearest sensible closing and marked inexact, never dropped; any other
row that makes no sense is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple, cast

from msgspec.structs import asdict, replace

from ocpp16.messages.types import (
    AuthorizationStatus,
    DiagnosticsStatus,
    Location,
    Measurand,
    Phase,
    ReadingContext,
    Reason,
    UnitOfMeasure,
)
from ocpp16.records import (
    Availability,
    CachedTag,
    Equipment,
    ListedTag,
    MeasuredValue,
    MeterSwap,
    Profile,
    Record,
    RegisterSeen,
    Reservation,
    Sample,
    Stamp,
    Transaction,
    Unit,
)
from ocpp16.security_record_checks import SECURITY_CHECKS

MAX_NUMBER = 2**53
"""No count, key or place in an order of ours is as large: JSON's readers are exact up to here."""
INTEGER = 2**63
"""Ids of the Central System lie below it (`messages.types.Integer`), and what a column can hold."""
MAX_WH = 10**12
"""No meter's register is as large (a thousand GWh)."""
MAX_CHARGE_WH = 10**8
"""No transaction delivers as much (100 MWh)."""
MAX_SECONDS = 253_402_300_800.0
"""No time is later: the end of the year 9999."""
LAST_CONNECTOR = 255
_CONTEXTS = frozenset(map(str, ReadingContext))
STATION = (Availability, Reservation, Profile, Sample)
"""Rows whose connector may be 0, the station."""

Problem = tuple[Record, str]
"""A row as it was found, and what is wrong with it."""


class Checked(NamedTuple):
    """`records`: rows to work with.  `problems`: rows that were found otherwise, and why.

    A problem whose key occurs in `records` was mended there; any other one was set aside (a charge never is: where its
    number makes no sense it has got another one, in `records`).  `mended`: the rows of `records` that must be written.
    """

    records: list[Record]
    problems: list[Problem]
    mended: list[Record]


def last_alive(charge: Transaction) -> Stamp:
    """The last moment on record at which the station surely lived while the transaction ran.

    Earlier versions wrote `last` up to 60 s ahead of its time; then `told_utc` is the moment that was lived.
    """
    last, lived = charge.last, charge.told_utc
    return last if last.utc is None or lived is None or last.utc <= lived else replace(last, utc=lived)


def checked(records: Iterable[Record]) -> Checked:
    """All rows of a store, made sensible.  Never raises, whatever typed rows are given."""
    found = list(records)
    sane: list[Record] = []
    problems: list[Problem] = []
    charges = [record for record in found if isinstance(record, Transaction)]
    numbers = _numbers(charges)
    for record in found:
        if isinstance(record, Transaction):
            continue
        made, why = _checked_row(record, numbers)
        if why:
            problems.append((record, why))
        if made is not None:
            sane.append(made)
    seqs = _Places(found)
    mended_charges, charge_problems = _checked_charges(charges, numbers, seqs)
    problems += charge_problems
    whole = [*sane, *mended_charges]
    wrong = {id(record) for record, _ in problems}
    untouched = {id(record) for record in found} - wrong
    return Checked(whole, problems, [record for record in whole if id(record) not in untouched])


class _Places:
    """Places in the order of all reports."""

    def __init__(self, records: Iterable[Record]) -> None:
        self.highest = 0
        for record in records:
            if isinstance(record, Transaction):
                self._seen(record.start_seq)
                self._seen(record.stop_seq or 0)
            elif isinstance(record, Sample):
                self._seen(record.seq)

    def _seen(self, seq: int) -> None:
        if seq < MAX_NUMBER:
            self.highest = max(self.highest, seq)

    def next(self) -> int:
        self.highest += 1
        return self.highest


# --- charges ----------------------------------------------------------------------------------------------------------


def _numbers(charges: list[Transaction]) -> dict[int, int]:
    """Our number of each charge as found -> as it will be."""
    sane = [charge.number for charge in charges if 0 < charge.number < MAX_NUMBER]
    following = max(sane, default=0)
    numbers = {number: number for number in sane}
    for charge in charges:
        if charge.number not in numbers:
            following += 1
            numbers[charge.number] = following
    return numbers


def _checked_charges(
    charges: list[Transaction], numbers: dict[int, int], places: _Places
) -> tuple[list[Transaction], list[Problem]]:
    made: list[Transaction] = []
    problems: list[Problem] = []
    newest: dict[int, int] = {}
    """The newest charge of each connector that has not ended."""
    for charge in charges:
        if _runs(charge):
            newest[charge.connector] = max(numbers[charge.number], newest.get(charge.connector, 0))
    for charge in charges:
        mended, whys = _mended(charge, numbers[charge.number], places)
        if _runs(charge) and newest[charge.connector] != mended.number:
            mended = _closed(mended, places)
            whys.append("another transaction of its connector runs")
        made.append(mended if whys else charge)
        if whys:
            problems.append((charge, "; ".join(whys)))
    return made, problems


def _runs(charge: Transaction) -> bool:
    return charge.ended is None and charge.stop == "none" and charge.meter_stop_wh is None


def _mended(charge: Transaction, number: int, places: _Places) -> tuple[Transaction, list[str]]:
    """One charge by itself: its order, its times, its energy, its words, its end."""
    whys: list[str] = []
    for mend in (_mend_numbers, _mend_times, _mend_words):
        charge = mend(charge, whys)
    if number != charge.number:
        whys.append(f"number {charge.number}")
        charge = replace(charge, number=number)
    if not 0 <= charge.start_seq < MAX_NUMBER:
        whys.append(f"start_seq {charge.start_seq}")
        charge = replace(charge, start_seq=places.next())
    charge = _mend_energy(charge, whys)
    if _runs(charge):
        if charge.stop_seq is not None:
            whys.append("a place for its stop, and no end")
            charge = replace(charge, stop_seq=None)
        return charge, whys
    if _end_is_wrong(charge, whys):
        charge = _closed(charge, places)
    if charge.start == "waiting" and charge.stop == "confirmed":
        whys.append("its start waits, its stop is confirmed")
        charge = replace(charge, start="parked", error="its stop was sent before it")
    return charge, whys


def _end_is_wrong(charge: Transaction, whys: list[str]) -> bool:
    before = len(whys)
    if charge.ended is None:
        whys.append(f"its stop is {charge.stop}, and it has no end")
    if charge.ended is not None and charge.stop == "none":
        whys.append("it has ended, and its stop is not to be sent")
    if charge.meter_stop_wh is None:
        whys.append("it has ended without a register")
    if charge.stop_seq is None or not charge.start_seq < charge.stop_seq < MAX_NUMBER:
        whys.append(f"stop_seq {charge.stop_seq}")
    if charge.stopping or not charge.reason:
        whys.append("its end has no reason" if not charge.reason else "it has ended and is being stopped")
    return len(whys) > before


def _closed(charge: Transaction, places: _Places) -> Transaction:
    """The nearest sensible closing: at the last time and register on record, where the row has none of its own."""
    known = charge.ended is not None and charge.meter_stop_wh is not None
    placed = charge.stop_seq is not None and charge.start_seq < charge.stop_seq < MAX_NUMBER
    return replace(
        charge,
        ended=charge.ended or last_alive(charge),
        meter_stop_wh=charge.last_wh if charge.meter_stop_wh is None else charge.meter_stop_wh,
        reason=charge.reason or charge.stopping or str(Reason.OTHER),
        stopping="",
        stop_sampled="",
        stop_aligned="",
        stop="waiting" if charge.stop == "none" else charge.stop,
        stop_seq=charge.stop_seq if placed else places.next(),
        stop_exact=charge.stop_exact and known,
    )


def _mend_numbers(charge: Transaction, whys: list[str]) -> Transaction:
    changes: dict[str, Any] = {}
    if not 0 < charge.connector <= LAST_CONNECTOR:
        changes["connector"] = min(max(1, charge.connector), LAST_CONNECTOR)
    if charge.transaction_id is not None and not -INTEGER <= charge.transaction_id < INTEGER:
        changes["transaction_id"] = None
    if charge.reservation_id is not None and not -INTEGER <= charge.reservation_id < INTEGER:
        changes["reservation_id"] = None
    if charge.start == "none":
        changes["start"] = "waiting"
    return _changed(charge, changes, whys)


def _mend_times(charge: Transaction, whys: list[str]) -> Transaction:
    changes: dict[str, Any] = {}
    for name in ("began", "last", "ended"):
        stamp = getattr(charge, name)
        if stamp is not None and not _stamp_is_sane(stamp):
            changes[name] = _sane_stamp(stamp)
    if charge.told_utc is not None and not 0.0 <= charge.told_utc <= MAX_SECONDS:
        changes["told_utc"] = None
    return _changed(charge, changes, whys)


def _mend_words(charge: Transaction, whys: list[str]) -> Transaction:
    changes: dict[str, Any] = {}
    for name in ("stopping", "reason"):
        if getattr(charge, name) and not _is_word(Reason, getattr(charge, name)):
            changes[name] = str(Reason.OTHER)
    return _changed(charge, changes, whys)


def _changed(charge: Transaction, changes: dict[str, Any], whys: list[str]) -> Transaction:
    for name in changes:
        whys.append(f"{name} {str(getattr(charge, name))[:60]}")
    return replace(charge, **changes)


def _mend_energy(charge: Transaction, whys: list[str]) -> Transaction:
    """Registers within what a meter and a charge can be, none below the start; a guess is marked as one."""
    start, last, stop, ends = charge.meter_start_wh, charge.last_wh, charge.meter_stop_wh, charge.energy_ends_wh
    if abs(start) > MAX_WH:
        start = last if abs(last) <= MAX_WH else 0
    if not start <= last <= start + MAX_CHARGE_WH:
        last = start if stop is None else min(max(stop, start), start + MAX_CHARGE_WH)
    if stop is not None and not start <= stop <= start + MAX_CHARGE_WH:
        stop = last
    if stop is not None and last > stop:
        last = stop
    if ends is not None and abs(ends) > MAX_WH:
        ends = start  # no more energy
    if (start, last, stop, ends) == (
        *(charge.meter_start_wh, charge.last_wh),
        *(charge.meter_stop_wh, charge.energy_ends_wh),
    ):
        return charge
    whys.append(
        f"registers {charge.meter_start_wh} at the start, {charge.last_wh} last, {charge.meter_stop_wh} at the stop"
    )
    guessed = charge.stop_exact and (start, stop) == (charge.meter_start_wh, charge.meter_stop_wh)
    return replace(
        charge, meter_start_wh=start, last_wh=last, meter_stop_wh=stop, energy_ends_wh=ends, stop_exact=guessed
    )


# --- times and words --------------------------------------------------------------------------------------------------


def _stamp_is_sane(stamp: Stamp) -> bool:
    return abs(stamp.mono) <= MAX_SECONDS and (stamp.utc is None or 0.0 <= stamp.utc <= MAX_SECONDS)


def _sane_stamp(stamp: Stamp) -> Stamp:
    mono = stamp.mono if abs(stamp.mono) <= MAX_SECONDS else 0.0
    utc = stamp.utc if stamp.utc is None or 0.0 <= stamp.utc <= MAX_SECONDS else None
    return Stamp(mono=mono, boot=stamp.boot, utc=utc, exact=False)


def _is_word(words: type[StrEnum], word: str) -> bool:
    return word in words._value2member_map_


# --- the other rows ---------------------------------------------------------------------------------------------------


def _checked_row(record: Record, numbers: dict[int, int]) -> tuple[Record | None, str]:
    """The row or its mended form, and what was wrong; None: it is set aside."""
    check = _CHECKS.get(type(record))
    if isinstance(record, Unit):
        return _checked_unit(record)
    if isinstance(record, Sample):  # by far the most rows, a month of them after a month without a connection
        return _checked_sample(record, numbers)
    if (why := _out_of_range(record)) is not None:
        return None, why
    security = SECURITY_CHECKS.get(type(record))
    if security is not None:
        why = security(record)
        return (None, why) if why else (record, "")
    return (record, "") if check is None else check(record, numbers)


def _out_of_range(record: Record) -> str | None:
    """A number that no row of ours can have, or a connector that no station has."""
    for name, value in asdict(record).items():
        if isinstance(value, int) and not -INTEGER <= value < INTEGER:
            return f"{name} {value}"
        if isinstance(value, float) and not (isfinite(value) and abs(value) <= MAX_SECONDS):
            return f"{name} {value}"
    connector = getattr(record, "connector", None)
    if connector is not None:
        lowest = 0 if isinstance(record, STATION) or record.table == "latched_fault" else 1
        if not lowest <= connector <= LAST_CONNECTOR:
            return f"connector {connector}"
    return None


def _checked_unit(unit: Unit) -> tuple[Record | None, str]:
    if unit.name != Unit().name:
        return None, f"name {unit.name}"
    changes: dict[str, Any] = {}
    if not 0.0 <= unit.floor_utc <= MAX_SECONDS:
        changes["floor_utc"] = 0.0
    if unit.utc_offset is not None and not abs(unit.utc_offset) <= MAX_SECONDS:
        changes["utc_offset"] = None
    if unit.shutdown and not _is_word(Reason, unit.shutdown):
        changes["shutdown"] = ""
    if unit.upload and not _is_word(DiagnosticsStatus, unit.upload):
        changes["upload"] = ""
    why = "; ".join(f"{name} {str(getattr(unit, name))[:60]}" for name in changes)
    return replace(unit, **changes) if changes else unit, why


def _checked_sample(sample: Sample, numbers: dict[int, int]) -> tuple[Record | None, str]:
    number = sample.number
    if (
        sample.state in ("waiting", "parked")
        and 0 <= sample.seq < MAX_NUMBER
        and 0 <= sample.connector <= LAST_CONNECTOR
        and (number is None or numbers.get(number) == number)
        and sample.context in _CONTEXTS
        and sample.values
        and all(map(_value_is_sane, sample.values))
        and _stamp_is_sane(sample.at)
        and not (sample.for_stop and number is None)
    ):
        return sample, ""
    return _mended_sample(sample, numbers)


def _mended_sample(sample: Sample, numbers: dict[int, int]) -> tuple[Record | None, str]:
    if not 0 <= sample.seq < MAX_NUMBER:
        return None, f"seq {sample.seq}"
    if (why := _out_of_range(sample)) is not None:
        return None, why
    if sample.context not in _CONTEXTS:
        return None, f"context {sample.context[:60]}"
    if sample.for_stop and sample.number not in numbers:
        return None, f"it belongs to the stop of transaction {sample.number}, which is not there"
    values = tuple(filter(_value_is_sane, sample.values))
    if not values:
        return None, "no value that OCPP knows"
    made = replace(
        sample,
        values=values,
        number=None if sample.number is None else numbers.get(sample.number, sample.number),
        at=sample.at if _stamp_is_sane(sample.at) else _sane_stamp(sample.at),
        state="waiting" if sample.state in ("none", "confirmed") else sample.state,
    )
    return (sample, "") if made == sample else (made, "values, times or words that OCPP does not know")


def _value_is_sane(value: MeasuredValue) -> bool:
    return _words_are_known(value.measurand, value.unit, value.phase, value.location)


@lru_cache(256)
def _words_are_known(measurand: str, unit: str | None, phase: str | None, location: str | None) -> bool:
    words: tuple[tuple[type[StrEnum], str | None], ...] = (
        (Measurand, measurand),
        (UnitOfMeasure, unit),
        (Phase, phase),
        (Location, location),
    )
    return all(word is None or _is_word(kind, word) for kind, word in words)


def _checked_tag(tag: CachedTag | ListedTag, _: dict[int, int]) -> tuple[Record | None, str]:
    if not _is_word(AuthorizationStatus, tag.status):
        return None, f"status {tag.status[:60]}"
    if isinstance(tag, CachedTag) and not 0 <= tag.used < MAX_NUMBER:
        return None, f"used {tag.used}"
    if tag.id_tag != tag.id_tag.casefold():
        return None, "its key is not case-folded"
    return tag, ""


def _checked_swap(swap: MeterSwap, numbers: dict[int, int]) -> tuple[Record | None, str]:
    highest = max(numbers.values(), default=0)
    if swap.after_number > highest:  # else the bills of the new meter would not count either
        return replace(swap, after_number=highest), f"after_number {swap.after_number}"
    return swap, ""


def _checked_register(seen: RegisterSeen, _: dict[int, int]) -> tuple[Record | None, str]:
    return (seen, "") if 0 <= seen.wh <= MAX_WH else (None, f"register {seen.wh}")


def _checked_equipment(row: Equipment, _: dict[int, int]) -> tuple[Record | None, str]:
    told = all(
        len(text) <= 25 and text.isascii() and text.isprintable() for text in (row.meter_serial, row.meter_model)
    )
    return (row, "") if told and min(row.loaded, row.unloaded) >= 0 else (None, f"meter {row.meter_serial[:60]}")


_Check = Callable[[Any, dict[int, int]], tuple[Record | None, str]]
_CHECKS: dict[type[Record], _Check] = {
    CachedTag: cast(_Check, _checked_tag),
    ListedTag: cast(_Check, _checked_tag),
    MeterSwap: _checked_swap,
    RegisterSeen: _checked_register,
    Equipment: _checked_equipment,
}
