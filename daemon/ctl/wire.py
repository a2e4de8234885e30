"""One question to the daemon at its control socket, or the news that it is not there.  Nothing is shown here."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

Answer = dict[str, Any]
ANSWER_S = 65.0
"""The daemon gives every question an answer within a minute."""
VERSION = 1


class Unreachable(Exception):
    """No daemon answers there: exit 3."""


def hint_of(error: OSError) -> str:
    """What may help."""
    return "; are you in the group evsed?" if isinstance(error, PermissionError) else ""


class Daemon:
    """A connection to the control socket.  Raises Unreachable at the first question where nobody answers."""

    def __init__(self, path: str, patience_s: float = ANSWER_S) -> None:
        self.path = path
        self._patience_s = patience_s
        self._sock: socket.socket | None = None
        self._lines: Any = None

    def _connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self._patience_s)
        try:
            sock.connect(self.path)
        except OSError as error:
            sock.close()
            reason = f"{error.strerror or error}{hint_of(error)}"
            raise Unreachable(f"evsed is not reachable at {self.path}: {reason}") from None
        self._sock, self._lines = sock, sock.makefile("rb")
        return sock

    def ask(self, do: str, **fields: Any) -> Answer:
        """The answer to one question."""
        self._say({"v": VERSION, "do": do, **fields})
        return self._hear()

    def follow(self, do: str) -> Iterator[Answer]:
        """Answer after answer, until the daemon ends."""
        self._say({"v": VERSION, "do": do})
        assert self._sock is not None
        self._sock.settimeout(None)
        while True:
            yield self._hear()

    def _say(self, request: Mapping[str, Any]) -> None:
        sock = self._sock or self._connect()
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            raise Unreachable(f"evsed at {self.path} went away: {error.strerror or error}") from None

    def _hear(self) -> Answer:
        try:
            line = self._lines.readline()
            answer = json.loads(line) if line else None
        except TimeoutError:
            raise Unreachable(f"evsed at {self.path} gives no answer") from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"evsed at {self.path} went away: {error}") from None
        if not isinstance(answer, dict):
            raise Unreachable(f"evsed at {self.path} went away")
        return answer

    def close(self) -> None:
        if self._sock is not None:
            self._lines.close()
            self._sock.close()
            self._sock = None
