"""The door to systemd."""

from __future__ import annotations

import socket
from pathlib import Path

from drivers.process.supervisor import ALIVE, LONGEST_SLEEP_S, Notifier, supervisor_of


def test_the_supervisor(tmp_path: Path) -> None:
    """Without one nothing is told and patience is long; with one its socket hears every line."""
    assert supervisor_of({})[1] == 3 * LONGEST_SLEEP_S
    hears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hears.bind(str(tmp_path / "notify"))
    notify, patience_s = supervisor_of({"NOTIFY_SOCKET": f"{tmp_path}/notify", "WATCHDOG_USEC": "4000000"})
    notify("READY=1")
    assert patience_s == 4.0 and hears.recv(100) == b"READY=1"
    assert supervisor_of({"WATCHDOG_USEC": "0"})[1] == supervisor_of({"WATCHDOG_USEC": "soon"})[1] == 180.0
    hears.close()


def test_point_1_a_supervisor_that_does_not_read_delays_nothing(tmp_path: Path) -> None:
    """Its socket is full, or not there yet: no wait, nothing raised; what counts leaves later, signs of life do not."""
    notify = Notifier(f"{tmp_path}/notify")
    notify("READY=1")
    hears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hears.bind(str(tmp_path / "notify"))
    for _ in range(2000):
        notify(ALIVE)
    notify("STOPPING=1")
    hears.setblocking(False)
    assert hears.recv(100) == b"READY=1\nWATCHDOG=1"
    try:
        while True:
            assert hears.recv(100) == b"WATCHDOG=1"
    except BlockingIOError:
        pass
    notify(ALIVE)
    assert hears.recv(100) == b"STOPPING=1\nWATCHDOG=1"
    hears.close()


def test_an_abstract_address() -> None:
    """An address that begins with @ is one without a file."""
    hears = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    hears.bind("\0evsed-test-notify")
    Notifier("@evsed-test-notify")("READY=1")
    assert hears.recv(100) == b"READY=1"
    hears.close()
