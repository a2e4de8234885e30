"""Notifications to the supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import os

import pytest

from daemon.supervisor import SupervisorNotifier, choose, watchdog_s
from tests.daemon import fake_systemd


def test_without_a_supervisor_nobody_is_told() -> None:
    """No socket, or no systemd-python: nothing is sent and nothing fails."""
    assert choose({}) is None
    assert choose({"NOTIFY_SOCKET": "@x"}, "systemd.not_installed_here") is None
    SupervisorNotifier(None, lambda: True, lambda: "", None).beat()


def test_with_systemd_python_its_notify_is_used() -> None:
    """Where the module can be imported, its `notify` is used."""
    assert choose({"NOTIFY_SOCKET": "@x"}, "tests.daemon.fake_systemd") is fake_systemd.notify


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "4000000"}, 4.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 4.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "1", "WATCHDOG_PID": "me"}, None),
    ],
)
def test_the_supervisors_patience(environ: dict[str, str], seconds: float | None) -> None:
    """The watchdog's time is read where it is ours."""
    assert watchdog_s(environ) == seconds


def test_the_watchdog_is_fed_on_proof_of_progress_only() -> None:
    """Without progress nothing is sent; the status is sent when it changed."""
    said: list[str] = []
    alive = [True]
    service = SupervisorNotifier(said.append, lambda: alive[0], lambda: "well", 4.0)
    service.ready()
    service.beat()
    service.beat()
    alive[0] = False
    service.beat()
    service.stopping()
    assert said == ["READY=1", "WATCHDOG=1", "STATUS=well", "WATCHDOG=1", "STOPPING=1"]


async def test_it_beats_four_times_in_the_supervisors_patience() -> None:
    """The beat comes again and again, for ever."""
    beats = asyncio.Event()
    said: list[str] = []

    def notify(state: str) -> None:
        said.append(state)
        if said.count("WATCHDOG=1") == 3:
            beats.set()

    task = asyncio.ensure_future(SupervisorNotifier(notify, lambda: True, lambda: "", 0.04).run())
    await asyncio.wait_for(beats.wait(), 5)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
