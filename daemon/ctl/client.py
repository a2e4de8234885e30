"""The client of the control socket: sends requests, returns answers, or says why there is none.  Prints nothing."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

ControlAnswer = dict[str, Any]
ACTION_TIMEOUT_S = 65.0
"""The daemon answers every action within a minute."""
QUERY_TIMEOUT_S = 3.0
"""A query is answered at once; a daemon that needs longer hangs."""
VERSION = 1

State = Literal["down", "hangs", "closed"]
"""What is known of a daemon that does not answer; `closed`: this user may not open its socket."""


class Unreachable(Exception):
    """No answer from the daemon; the text says why.  `evsectl` exits with 3."""

    def __init__(self, text: str, state: State = "down") -> None:
        super().__init__(text)
        self.state = state


def peer_pid(sock: socket.socket) -> int:
    """The process at the other end (SO_PEERCRED); 0: in another PID namespace."""
    pid, _, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(pid)


def state_of(error: OSError) -> State:
    """The state of a daemon to which no connection could be made.

    EAGAIN: the backlog of its socket is full, as nobody accepts connections.
    """
    if isinstance(error, PermissionError):
        return "closed"
    return "hangs" if isinstance(error, BlockingIOError | TimeoutError) else "down"


def hint_of(error: OSError) -> str:
    """What may help against this error, or ""."""
    if isinstance(error, PermissionError):
        return "; root and the groups evsed (to look) and evsed-admin (to act) may open it: try it with sudo"
    return ""


class Daemon:
    """A connection to the control socket, made at the first request.  Its methods raise Unreachable."""

    def __init__(
        self,
        path: str,
        timeout_s: float = ACTION_TIMEOUT_S,
        clean: Callable[[ControlAnswer], ControlAnswer] = lambda answer: answer,
    ) -> None:
        self.path = path
        self.timeout_s = timeout_s
        self.clean = clean
        """Applied to each answer."""
        self._sock: socket.socket | None = None
        self._lines: Any = None

    def _connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.settimeout(self.timeout_s)
        try:
            sock.connect(self.path)
        except OSError as error:
            sock.close()
            where, state = os.path.abspath(self.path), state_of(error)
            if state == "hangs":
                raise Unreachable(f"evsed hangs: it accepts no connection at {where}", state) from None
            reason = f"{error.strerror or error}{hint_of(error)}"
            raise Unreachable(f"evsed is not reachable at {where}: {reason}", state) from None
        self._sock, self._lines = sock, sock.makefile("rb")
        return sock

    def request(self, do: str, **fields: Any) -> ControlAnswer:
        """The answer to one request."""
        self._send({"v": VERSION, "do": do, **fields})
        return self._receive()

    def follow(self, do: str) -> Iterator[ControlAnswer]:
        """Answer after answer, until the daemon ends (Unreachable)."""
        self._send({"v": VERSION, "do": do})
        assert self._sock is not None
        yield self._receive()  # the first answer confirms the request; the time of any other is unknown
        self._sock.settimeout(None)
        while True:
            yield self._receive()

    def _send(self, message: Mapping[str, Any]) -> None:
        sock = self._sock or self._connect()
        try:
            sock.sendall(json.dumps(message).encode() + b"\n")
        except TimeoutError:
            raise self._timed_out() from None
        except OSError as error:
            raise self._lost(f": {error.strerror or error}") from None

    def _receive(self) -> ControlAnswer:
        try:
            line = self._lines.readline()
            answer = json.loads(line) if line else None
        except TimeoutError:
            raise self._timed_out() from None
        except (OSError, ValueError) as error:
            raise self._lost(f": {error}") from None
        if not isinstance(answer, dict):
            raise self._lost()
        return self.clean(answer)

    def _lost(self, reason: str = "") -> Unreachable:
        return Unreachable(f"connection to evsed at {self.path} lost{reason}")

    def _timed_out(self) -> Unreachable:
        """Closes the connection, so that a late answer is not taken for that of the next request."""
        assert self._sock is not None
        pid = peer_pid(self._sock)
        self.close()
        name = f"evsed (process {pid})" if pid else f"evsed at {self.path}"
        return Unreachable(f"{name} hangs: it is running, but gives no answer within {self.timeout_s:g} s", "hangs")

    def close(self) -> None:
        if self._sock is not None:
            self._lines.close()
            self._sock.close()
            self._sock = None
