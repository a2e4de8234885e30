"""Hardware PWM on files shaped like sysfs: found by name, switched on by its first signal, invalid orders avoided."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.sysfs_pwm import PwmState, SysfsPwm, find_chip


class Chips:
    """Two chips; the second one is ours.  Its channel's folder is there after `exported_by` sleeps."""

    def __init__(self, root: Path) -> None:
        self.root = root / "class"
        self.sleeps = 0
        self.appears_after: int | None = 1
        self.period, self.duty, self.enable = 0, 0, 0
        for number, device in enumerate(("1f0009c000.pwm", "fe20c000.pwm")):
            (root / "devices" / device / "pwm" / f"pwmchip{number}").mkdir(parents=True)
            chip = self.root / f"pwmchip{number}"
            chip.mkdir(parents=True)
            (chip / "device").symlink_to(root / "devices" / device)
            (chip / "export").touch()
        self.folder = self.root / "pwmchip1/pwm0"

    def export(self) -> None:
        self.folder.mkdir()
        for name, number in (("period", self.period), ("duty_cycle", self.duty), ("enable", self.enable)):
            (self.folder / name).write_text(f"{number}\n")

    def sleep(self, _: float) -> None:
        self.sleeps += 1
        if self.sleeps == self.appears_after:
            self.export()

    def values(self) -> list[int]:
        return [int((self.folder / name).read_text()) for name in ("period", "duty_cycle", "enable")]


@pytest.fixture
def chips(tmp_path: Path) -> Chips:
    return Chips(tmp_path)


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def make(chips: Chips, now: list[float]) -> Callable[[bool], SysfsPwm]:
    return lambda inverted: SysfsPwm(
        "fe20c000.pwm", 0, inverted=inverted, root=chips.root, sleep=chips.sleep, monotonic=lambda: now[0]
    )


@pytest.fixture
def pwm(make: Callable[[bool], SysfsPwm]) -> SysfsPwm:
    return make(False)


def test_it_is_found_by_its_device(chips: Chips) -> None:
    """Chip numbers move; the fan's PWM is another one."""
    assert find_chip(chips.root, "fe20c000.pwm").name == "pwmchip1"
    with pytest.raises(FileNotFoundError):
        find_chip(chips.root, "nowhere.pwm")


def test_the_first_signal_switches_it_on(chips: Chips, pwm: SysfsPwm) -> None:
    """Exported, waited for, period, duty, on; the files are udev's a little later."""
    assert pwm.set(266_660) is None
    assert (chips.root / "pwmchip1/export").read_text() == "0"
    assert chips.values() == [1_000_000, 266_660, 1]
    assert pwm.state() == PwmState(1_000_000, 266_660, True)
    assert pwm.set(1_000_000) is None
    assert chips.values() == [1_000_000, 1_000_000, 1]


def test_inverted_the_high_time_becomes_low_time(chips: Chips, make: Callable[[bool], SysfsPwm]) -> None:
    """And is read back as it was given."""
    pwm = make(True)
    pwm.set(100_000)
    assert chips.values()[1] == 900_000
    assert pwm.state() == PwmState(1_000_000, 100_000, True)


def test_a_channel_that_runs_keeps_its_signal(chips: Chips, pwm: SysfsPwm) -> None:
    """Of an earlier process: nothing of it moves before the first signal."""
    chips.period, chips.duty, chips.enable = 1_000_000, 533_330, 1
    chips.export()
    assert pwm.state() == PwmState(1_000_000, 533_330, True)
    assert chips.sleeps == 0


def test_a_channel_with_another_period_is_set_low_first(chips: Chips, pwm: SysfsPwm) -> None:
    """A period that is shorter than the duty would be refused."""
    chips.period, chips.duty, chips.enable = 20_000_000, 15_000_000, 1
    chips.export()
    assert pwm.state() == PwmState(1_000_000, 0, True)


def test_a_channel_that_never_becomes_ours(chips: Chips, pwm: SysfsPwm, now: list[float]) -> None:
    """It is given up after 0.2 s, tried again after a second, and is there by itself then."""
    chips.appears_after = None
    failure = pwm.set(0)
    assert failure == DeviceFailure(
        "PWM fe20c000.pwm channel 0",
        "there is no such PWM",
        "dtoverlay=pwm-2chan, dtparam=audio=off in /boot/firmware/config.txt",
    )
    assert chips.sleeps == 19
    chips.export()
    assert isinstance(pwm.set(0), DeviceFailure)
    now[0] = 1.0
    assert pwm.set(0) is None


def test_a_chip_that_goes_away_and_comes_back(chips: Chips, pwm: SysfsPwm) -> None:
    """The signal is a failure until then; afterwards it is switched on anew."""
    pwm.set(500_000)
    shutil.rmtree(chips.folder)
    assert isinstance(pwm.set(400_000), DeviceFailure)
    chips.export()
    assert pwm.set(400_000) is None
    assert chips.values() == [1_000_000, 400_000, 1]


def test_without_the_device() -> None:
    """On this machine there is none of that name: which overlay brings it."""
    failure = SysfsPwm("nowhere.pwm", 0).set(0)
    assert isinstance(failure, DeviceFailure)
    assert "pwm-2chan" in failure.remedy
    assert errno.ENOENT
