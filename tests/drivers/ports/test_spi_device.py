"""An SPI device with a library of memory: settings, transfers, failures."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.ports.spi_device import SpiDevice


class FakeSpi:
    def __init__(self) -> None:
        self.max_speed_hz = self.mode = -1
        self.error: Exception | None = None
        self.closed = 0

    def xfer2(self, data: list[int]) -> list[int]:
        if self.error:
            raise self.error
        return [byte ^ 0xFF for byte in data]

    def close(self) -> None:
        self.closed += 1


def test_a_transfer_answers_as_many_bytes() -> None:
    """With the speed and the mode that were asked for."""
    fake = FakeSpi()
    device = SpiDevice("/dev/spidev0.0", 500_000, 3, lambda _: fake)
    assert device.transfer(b"\x00\x0f") == b"\xff\xf0"
    assert (device.device, fake.max_speed_hz, fake.mode) == ("/dev/spidev0.0", 500_000, 3)
    fake.error = OSError(5, "x")
    assert isinstance(device.transfer(b"\x00"), DeviceFailure)
    fake.error = None
    assert device.transfer(b"\x00") == b"\xff"
    device.close()
    assert fake.closed == 2


def test_what_is_missing_is_named() -> None:
    """A path that is none, the library, or the device itself."""
    failure = SpiDevice("/dev/ttyS0").transfer(b"x")
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "/dev/ttyS0 is no SPI device"
    missing = SpiDevice("/dev/spidev99.9").transfer(b"x")
    assert isinstance(missing, DeviceFailure)
    assert "spi" in missing.remedy
