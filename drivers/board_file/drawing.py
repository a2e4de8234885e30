"""A drawing of a board, made from its file: what of the Pi goes to which part, line by line.  Text, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from drivers.board_file.conflicts import DEVICE_LINES, pin_of, uses
from drivers.board_file.file_keys import Role
from drivers.board_file.model import Part, PartsBoard

HEADER: Final = {
    2: 3,
    3: 5,
    4: 7,
    14: 8,
    15: 10,
    17: 11,
    18: 12,
    27: 13,
    22: 15,
    23: 16,
    24: 18,
    10: 19,
    9: 21,
    25: 22,
    11: 23,
    8: 24,
    7: 26,
    0: 27,
    1: 28,
    5: 29,
    6: 31,
    12: 32,
    13: 33,
    19: 35,
    16: 36,
    26: 37,
    20: 38,
    21: 40,
}
"""BCM number -> pin of the 40-pin header."""


def drawing(board: PartsBoard) -> str:
    """One line a wire: the Pi's side, then the part's."""
    wires = [wire for part in board.parts() for wire in _wires(board, part)]
    rows = _buses(board) + wires
    width = max((len(left) for left, _ in rows), default=0)
    body = [f"  {left:<{width}} ────── {right}" for left, right in rows]
    return "\n".join([f"{board.name}: Raspberry Pi", *body]) + "\n"


def _buses(board: PartsBoard) -> list[tuple[str, str]]:
    """Each bus with all that stands on it."""
    rows = []
    for bus in board.buses.values():
        standing = [
            f"{part.where} ({part.driver}, address {_address(part, use.path)})"
            for part in board.parts()
            for use in uses(part)
            if use.role is Role.BUS and use.value == bus.name
        ]
        rows.append((f"{bus.device}{_pins(bus.device)}", ", ".join(standing)))
    return rows


def _address(part: Part, path: tuple[str, ...]) -> str:
    table: Mapping[str, Any] = part.values[path[-2]] if path[:-1] != part.path else part.values
    address = table.get("address", "")
    return f"0x{address:02x}" if path[-2] == "adc" else str(address)


def _pins(device: str) -> str:
    lines = DEVICE_LINES.get(device, ())
    if not lines:
        return ""
    return f" (lines {', '.join(map(str, lines))}; pins {', '.join(str(HEADER[line]) for line in lines)})"


def _wires(board: PartsBoard, part: Part) -> Iterator[tuple[str, str]]:
    pwm = part.values.get("pwm")
    if isinstance(pwm, dict):
        yield f"{_line(pin_of(pwm))}, PWM channel {pwm['channel']}", f"{part.where}: pilot generator"
    for use in uses(part):
        name = use.path[-1]
        if use.role in (Role.LINE, Role.LINES):
            for line in use.value if isinstance(use.value, (list, tuple)) else [use.value]:
                yield _line(line), f"{part.where}: {name}"
        elif use.role in (Role.SERIAL_PORT, Role.SPI_DEVICE, Role.INPUT_DEVICE):
            yield f"{use.value}{_pins(use.value)}", f"{part.where} ({part.driver})"


def _line(line: Any) -> str:
    return f"line {line} (pin {HEADER[line]})" if line in HEADER else f"line {line}"
