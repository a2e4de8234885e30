"""A tap in the board socket: passes packets both ways between `evsed` and `evsed-board`, and remembers every word."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Heard = list[tuple[float, dict[str, Any]]]


class BoardTap:
    """Listens at `front` for the daemon, speaks to the board at `back`; one daemon at a time."""

    def __init__(self, front: Path, back: Path) -> None:
        self.back = back
        self.change: Callable[[str, dict[str, Any]], dict[str, Any] | None] = lambda who, message: message
        """What becomes of a word on its way; None: it is withheld."""
        self.words: list[tuple[float, str, dict[str, Any]]] = []
        """When (monotonic), by whom (`daemon` or `board`), what."""
        self._server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._server.bind(str(front))
        self._server.listen(4)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                daemon, _ = self._server.accept()
            except OSError:
                return
            board = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                board.connect(str(self.back))
            except OSError:
                board.close()
                daemon.close()
                continue
            threading.Thread(target=self._carry, args=(board, daemon, "board"), daemon=True).start()
            threading.Thread(target=self._carry, args=(daemon, board, "daemon"), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket, who: str) -> None:
        with contextlib.suppress(OSError):
            while packet := source.recv(4096):
                message = json.loads(packet)
                self.words.append((time.monotonic(), who, message))
                changed = self.change(who, message)
                if changed is not None:
                    sink.sendall(packet if changed is message else json.dumps(changed).encode())
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def said(self, who: str, kind: str) -> Heard:
        """All words of this type, with their times."""
        return [(at, message) for at, by, message in list(self.words) if by == who and message["type"] == kind]

    def contactor(self) -> list[tuple[float, bool]]:
        """Changes of the contactor, without repetitions."""
        changes: list[tuple[float, bool]] = []
        for at, message in self.said("board", "contactor"):
            if not changes or changes[-1][1] != message["closed"]:
                changes.append((at, message["closed"]))
        return changes

    def unasked(self) -> list[str]:
        """Movements of contactor and pilot that no word of the daemon has asked for: what a lapsed lease would do."""
        offered, closed, amps, moved = 0.0, False, 0.0, []
        for at, who, message in list(self.words):
            if who == "daemon" and message["type"] == "offer":
                offered = message["amps"]
            elif who == "board" and message["type"] == "contactor":
                if closed and not message["closed"] and offered > 0.0:
                    moved.append(f"{at:.2f}: the contactor opened, {offered:g} A were offered")
                closed = message["closed"]
            elif who == "board" and message["type"] == "ack":
                if closed and message["amps"] < amps and offered > message["amps"]:
                    moved.append(f"{at:.2f}: the pilot fell to {message['amps']:g} A: {message['why']}")
                amps = message["amps"]
        return moved

    def close(self) -> None:
        """No further daemon comes through."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
