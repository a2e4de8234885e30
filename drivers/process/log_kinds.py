"""The kinds of lines that the board process logs: priority, identity, what is behind them and what to do.  Plain data.

Priorities are syslog's (RFC 5424: 3 error … 6 information).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

ERROR, WARNING, NOTICE, INFO = 3, 4, 5, 6


class Kind(NamedTuple):
    """One kind; `what` is a heading."""

    priority: int
    what: str
    why: str
    remedy: str


_NOTHING: Final = "Nothing: this is normal operation."

KINDS: Final[Mapping[str, Kind]] = {
    "process": Kind(
        NOTICE,
        "evsed-board began or ends",
        "The board process was started or stopped, or its socket or state cannot be used; the line says which.",
        "If it ends by itself: evsed-board --check-config, then journalctl -u evsed-board -b.",
    ),
    "configuration": Kind(
        WARNING,
        "board.toml holds something doubtful",
        "The board file can be used, but a value of it is dangerous or probably not meant so.",
        "evsed-board --check-config names line and remedy.",
    ),
    "internal error": Kind(
        ERROR,
        "internal error, every contactor was opened",
        "The program met a state that should be impossible; it opens every contactor and ends.",
        "Keep these lines and report them.",
    ),
    "stuck": Kind(
        ERROR,
        "the watchdog is not fed",
        "A thread that reads a device makes no progress; systemd ends the process if that lasts.",
        "Check the device that is named: its bus, its supply, its wires.",
    ),
    "accept": Kind(
        WARNING,
        "a client cannot be accepted",
        "The system refused the connection: no descriptors or no memory.",
        "Check what else runs on the unit: free -m, evsectl doctor.",
    ),
    "client": Kind(
        NOTICE,
        "who is at the board socket",
        "evsed connected, was left because of what it said, or somebody else was refused.",
        "If it is evsed that is refused: compare its user with client_users of board.toml.",
    ),
    "lease": Kind(
        ERROR,
        "the offer ran out",
        "evsed did not renew its offer in time: it was stopped, hangs, or the processor is overloaded.",
        "systemctl status evsed; journalctl -u evsed -n 50.",
    ),
    "fault": Kind(
        WARNING,
        "a fault began or ended",
        "The board found a fault (or its end) by pilot, contactor, meter, lock or a sensor; the line names it.",
        "evsectl why says what to check; evsectl selftest tests again.",
    ),
    "contactor": Kind(INFO, "a contactor was switched", "An offer began or ended, or the car asked.", _NOTHING),
    "world": Kind(
        WARNING,
        "the state of the simulated board cannot be written",
        "The folder of its state is full or read-only; the world goes on in memory.",
        "Check [simulated] state_dir and the room on its medium.",
    ),
    "thread": Kind(
        WARNING,
        "a device does not answer as it should",
        "A meter, reader, lock or sensor is silent or gives nonsense; the line says what was expected.",
        "Check its wires, address and supply; with the daemons stopped: evsectl meter read, rfid read, meter scan.",
    ),
    "safe": Kind(
        WARNING,
        "what was opened after the board process had died",
        "evsed-safe runs after any end of the board process and opens every contactor.",
        "If it reports a line that it could not set: check the contactor by hand before anybody touches the car.",
    ),
    "left out": Kind(
        NOTICE,
        "lines of one kind were left out",
        "Many lines of one kind came in a short time; only the first were written.",
        "Look at the lines of that kind before this one.",
    ),
    "lost": Kind(
        WARNING,
        "lines of the log were lost",
        "The journal did not take them as fast as they came.",
        "Check systemd-journald and its disk.",
    ),
}


def name_of(kind: str) -> str:
    """The kind in the table: that of a thread has the thread's name behind it.  An unknown one is `process`."""
    name = "thread" if kind.startswith("thread ") else kind
    return name if name in KINDS else "process"


def message_id(kind: str) -> str:
    """The MESSAGE_ID of a kind of the table; it never changes."""
    return hashlib.sha256(f"evsed-board:{kind}".encode()).hexdigest()[:32]
