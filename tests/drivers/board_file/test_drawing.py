"""Drawings of boards, made from their files; docs/boards.md shows them as they are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.board_file.drawing import HEADER, drawing
from drivers.process.config import read

ROOT = Path(__file__).resolve().parents[3]
BOARDS = sorted(path for path in (ROOT / "etc/boards").glob("*.toml") if path.stem != "simulated")
REFERENCE = """\
gpio-ads1115: Raspberry Pi
  /dev/serial/by-id/usb-FTDI_FT232R_USB_UART_00000000-if00-port0 ────── connector.1.meter (sdm120, address 1)
  /dev/i2c-1 (lines 2, 3; pins 3, 5)                             ────── connector.1.pilot (pwm-ads1115, address 0x48)
  line 12 (pin 32), PWM channel 0                                ────── connector.1.pilot: pilot generator
  line 27 (pin 13)                                               ────── connector.1.contactor: feedback
  line 17 (pin 11)                                               ────── connector.1.contactor: lines
  line 22 (pin 15)                                               ────── connector.1.rcd: line
  line 23 (pin 16)                                               ────── connector.1.rcd: test
"""


def test_the_reference_board() -> None:
    """Every wire: the Pi's line and pin, the part's table and key."""
    parts = read(ROOT / "etc/boards/gpio-ads1115.toml").parts
    assert parts is not None
    drawn = drawing(parts)
    assert all(line in drawn for line in REFERENCE.splitlines()), drawn


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_the_page_shows_each_board_as_it_is(path: Path) -> None:
    """`make docs` writes them anew."""
    parts = read(path).parts
    assert parts is not None
    assert drawing(parts) in (ROOT / "docs/boards.md").read_text("utf-8")


def test_every_line_of_the_header_has_its_pin() -> None:
    """28 lines at 28 pins."""
    assert sorted(HEADER) == list(range(28)) and len(set(HEADER.values())) == 28
