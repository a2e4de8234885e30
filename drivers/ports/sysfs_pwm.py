"""One channel of a hardware PWM, found by the name of its device: chip numbers move between kernels and models."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure
from drivers.ports.handle import Handle, Remedy

PERIOD_NS: Final = 1_000_000
EXPORT_TRIES: Final = 20
EXPORT_PAUSE_S: Final = 0.01
"""udev changes the owner of a new channel's files a little after they are there."""
REMEDIES: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such PWM", "dtoverlay=pwm-2chan, dtparam=audio=off in /boot/firmware/config.txt"),
    errno.EACCES: Remedy("no right to write to it", "write the systemd drop-in anew: evsed-board --print-dropin"),
    errno.EROFS: Remedy("no right to write to it", "write the systemd drop-in anew: evsed-board --print-dropin"),
    errno.EBUSY: Remedy("another driver uses this channel", "audio holds the PWM: dtparam=audio=off"),
    errno.EINVAL: Remedy("the chip refused the signal", "check the clock of the PWM (dtoverlay=pwm-2chan)"),
}


class PwmState(NamedTuple):
    """What the kernel says the channel does."""

    period_ns: int
    duty_ns: int
    enabled: bool


class SysfsPwm:
    """A channel that runs from its first `set` on, and goes on when this process dies.

    device    name of the device behind the chip, e.g. fe20c000.pwm
    inverted  the line is turned round on its way out: high time becomes low time
    """

    __slots__ = ("_channel", "_enabled", "_handle", "_inverted", "_period_ns", "_root", "_sleep", "device")

    def __init__(
        self,
        device: str,
        channel: int,
        *,
        inverted: bool = False,
        period_ns: int = PERIOD_NS,
        root: Path = Path("/sys/class/pwm"),
        sleep: Callable[[float], object] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = f"PWM {device} channel {channel}"
        self._channel = channel
        self._inverted = inverted
        self._enabled = False
        self._period_ns = period_ns
        self._root = root
        self._sleep = sleep
        self._handle: Handle[Path] = Handle(
            self.device, lambda: self._open(device), lambda _: None, REMEDIES, monotonic=monotonic
        )

    def set(self, duty_ns: int) -> DeviceFailure | None:
        """High time of each period, 0 to the period's length; the first one switches the channel on."""
        return self._handle.use(lambda folder: self._set(folder, duty_ns))

    def state(self) -> PwmState | DeviceFailure:
        """Read back; duty as given to `set`."""
        return self._handle.use(self._state)

    def _set(self, folder: Path, duty_ns: int) -> None:
        _put(folder / "duty_cycle", self._turned(duty_ns))
        if not self._enabled:
            _put(folder / "enable", 1)
            self._enabled = True

    def _turned(self, duty_ns: int) -> int:
        return self._period_ns - duty_ns if self._inverted else duty_ns

    def _state(self, folder: Path) -> PwmState:
        period, duty, enabled = (int((folder / name).read_text()) for name in ("period", "duty_cycle", "enable"))
        return PwmState(period, self._turned(duty), enabled == 1)

    def _open(self, device: str) -> Path:
        """Export the channel where that was not done; wait until its files are ours."""
        chip = find_chip(self._root, device)
        folder = chip / f"pwm{self._channel}"
        self._enabled = False
        if not folder.exists():
            _put(chip / "export", self._channel)
        for _ in range(EXPORT_TRIES - 1):
            try:
                return self._prepared(folder)
            except (PermissionError, FileNotFoundError):
                self._sleep(EXPORT_PAUSE_S)
        return self._prepared(folder)

    def _prepared(self, folder: Path) -> Path:
        """With our period.  A channel that runs with it already keeps its signal."""
        period = int((folder / "period").read_text())
        _put(folder / "duty_cycle", 0 if period != self._period_ns else int((folder / "duty_cycle").read_text()))
        if period != self._period_ns:  # it may be set only where the duty fits into it
            _put(folder / "period", self._period_ns)
        return folder


def find_chip(root: Path, device: str) -> Path:
    """The folder of the chip whose device bears this name; FileNotFoundError where there is none."""
    for chip in sorted(root.glob("pwmchip*")):
        if (chip / "device").resolve().name == device:
            return chip
    raise FileNotFoundError(errno.ENOENT, "no such PWM chip", device)


def _put(path: Path, number: int) -> None:
    with path.open("w") as file:
        file.write(str(number))
