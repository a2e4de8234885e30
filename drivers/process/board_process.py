"""`evsed-board`: the real-time loop between a board host and its socket.  No network, no remote data, one client.

Plain blocking code: one thread, one poll.  It forwards; the reflex behind the host decides what is safe.  Nothing that
can block or fail stands in it: log and world are written by threads of their own, sends never wait, and whatever is
raised opens the contactors before the process ends.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import Final

from drivers.board_protocol import Packet
from drivers.devices import BoardHost
from drivers.process.clients import Clients
from drivers.process.config import BoardConfig, ConfigRefused, Hosted, host_of, keeper_of, read
from drivers.process.listener import Listener, group_of, users_allowed
from drivers.process.log import LineLog, Log, reserve_standard_descriptors
from drivers.process.real_time import become_real_time, freeze_heap, lock_memory
from drivers.process.sign_of_life import hold, path_of
from drivers.process.supervisor import ALIVE, LONGEST_SLEEP_S, Supervisor, supervisor_of
from drivers.reflex.state_machine import LEASE_OVER

STOPS_WITHIN_S: Final = 7.0
"""Steady pilot, 6 s for the vehicle, and the contactor's own time."""
BEAT_S: Final = 1.0
"""The supervisor is not notified more often, however fast the loop turns."""
BLIND_S: Final = 0.01
"""Where the kernel does not let us wait for packets, we look for them so often."""
DESCRIPTORS: Final = 64
"""This process never has so many."""
SETTLES_WITHIN_S: Final = 2.0
"""So long the end waits for a simulated world to be written."""
FLUSHES_WITHIN_S: Final = 0.5
"""So long the end waits for the reader of the log."""
OPENS_IN_S: Final = 0.1
"""A contactor has moved by then."""


def die() -> None:
    """What a power cut does to a process: nothing gets the time to clean up."""
    os.kill(os.getpid(), signal.SIGKILL)


