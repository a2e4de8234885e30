"""The UTC of recorded lines: their own, or what another line of the same boot or the store tells.  Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from ocpp16.records import Unit

_WITH_UTC = ("event", "note")
"""Kinds of lines that carry the host's UTC beside the monotonic second."""


class _UnitRow(NamedTuple):
    """Of the record `unit`: the boot, and what to add to its monotonic seconds for UTC (None: not known)."""

    boot_id: str
    utc_offset: float | None


def timed(lines: Iterable[list[Any]], unit: Unit) -> Iterator[tuple[list[Any], float | None]]:
    """Each line with its UTC (seconds since 1970), None where nothing here tells it.

    A line without UTC gets it from another line of the same boot, or from the record `unit`, which holds what the
    Central System told: `unit` of the store for the newest run, that of the next snapshot for each earlier one.
    """
    runs = _runs(lines)
    ends = [_unit_of_snapshot(run[0]) for run in runs[1:]] + [_UnitRow(unit.boot_id, unit.utc_offset)]
    boots = [_boot_id(run, end) for run, end in zip(runs, ends, strict=False)]
    offsets = _offsets(runs, boots, ends)
    for boot, run in zip(boots, runs, strict=True):
        for line in run:
            yield line, _utc(line, offsets.get(boot))


def _runs(lines: Iterable[list[Any]]) -> list[list[list[Any]]]:
    """The lines of each run of the process; a run begins with its snapshot, the first one may have lost it."""
    runs: list[list[list[Any]]] = []
    for line in lines:
        if line[0] == "snapshot" or not runs:
            runs.append([])
        runs[-1].append(line)
    return runs


def _unit_of_snapshot(line: list[Any]) -> _UnitRow:
    row: dict[str, Any] = next((row for table, row in line[1]["records"] if table == Unit.table), {})
    return _UnitRow(row.get("boot_id", ""), row.get("utc_offset"))


def _boot_id(run: list[list[Any]], end: _UnitRow) -> str:
    """Of its snapshot; without one, of the record `unit` at its end."""
    boot_id: str = run[0][1]["boot_id"] if run[0][0] == "snapshot" else end.boot_id
    return boot_id


def _offsets(runs: list[list[list[Any]]], boots: list[str], ends: list[_UnitRow]) -> dict[str, float]:
    """UTC minus monotonic seconds by boot: by the host's clock, or better by the Central System's."""
    offsets: dict[str, float] = {}
    for boot, run in zip(boots, runs, strict=True):
        for line in run:
            if line[0] in _WITH_UTC and line[2] is not None:
                offsets[boot] = line[2] - line[1]
    for end in ends:
        if end.utc_offset is not None:
            offsets[end.boot_id] = end.utc_offset
    return offsets


def _utc(line: list[Any], offset: float | None) -> float | None:
    if line[0] == "snapshot":  # has no time
        return None
    own: float | None = line[2] if line[0] in _WITH_UTC else None
    mono: float = line[1]
    return own if own is not None or offset is None else round(mono + offset, 3)


def earlier_notes(rare: Iterable[list[Any]], lines: Iterable[list[Any]]) -> Iterator[tuple[list[Any], float | None]]:
    """Notes of the ring of what is rare that have left the other one, with the UTC that they carry."""
    present = {repr(line) for line in lines if line[0] == "note"}
    for line in rare:
        if line[0] == "note" and repr(line) not in present:
            yield line, line[2]
