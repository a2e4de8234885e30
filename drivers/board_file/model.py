"""A board of parts as `board.toml` describes it, checked: plain values, nothing opened yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from drivers.board_file.file_keys import BUS_KINDS, FileKey
from drivers.driver_table import Driver


class Bus(NamedTuple):
    """A line that several devices share: `[bus.NAME]`."""

    name: str
    kind: str
    """"serial" or "i2c"."""
    device: str
    """Its path: /dev/serial/by-id/..., /dev/i2c-1."""
    values: Mapping[str, Any]
    """Of a serial line: baud, parity (N, E, O), stop_bits (1, 2), direction; empty for I2C."""
    line: int = 0


class Part(NamedTuple):
    """One device."""

    family: str
    """E.g. "pilot", "meter", "reader"."""
    where: str
    """Its table, e.g. "connector.1.pilot"."""
    driver: str
    """Its name in the family's table `DRIVERS`."""
    entry: Driver
    values: Mapping[str, Any]
    """Every parameter of the driver, checked, with its default where it was not given."""
    parameters: Mapping[str, FileKey]
    """What each key may be."""
    line: int = 0

    @property
    def bus_kind(self) -> str:
        """The kind of bus that it stands on; empty: none."""
        return next((BUS_KINDS[kind] for kind in self.entry.ports.values() if kind in BUS_KINDS), "")

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.where.split("."))


class ConnectorParts(NamedTuple):
    """`[connector.N]` and the tables below it."""

    number: int
    phases: int
    max_amps: float
    socket: bool
    """A socket outlet for detachable cables; else a fixed cable."""
    ventilated: bool
    wake: bool
    """A vehicle that sleeps in state B2 is woken once (IEC 61851-1 A.5.3)."""
    parts: Mapping[str, Part]
    """By family."""


class PartsBoard(NamedTuple):
    """`kind = "parts"`."""

    name: str
    socket: Path
    lease_s: float
    fail_safe: tuple[str, ...]
    """The layers that the hardware has, by their names in `fail_safe.LAYERS`."""
    buses: Mapping[str, Bus]
    connectors: tuple[ConnectorParts, ...]
    station: Mapping[str, Part]
    """By family: of the whole station."""
    client_users: Sequence[str] = ("evsed",)
    socket_group: str = ""

    def parts(self) -> Iterator[Part]:
        """Every device, those of the connectors first."""
        for connector in self.connectors:
            yield from connector.parts.values()
        yield from self.station.values()


class Problem(NamedTuple):
    """Something wrong in the file, as a person has to read it."""

    line: int
    """0: of no line in particular."""
    key: str
    """E.g. "[connector.1.meter] address"."""
    why: str
    """What is wrong, what is allowed, the nearest known name."""

    def said(self, file: object) -> str:
        place = f"{file}:{self.line}" if self.line else str(file)
        return f"{place}: {self.key}: {self.why}" if self.key else f"{place}: {self.why}"
