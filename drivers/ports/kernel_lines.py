"""A GPIO line put to a level by the kernel's own interface, without any library: nothing is quicker to load.

For what has to act within milliseconds of its start.  The line is given back at once; what level it then has is the
kernel's affair: the one it was put to where lines persist, its pull where they do not.
"""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable
from typing import Final

GET_LINE: Final = 0xC250B407
OUTPUT: Final = 1 << 3
VALUES_ATTRIBUTE: Final = 2
REQUEST: Final = struct.Struct("=64I32sQI20x240sII20xi")
"""struct gpio_v2_line_request: offsets, consumer, then its configuration (flags, number of attributes, ten of them),
number of lines, event buffer size, padding, the descriptor."""
ATTRIBUTE: Final = struct.Struct("=I4xQQ")
"""struct gpio_v2_line_config_attribute: id, values, mask of the lines that it is for."""


def request(number: int, high: bool) -> bytes:
    """The request for one line as an output at a level."""
    attribute = ATTRIBUTE.pack(VALUES_ATTRIBUTE, int(high), 1).ljust(240, b"\0")
    return REQUEST.pack(number, *([0] * 63), b"evsed-safe", OUTPUT, 1, attribute, 1, 0, -1)


def put(
    line: int | str,
    high: bool,
    chip: str | None = None,
    ioctl: Callable[[int, int, bytes], bytes] = fcntl.ioctl,
) -> None:
    """Drive a line, by its number or name, to a level.  OSError where that cannot be done."""
    from drivers.ports.gpio_names import chip_path, line_names, line_number

    path = chip_path() if chip is None else chip
    number = line if isinstance(line, int) else line_number(line, lambda: line_names(path, ioctl))
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        *_, held = REQUEST.unpack(ioctl(descriptor, GET_LINE, request(number, high)))
        os.close(held)
    finally:
        os.close(descriptor)
