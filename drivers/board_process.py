"""`evsed-board`: the real-time loop between a board and its socket.  No network, no remote data, one client.

Plain blocking code: one thread, one poll.  It forwards; what is safe is decided by the reflex behind the host.
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
from importlib import import_module, metadata
from pathlib import Path
from typing import Final

from drivers.api import BoardHost, Message
from drivers.board import BoardConfig, ConfigRefused, Hosted, host_of, read
from drivers.seam import MAX_BYTES, UNDERSTOOD, SeamError, decode, encode

PRIORITY: Final = 50
PACKETS_A_TURN: Final = 64
"""A client that floods us must not keep time from the reflex."""
STOPS_WITHIN_S: Final = 7.0
"""Steady pilot, 6 s for the vehicle, and the contactor's own time."""
LONGEST_SLEEP_S: Final = 60.0


class BoardProcess:
    """Serves one client at a socket until `stop` was called and every contactor is open."""

    def __init__(
        self, make: Callable[[], Hosted], path: Path, notify: Callable[[str], object], patience_s: float
    ) -> None:
        self._make = make
        self._hosted = make()
        self._path = path
        self._notify = notify
        self._beat_s = min(LONGEST_SLEEP_S, patience_s / 3)
        self._listener = _listen(path)
        self._client: socket.socket | None = None
        self._agreed = False
        self._offers: dict[int, Message] = {}
        self._closed: set[int] = set()
        self._asked_to_stop = False
        self._stop_by: float | None = None
        self._waker, self._wakes = socket.socketpair()
        self._waker.setblocking(False)
        self._wakes.setblocking(False)

    @property
    def _host(self) -> BoardHost:
        return self._hosted.host

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Until asked to stop; then a running charge is ended properly first."""
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        self._notify("READY=1")
        _log(f"ready at {self._path}")
        try:
            while not self._done():
                self._turn()
        finally:
            self._path.unlink(missing_ok=True)

    def _turn(self) -> None:
        """Wait for a word or a second, then do everything that is due."""
        self._notify("WATCHDOG=1")
        ready = self._wait(min(self._host.wake_at() - time.monotonic(), self._beat_s))
        self._say(self._host.advance(time.monotonic()))
        if self._wakes.fileno() in ready:
            self._wakes.recv(64)
        if self._asked_to_stop and self._stop_by is None:
            self._withdraw()
        if self._client is not None and self._client.fileno() in ready:
            self._listen_to(self._client)
        if self._listener.fileno() in ready:
            self._accept()
        self._keep()

    def _wait(self, seconds: float) -> set[int]:
        poll = select.poll()
        for each in (self._listener, self._wakes, self._client):
            if each is not None:
                poll.register(each, select.POLLIN)
        return {fd for fd, _ in poll.poll(max(0.0, seconds) * 1000.0)}

    def stop(self, *_: object) -> None:
        """Only a mark, since a signal may come in the middle of anything; the loop sees it at its next turn."""
        self._asked_to_stop = True

    def _withdraw(self) -> None:
        """Every offer goes to nothing; the loop ends when the contactors are open."""
        self._notify("STOPPING=1")
        _log("stopping")
        self._stop_by = time.monotonic() + STOPS_WITHIN_S
        for offer in self._offers.values():
            self._say(self._host.receive(time.monotonic(), {**offer, "amps": 0.0}))

    def _done(self) -> bool:
        return self._stop_by is not None and (not self._closed or time.monotonic() >= self._stop_by)

    def _keep(self) -> None:
        """Keep the simulated world; end as it ends."""
        ended = self._hosted.keep()
        if ended == "dark":
            os.kill(os.getpid(), signal.SIGKILL)
        if ended == "reboot":
            self._drop("the unit reboots")
            self._closed.clear()
            self._offers.clear()
            self._hosted = self._make()

    # --- the client -------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(False)
        if self._client is not None:
            _refuse(client, "another client controls this board")
            return
        self._client, self._agreed = client, False
        _log("a client came")
        self._say(self._host.greet(time.monotonic()))

    def _listen_to(self, client: socket.socket) -> None:
        """What the client has sent; malformed or unknown words end the connection."""
        for _ in range(PACKETS_A_TURN):
            try:
                data = client.recv(MAX_BYTES + 1)
            except BlockingIOError:
                return
            except OSError as error:
                self._drop(f"the client is lost: {error.strerror}")
                return
            if not data:
                self._drop("the client went")
                return
            try:
                self._hear(decode(data, "to_board"))
            except SeamError as error:
                _refuse(client, str(error))
                self._drop(f"refused: {error}")
            if self._client is None:
                return

    def _hear(self, message: Message) -> None:
        """A checked message: hello comes first, then levels and orders; nothing is taken while stopping."""
        if message["type"] == "hello":
            if message["version"] not in UNDERSTOOD:
                raise SeamError(f"version {message['version']}; understood here is {UNDERSTOOD[-1]}")
            self._agreed = True
        elif not self._agreed:
            raise SeamError(f"{message['type']} before hello")
        elif self._stop_by is None:
            if message["type"] == "offer":
                self._offers[message["connector"]] = message
            self._say(self._host.receive(time.monotonic(), message))

    def _say(self, messages: list[Message]) -> None:
        for message in messages:
            if message["type"] == "contactor":
                (self._closed.add if message["closed"] else self._closed.discard)(message["connector"])
            if message["type"] == "fault":
                _log(
                    f"fault {message['code']} {'on' if message['on'] else 'off'} ({message['connector'] or 'station'})"
                )
            if self._client is not None:
                self._send(self._client, message)

    def _send(self, client: socket.socket, message: Message) -> None:
        try:
            client.send(encode(message), socket.MSG_NOSIGNAL)
        except OSError as error:  # gone, or so far behind that it is as good as gone: its lease decides
            self._drop(f"the client takes nothing: {error.strerror}")

    def _drop(self, why: str) -> None:
        if self._client is not None:
            _log(why)
            self._client.close()
            self._client = None


def _refuse(client: socket.socket, reason: str) -> None:
    with suppress(OSError):
        client.send(encode({"type": "refused", "reason": reason[:200]}), socket.MSG_NOSIGNAL)
    client.close()


def _listen(path: Path) -> socket.socket:
    """The listening socket; OSError where another board process answers there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.connect(str(path))
            raise OSError(f"{path}: another board process answers there")
        except (FileNotFoundError, ConnectionRefusedError):
            path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(4)
    return listener


