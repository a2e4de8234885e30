"""A line put to a level by the kernel's own interface: the request as its header has it."""

from __future__ import annotations

import errno
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.ports import kernel_lines
from drivers.ports.kernel_lines import put

TOP = Path(kernel_lines.__file__).parents[2]


class Kernel:
    """GPIO_V2_GET_LINE of a chip whose fifth line is busy; answers with a descriptor, as the kernel does."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int, int]] = []
        self.held = -1

    def ioctl(self, chip: int, request: int, data: bytes) -> bytes:
        assert request == 0xC250B407 and len(data) == request >> 16 & 0x3FFF
        offset = struct.unpack_from("I", data, 0)[0]
        flags, attributes = struct.unpack_from("=QI", data, 288)
        kind, values, mask = struct.unpack_from("=I4xQQ", data, 320)
        assert (attributes, kind, mask) == (1, 2, 1) and struct.unpack_from("I", data, 560)[0] == 1
        if offset == 5:
            raise OSError(errno.EBUSY, "Device or resource busy")
        self.seen.append((offset, flags, values))
        self.held = os.open(os.devnull, os.O_RDONLY)
        return data[:-4] + struct.pack("i", self.held)


def test_an_output_at_its_level(tmp_path: Path) -> None:
    """Requested as an output with its value at once, and given back; a busy one is the kernel's error."""
    chip = tmp_path / "chip"
    chip.touch()
    kernel = Kernel()
    put(17, False, str(chip), kernel.ioctl)
    put("GPIO9", True, str(chip), kernel.ioctl)
    assert kernel.seen == [(17, 8, 0), (9, 8, 1)]
    with pytest.raises(OSError):
        os.fstat(kernel.held)
    with pytest.raises(OSError, match="busy"):
        put(5, False, str(chip), kernel.ioctl)


def test_no_chip() -> None:
    """The error is the kernel's."""
    with pytest.raises(OSError):
        put(17, False, "/dev/gpiochip-nowhere")


def test_it_loads_no_library() -> None:
    """Neither site packages nor anything that takes long: a contactor waits."""
    loads = "import drivers.safe, drivers.ports.kernel_lines, drivers.ports.gpio_names"
    code = f"import sys; sys.path.insert(0, {str(TOP)!r}); {loads}; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = set(out.split())
    assert not loaded & {"RPi", "argparse", "pathlib", "socket", "threading", "drivers.devices"}
