"""The clients of the board socket: who may control the board, until when a newcomer has to speak, and how fast.

One client controls: the first that says hello.  Before that a connection holds nothing; it is closed after a second.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Callable
from math import inf
from typing import Final

from drivers.board_protocol import MAX_BYTES, UNDERSTOOD, VERSION, Packet, ProtocolError, decode, told
from drivers.process.listener import peer_uid, refuse, send
from drivers.process.log import Log
from drivers.process.pace import Pace

HELLO_WITHIN_S: Final = 1.0
GREETED_AFTER_S: Final = 0.05
"""A client of the version before says hello at once and would not understand ours; it is greeted in its own."""
NEWCOMERS: Final = 4
"""Connections that have not said hello; the oldest makes room."""
PACKETS_A_TURN: Final = 64
"""A client that sends without end must not delay the reflex."""
PACKETS_PER_S: Final = 500
BURST: Final = 1000
TAKEN: Final = "another client controls this board"


class Client:
    """One connection."""

    __slots__ = ("connected_at", "greeted", "heard_at", "pace", "socket", "speaks", "version")

    def __init__(self, now: float, its_socket: socket.socket) -> None:
        self.socket = its_socket
        self.connected_at = self.heard_at = now
        self.version = 0
        """0: it has not said hello."""
        self.speaks = VERSION
        """What it is told is said in this version."""
        self.greeted = False
        self.pace = Pace(PACKETS_PER_S, BURST)


class Clients:
    """Call `tend` and `read` in each turn, `send` with what the board says.

    greet     the greeting, with all present states
    receive   acts on a checked message that is no hello
    silent_s  a controlling client that was silent for so long makes room for another one
    """

    def __init__(
        self,
        allowed: frozenset[int],
        greet: Callable[[], list[Packet]],
        receive: Callable[[Packet], None],
        silent_s: float,
        log: Log,
    ) -> None:
        self._allowed = allowed
        self._greet = greet
        self._receive = receive
        self._silent_s = silent_s
        self._log = log
        self._clients: list[Client] = []

    @property
    def controlling(self) -> Client | None:
        return next((client for client in self._clients if client.version), None)

    # --- coming and going -------------------------------------------------------------------------------------------

    def admit(self, now: float, its_socket: socket.socket) -> None:
        """Somebody has connected."""
        uid = peer_uid(its_socket)
        if uid not in self._allowed:
            self._log("client", f"user {uid} was refused: see client_users")
            refuse(its_socket, f"user {uid} may not control this board")
            return
        there = self.controlling
        if there is not None and now - there.heard_at >= self._silent_s:
            self._drop(there, "client was silent for a whole lease: another one takes its place")
            there = None
        if there is not None:
            refuse(its_socket, TAKEN)
            return
        if len(self._clients) >= NEWCOMERS:
            self._drop(self._clients[0], "client made room: too many connections without a hello")
        self._clients.append(Client(now, its_socket))

    def _drop(self, client: Client, why: str) -> None:
        if client in self._clients:
            self._clients.remove(client)
            client.socket.close()
            self._log("client", why)

    def _refuse(self, client: Client, reason: str) -> None:
        if client in self._clients:
            refuse(client.socket, reason)
            self._drop(client, f"client refused: {reason}")

    def drop_all(self, why: str) -> None:
        for client in self._clients[:]:
            self._drop(client, why)

    # --- time -------------------------------------------------------------------------------------------------------

    def register(self, now: float, poll: select.poll) -> None:
        """Who may be read now."""
        for client in self._clients:
            if now >= client.pace.free_at:
                poll.register(client.socket, select.POLLIN)

    def wake_at(self, now: float) -> float:
        """The next second at which `tend` or `read` has something to do."""
        due = inf
        for client in self._clients:
            if client.pace.free_at > now:
                due = min(due, client.pace.free_at)
            if not client.version:
                wait_s = HELLO_WITHIN_S if client.greeted else GREETED_AFTER_S
                due = min(due, client.connected_at + wait_s)
        return due

    def tend(self, now: float) -> None:
        """Greet who waits for it, and let go who says nothing."""
        for client in self._clients[:]:
            if not client.greeted and now >= client.connected_at + GREETED_AFTER_S:
                self._say_greeting(client, VERSION)
            if not client.version and now >= client.connected_at + HELLO_WITHIN_S:
                self._refuse(client, f"no hello within {HELLO_WITHIN_S:g} s")

    # --- packets ----------------------------------------------------------------------------------------------------

    def read(self, now: float, ready: set[int]) -> None:
        """Act on what has come; a malformed or unknown packet ends the connection."""
        for client in self._clients[:]:
            if client.socket.fileno() in ready:
                self._read(now, client)

    def _read(self, now: float, client: Client) -> None:
        for _ in range(PACKETS_A_TURN):
            if client not in self._clients or not client.pace.take(now):
                return
            try:
                data = client.socket.recv(MAX_BYTES + 1)
                if not data:
                    raise ConnectionResetError(0, "connection closed")
                self._take(now, client, decode(data, "to_board"))
            except BlockingIOError:
                return
            except OSError as error:
                self._drop(client, f"client disconnected: {error.strerror}")
            except ProtocolError as error:
                self._refuse(client, str(error))

    def _take(self, now: float, client: Client, message: Packet) -> None:
        """hello comes first, then levels and orders."""
        client.heard_at = now
        if message["type"] == "hello":
            self._hello(client, message["version"])
        elif message["type"] == "refused":
            self._drop(client, f"client refuses this board: {message['reason']}")
        elif not client.version:
            raise ProtocolError(f"{message['type']} before hello")
        else:
            self._receive(message)

    def _hello(self, client: Client, version: int) -> None:
        if version not in UNDERSTOOD:
            raise ProtocolError(f"version {version}; understood here is {UNDERSTOOD[-1]}")
        if not client.greeted:
            self._say_greeting(client, version)
        if not client.version:
            self._log("client", "client connected")
        client.version = client.speaks = version
        for other in self._clients[:]:
            if other is not client:
                self._refuse(other, TAKEN)

    def _say_greeting(self, client: Client, version: int) -> None:
        client.greeted, client.speaks = True, version
        self._say(client, self._greet())

    def send(self, messages: list[Packet]) -> None:
        """What the board says, to all who were greeted.  Who does not read is dropped: its lease ends its charge."""
        for client in self._clients[:]:
            if client.greeted:
                self._say(client, messages)

    def _say(self, client: Client, messages: list[Packet]) -> None:
        try:
            for message in told(messages, client.speaks):
                send(client.socket, message)
        except BlockingIOError:
            self._drop(client, "client does not read")
        except OSError as error:
            self._drop(client, f"client disconnected: {error.strerror}")
