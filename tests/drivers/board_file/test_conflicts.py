"""Conflicts between the parts of a board: each is found, named with its line, and said with what is allowed."""

from __future__ import annotations

import pytest

from tests.drivers.board_file.samples import BOARD, changed, line_of, problems, warnings

SECOND = """
[connector.2]
max_amps = 16

[connector.2.pilot]
driver = "pwm-ads1115"
pwm = { device = "fe20c000.pwm", channel = 1 }
adc = { bus = "i2c", address = 0x48, high = 2, low = 3 }
calibration = { high = [0.0, 0.01], low = [0.0, 0.01] }

[connector.2.contactor]
driver = "gpio"
lines = [23, 24]

[connector.2.meter]
driver = "sdm120"
bus = "rs485"
address = 2

[connector.2.rcd]
line = 25
"""
TWO = BOARD + SECOND
READER = '[reader]\ndriver = "{}"\n{}\n'


def test_a_sound_board_has_none() -> None:
    """Two pilots may share one converter; nothing is warned of."""
    assert problems(BOARD) == problems(TWO) == []
    assert [line for line in warnings(BOARD) if "is not there" not in line and "there is no fe20" not in line] == []


@pytest.mark.parametrize(
    ("pairs", "at", "said"),
    [
        ([("feedback = 27", "feedback = 17")], "feedback = 17",
         "[connector.1.contactor] feedback: line 17 is used twice: [connector.1.contactor] lines has it"),
        ([("line = 22", 'line = "GPIO17"')], 'line = "GPIO17"', "line GPIO17 is used twice"),
        ([("line = 22", 'line = "X"'), ("feedback = 27", 'feedback = "X"')], 'line = "X"', "line X is used twice"),
        ([("lines = [17]", "lines = [12]")], "lines = [12]", "line 12 is used twice: [connector.1.pilot] pwm has it"),
        ([("lines = [17]", "lines = [3]")], "lines = [3]", "line 3 is used twice: [bus.i2c] (/dev/i2c-1) has it"),
        ([("channel = 0 }", "channel = 0, pin = 18 }"), ("/dev/serial/by-id/usb-x", "/dev/spidev1.0")], "pwm =",
         "[connector.1.pilot] pwm: line 18 is used twice: [bus.rs485] (/dev/spidev1.0) has it"),
        ([("channel = 0 }", "channel = 0, pin = 26 }")], "pwm =",
         "[connector.1.pilot.pwm] pin: line 26 has no hardware PWM; allowed: 12, 13, 18, 19; there is no software PWM"),
        ([("channel = 0 }", "channel = 0, pin = 13 }")], "pwm =",
         "channel 0 does not come out at line 13; allowed: 12, 18"),
        ([("fe20c000.pwm", "1f0009c000.pwm")], "pwm =", "drives the fan of a Pi 5"),
        ([('bus = "rs485"', 'bus = "rs458"')], 'bus = "rs458"',
         "[connector.1.meter] bus: there is no bus 'rs458'; allowed: rs485, i2c; did you mean rs485?"),
        ([('bus = "rs485"', 'bus = "i2c"')], 'bus = "i2c"\naddress',
         "i2c is a bus of kind i2c; sdm120 needs one of serial"),
        ([('adc = { bus = "i2c"', 'adc = { bus = "rs485"')], "adc =", "needs one of i2c"),
        ([("baud = 9600", "baud = 19200")], "baud = 19200",
         "[bus.rs485] baud: 19200 baud: no device of this bus speaks it; allowed: 2400, 9600"),
        ([('device = "/dev/i2c-1"', 'device = "/dev/serial/by-id/usb-x"')], "[bus.i2c]",
         "is used twice: [bus.rs485] has it"),
        ([("high = 0, low = 1", "high = 0, low = 0")], "adc =",
         "input 0 is used twice: [connector.1.pilot.adc] high has it"),
        ([('["strict-gpiod"]', '["pump"]')], 'driver = "gpio"', 'a pump needs driver = "gpio-pump"'),
        ([("max_amps = 32", 'outlet = "socket"')], 'outlet = "socket"', 'a "socket" needs [connector.1.proximity]'),
        ([("[connector.1.rcd]", "[connector.1.lock]")], "[connector.1.lock]", 'allowed with outlet = "socket"'),
        ([('[connector.1.meter]\ndriver = "sdm120"\nbus = "rs485"\naddress = 1\n', "")], "[connector.1]",
         "[connector] 1: it has no meter; write a table [connector.1.meter]"),
    ],
)  # fmt: skip
def test_each_conflict(pairs: list[tuple[str, str]], at: str, said: str) -> None:
    """With the line of the later of the two."""
    text = changed(*pairs)
    found = problems(text)
    assert len(found) == 1 and said in found[0], found
    assert found[0].startswith(f"b:{line_of(text, at)}: ")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "address = 2",
            "address = 1",
            "[connector.2.meter] address: address 1 of rs485 is used twice: [connector.1.meter]",
        ),
        (
            "channel = 1",
            "channel = 0, pin = 18",
            "channel 0 of fe20c000.pwm is used twice: [connector.1.pilot] pwm has it",
        ),
        ("high = 2, low = 3", "high = 2, low = 1", "input 1 is used twice: [connector.1.pilot.adc] low has it"),
        ("lines = [23, 24]", "lines = [23, 27]", "line 27 is used twice: [connector.1.contactor] feedback has it"),
    ],
)
def test_conflicts_of_two_connectors(old: str, new: str, said: str) -> None:
    """Both stand on the same buses, chips and header."""
    found = problems(changed((old, new), text=TWO))
    assert len(found) == 1 and said in found[0], found


