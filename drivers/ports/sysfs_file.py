"""One value that the kernel shows as a file: 1-wire thermometers, the Pi's own temperature, alarms of hwmon."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

from drivers.devices import DeviceFailure
from drivers.ports.handle import Remedy, explained

MOST: Final = 4096


class SysfsFile:
    """Opened for each read.  A path with * stands for the first file that fits: chip numbers move.

    absent  what it means that there is none
    """

    __slots__ = ("_remedies", "device")

    def __init__(self, path: str, absent: Remedy = Remedy("there is no such file", "check its plug")) -> None:  # noqa: B008 frozen
        self.device = path
        self._remedies = {errno.ENOENT: absent, errno.ENODEV: absent}

    def read(self) -> str | DeviceFailure:
        """Its text without surrounding blanks.  May take long where the device is slow: call it in a thread."""
        try:
            with self._path().open("rb") as file:
                return file.read(MOST).decode("ascii", "replace").strip()
        except OSError as error:
            return explained(self.device, error, self._remedies)

    def _path(self) -> Path:
        path = Path(self.device)
        if "*" not in self.device:
            return path
        found = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        return found[0] if found else path
