"""The door to systemd."""

from __future__ import annotations

from drivers.process.supervisor import LONGEST_SLEEP_S, supervisor_of


def test_the_supervisor() -> None:
    """Without one, or without its library, nothing is told and patience is long."""
    assert supervisor_of({})[1] == 3 * LONGEST_SLEEP_S
    notify, patience_s = supervisor_of({"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "4000000"})
    assert patience_s == 4.0 and callable(notify)
    assert supervisor_of({"WATCHDOG_USEC": "0"})[1] == supervisor_of({"WATCHDOG_USEC": "soon"})[1] == 180.0
