"""The chip's registers: an exchange that never ends is given up."""

from __future__ import annotations

from drivers.ports.spi_device import SpiDevice
from drivers.readers.mfrc522_chip import COMMAND, LOOK_S, LOOKS, TIMER_MODE, Mfrc522Chip
from tests.drivers.readers.mfrc522_model import Mfrc522Model


class Stuck(Mfrc522Model):
    """It never says that it is done."""

    def _transceive(self, bits: int) -> None: ...


def test_registers_are_addressed_as_the_data_sheet_has_it() -> None:
    """Address in bits 1 to 6, bit 7 for reading."""
    model = Mfrc522Model()
    chip = Mfrc522Chip(SpiDevice("/dev/spidev0.0", open_=lambda _: model), lambda _: None)
    assert chip.set_up() is None
    assert model.registers[TIMER_MODE] == 0x80
    assert chip.read(0x37) == 0x92
    assert chip.is_set_up() is True
    assert chip.write((COMMAND, 0x0F)) is None
    assert chip.is_set_up() is False


def test_a_chip_that_never_ends() -> None:
    """After 40 ms there is no answer."""
    pauses: list[float] = []
    chip = Mfrc522Chip(SpiDevice("/dev/spidev0.0", open_=lambda _: Stuck()), pauses.append)
    assert chip.exchange(b"\x52", 7) is None
    assert pauses == [LOOK_S] * LOOKS
