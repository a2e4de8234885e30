"""One question to the daemon at its control socket, or the news that it is not there.  Nothing is shown here."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

ControlAnswer = dict[str, Any]
ANSWER_S = 65.0
"""The daemon gives every act an answer within a minute."""
LOOK_S = 3.0
"""A look is answered at once; who waits longer for it waits for a daemon that hangs."""
VERSION = 1

State = Literal["down", "hangs", "closed"]
"""What is known of a daemon that does not answer; `closed`: it may live, the asker may not open its socket."""


class Unreachable(Exception):
    """No daemon answers there: exit 3."""

    def __init__(self, text: str, state: State = "down") -> None:
        super().__init__(text)
        self.state = state


def pid_at(sock: socket.socket) -> int:
    """The process that listens at the other end, by the kernel's word; 0: not to be seen from here."""
    pid, _, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(pid)


def state_of(error: OSError) -> State:
    """What a connection that did not come about tells of the daemon.

    A hung daemon's line of those who wait fills up: EAGAIN.
    """
    if isinstance(error, PermissionError):
        return "closed"
    return "hangs" if isinstance(error, BlockingIOError | TimeoutError) else "down"


def hint_of(error: OSError) -> str:
    """What may help."""
    return "; are you in the group evsed?" if isinstance(error, PermissionError) else ""


class Daemon:
    """A connection to the control socket.  Raises Unreachable at the first question where nobody answers."""

    def __init__(
        self,
        path: str,
        patience_s: float = ANSWER_S,
        clean: Callable[[ControlAnswer], ControlAnswer] = lambda answer: answer,
    ) -> None:
        self.path = path
        self.patience_s = patience_s
        self.clean = clean
        """What each answer goes through."""
        self._sock: socket.socket | None = None
        self._lines: Any = None

    def _connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self.patience_s)
        try:
            sock.connect(self.path)
        except OSError as error:
            sock.close()
            where, state = os.path.abspath(self.path), state_of(error)
            if state == "hangs":
                raise Unreachable(f"evsed hangs: it takes no connection at {where}", state) from None
            reason = f"{error.strerror or error}{hint_of(error)}"
            raise Unreachable(f"evsed is not reachable at {where}: {reason}", state) from None
        self._sock, self._lines = sock, sock.makefile("rb")
        return sock

    def ask(self, do: str, **fields: Any) -> ControlAnswer:
        """The answer to one question."""
        self._say({"v": VERSION, "do": do, **fields})
        return self._hear()

    def follow(self, do: str) -> Iterator[ControlAnswer]:
        """Answer after answer, until the daemon ends."""
        self._say({"v": VERSION, "do": do})
        assert self._sock is not None
        yield self._hear()  # that it follows is said at once; what comes then may take its time
        self._sock.settimeout(None)
        while True:
            yield self._hear()

    def _say(self, request: Mapping[str, Any]) -> None:
        sock = self._sock or self._connect()
        try:
            sock.sendall(json.dumps(request).encode() + b"\n")
        except TimeoutError:
            raise self._hangs() from None
        except OSError as error:
            raise Unreachable(f"evsed at {self.path} went away: {error.strerror or error}") from None

    def _hear(self) -> ControlAnswer:
        try:
            line = self._lines.readline()
            answer = json.loads(line) if line else None
        except TimeoutError:
            raise self._hangs() from None
        except (OSError, ValueError) as error:
            raise Unreachable(f"evsed at {self.path} went away: {error}") from None
        if not isinstance(answer, dict):
            raise Unreachable(f"evsed at {self.path} went away")
        return self.clean(answer)

    def _hangs(self) -> Unreachable:
        """It lives, and is silent.  The connection goes: an answer that comes later belongs to no question."""
        assert self._sock is not None
        pid = pid_at(self._sock)
        self.close()
        who = f"evsed (process {pid})" if pid else f"evsed at {self.path}"
        return Unreachable(f"{who} hangs: it is alive and gives no answer within {self.patience_s:g} s", "hangs")

    def close(self) -> None:
        if self._sock is not None:
            self._lines.close()
            self._sock.close()
            self._sock = None
