"""`evsed-board`: the real-time loop between a board host and its socket.  No network, no remote data, one client.

Plain blocking code: one thread, one poll.  It forwards; the reflex behind the host decides what is safe.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from drivers.board_protocol import MAX_BYTES, UNDERSTOOD, Packet, ProtocolError, decode
from drivers.devices import BoardHost
from drivers.process.config import BoardConfig, ConfigRefused, Hosted, host_of, read
from drivers.process.listener import listen, refuse, send
from drivers.process.supervisor import LONGEST_SLEEP_S, Supervisor, supervisor_of
from drivers.reflex.evse import LEASE_OVER

PRIORITY: Final = 50
PACKETS_A_TURN: Final = 64
"""A client that sends without end must not delay the reflex."""
STOPS_WITHIN_S: Final = 7.0
"""Steady pilot, 6 s for the vehicle, and the contactor's own time."""


def die() -> None:
    """What a power cut does to a process: nothing gets the time to clean up."""
    os.kill(os.getpid(), signal.SIGKILL)


class BoardProcess:
    """Serves one client at a socket until `stop` was called and every contactor is open."""

    def __init__(
        self,
        make: Callable[[], Hosted],
        path: Path,
        supervisor: Supervisor,
        monotonic: Callable[[], float] = time.monotonic,
        power_cut: Callable[[], None] = die,
    ) -> None:
        """`make` is called again after a reboot of a simulated unit."""
        self._listener = listen(path)  # first, so that no other board process's world is changed
        self._make = make
        try:
            self._hosted = make()
        except OSError:
            path.unlink()
            raise
        self._path = path
        self._notify, patience_s = supervisor
        self._beat_s = min(LONGEST_SLEEP_S, patience_s / 3)
        self._monotonic = monotonic
        self._power_cut = power_cut
        self._client: socket.socket | None = None
        self._agreed = False
        self._offers: dict[int, Packet] = {}
        self._closed: set[int] = set()
        self._asked_to_stop = False
        self._stop_by: float | None = None
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)

    @property
    def _host(self) -> BoardHost:
        return self._hosted.host

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until asked to stop; then a running charge is ended properly first."""
        self._notify("READY=1")
        _log(f"ready at {self._path}")
        try:
            while not self._done():
                self.turn()
        finally:
            self._path.unlink(missing_ok=True)
            for each in (self._listener, self._waker, self._wakes, self._client):
                if each is not None:
                    each.close()

    def turn(self) -> None:
        """Wait for a packet or for the next thing that is due, then do everything that is due."""
        self._notify("WATCHDOG=1")
        ready = self._wait(min(self._host.wake_at() - self._monotonic(), self._beat_s))
        self._send(self._host.advance(self._monotonic()))
        if self._wakes.fileno() in ready:
            self._wakes.recv(64)
        if self._asked_to_stop and self._stop_by is None:
            self._withdraw()
        if self._client is not None and self._client.fileno() in ready:
            self._read_client(self._client)
        if self._listener.fileno() in ready:
            self._accept()
        self._keep_world()

    def _wait(self, seconds: float) -> set[int]:
        poll = select.poll()
        for each in (self._listener, self._wakes, self._client):
            if each is not None:
                poll.register(each, select.POLLIN)
        return {fd for fd, _ in poll.poll(max(0.0, seconds) * 1000.0)}

    def stop(self, *_: object) -> None:
        """For signals, which may come in the middle of anything: sets a mark that the loop reads at its next turn."""
        self._asked_to_stop = True
        with suppress(BlockingIOError):  # a full one wakes as well
            self._waker.send(b"!")

    def _withdraw(self) -> None:
        """Lower every offer to 0 A; the loop ends when the contactors are open."""
        self._notify("STOPPING=1")
        _log("stopping")
        self._stop_by = self._monotonic() + STOPS_WITHIN_S
        for offer in self._offers.values():
            self._send(self._host.receive(self._monotonic(), {**offer, "amps": 0.0}))

    def _done(self) -> bool:
        """Asked to stop, and every contactor is open as commanded; or it has taken too long."""
        if self._stop_by is None:
            return False
        return not (self._closed or self._host.is_live()) or self._monotonic() >= self._stop_by

    def _keep_world(self) -> None:
        """Store the simulated world; end as it ends."""
        ended = self._hosted.keep()
        if ended == "dark":
            self._power_cut()
        elif ended == "reboot":
            self._drop("the unit reboots")
            self._closed.clear()
            self._offers.clear()
            self._hosted = self._make()

    # --- the client -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        if self._client is not None:
            refuse(client, "another client controls this board")
            return
        self._client, self._agreed = client, False
        _log("client connected")
        self._send(self._host.greet(self._monotonic()))

    def _read_client(self, client: socket.socket) -> None:
        """Act on what the client has sent; a malformed or unknown packet ends the connection."""
        for _ in range(PACKETS_A_TURN):
            try:
                data = client.recv(MAX_BYTES + 1)
                if not data:
                    raise ConnectionResetError(0, "connection closed")
                self._receive(decode(data, "to_board"))
            except BlockingIOError:
                return
            except OSError as error:
                self._drop(f"client disconnected: {error.strerror}")
            except ProtocolError as error:
                refuse(client, str(error))
                self._drop(f"client refused: {error}")
            if self._client is None:
                return

    def _receive(self, message: Packet) -> None:
        """Act on a checked message: hello comes first, then levels and orders; none is accepted while stopping."""
        if message["type"] == "hello":
            if message["version"] not in UNDERSTOOD:
                raise ProtocolError(f"version {message['version']}; understood here is {UNDERSTOOD[-1]}")
            self._agreed = True
        elif not self._agreed:
            raise ProtocolError(f"{message['type']} before hello")
        elif self._stop_by is None:
            self._send(self._host.receive(self._monotonic(), message))
            if message["type"] == "offer":
                self._offers[message["connector"]] = message

    def _send(self, messages: list[Packet]) -> None:
        for message in messages:
            if message["type"] == "contactor":
                self._switched(message["connector"], message["closed"])
            if message["type"] == "ack" and message["why"] == LEASE_OVER:
                _log(
                    f"connector {message['connector']}: {LEASE_OVER}: pilot steady, the contactor opens in 6 s at most"
                )
            if message["type"] == "fault":
                where = f"connector {message['connector']}" if message["connector"] else "station"
                detail = f": {message['detail']}" if message["detail"] else ""
                _log(f"{where}: fault {message['code']} {'on' if message['on'] else 'off'}{detail}")
            if self._client is not None:
                try:
                    send(self._client, message)
                except OSError as error:  # the lease ends its charge
                    self._drop(f"client does not read: {error.strerror}")

    def _switched(self, connector: int, closed: bool) -> None:
        if (connector in self._closed) != closed:
            _log(f"connector {connector}: contactor {'closed' if closed else 'open'}")
        (self._closed.add if closed else self._closed.discard)(connector)

    def _drop(self, why: str) -> None:
        if self._client is not None:
            _log(why)
            self._client.close()
            self._client = None


def _log(text: str) -> None:
    print(f"evsed-board: {text}", file=sys.stderr, flush=True)


def _real_time() -> None:
    """Best effort: without the right to it the loop is merely later under load."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        _log(f"no real-time priority: {error.strerror}")
    gc.collect()
    gc.freeze()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("evsed-board", description="The board process of evsed: pilot, contactor, meter.")
    parser.add_argument("--config", metavar="FILE", type=Path, help="board.toml (default: /etc/evsed/board.toml)")
    parser.add_argument("--check-config", action="store_true", help="check the configuration and exit")
    parser.add_argument("--version", action="store_true")
    return parser.parse_args(arguments)


def _version() -> str:
    from importlib import metadata  # imported late: half of all that is loaded, for one option

    try:
        return metadata.version("evsed")
    except metadata.PackageNotFoundError:
        return "from a checkout"


def _serve(config: BoardConfig) -> int:
    """Run until SIGTERM or SIGINT."""
    _log(f"a simulated board with {config.connectors} connector(s), its world in {config.state_dir}")
    try:
        process = BoardProcess(lambda: host_of(config, os.getpid()), config.socket, supervisor_of(os.environ))
    except OSError as error:
        _log(str(error))
        return 1
    _real_time()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, process.stop)
    process.run()
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended as asked, 1 the socket or the state cannot be used, 2 configuration."""
    options = _options(arguments)
    if options.version:
        print(f"evsed-board {_version()}")
        return 0
    try:
        config = read(options.config)
    except ConfigRefused as problems:
        print(problems, file=sys.stderr)
        return 2
    if options.check_config:
        print(
            f"configuration OK: a simulated board with {config.connectors} connector(s), its world in"
            f" {config.state_dir}, socket {config.socket}"
        )
        return 0
    return _serve(config)


if __name__ == "__main__":
    sys.exit(main())
