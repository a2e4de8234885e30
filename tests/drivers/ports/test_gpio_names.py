"""Names of lines: BCM numbers without a chip, others as the chip names them, in the kernel's structures."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from drivers.ports.gpio_names import chip_path, line_names, line_number

NAMES = ["ID_SDA", "ID_SCL", "RELAY", ""]


def kernel(_: int, request: int, data: bytes) -> bytes:
    """GPIO_GET_CHIPINFO and GPIO_V2_GET_LINEINFO of a chip with these lines."""
    assert len(data) == request >> 16 & 0x3FFF  # the length that is coded in the request
    if request == 0x8044B401:
        return struct.pack("32s32sI", b"gpiochip0", b"pinctrl-bcm2711", len(NAMES))
    assert request == 0xC100B405
    offset = struct.unpack_from("I", data, 64)[0]
    return NAMES[offset].encode().ljust(32, b"\0") + data[32:]


def test_names_are_asked_of_the_chip(tmp_path: Path) -> None:
    """In order; lines without a name have an empty one."""
    (tmp_path / "chip").touch()
    assert line_names(str(tmp_path / "chip"), kernel) == NAMES


def test_the_number_of_a_name() -> None:
    """GPIO17 needs no chip; a name that no line bears is an error that says how to see them."""
    assert line_number("GPIO17") == 17
    assert line_number("RELAY", lambda: NAMES) == 2
    for unknown in ("GPIO54", "GPIO007", "relay"):
        with pytest.raises(OSError, match="gpioinfo"):
            line_number(unknown, lambda: NAMES)


def test_which_chip(tmp_path: Path) -> None:
    """By the environment; by what the controller is; else the first."""
    assert chip_path({"RPI_LGPIO_CHIP": "4"}, tmp_path) == "/dev/gpiochip4"
    assert chip_path({"RPI_LGPIO_CHIP": "x"}, tmp_path) == "/dev/gpiochip0"
    for number, kind in ((0, None), (1, b"brcm,bcm2835-virtgpio\0"), (2, b"raspberrypi,rp1-gpio\0")):
        (tmp_path / f"gpiochip{number}/of_node").mkdir(parents=True)
        if kind:
            (tmp_path / f"gpiochip{number}/of_node/compatible").write_bytes(kind)
    assert chip_path({}, tmp_path) == "/dev/gpiochip2"
    assert chip_path({}, tmp_path / "absent") == "/dev/gpiochip0"


def test_without_a_chip() -> None:
    """The error is the kernel's."""
    with pytest.raises(OSError):
        line_names("/dev/gpiochip-nowhere")
