"""What a command of the bench has found, as flat JSON-able fields; `problem` and `advice` stand where it went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from drivers.assembly.board import Assembly
from drivers.assembly.ports import Ports
from drivers.board_file.model import Part, PartsBoard
from drivers.devices import DeviceFailure

Finding = dict[str, Any]


class Bench(NamedTuple):
    """A board of parts on the bench, with no board process at it."""

    board: PartsBoard
    ports: Ports
    monotonic: Callable[[], float]
    sleep: Callable[[float], object]

    def assembly(self) -> Assembly:
        """Devices are made anew for each command."""
        return Assembly(self.board, self.ports)

    def parts(self, family: str, number: int | None) -> Iterator[tuple[int, Part | None]]:
        """Each connector (or the one that was asked for) with its part of a family."""
        for connector in self.board.connectors:
            if number in (None, connector.number):
                yield connector.number, connector.parts.get(family)

    def optional_parts(self, family: str, number: int | None) -> Iterator[tuple[int, Part | None]]:
        """The same, without connectors that have none, where another has one and none was asked for."""
        found = list(self.parts(family, number))
        some = number is None and any(part is not None for _, part in found)
        return ((connector, part) for connector, part in found if part is not None or not some)


def problem(failure: DeviceFailure, **fields: Any) -> Finding:
    """The finding of a device that failed."""
    return {**fields, "problem": failure.cause, "advice": f"{failure.device}: {failure.remedy}"}


def missing(family: str, number: int) -> Finding:
    """There is no such part."""
    return {
        "connector": number,
        "problem": f"there is no {family} in the board file",
        "advice": f"write a section [connector.{number}.{family}]",
    }
