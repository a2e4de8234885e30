"""The EVSE-DIN against a model of its registers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from drivers.devices import DeviceFailure, PilotSample
from drivers.pilots.evse_din import EvseDin
from drivers.ports.modbus_frames import BusFailure, BusFault
from drivers.reflex.pilot_signal import STEADY_NS, duty_ns
from tests.drivers.pilots.converters import GONE, Ticks

SILENT = BusFailure(BusFault.SILENT, GONE)


class EvseDinModel:
    """A bus with one controller at address 3."""

    device = "rs485"

    def __init__(self, hundredths: bool = False) -> None:
        self.registers = {1000: 16, 1001: 0, 1002: 1, 2005: 0x80 if hundredths else 0}
        self.written: list[int] = []
        self.gone = False

    def read(self, address: int, function: int, register: int, count: int) -> tuple[int, ...] | BusFailure:
        assert (address, function) == (3, 3)
        return SILENT if self.gone else tuple(self.registers[register + at] for at in range(count))

    def write(self, address: int, register: int, values: Sequence[int]) -> BusFailure | None:
        assert (address, register) == (3, 1000)
        if self.gone:
            return SILENT
        (self.registers[1000],) = values
        self.written += values
        return None


class Stand:
    def __init__(self, hundredths: bool = False) -> None:
        self.model, self.clock = EvseDinModel(hundredths), Ticks()
        self.evse = EvseDin(self.model, 3, self.clock)

    def polls(self, count: int = 3) -> PilotSample | DeviceFailure:
        for _ in range(count):
            self.clock.wait(self.evse.poll())
        return self.evse.sample(self.clock.now)


def peaks(sample: PilotSample | DeviceFailure) -> tuple[float, float]:
    assert isinstance(sample, PilotSample), sample
    return sample.high_volts, sample.low_volts


@pytest.mark.parametrize(("hundredths", "told"), [(False, 13), (True, 1350)])
def test_amperes_are_told_and_never_rounded_up(hundredths: bool, told: int) -> None:
    """In whole amperes, or in hundredths where its settings say so; first of all 0, whatever was there before."""
    stand = Stand(hundredths)
    stand.polls()
    assert stand.model.written == [0]
    stand.evse.signal(stand.clock.now, duty_ns(13.5))
    stand.polls()
    assert stand.model.written == [0, told]
    stand.evse.signal(stand.clock.now, duty_ns(16.0))
    stand.polls()
    assert stand.model.written[-1] == (1600 if hundredths else 16)
    stand.evse.signal(stand.clock.now, STEADY_NS)
    stand.polls()
    assert stand.model.written[-1] == 0


@pytest.mark.parametrize(("state", "volts"), [(1, 12.0), (2, 9.0), (3, 6.0), (4, 3.0), (5, 0.0)])
def test_its_states_are_volts(state: int, volts: float) -> None:
    """Without amperes both peaks are the same; with them it watches the diode itself."""
    stand = Stand()
    stand.model.registers[1002] = state
    assert peaks(stand.polls()) == (volts, volts)
    stand.evse.signal(stand.clock.now, duty_ns(10.0))
    assert peaks(stand.polls()) == (volts, -12.0)


def test_silence_counts_as_a_lost_pilot() -> None:
    """After 4 s, with the bus's own words and the device's own name; it returns by itself."""
    stand = Stand()
    assert stand.evse.sample(0.0) == DeviceFailure("EVSE-DIN at rs485, address 3", "not read yet", "wait")
    stand.polls()
    stand.model.gone = True
    assert peaks(stand.polls(15)) == (12.0, 12.0)
    lost = stand.polls(6)
    assert lost == DeviceFailure("EVSE-DIN at rs485, address 3", "no answer", "check its wiring")
    stand.evse.signal(stand.clock.now, duty_ns(10.0))
    stand.polls(2)
    stand.model.gone = False
    assert peaks(stand.polls(2)) == (12.0, -12.0)


def test_nothing_is_told_before_its_settings_are_known() -> None:
    """16 hundredths are no 16 A."""
    stand = Stand(hundredths=True)
    stand.model.gone = True
    stand.evse.signal(stand.clock.now, duty_ns(16.0))
    stand.polls()
    stand.model.gone = False
    stand.polls(2)
    assert stand.model.written == [1600]


def test_a_controller_that_forgot_is_told_again() -> None:
    """After its own restart it signals its default."""
    stand = Stand()
    stand.polls()
    stand.model.registers[1000] = 32
    stand.polls(2)
    assert stand.model.registers[1000] == 0


def test_another_device() -> None:
    """A state that does not exist is no state: lost at once."""
    stand = Stand()
    stand.polls()
    stand.model.registers[1002] = 77
    lost = stand.polls(1)
    assert isinstance(lost, DeviceFailure) and lost.cause == "unknown state 77"


def test_its_contactor_tells_nothing() -> None:
    """There is no feedback; it is only allowed or not."""
    contactor = Stand().evse.contactor
    assert contactor.switch(1.0, True) is None and contactor.allowed
    assert contactor.feedback(1.0) is None
