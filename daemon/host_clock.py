"""The host's clocks, and whether its UTC can be trusted.  Reads clocks and sets none.

Intervals are CLOCK_MONOTONIC.  UTC is None unless the kernel reports its clock as synchronised and it is later than the
build date: a unit without a battery-backed clock reports None rather than 1970.
"""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from ocpp16.events import Now

CHECK_EVERY_S = 60.0
"""How long an answer of the kernel about its clock is used, in seconds."""
STEP_S = 0.5
"""A wall clock that moved so many seconds against the monotonic one was set: ask the kernel again at once."""

_RELEASED_UTC = 1_795_478_400.0  # 2026-11-24, moved with each release
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def _build_utc(stamp: Path) -> float:
    """UTC seconds at which this software was built: the build's stamp file (one number), else the release's date."""
    try:
        return max(float(stamp.read_text("ascii")), _RELEASED_UTC)
    except (OSError, ValueError):
        return _RELEASED_UTC


BUILD_UTC = _build_utc(Path(__file__).with_name("BUILD_UTC"))
"""Nothing that this software sees can have happened earlier."""


def kernel_is_synchronised() -> bool:
    """adjtimex(2): neither TIME_ERROR nor STA_UNSYNC.  Where a sandbox forbids it, systemd-timesyncd's mark counts."""
    timex = ctypes.create_string_buffer(512)  # zeroed: modes = 0 asks and changes nothing
    state = ctypes.CDLL(None, use_errno=True).adjtimex(timex)
    if state < 0:
        return os.path.exists("/run/systemd/timesync/synchronized")
    # struct timex opens with `modes` (padded to a long) and four longs; then comes `status`
    (status,) = struct.unpack_from("@i", timex.raw, 5 * ctypes.sizeof(ctypes.c_long))
    return is_synchronised(state, status)


def is_synchronised(state: int, status: int) -> bool:
    """Whether adjtimex's return value and `status` mean a synchronised clock."""
    return state != _TIME_ERROR and not status & _STA_UNSYNC


class HostClock:
    """The host's monotonic clock and its UTC; the sources are arguments so that a test can set them."""

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        synchronised: Callable[[], bool] = kernel_is_synchronised,
        build_utc: float = BUILD_UTC,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._synchronised = synchronised
        self._build_utc = build_utc
        self._trusted = False
        self._check_at = float("-inf")
        self._offset = 0.0

    def now(self) -> Now:
        """Monotonic seconds, and UTC seconds since 1970 or None where UTC cannot be trusted."""
        mono, wall = self._monotonic(), self._wall()
        offset = wall - mono
        if mono >= self._check_at or not -STEP_S < offset - self._offset < STEP_S:
            self._trusted = self._synchronised()
            self._check_at = mono + CHECK_EVERY_S
            self._offset = offset
        return Now(mono, wall if self._trusted and wall > self._build_utc else None)


now = HostClock().now
"""The one clock of the process."""


def boot_id(source: Path = Path("/proc/sys/kernel/random/boot_id"), environment: Mapping[str, str] = os.environ) -> str:
    """The kernel's id of this boot; without one BOOT_ID of the environment, else a random one."""
    try:
        known = source.read_text("ascii").strip()
    except (OSError, ValueError):
        known = ""
    return known or environment.get("BOOT_ID") or os.urandom(16).hex()
