"""journald's native protocol: a line with fields, as one datagram.  Needs no library."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Mapping
from typing import Final

from drivers.process.log_kinds import KINDS, message_id, name_of

SOCKET: Final = "/run/systemd/journal/socket"
_CONNECTOR: Final = re.compile(r"connector (\d{1,2}): ")

Send = Callable[[str, str], None]
"""Takes the kind and the text of a line.  Raises OSError where journald cannot take it."""


def leads_to_journald(environ: Mapping[str, str], descriptor: int) -> bool:
    """Whether this descriptor is journald's stream (man 5 systemd.exec, $JOURNAL_STREAM)."""
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def datagram(kind: str, text: str) -> bytes:
    """The fields of a line, one a line; `text` is printable, so that none can be forged."""
    name = name_of(kind)
    fields = {
        "MESSAGE": text,
        "PRIORITY": str(KINDS[name].priority),
        "SYSLOG_IDENTIFIER": "evsed-board",
        "MESSAGE_ID": message_id(name),
        "EVSED_CODE": name.replace(" ", "-"),
    }
    if found := _CONNECTOR.match(text):
        fields["EVSED_CONNECTOR"] = found[1]
    return "".join(f"{field}={value}\n" for field, value in fields.items()).encode("ascii", "backslashreplace")


def sender(environ: Mapping[str, str], descriptor: int, path: str = SOCKET) -> Send | None:
    """What sends lines to journald; None: the descriptor leads elsewhere."""
    if not leads_to_journald(environ, descriptor):
        return None
    try:
        door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    except OSError:  # no descriptors are left: the stream that is there serves as well
        return None

    def send(kind: str, text: str) -> None:
        door.sendto(datagram(kind, text), path)

    return send
