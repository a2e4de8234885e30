"""A board file of parts: what each key may be, and how each mistake in one key is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.board_file.reader import key_of
from tests.drivers.board_file.samples import BOARD, changed, check, line_of, problems


def test_the_whole_board() -> None:
    """Every key of the file reaches the model, with defaults where none is given."""
    found = check(BOARD)
    assert found.problems == []
    board = found.board
    assert (board.name, board.socket, board.lease_s) == ("acme-7k", Path("/run/evsed/board.sock"), 20.0)
    assert board.fail_safe == ("strict-gpiod",) and list(board.client_users) == ["evsed"]
    assert board.buses["rs485"].kind == "serial" and board.buses["rs485"].device == "/dev/serial/by-id/usb-x"
    assert board.buses["rs485"].values == {"baud": 9600, "parity": "N", "stop_bits": 1, "direction": "adapter"}
    assert (board.buses["i2c"].kind, board.buses["i2c"].values) == ("i2c", {})
    (connector,) = board.connectors
    assert connector[:6] == (1, 1, 32.0, False, False, False)
    pilot, contactor = connector.parts["pilot"], connector.parts["contactor"]
    assert pilot.values["adc"] == {"bus": "i2c", "address": 0x48, "high": 0, "low": 1}
    assert pilot.values["pwm"] == {"device": "fe20c000.pwm", "channel": 0, "pin": None, "inverted": False}
    assert pilot.values["calibration"]["high"] == [0.0, 0.0101]
    assert contactor.values == {"lines": [17], "feedback": 27, "active": "high"}
    assert connector.parts["rcd"].driver == "gpio", "a family of one driver needs no name"
    assert [part.where for part in board.parts()][:2] == ["connector.1.pilot", "connector.1.contactor"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "acme-7k"', 'nam = "x"', "nam: there is no such key; allowed: kind, name,"),
        ('name = "acme-7k"', 'nam = "x"', "did you mean name?"),
        ('name = "acme-7k"', 'name = ""', "name: '' does not fit; allowed: a name of 1 to 64"),
        ('name = "acme-7k"', "lease_s = 500", "lease_s: 500 does not fit; allowed: a number from 1 to 120"),
        ('["strict-gpiod"]', '["strictgpiod"]', "did you mean strict-gpiod?"),
        ('["strict-gpiod"]', '"pump"', "fail_safe: 'pump' does not fit; allowed: a list of layers out of pump, mcu,"),
        ("baud = 9600", "baud = 9601", "[bus.rs485] baud: 9601 does not fit; allowed: one of 1200, 2400,"),
        ("baud = 9600", 'parity = "X"', """[bus.rs485] parity: 'X' does not fit; allowed: one of "N", "E", "O\""""),
        ("baud = 9600", 'bauds = "X"', "did you mean baud?"),
        ('device = "/dev/i2c-1"', "", "[bus] i2c: it needs port (a serial line) or device (an I2C bus)"),
        ('device = "/dev/i2c-1"', "device = 1", "[bus.i2c] device: 1 does not fit; allowed: an absolute path"),
        ("phases = 1", "phases = 2", "[connector.1] phases: 2 does not fit; allowed: one of 1, 3"),
        ("max_amps = 32", "max_amps = 5", "[connector.1] max_amps: 5 does not fit; allowed: a number from 6 to 80"),
        ("max_amps = 32", 'outlet = "sokket"', "did you mean socket?"),
        ('driver = "pwm-ads1115"', 'driver = "pwm-ads1015"', "[connector.1.pilot] driver: there is no pilot"),
        ('driver = "pwm-ads1115"', 'driver = "pwm-ads1015"', "did you mean pwm-ads1115?"),
        ('driver = "pwm-ads1115"', "driver = 5", "there is no pilot 5;"),
        ('driver = "pwm-ads1115"', "", "[connector.1.pilot] driver: it is missing; allowed: pwm-ads1115, pwm-mcp3008,"),
        ("channel = 0 }", "chanel = 0 }", "[connector.1.pilot.pwm] chanel: there is no such key;"),
        ("channel = 0 }", "channel = 7 }", "[connector.1.pilot.pwm] channel: 7 does not fit; allowed: a whole number"),
        ("address = 0x48", "address = 0x20", "[connector.1.pilot.adc] address: 32 does not fit;"),
        ("{ high = [0.0, 0.0101],", "{ high = [0.0],",
         "[connector.1.pilot.calibration] high: [0.0] does not fit; allowed"),
        ("adc = {", "ada = {", "[connector.1.pilot] adc: it is missing; allowed: a table with bus, address, high, low"),
        ("lines = [17]", "lines = 17", "[connector.1.contactor] lines: 17 does not fit; allowed: a list of 1 to 3"),
        ("lines = [17]", "lines = [40]", "each a BCM number from 0 to 27 or the name of a line"),
        ("feedback = 27", 'feedback = "-x"',
         "[connector.1.contactor] feedback: '-x' does not fit; allowed: a BCM number"),
        ('\naddress = 1', "\naddress = 248",
         "[connector.1.meter] address: 248 does not fit; allowed: a whole number from"),
        ('\naddress = 1', "", "[connector.1.meter] address: it is missing; allowed: a whole number from 1 to 247"),
        ("[connector.1.rcd]", "[connector.1.rdc]", "[connector.1] rdc: there is no such key;"),
        ("[connector.1.rcd]", "[connector.1.rdc]", "did you mean rcd?"),
        ("max_amps = 32", "lock = 5", "[connector.1] lock: it must be a table: [connector.1.lock]"),
    ],
)  # fmt: skip
def test_each_mistake_is_named(old: str, new: str, said: str) -> None:
    """Line, key, what is wrong, what is allowed, the nearest known name."""
    text = changed((old, new))
    found = problems(text)
    assert any(said in problem for problem in found), found
    if new:
        assert any(problem.startswith(f"b:{line_of(text, new.strip())}:") for problem in found), found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no connector; it needs at least [connector.1]"),
        ("connector = 5", "b:1: connector: it must be a table of tables: [connector.NAME]"),
        ("[connector]\n1 = 5", "b:2: [connector] 1: it must be a table: [connector.1]"),
        ("[connector.0]", "b:1: [connector] 0: a connector is numbered from 1 to 16"),
        ("[connector.one]", "b:1: [connector] one: a connector is numbered from 1 to 16"),
        ("[connector.01]", "b:1: [connector] 01: a connector is numbered"),
        ("[connector.1]\n[connector.3]", "connector: connector 2 is missing"),
        ("bus = 1", "b:1: bus: it must be a table of tables: [bus.NAME]"),
        ("reader = 1", "b:1: reader: it must be a table: [reader]"),
        ('[reader]\ndriver = "keys"\nport = "x"', "b:3: [reader] port: 'x' does not fit; allowed: an absolute path"),
        ('[reader.7]\ndriver = "keys"', "b:1: [reader] 7: there is no connector 7"),
        ("fail_safe = [1]", "b:1: fail_safe: [1] does not fit"),
    ],
)
def test_tables_that_are_none(text: str, said: str) -> None:
    """Neither the wrong shape nor the wrong number is a surprise."""
    assert any(said in problem for problem in problems(text)), problems(text)


