"""The tables of a `board.toml` of parts -> the board that they describe, and every problem that one key shows alone.

What only two keys together show is found in `conflicts.py`; what the machine shows, in `machine_checks.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.board_file.fail_safe import LAYERS
from drivers.board_file.file_keys import (
    REQUIRED,
    FileKey,
    Role,
    flag,
    number,
    one_of,
    path,
    text,
    understood,
    word,
)
from drivers.board_file.model import Bus, ConnectorParts, Part, PartsBoard, Problem
from drivers.board_file.places import Places
from drivers.board_file.toml_reader import nearest
from drivers.board_protocol import MAX_LEASE_S
from drivers.driver_table import Driver

Drivers = Callable[[str], Mapping[str, Driver]]
"""Family -> its table of drivers."""

MAX_CONNECTORS: Final = 16
CONNECTOR_FAMILIES: Final = (
    *("pilot", "contactor", "meter", "lock", "proximity", "rcd", "ground", "button", "reader", "lamp"),
)
"""What may stand below [connector.N]; the last two may stand for the whole station instead."""
STATION_FAMILIES: Final = ("reader", "lamp", "thermometer", "emergency_stop", "tamper", "supply")
BY_CONNECTOR: Final = ("reader", "lamp")
"""[reader.1] is the same as [connector.1.reader]."""

BOARD_KEYS: Final[dict[str, FileKey]] = {
    "kind": word(("parts", "simulated")),
    "name": text(64, "parts", r"\S(.*\S)?", "a name of 1 to 64 printable ASCII characters"),
    "socket": path("/run/evsed/board.sock"),
    "lease_s": number(1, MAX_LEASE_S, 20.0),
    "fail_safe": FileKey(
        [],
        lambda value: type(value) is list and all(type(one) is str and one in LAYERS for one in value),
        f"a list of layers out of {', '.join(LAYERS)}",
        choices=tuple(LAYERS),
    ),
    "client_users": FileKey(
        ["evsed"],
        lambda value: type(value) is list and len(value) <= 8 and all(type(one) is str and one for one in value),
        "a list of at most 8 names",
    ),
    "socket_group": text(32, ""),
}
SERIAL_KEYS: Final[dict[str, FileKey]] = {
    "port": path(),
    "baud": one_of((1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200), 9600),
    "parity": word(("N", "E", "O"), "N"),
    "stop_bits": one_of((1, 2), 1),
    "direction": word(("adapter", "kernel", "rts", "rts-inverted"), "adapter"),
}
I2C_KEYS: Final[dict[str, FileKey]] = {"device": path()}
CONNECTOR_KEYS: Final[dict[str, FileKey]] = {
    "phases": one_of((1, 3), 1),
    "max_amps": number(6, 80, 32.0),
    "outlet": word(("cable", "socket"), "cable"),
    "ventilated": flag(False),
    "wake": flag(False),
}


class Read(NamedTuple):
    """What came of a file."""

    board: PartsBoard
    """Complete only where there are no problems."""
    problems: list[Problem]


class _Reader:
    def __init__(self, content: Mapping[str, Any], places: Places, drivers: Drivers) -> None:
        self.content = content
        self.places = places
        self.drivers = drivers
        self.problems: list[Problem] = []

    # --- the whole ----------------------------------------------------------------------------------------------------

    def read(self) -> PartsBoard:
        tables = ("bus", "connector", *STATION_FAMILIES)
        values = self.keys((), self.content, BOARD_KEYS, tables)
        del values["kind"]
        buses = {name: self.bus(name, content) for name, content in self.tables(("bus",), self.content.get("bus", {}))}
        connectors = self.connectors()
        station = dict(self.station_parts(connectors))
        return PartsBoard(
            name=values["name"],
            socket=Path(str(values["socket"])),
            lease_s=values["lease_s"],
            fail_safe=tuple(values["fail_safe"]) if type(values["fail_safe"]) is list else (),
            buses=buses,
            connectors=tuple(connectors[number] for number in sorted(connectors)),
            station=station,
            client_users=values["client_users"],
            socket_group=values["socket_group"],
        )

    def bus(self, name: str, content: Mapping[str, Any]) -> Bus:
        where = ("bus", name)
        serial = "port" in content or ("device" not in content and any(key in content for key in SERIAL_KEYS))
        if not serial and "device" not in content:
            self.problem((*where,), "it needs port (a serial line) or device (an I2C bus)")
        values = self.keys(where, content, SERIAL_KEYS if serial else I2C_KEYS)
        device = str(values.pop("port" if serial else "device"))
        return Bus(name, "serial" if serial else "i2c", device, values, self.places.line(*where))

    def connectors(self) -> dict[int, ConnectorParts]:
        found: dict[int, ConnectorParts] = {}
        given = self.content.get("connector", {})
        for name, content in self.tables(("connector",), given):
            if not name.isdecimal() or not 1 <= int(name) <= MAX_CONNECTORS or name != str(int(name)):
                self.problem(("connector", name), f"a connector is numbered from 1 to {MAX_CONNECTORS}")
                continue
            found[int(name)] = self.connector(int(name), content)
        missing = [absent for absent in range(1, max(found, default=0)) if absent not in found]
        for absent in missing:
            self.problem(("connector",), f"connector {absent} is missing: they are numbered 1, 2, 3 ... without a gap")
        if not found and not (isinstance(given, dict) and given):
            self.problem((), "there is no connector; it needs at least [connector.1]")
        return found

    def connector(self, number: int, content: Mapping[str, Any]) -> ConnectorParts:
        where = ("connector", str(number))
        values = self.keys(where, content, CONNECTOR_KEYS, CONNECTOR_FAMILIES)
        parts = {
            family: part
            for family in CONNECTOR_FAMILIES
            if family in content and (part := self.part(family, (*where, family), content[family])) is not None
        }
        max_amps = values["max_amps"]
        return ConnectorParts(
            number=number,
            phases=values["phases"],
            max_amps=float(max_amps) if isinstance(max_amps, (int, float)) else 6.0,
            socket=values["outlet"] == "socket",
            ventilated=values["ventilated"] is True,
            wake=values["wake"] is True,
            parts=parts,
        )

    def station_parts(self, connectors: dict[int, ConnectorParts]) -> Iterable[tuple[str, Part]]:
        """Those of the whole station; `[reader.1]` and its like are put to their connector."""
        for family in STATION_FAMILIES:
            content = self.content.get(family)
            if content is None:
                continue
            if family in BY_CONNECTOR and isinstance(content, dict) and content and all(map(str.isdecimal, content)):
                for name, inner in content.items():
                    self.own_part(family, name, inner, connectors)
            elif (part := self.part(family, (family,), content)) is not None:
                yield family, part

    def own_part(self, family: str, name: str, content: Any, connectors: dict[int, ConnectorParts]) -> None:
        connector = connectors.get(int(name))
        if connector is None:
            self.problem((family, name), f"there is no connector {name}")
        elif family in connector.parts:
            self.problem((family, name), f"connector {name} has a {family} already: [{connector.parts[family].where}]")
        elif (part := self.part(family, (family, name), content)) is not None:
            connectors[int(name)] = connector._replace(parts={**connector.parts, family: part})

    # --- one table ----------------------------------------------------------------------------------------------------

    def part(self, family: str, where: tuple[str, ...], content: Any) -> Part | None:
        """One device; None where it is not known which."""
        if not isinstance(content, dict):
            self.problem(where, f"it must be a table: [{'.'.join(where)}]")
            return None
        table = self.drivers(family)
        name = content.get("driver", next(iter(table)) if len(table) == 1 else None)
        if name is None:
            self.problem((*where, "driver"), f"it is missing; allowed: {', '.join(table)}")
            return None
        if not isinstance(name, str) or name not in table:
            guess = _guess(str(name), table)
            self.problem((*where, "driver"), f"there is no {family} {name!r:.60}; allowed: {', '.join(table)}{guess}")
            return None
        parameters = understood(table[name])
        values = self.keys(where, content, {"driver": text(64, name), **parameters})
        del values["driver"]
        return Part(family, ".".join(where), name, table[name], values, parameters, self.places.line(*where))

    def keys(
        self,
        where: tuple[str, ...],
        content: Mapping[str, Any],
        known: Mapping[str, FileKey],
        tables: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """Every known key with its value, or its default; a problem for each that is unknown, missing or unfit."""
        values: dict[str, Any] = {}
        for name in content:
            if name not in known and name not in tables:
                names = (*known, *tables)
                self.problem((*where, name), f"there is no such key; allowed: {', '.join(names)}{_guess(name, names)}")
        for name, parameter in known.items():
            path_of = (*where, name)
            if name not in content:
                if parameter.first is REQUIRED:
                    self.problem(path_of, f"it is missing; allowed: {parameter.allowed}")
                values[name] = None if parameter.first is REQUIRED else parameter.first
                continue
            values[name] = self.value(path_of, content[name], parameter)
        return values

    def value(self, path_of: tuple[str, ...], value: Any, parameter: FileKey) -> Any:
        if not parameter.fits(value):
            unfit = value if type(value) is str else next((one for one in _words(value)), "")
            guess = _guess(unfit, parameter.choices) if unfit not in parameter.choices else ""
            self.problem(path_of, f"{value!r:.60} does not fit; allowed: {parameter.allowed}{guess}")
            return None if parameter.first is REQUIRED else parameter.first
        if parameter.role is Role.TABLE:
            return self.keys(path_of, value, parameter.fields)
        return value

    def tables(self, where: tuple[str, ...], content: Any) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """The tables of a table of tables."""
        if not isinstance(content, dict):
            self.problem(where, f"it must be a table of tables: [{'.'.join(where)}.NAME]")
            return
        for name, inner in content.items():
            if isinstance(inner, dict):
                yield name, inner
            else:
                self.problem((*where, name), f"it must be a table: [{'.'.join((*where, name))}]")

    def problem(self, path_of: tuple[str, ...], why: str) -> None:
        self.problems.append(Problem(self.places.line(*path_of), key_of(path_of), why))


def key_of(path_of: tuple[str, ...]) -> str:
    """("connector", "1", "meter", "address") as "[connector.1.meter] address"."""
    *table, name = path_of or ("",)
    return f"[{'.'.join(table)}] {name}" if table else name


def _guess(name: str, known: Iterable[str]) -> str:
    close = nearest(name, known) if name else ""
    return f"; did you mean {close}?" if close else ""


def _words(value: Any) -> Iterable[str]:
    return (one for one in value if type(one) is str) if isinstance(value, list) else ()


def read_parts(content: Mapping[str, Any], places: Places, drivers: Drivers) -> Read:
    """The board of a file's content.  Raises nothing: what is wrong stands in `problems`."""
    reader = _Reader(content, places, drivers)
    board = reader.read()
    return Read(board, reader.problems)
