"""Names of GPIO lines: the numbers that the kernel's chips give for them.  Asks only, never claims a line."""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable, Mapping
from typing import Final

_GET_CHIPINFO: Final = 0x8044B401
_GET_LINEINFO: Final = 0xC100B405
_CHIPINFO: Final = struct.Struct("32s32sI")
_LINEINFO: Final = struct.Struct("32s32sIIQ160s16x")
_BCM: Final = re.compile(r"GPIO([0-9]{1,2})")


def chip_path(
    environ: Mapping[str, str] = os.environ,
    devices: str | os.PathLike[str] = "/sys/bus/gpio/devices",
) -> str:
    """The GPIO chip of the header: RPI_LGPIO_CHIP, or the first one with a Pi's controller, or the first."""
    number = environ.get("RPI_LGPIO_CHIP", "")
    if number.isdigit():
        return f"/dev/gpiochip{number}"
    try:
        chips = sorted(name for name in os.listdir(devices) if name.startswith("gpiochip"))
    except OSError:
        chips = []
    for chip in chips:
        try:
            with open(os.path.join(devices, chip, "of_node/compatible"), "rb") as file:
                kind = file.read()
        except OSError:
            continue
        if any(known in kind for known in (b"rp1-gpio", b"bcm2835-gpio", b"bcm2711-gpio")):
            return f"/dev/{chip}"
    return "/dev/gpiochip0"


def line_names(path: str, ioctl: Callable[[int, int, bytes], bytes] = fcntl.ioctl) -> list[str]:
    """The names of all lines of a chip, in order; empty where a line has none.  OSError where it cannot be asked."""
    chip = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, _, lines = _CHIPINFO.unpack(ioctl(chip, _GET_CHIPINFO, bytes(_CHIPINFO.size)))
        names = []
        for number in range(lines):
            asked = _LINEINFO.pack(b"", b"", number, 0, 0, b"")
            name, *_ = _LINEINFO.unpack(ioctl(chip, _GET_LINEINFO, asked))
            names.append(name.split(b"\0")[0].decode("ascii", "replace"))
        return names
    finally:
        os.close(chip)


def line_number(name: str, names: Callable[[], list[str]] | None = None) -> int:
    """The number of a line by its name.  OSError where there is none of that name, or the chip cannot be asked.

    GPIO0 to GPIO53 need no chip: a Pi's lines bear their BCM numbers.
    """
    if (bcm := _BCM.fullmatch(name)) and int(bcm[1]) <= 53:
        return int(bcm[1])
    known = line_names(chip_path()) if names is None else names()
    if name not in known:
        raise OSError(f"no line is called {name}; gpioinfo shows their names")
    return known.index(name)