def test_a_reader_of_a_connector() -> None:
    """[reader.1] is that of connector 1, [reader] that of the station; two of one connector are a mistake."""
    keys = 'driver = "keys"\nport = "/dev/input/a"\n'
    own, common = check(f"{BOARD}[reader.1]\n{keys}").board, check(f"{BOARD}[reader]\n{keys}").board
    assert own.connectors[0].parts["reader"].where == "reader.1" and own.station == {}
    assert common.station["reader"].where == "reader" and "reader" not in common.connectors[0].parts
    two = problems(f"{BOARD}[connector.1.reader]\n{keys}[reader.1]\n{keys}")
    assert two == ["b:37: [reader] 1: connector 1 has a reader already: [connector.1.reader]"]


def test_all_problems_at_once_in_the_order_of_lines() -> None:
    """A file is mended in one go."""
    found = problems(changed(("baud = 9600", "baud = 1"), ("max_amps = 32", "max_amps = 1"), ("[17]", "[99]")))
    assert [problem.split(":")[1] for problem in found] == ["7", "14", "24"]


def test_keys_as_they_are_said() -> None:
    """Table in brackets, then the key."""
    assert key_of(("connector", "1", "meter", "address")) == "[connector.1.meter] address"
    assert key_of(("name",)) == "name" and key_of(()) == ""
