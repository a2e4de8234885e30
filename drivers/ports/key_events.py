"""The door to evdev: the keys of one keyboard, grabbed, so that what it types goes nowhere else."""

from __future__ import annotations

import errno
import select
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from drivers.devices import DeviceFailure
from drivers.ports.handle import Handle, Remedy

REMEDIES: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such keyboard", "check its plug; ls /dev/input/by-id shows those that are there"),
    errno.EACCES: Remedy("no right to open it", "evsed-board must be in the group input: evsed-board --print-dropin"),
    errno.EBUSY: Remedy("another program has grabbed it", "end that program"),
    errno.ENOTTY: Remedy("it is no keyboard", "check the port in the board file"),
    0: Remedy("", "check the port, and that python3-evdev is installed"),
}
_KEY: Final = 1
"""Type of the event of a key (EV_KEY)."""
_PRESSED: Final = 1


def _open_evdev(path: str) -> Any:
    import evdev  # late: only boards with such a reader pay for it

    return evdev.InputDevice(path)


class KeyEvents:
    """A keyboard at e.g. /dev/input/by-id/….

    open_  makes an object with `grab`, `read`, `close` and `fd` from the path
    """

    __slots__ = ("_handle", "_open_device", "device")

    def __init__(
        self,
        path: str,
        open_: Callable[[str], Any] = _open_evdev,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = path
        self._open_device = open_
        self._handle: Handle[Any] = Handle(
            path, self._open, lambda keyboard: keyboard.close(), REMEDIES, monotonic=monotonic
        )

    def pressed(self, within_s: float) -> list[int] | DeviceFailure:
        """The kernel's codes of the keys that were pressed, in order, as soon as there are any; empty: none."""
        return self._handle.use(lambda keyboard: _pressed(keyboard, within_s))

    def close(self) -> None:
        """It is opened and grabbed again by the next call."""
        self._handle.close()

    def _open(self) -> Any:
        keyboard = self._open_device(self.device)
        try:
            keyboard.grab()
        except BaseException:
            keyboard.close()
            raise
        return keyboard


def _pressed(keyboard: Any, within_s: float) -> list[int]:
    poll = select.poll()
    poll.register(keyboard.fd, select.POLLIN)
    if not poll.poll(within_s * 1000.0):
        return []
    return [event.code for event in keyboard.read() if event.type == _KEY and event.value == _PRESSED]
