"""What an examination has found: one sentence, its remedy and its weight.  Reads nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple


class Weight(IntEnum):
    """The heaviest first; the report stands in this order."""

    FAULT = 0
    """It keeps the station from charging, from its Central System or from recording."""
    WARNING = 1
    """It does not now, and should be seen to."""
    UNKNOWN = 2
    """It could not be looked at."""
    GOOD = 3


class Area(IntEnum):
    """Where it lies; of two equal weights the one that explains the other comes first."""

    CONFIGURATION = 0
    DISK = 1
    STORE = 2
    UNITS = 3
    DAEMON = 4
    PERMISSIONS = 5
    BOARD_FILE = 6
    BOARD = 7
    POWER = 8
    TEMPERATURE = 9
    MEMORY = 10
    CONNECTOR = 11
    CLOCK = 12
    CERTIFICATES = 13
    LINK = 14
    QUEUE = 15

    @property
    def title(self) -> str:
        return self.name.lower().replace("_", " ")


class Finding(NamedTuple):
    """`text`: one sentence without its full stop.  `remedy`: what to do, empty where there is nothing to be done."""

    area: Area
    weight: Weight
    text: str
    remedy: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.text.rstrip('.')}.{' ' + self.remedy if self.remedy else ''}"

    def row(self) -> dict[str, object]:
        return {
            "area": self.area.title,
            "weight": self.weight.name.lower(),
            "text": self.text,
            "remedy": self.remedy,
        }


MARKS: Final = {Weight.FAULT: "FAULT", Weight.WARNING: "warning", Weight.UNKNOWN: "unknown", Weight.GOOD: "ok"}


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Faults first; among equals the cause before its consequences."""
    return sorted(findings, key=lambda each: (each.weight, each.area))


def text_of(findings: Sequence[Finding]) -> str:
    """One paragraph a finding, the heaviest first, and a line that counts them."""
    lines = [f"{MARKS[each.weight]:<8}{each.area.title}: {each.sentence}" for each in findings]
    return "\n".join([*lines, _count(findings)])


def _count(findings: Sequence[Finding]) -> str:
    faults, warnings, unknown = (
        sum(each.weight is weight for each in findings) for weight in (Weight.FAULT, Weight.WARNING, Weight.UNKNOWN)
    )
    counted = [f"{faults} fault{'s' * (faults != 1)}", f"{warnings} warning{'s' * (warnings != 1)}"]
    return ", ".join([*counted, f"{unknown} not examined"] if unknown else counted)


def is_well(findings: Iterable[Finding]) -> bool:
    """No fault; warnings do not count."""
    return all(each.weight is not Weight.FAULT for each in findings)
