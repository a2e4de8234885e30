"""Lines with fields: one datagram each, nothing forged, and no journald is no reason to lose a line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from drivers.process import journald
from drivers.process.log import LineLog
from drivers.process.log_kinds import message_id


def fields_of(data: bytes) -> dict[str, str]:
    """As journald reads them."""
    return dict(line.split("=", 1) for line in data.decode("ascii").splitlines())


def test_point_5_a_line_has_its_fields() -> None:
    """Priority, identity, code, connector."""
    found = fields_of(journald.datagram("lease", "connector 2: the lease ran out"))
    assert found == {
        "MESSAGE": "connector 2: the lease ran out",
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "evsed-board",
        "MESSAGE_ID": message_id("lease"),
        "EVSED_CODE": "lease",
        "EVSED_CONNECTOR": "2",
    }
    assert fields_of(journald.datagram("thread meters", "€"))["MESSAGE"] == "\\u20ac"


def _log(path: Path, door: Path) -> LineLog:
    """A log whose descriptor leads to journald, which listens at `door`."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    found = os.fstat(fd)
    send = journald.sender({"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}, fd, str(door))
    assert send is not None
    return LineLog(fd, send=send)


def test_point_5_lines_reach_journald_and_none_is_forged(tmp_path: Path) -> None:
    """A text from outside with line ends in it makes neither a field nor a line."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as door:
        door.bind(str(tmp_path / "door"))
        door.settimeout(5.0)
        log = _log(tmp_path / "log", tmp_path / "door")
        log.line("client", "x\nPRIORITY=0\nMESSAGE=forged\x1b[2J")
        assert log.flush(5.0)
        found = fields_of(door.recv(4096))
    assert found["MESSAGE"] == "x?PRIORITY=0?MESSAGE=forged?[2J" and found["PRIORITY"] == "5"
    assert (tmp_path / "log").read_text() == ""


def test_without_journald_the_line_goes_to_its_descriptor(tmp_path: Path) -> None:
    """A journald that is gone costs the fields, never the line."""
    log = _log(tmp_path / "log", tmp_path / "nobody")
    log.line("client", "client connected")
    assert log.flush(5.0)
    assert (tmp_path / "log").read_text() == "evsed-board: client connected\n"


def test_another_stream_is_no_journal() -> None:
    """The variable of a service that started this terminal, or a closed descriptor."""
    assert journald.sender({"JOURNAL_STREAM": "1:2"}, 2) is None
    assert journald.sender({"JOURNAL_STREAM": "1:2"}, 9999) is None
