"""The host's clock: trusted only where the kernel reports it as synchronised."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from daemon import host_clock

BUILT = 1_000_000.0


class Desk:
    """Two clocks and the kernel's answer, set by the test."""

    def __init__(self) -> None:
        self.mono = 100.0
        self.wall = BUILT + 5_000.0
        self.synchronised = True
        self.asked = 0
        self.clock = host_clock.HostClock(lambda: self.mono, lambda: self.wall, self._ask, BUILT)

    def _ask(self) -> bool:
        self.asked += 1
        return self.synchronised

    def pass_s(self, seconds: float) -> None:
        self.mono += seconds
        self.wall += seconds


def test_a_synchronised_clock_is_utc() -> None:
    """While the kernel calls its clock synchronised, UTC is the host's."""
    desk = Desk()
    assert desk.clock.now()[:2] == (100.0, BUILT + 5_000.0)


def test_an_unsynchronised_clock_is_not_utc() -> None:
    """A clock that the kernel reports as not synchronised yields None, whatever it shows."""
    desk = Desk()
    desk.synchronised = False
    assert desk.clock.now()[:2] == (100.0, None)


def test_no_time_before_the_build_date() -> None:
    """1970 is not the time, even where the kernel reports it as synchronised."""
    desk = Desk()
    desk.wall = 12.0
    assert desk.clock.now()[:2] == (100.0, None)


def test_the_kernel_is_asked_once_a_minute() -> None:
    """The kernel's answer is used for 60 s, so that asking costs nothing."""
    desk = Desk()
    for _ in range(59):
        desk.clock.now()
        desk.pass_s(1)
    assert desk.asked == 1
    desk.pass_s(2)
    desk.clock.now()
    assert desk.asked == 2


@pytest.mark.parametrize("jump_s", [50 * 365 * 86_400.0, -50 * 365 * 86_400.0, 1.0, -1.0])
def test_a_clock_that_was_set_is_doubted_at_once(jump_s: float) -> None:
    """After a step of the wall clock the kernel is asked again: setting by hand takes the synchronised mark away."""
    desk = Desk()
    desk.clock.now()
    desk.pass_s(1)
    desk.wall += jump_s
    desk.synchronised = False
    assert desk.clock.now()[:2] == (101.0, None)


def test_jumps_leave_the_intervals_alone() -> None:
    """The monotonic half never follows the wall clock."""
    desk = Desk()
    first = desk.clock.now().mono
    desk.wall -= 1e9
    desk.mono += 3
    assert desk.clock.now().mono - first == 3


def test_the_kernel_answers() -> None:
    """adjtimex can be asked without privileges and changes nothing."""
    assert host_clock.kernel_is_synchronised() in (True, False)


@pytest.mark.parametrize(
    ("state", "status", "known"), [(0, 0x2001, True), (1, 0, True), (5, 0, False), (0, 0x40, False), (5, 0x41, False)]
)
def test_what_the_kernel_means(state: int, status: int, known: bool) -> None:
    """TIME_ERROR or STA_UNSYNC mean not synchronised; a coming leap second does not."""
    assert host_clock.is_synchronised(state, status) is known


def test_the_process_clock_runs() -> None:
    """`now` is CLOCK_MONOTONIC."""
    before = time.monotonic()
    mono, utc, _ = host_clock.now()
    assert before <= mono <= time.monotonic()
    assert utc is None or utc > host_clock.BUILD_UTC


def test_the_build_stamp(tmp_path: Path) -> None:
    """The build may write a later date than the release's; anything else leaves the release's."""
    stamp = tmp_path / "BUILD_UTC"
    assert host_clock._build_utc(stamp) == host_clock._RELEASED_UTC
    stamp.write_text("4000000000\n")
    assert host_clock._build_utc(stamp) == 4e9
    stamp.write_text("yesterday")
    assert host_clock._build_utc(stamp) == host_clock._RELEASED_UTC


def test_boot_id(tmp_path: Path) -> None:
    """The kernel's boot id counts, then the environment's, then one of this process's own."""
    source = tmp_path / "boot_id"
    source.write_text("3f0c\n")
    assert host_clock.boot_id(source, {"BOOT_ID": "given"}) == "3f0c"
    assert host_clock.boot_id(tmp_path / "absent", {"BOOT_ID": "given"}) == "given"
    assert len(host_clock.boot_id(tmp_path / "absent", {})) == 32