def _log(text: str) -> None:
    print(f"evsed-board: {text}", file=sys.stderr, flush=True)


def _supervisor() -> tuple[Callable[[str], object], float]:
    """systemd's notification where it listens and its library is installed; its patience in seconds."""
    if "NOTIFY_SOCKET" not in os.environ:
        return (lambda _: None), 3 * LONGEST_SLEEP_S
    try:
        notify: Callable[[str], object] = import_module("systemd.daemon").notify
    except ImportError:
        return (lambda _: None), 3 * LONGEST_SLEEP_S
    return notify, int(os.environ.get("WATCHDOG_USEC", "0")) / 1e6 or 3 * LONGEST_SLEEP_S


def _real_time() -> None:
    """Best effort: without the right to it the loop is merely later under load."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        _log(f"no real-time priority: {error.strerror}")
    gc.collect()
    gc.freeze()


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("evsed-board", description="The board process of evsed: pilot, contactor, meter.")
    parser.add_argument("--config", metavar="FILE", type=Path, help="board.toml (default: /etc/evsed/board.toml)")
    parser.add_argument("--check-config", action="store_true", help="say what is wrong with it, and end")
    parser.add_argument("--version", action="store_true")
    return parser.parse_args(words)


def _version() -> str:
    try:
        return metadata.version("evsed")
    except metadata.PackageNotFoundError:
        return "from a checkout"


def _serve(config: BoardConfig) -> int:
    try:
        process = BoardProcess(lambda: host_of(config, os.getpid() & 0xFFFF), config.socket, *_supervisor())
    except OSError as error:
        _log(str(error))
        return 1
    _real_time()
    process.run()
    return 0


def main(words: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended as asked, 1 the socket or the state cannot be had, 2 configuration."""
    arguments = _arguments(words)
    if arguments.version:
        print(f"evsed-board {_version()}")
        return 0
    try:
        config = read(arguments.config)
    except ConfigRefused as problems:
        print(problems, file=sys.stderr)
        return 2
    if arguments.check_config:
        print(f"well: a simulated board of {config.connectors}, world in {config.state_dir}, socket {config.socket}")
        return 0
    return _serve(config)


if __name__ == "__main__":
    sys.exit(main())