class BoardProcess:
    """Serves one client at a socket until `stop` was called and every contactor is open."""

    def __init__(
        self,
        make: Callable[[], Hosted],
        config: BoardConfig,
        supervisor: Supervisor,
        log: Log,
        monotonic: Callable[[], float] = time.monotonic,
        power_cut: Callable[[], None] = die,
    ) -> None:
        """`make` is called again after a reboot of a simulated unit."""
        group = group_of(config.socket_group)
        self._listener = Listener(config.socket, group)  # first, so that no other board process's world is changed
        self._make = make
        try:
            self._hosted = make()
        except OSError:
            self._listener.close()
            raise
        self._notify, patience_s = supervisor
        self._beat_s = min(LONGEST_SLEEP_S, patience_s / 3)
        self._beat_at = -inf
        self._log = log
        self._monotonic = monotonic
        self._power_cut = power_cut
        allowed = users_allowed(config.client_users)
        self._clients = Clients(allowed, self._greeting, self._receive, config.lease_s, log)
        self._offers: dict[int, Packet] = {}
        self._closed: set[int] = set()
        self._asked_to_stop = False
        self._stop_by: float | None = None
        self._waker, self._wakes = socket.socketpair()
        for end in (self._waker, self._wakes):
            end.setblocking(False)

    @property
    def _host(self) -> BoardHost:
        return self._hosted.host

    # --- the loop ---------------------------------------------------------------------------------------------------

    def run(self) -> int:
        """Until asked to stop; then a running charge is ended properly first.  Exit code."""
        self._notify("READY=1")
        self._log("process", f"ready at {self._listener.path}")
        try:
            while not self._done():
                self.turn()
            return 0
        except Exception:
            self._open_all()
            for line in traceback.format_exc(limit=-4).splitlines():
                self._log("internal error", line)
            return 1
        finally:
            self._hosted.settle(SETTLES_WITHIN_S)
            self._clients.drop_all("the board process ends")
            self._listener.close()
            self._waker.close()
            self._wakes.close()

    def _open_all(self) -> None:
        """Something in here is broken: no pilot signal, every contactor open, without asking the reflex."""
        for _ in range(2):  # the second time it is seen to be open
            with suppress(Exception):
                self._host.open_all(self._monotonic())
            time.sleep(OPENS_IN_S)
        with suppress(Exception):
            self._hosted.keep()
        self._log("internal error", "internal error, every contactor was opened; please report what follows")

    def turn(self) -> None:
        """Wait for a packet or for the next thing that is due, then do everything that is due."""
        self._beat()
        ready = self._wait()
        now = self._monotonic()
        self._send(self._host.advance(now))
        if self._wakes.fileno() in ready:
            with suppress(BlockingIOError):
                self._wakes.recv(64)
        if self._asked_to_stop and self._stop_by is None:
            self._withdraw()
        self._clients.read(now, ready)
        if self._listener.fileno() in ready:
            self._accept(now)
        self._clients.tend(now)
        self._keep_world()

    def _beat(self) -> None:
        """A sign of life for the supervisor, as long as every part makes progress."""
        now = self._monotonic()
        if now >= self._beat_at:
            self._beat_at = now + min(BEAT_S, self._beat_s)
            stuck = self._hosted.stuck(now)
            if stuck:
                self._log("stuck", f"the watchdog is not fed: {stuck}")
            else:
                self._notify(ALIVE)

    def _wait(self) -> set[int]:
        """The descriptors that are ready, at the next second at which anything is due."""
        now = self._monotonic()
        due = min(self._host.wake_at(), self._clients.wake_at(now), now + self._beat_s)
        poll = select.poll()
        poll.register(self._wakes, select.POLLIN)
        if now >= self._listener.deaf_until:
            poll.register(self._listener, select.POLLIN)
        else:
            due = min(due, self._listener.deaf_until)
        self._clients.register(now, poll)
        wait_s = max(0.0, due - now)
        try:
            return {fd for fd, _ in poll.poll(wait_s * 1000.0)}
        except OSError:  # e.g. a limit of descriptors that was lowered: everything is tried instead
            time.sleep(min(wait_s, BLIND_S))
            return set(range(DESCRIPTORS))

    def stop(self, *_: object) -> None:
        """For signals, which may come in the middle of anything: sets a mark that the loop reads at its next turn."""
        self._asked_to_stop = True
        with suppress(OSError):  # a full one wakes as well; a closed one need not
            self._waker.send(b"!")

    def _withdraw(self) -> None:
        """Lower every offer to 0 A; the loop ends when the contactors are open."""
        self._notify("STOPPING=1")
        self._log("process", "stopping")
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
        if ended:
            self._hosted.settle(SETTLES_WITHIN_S)
        if ended == "dark":
            self._power_cut()
        elif ended == "reboot":
            self._clients.drop_all("the unit reboots")
            self._closed.clear()
            self._offers.clear()
            self._hosted = self._make()

    # --- the client -------------------------------------------------------------------------------------------------

    def _accept(self, now: float) -> None:
        try:
            client = self._listener.accept(now)
            if client is not None:
                self._clients.admit(now, client)
        except OSError as error:
            self._log("accept", f"a client cannot be accepted: {error.strerror}; trying again in a second")

    def _greeting(self) -> list[Packet]:
        return self._host.greet(self._monotonic())

    def _receive(self, message: Packet) -> None:
        """Act on a level or an order; none is accepted while stopping."""
        if self._stop_by is None:
            self._send(self._host.receive(self._monotonic(), message))
            if message["type"] == "offer":
                self._offers[message["connector"]] = message

    def _send(self, messages: list[Packet]) -> None:
        for message in messages:
            if message["type"] == "contactor":
                self._switched(message["connector"], message["closed"])
            if message["type"] == "ack" and message["why"] == LEASE_OVER:
                end = "pilot steady, the contactor opens in 6 s at most"
                self._log("lease", f"connector {message['connector']}: {LEASE_OVER}: {end}")
            if message["type"] == "fault":
                where = f"connector {message['connector']}" if message["connector"] else "station"
                detail = f": {message['detail']}" if message["detail"] else ""
                self._log("fault", f"{where}: fault {message['code']} {'on' if message['on'] else 'off'}{detail}")
        self._clients.send(messages)

    def _switched(self, connector: int, closed: bool) -> None:
        if (connector in self._closed) != closed:
            self._log("contactor", f"connector {connector}: contactor {'closed' if closed else 'open'}")
        (self._closed.add if closed else self._closed.discard)(connector)


