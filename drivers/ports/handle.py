"""Something that is opened, used, and opened again after it failed; every failure is a value that says what to do."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Mapping
from math import inf
from typing import Final, Generic, NamedTuple, TypeVar

from drivers.devices import DeviceFailure

T = TypeVar("T")
R = TypeVar("R")

REOPENS_AFTER_S: Final = 1.0
PATIENCE_S: Final = 0.05
"""So long another thread's use of the same port is waited for: one that hangs must not stop the loop."""


class Remedy(NamedTuple):
    """What an error number means at a port, and what to do."""

    cause: str
    remedy: str


GENERAL: Final[Mapping[int, Remedy]] = {
    errno.ENOENT: Remedy("there is no such device", "check its plug and its name"),
    errno.ENODEV: Remedy("the device is gone", "check its plug"),
    errno.ENXIO: Remedy("the device does not answer", "check its plug and its wiring"),
    errno.EIO: Remedy("the device does not answer", "check its plug and its wiring"),
    errno.EACCES: Remedy("no right to open it", "write the systemd drop-in anew: evsed-board --print-dropin"),
    errno.EPERM: Remedy("no right to open it", "write the systemd drop-in anew: evsed-board --print-dropin"),
    errno.EBUSY: Remedy("another program uses it", "end that program"),
}
UNKNOWN: Final = "check its plug and its wiring"


def explained(device: str, error: BaseException, remedies: Mapping[int, Remedy]) -> DeviceFailure:
    """The failure of a device as a value; `remedies` go before what is generally so."""
    number = getattr(error, "errno", None)
    if isinstance(number, int):
        found = remedies.get(number) or GENERAL.get(number)
        if found is not None:
            return DeviceFailure(device, *found)
        if number in errno.errorcode:
            return DeviceFailure(device, os.strerror(number).lower(), UNKNOWN)
    words = " ".join(str(error).split()) or type(error).__name__
    return DeviceFailure(device, words[:100], remedies.get(0, Remedy("", UNKNOWN)).remedy)


class Handle(Generic[T]):
    """Opens on first use and after each failure, but tries in vain no oftener than every `reopens_after_s`.

    device    its name for whoever has to repair it
    remedies  by error number; 0: where there is no number
    """

    __slots__ = ("_close", "_failure", "_lock", "_monotonic", "_open", "_opened", "_remedies", "_reopens_after_s",
                 "_retry_at", "device")  # fmt: skip

    def __init__(
        self,
        device: str,
        open_: Callable[[], T],
        close: Callable[[T], object],
        remedies: Mapping[int, Remedy],
        *,
        reopens_after_s: float = REOPENS_AFTER_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.device = device
        self._open = open_
        self._close = close
        self._remedies = remedies
        self._reopens_after_s = reopens_after_s
        self._monotonic = monotonic
        self._opened: T | None = None
        self._failure: DeviceFailure | None = None
        self._retry_at = -inf
        self._lock = threading.Lock()

    def use(self, action: Callable[[T], R], device: str = "") -> R | DeviceFailure:
        """What `action` answers, or why it could not be done; `device`: a name that says more than the port's."""
        failure = self._failure
        if failure is not None and self._opened is None and self._monotonic() < self._retry_at:
            return failure  # a device that is gone costs the loop next to nothing
        if not self._lock.acquire(timeout=PATIENCE_S):
            return DeviceFailure(device or self.device, "it is still busy", "another device at it may hang: restart it")
        try:
            opened = self._opened if self._opened is not None else self._try_to_open()
            if isinstance(opened, DeviceFailure):
                return opened
            try:
                return action(opened)
            except Exception as error:  # the libraries behind the ports raise what they like
                self._drop(opened)
                return explained(device or self.device, error, self._remedies)
        finally:
            self._lock.release()

    def close(self) -> None:
        """It is opened again by the next use."""
        with self._lock:
            if self._opened is not None:
                self._drop(self._opened)

    @property
    def is_open(self) -> bool:
        return self._opened is not None

    def _try_to_open(self) -> T | DeviceFailure:
        now = self._monotonic()
        if self._failure is not None and now < self._retry_at:
            return self._failure
        try:
            self._opened, self._failure = self._open(), None
        except Exception as error:
            self._failure, self._retry_at = explained(self.device, error, self._remedies), now + self._reopens_after_s
            return self._failure
        return self._opened

    def _drop(self, opened: T) -> None:
        self._opened = None
        try:
            self._close(opened)
        except Exception:  # what failed once may fail again; it is forgotten either way
            return
