"""The I2C bus with a library of memory: transfers, byte order, and failures that name the address."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.i2c_bus import I2cBus


class FakeBus:
    """The methods of smbus2's SMBus that are used; `error` is raised by each."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.error: Exception | None = None
        self.word, self.byte, self.plain = 0x3412, 7, b"\x01\x02\x03"

    def _do(self, *what: Any) -> None:
        if self.error:
            raise self.error
        self.done.append(what)

    def read_word_data(self, address: int, register: int) -> int:
        self._do("read word", address, register)
        return self.word

    def write_word_data(self, address: int, register: int, value: int) -> None:
        self._do("write word", address, register, value)

    def read_byte_data(self, address: int, register: int) -> int:
        self._do("read byte", address, register)
        return self.byte

    def write_byte_data(self, address: int, register: int, value: int) -> None:
        self._do("write byte", address, register, value)

    def i2c_rdwr(self, message: Any) -> None:
        self._do("plain", message.addr, message.flags, bytes(message))
        if message.flags:
            for at, byte in enumerate(self.plain[: message.len]):
                message.buf[at] = byte

    def close(self) -> None:
        self.done.append(("close",))


@pytest.fixture
def fake() -> FakeBus:
    return FakeBus()


@pytest.fixture
def bus(fake: FakeBus) -> I2cBus:
    return I2cBus("/dev/i2c-1", lambda _: fake)


def test_words_have_their_high_byte_first(bus: I2cBus, fake: FakeBus) -> None:
    """SMBus has it the other way round: ADS1115 and LM75 do not follow it."""
    assert bus.read_word(0x48, 0) == 0x1234
    assert bus.write_word(0x48, 1, 0xC583) is None
    assert fake.done == [("read word", 0x48, 0), ("write word", 0x48, 1, 0x83C5)]


def test_bytes_and_plain_transfers(bus: I2cBus, fake: FakeBus) -> None:
    """Registers of a byte, and messages without one."""
    assert bus.read_byte(0x20, 9) == 7
    assert bus.write_byte(0x20, 9, 3) is None
    assert bus.read(0x24, 3) == b"\x01\x02\x03"
    assert bus.write(0x24, b"\xff\x00") is None
    assert fake.done[-1][1:] == (0x24, 0, b"\xff\x00")


@pytest.mark.parametrize(
    ("number", "says", "advice"),
    [
        (errno.EREMOTEIO, "no answer at this address", "i2cdetect"),
        (errno.ENXIO, "no answer at this address", "wiring"),
        (errno.ETIMEDOUT, "the bus is stuck", "a device holds its lines"),
        (errno.EBUSY, "a kernel driver uses this address", "dtoverlay"),
        (errno.EOPNOTSUPP, "the bus cannot do this transfer", "another bus"),
    ],
)
def test_a_failure_names_the_address(bus: I2cBus, fake: FakeBus, number: int, says: str, advice: str) -> None:
    """And the bus is opened anew for the next transfer, which works as soon as the device is back."""
    fake.error = OSError(number, "x")
    for transfer in (
        lambda: bus.read_word(0x48, 0),
        lambda: bus.write_word(0x48, 0, 1),
        lambda: bus.read_byte(0x48, 0),
        lambda: bus.write_byte(0x48, 0, 1),
        lambda: bus.read(0x48, 1),
        lambda: bus.write(0x48, b"x"),
    ):
        failure = transfer()
        assert isinstance(failure, DeviceFailure)
        assert (failure.device, failure.cause) == ("address 0x48 at /dev/i2c-1", says)
        assert advice in failure.remedy
    fake.error = None
    assert bus.read_byte(0x48, 0) == 7
    bus.close()
    assert fake.done[-1] == ("close",)


def test_a_bus_that_is_not_there() -> None:
    """The real library: which setting switches it on."""
    failure = I2cBus("/dev/i2c-nowhere").read_byte(0x48, 0)
    assert failure == DeviceFailure(
        "/dev/i2c-nowhere", "there is no such bus", "switch it on: dtparam=i2c_arm=on in /boot/firmware/config.txt"
    )
