"""The ports of the contract tests answer what those of a machine can answer."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.kit.ports import MOODS, KitPort
from drivers.pilots.adc import AdcSample
from drivers.ports.modbus_frames import BusFailure


@pytest.mark.parametrize("mood", MOODS)
def test_each_kind_of_port_in_each_mood(mood: str) -> None:
    """A value of its kind, or a failure; never an exception."""
    port = KitPort(mood)
    there = mood in ("zeros", "ones")
    assert isinstance(port.read(1, 3, 0, 2), tuple if there else BusFailure)
    assert isinstance(port.read(5, 0.1), DeviceFailure if mood == "gone" else bytes)
    assert isinstance(port.read(0x24, 8), bytes if there else DeviceFailure)
    assert isinstance(port.read(), str if there else DeviceFailure)
    assert isinstance(port.read_word(1, 2), int if there else DeviceFailure)
    assert isinstance(port.read_byte(1, 2), int if there else DeviceFailure)
    assert isinstance(port.transfer(b"abc"), bytes if there else DeviceFailure)
    assert isinstance(port.pressed(0.1), DeviceFailure if mood == "gone" else list)
    assert isinstance(port.output(17).is_on(), bool if there else DeviceFailure)
    assert isinstance(port.input(17, "high").latest(1.0), AdcSample if there else DeviceFailure)
    assert isinstance(port.state(), DeviceFailure)
    for answer in (port.write_word(1, 2, 3), port.write_byte(1, 2, 3), port.set(True), port.write(b"x")):
        assert answer is None or isinstance(answer, DeviceFailure)
    assert (port.write(1, 2, (3,)) is None) is there
    port.release()
    port.close()
