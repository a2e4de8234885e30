"""What the machine has against a board file, on file trees shaped like a Pi's."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.board_file.machine_checks import Machine
from tests.drivers.board_file.samples import BOARD, changed, problems, warnings

CARDS = " 0 [Headphones     ]: bcm2835_headpho - bcm2835 Headphones\n                      bcm2835 Headphones\n"


def pi(root: Path) -> Path:
    """A Pi on which everything is there."""
    for name in ("dev/serial/by-id/usb-x", "dev/i2c-1", "proc/asound/cards", "boot/firmware/config.txt"):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    device = root / "sys/devices/platform/soc/fe20c000.pwm"
    device.mkdir(parents=True)
    chip = root / "sys/class/pwm/pwmchip0"
    chip.mkdir(parents=True)
    (chip / "device").symlink_to(device)
    persist = root / "sys/module/pinctrl_bcm2835/parameters"
    persist.mkdir(parents=True)
    (persist / "persist_gpio_outputs").write_text("N\n")
    return root


def test_a_pi_on_which_all_is_there(tmp_path: Path) -> None:
    """Nothing is said."""
    assert problems(BOARD, pi(tmp_path)) == warnings(BOARD, tmp_path) == []


@pytest.mark.parametrize(
    ("file", "text", "why"),
    [
        ("proc/asound/cards", CARDS, "the analogue audio output is running"),
        ("boot/firmware/config.txt", "dtparam=audio=on\n", "/boot/firmware/config.txt has dtparam=audio=on"),
        ("boot/firmware/config.txt", "dtparam=i2c_arm=on,audio=on\n", "has dtparam=audio=on"),
        ("boot/config.txt", "dtparam=audio=off\ndtparam=audio=on\n", "/boot/config.txt has dtparam=audio=on"),
    ],
)
def test_audio_holds_the_pwm(tmp_path: Path, file: str, text: str, why: str) -> None:
    """At the key of the PWM, with what to write; a board without PWM may have its music."""
    pi(tmp_path)
    (tmp_path / file).write_text(text)
    (found,) = problems(BOARD, tmp_path)
    assert found.startswith("b:18: [connector.1.pilot] pwm: ") and why in found
    assert "write dtparam=audio=off into /boot/firmware/config.txt" in found


def test_audio_that_is_off(tmp_path: Path) -> None:
    """The last word counts; what is commented out is none."""
    (pi(tmp_path) / "boot/firmware/config.txt").write_text("dtparam=audio=on\n#dtparam=audio=on\ndtparam=audio=off\n")
    assert problems(BOARD, tmp_path) == []


def test_devices_that_are_not_there(tmp_path: Path) -> None:
    """Warnings, since a file is often checked on a desk: what is missing, and how it comes."""
    found = warnings(BOARD, tmp_path)
    assert any("there is no fe20c000.pwm: this machine has no PWM; write dtoverlay=pwm-2chan" in w for w in found)
    assert any("b:10: [bus.i2c] device: /dev/i2c-1 is not there" in w and "dtparam=i2c_arm=on" in w for w in found)
    assert any("/dev/serial/by-id/usb-x is not there" in w and "its group is dialout" in w for w in found)
    pi(tmp_path)
    assert any("this machine has fe20c000.pwm" in w for w in warnings(changed(("fe20c000", "other")), tmp_path))


def test_names_that_move(tmp_path: Path) -> None:
    """ttyUSB0 is warned of, with the name of the same port that stays."""
    pi(tmp_path)
    (tmp_path / "dev/ttyUSB0").write_text("")
    text = changed(("/dev/serial/by-id/usb-x", "/dev/ttyUSB0"))
    (found,) = warnings(text, tmp_path)
    assert "/dev/ttyUSB0 may be another device after the next start; take /dev/serial/by-id/... or" in found
    (tmp_path / "dev/serial/by-id/usb-FTDI").symlink_to(tmp_path / "dev/ttyUSB0")
    (found,) = warnings(text, tmp_path)
    assert found.endswith("take /dev/serial/by-id/usb-FTDI")


@pytest.mark.parametrize(("text", "persists"), [("Y\n", True), ("1", True), ("N\n", False), ("0", False), (None, None)])
def test_lines_that_keep_their_level(tmp_path: Path, text: str | None, persists: bool | None) -> None:
    """Of any pin controller; a Pi 5 has another one."""
    if text is not None:
        for module, value in (("pinctrl_bcm2835", "N"), ("pinctrl_rp1", text)):
            folder = tmp_path / "sys/module" / module / "parameters"
            folder.mkdir(parents=True)
            (folder / "persist_gpio_outputs").write_text(value)
    assert Machine(tmp_path).lines_persist() is persists


def test_persistent_lines_are_warned_of(tmp_path: Path) -> None:
    """With the key that claims what is not so."""
    (pi(tmp_path) / "sys/module/pinctrl_bcm2835/parameters/persist_gpio_outputs").write_text("Y\n")
    (found,) = warnings(BOARD, tmp_path)
    assert found.startswith("b:3: fail_safe: nothing will be energised: persist_gpio_outputs is Y")
