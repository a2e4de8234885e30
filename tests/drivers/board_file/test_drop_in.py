"""The systemd drop-in of a board: exactly what it needs, and never what maps every line."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.board_file.drop_in import drop_in
from drivers.board_file.machine_checks import Machine
from drivers.process.board_process import main
from tests.drivers.board_file.samples import BOARD, check
from tests.drivers.board_file.test_machine_checks import pi

EXPECTED = """\
[Service]
DevicePolicy=closed
DeviceAllow=
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-i2c rw
DeviceAllow=char-gpiochip rw
SupplementaryGroups=dialout i2c gpio
ReadWritePaths=-/sys/devices/pwmchip0
RuntimeDirectory=evsed-board
WorkingDirectory=/run/evsed-board
Environment=LG_WD=/run/evsed-board
Environment=BOOT_ID=%b
Environment=RPI_LGPIO_REVISION=c03114
LimitRTPRIO=60
LimitMEMLOCK=infinity
WatchdogSec=10s
"""


def test_a_board_of_parts() -> None:
    """Its devices by class or path, its groups, its one PWM chip writable, the Pi's revision."""
    board = check(BOARD).board
    text = drop_in(board, "c03114", ("/sys/devices/pwmchip0",))
    assert text.partition("\n")[2] == EXPECTED and "gpiomem" not in text
    assert "WatchdogSec=1s" in drop_in(board._replace(fail_safe=("watchdog",)))
    assert "ReadWritePaths=-/sys/class/pwm\n" in drop_in(board) and "REVISION" not in drop_in(board)


def test_an_adapter_may_come_back_under_another_number() -> None:
    """systemd allows a node by its numbers at the start: one that is plugged in again would be refused."""
    text = drop_in(check(BOARD).board)
    assert "DeviceAllow=char-ttyUSB rw" in text and "/dev/serial/by-id" not in text


def test_readers_and_converters() -> None:
    """Each kind of port."""
    keys = '[reader]\ndriver = "{}"\n{}\n'
    for driver, port, allowed in (
        ("serial", 'port = "/dev/serial0"', "DeviceAllow=/dev/serial0 rw"),
        ("spi", 'spi = "/dev/spidev0.0"', "DeviceAllow=/dev/spidev0.0 rw"),
        ("keys", 'port = "/dev/input/x"', "DeviceAllow=char-input rw"),
    ):
        assert allowed in drop_in(check(BOARD + keys.format(driver, port)).board)


def test_the_machine_tells_its_revision_and_chips(tmp_path: Path) -> None:
    """As the device tree has it; of the chips only those that the board uses."""
    assert Machine(tmp_path).revision() == ""
    pi(tmp_path)
    folder = tmp_path / "proc/device-tree/system"
    folder.mkdir(parents=True)
    (folder / "linux,revision").write_bytes(bytes.fromhex("00c03114"))
    machine = Machine(tmp_path)
    assert machine.revision() == "c03114"
    assert machine.pwm_chips(check(BOARD).board) == (str(tmp_path / "sys/class/pwm/pwmchip0"),)
    assert machine.pwm_chips(None) == ()


def test_the_program_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a simulated board there is nothing to allow."""
    file = tmp_path / "board.toml"
    file.write_text("")
    assert main(["--config", str(file), "--print-dropin"]) == 0
    assert "a simulated board needs no device" in capsys.readouterr().out