def test_an_address_of_another_kind_of_device() -> None:
    """A reader at the converter's address; a meter that says nothing of bauds is no reason to refuse one."""
    reader = READER.format("i2c", 'bus = "i2c"\naddress = 0x48')
    assert "address 72 of i2c is used twice: [connector.1.pilot] has it" in problems(BOARD + reader)[0]
    assert problems(changed(('"sdm120"', '"any"'), ("baud = 9600", "baud = 19200"))) == []
    other = changed(
        ('driver = "sdm120"\nbus = "rs485"\naddress = 2', 'driver = "fast"\nbus = "rs485"\naddress = 2'), text=TWO
    )
    (found,) = problems(other)
    assert "[connector.2.meter] (fast) does not speak it; allowed: none that all its devices speak" in found


def test_ports_that_two_want() -> None:
    """A reader at the bus's own port, at the header's UART that a line takes, at an SPI device beside a line of it."""
    (found,) = problems(BOARD + READER.format("serial", 'port = "/dev/serial/by-id/usb-x"'))
    assert "[reader] port: /dev/serial/by-id/usb-x is used twice: [bus.rs485] has it" in found
    (found,) = problems(changed(("line = 22", "line = 15")) + READER.format("serial", 'port = "/dev/serial0"'))
    assert "line 15 is used twice: [reader] port (/dev/serial0) has it" in found
    (found,) = problems(changed(("line = 22", "line = 10")) + READER.format("spi", 'spi = "/dev/spidev0.0"'))
    assert "line 10 is used twice: [reader] spi (/dev/spidev0.0) has it" in found


def test_a_controller_with_its_own_contactor() -> None:
    """evse-din and a contactor of ours exclude each other; without one it is whole."""
    start, end = BOARD.index("[connector.1.pilot]"), BOARD.index("[connector.1.contactor]")
    din = BOARD[:start] + '[connector.1.pilot]\ndriver = "evse-din"\nbus = "rs485"\naddress = 3\n\n' + BOARD[end:]
    (found,) = problems(din)
    assert "evse-din switches the contactor itself: take this table away" in found
    meter = din.index("[connector.1.meter]")
    assert problems(din[: din.index("[connector.1.contactor]")] + din[meter:]) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed(('["strict-gpiod"]', "[]")), "b:3: fail_safe: nothing will be energised: fail_safe declares no layer"),
        (changed(('"gpio"', '"gpio-pump"')), "[connector.1.contactor] toggles a pump; declare it"),
        (BOARD + '[bus.spare]\ndevice="/dev/i2c-0"\n', "[bus] spare: no device stands on this bus"),
        (changed(("lines = [17]", "lines = [5]")), "line 5 is pulled up until evsed-board drives it"),
        (changed(("[connector.1.rcd]\nline = 22\n", "")), "it has no [connector.1.rcd]"),
        (
            changed(("max_amps = 32", 'outlet = "socket"')) + "[connector.1.proximity]\nline = 5\n",
            "a socket without [connector.1.lock]",
        ),
    ],
)
def test_what_is_only_warned_of(text: str, said: str) -> None:
    """It is allowed, and should be known."""
    assert problems(text) == []
    assert any(said in warning for warning in warnings(text))