def parser() -> argparse.ArgumentParser:
    """The command line of `evsed-board`, with its help."""
    made = argparse.ArgumentParser(
        "evsed-board",
        description="The board process of evsed: pilot, contactor, meter.",
        epilog="exit codes: 0 ended as asked, 1 socket or state cannot be used, 2 command line or configuration",
    )
    made.add_argument("--config", metavar="FILE", type=Path, help="board.toml (default: /etc/evsed/board.toml)")
    made.add_argument("--check-config", action="store_true", help="check the configuration and exit")
    made.add_argument("--print-dropin", action="store_true", help="print the systemd drop-in of this board and exit")
    made.add_argument(
        "--test-driver", metavar="MODULE", help="try the driver MODULE:NAME against the promises of its family and exit"
    )
    made.add_argument("--version", action="store_true", help="print the version and exit")
    return made


def _version() -> str:
    from importlib import metadata  # imported late: half of all that is loaded, for one option

    try:
        return metadata.version("evsed")
    except metadata.PackageNotFoundError:
        return "from a checkout"


def _described(config: BoardConfig) -> str:
    """The board in half a sentence."""
    if config.parts is None:
        return f"a simulated board with {config.connectors} connector(s), its world in {config.state_dir}"
    return f"the board {config.parts.name} with {config.connectors} connector(s)"


def _make(config: BoardConfig, log: Log) -> Callable[[], Hosted]:
    """Makes the board; called again where a simulated one has rebooted."""
    if config.parts is None:
        return partial(host_of, config, os.getpid(), keeper_of(config, log))
    from drivers.process.real_board import hosted

    return partial(hosted, config.parts, log)


def checks(config: BoardConfig) -> list[str]:
    """What `--check-config` says of a sound file: the board, warnings, and the fail-safe layers that are missing."""
    lines = [f"configuration OK: {_described(config)}, socket {config.socket}"]
    lines += [f"warning: {warning}" for warning in config.warnings]
    if config.parts is not None:
        from drivers.board_file.fail_safe import warnings

        lines += warnings(config.parts.fail_safe)
    return lines


def _drop_in(config: BoardConfig) -> str:
    from drivers.board_file.drop_in import drop_in
    from drivers.board_file.machine_checks import Machine

    machine = Machine()
    return drop_in(config.parts, machine.revision(), machine.pwm_chips(config.parts))


def _serve(config: BoardConfig) -> int:
    """Run until SIGTERM or SIGINT."""
    lines = LineLog()
    log = lines.line
    log("process", _described(config))
    for warning in config.warnings:
        log("configuration", f"warning: {warning}")
    try:
        process = BoardProcess(_make(config, log), config, supervisor_of(os.environ), log)
        if config.parts is not None:
            hold(path_of(config.socket))
        become_real_time(log)
        if config.parts is not None:
            lock_memory(log)
        freeze_heap()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, process.stop)
        return process.run()
    except OSError as error:
        log("process", str(error))
        return 1
    finally:
        lines.flush(FLUSHES_WITHIN_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 ended as asked, 1 the socket or the state cannot be used, 2 configuration."""
    reserve_standard_descriptors()
    options = parser().parse_args(arguments)
    if options.version:
        print(f"evsed-board {_version()}")
        return 0
    if options.test_driver:
        from drivers.kit.report import run

        return run(options.test_driver)
    try:
        config = read(options.config)
    except ConfigRefused as problems:
        print(problems, file=sys.stderr)
        return 2
    if options.print_dropin:
        print(_drop_in(config), end="")
        return 0
    if options.check_config:
        for line in checks(config):
            print(line)
        return 0
    return _serve(config)


if __name__ == "__main__":
    sys.exit(main())
