"""In the guest: deaths and hangs of the board process and vehicles that leave, measured by the guest's own clock.

    trials.py KIND COUNT [pump] [busy]     KIND: leave, kill, stop

It gives the offers itself, at the board's socket, as `evsed` would.  One JSON line at the end: the milliseconds of each
trial, in order; with an "error" instead where a trial could not be made.  Standard library only.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

from world import World, become_punctual

SOCKET = "/run/evsed/board.sock"
UNIT = "evsed-board.service"
TURN_S = 0.001
CLOSES_WITHIN_S = 40.0
CLOSINGS = 18
"""The board closes no more than 20 times an hour; a fresh process has counted none."""
BUSY = 6


REPEATS = 10
"""So many trials of a run may be lost because the emulator stood still: the board then opens for want of a sample."""


class Failed(Exception):
    """A trial that could not be made."""


class Lost(Exception):
    """The contactor had opened before anything was done."""


class Offers:
    """The controlling client of the board socket: 16 A for connector 1, renewed in time; reconnects by itself."""

    def __init__(self) -> None:
        self.line: socket.socket | None = None
        self.renewed_at = 0.0
        self.seq = 0
        self.faults: dict[str, str] = {}
        self.stalls = 0
        """So often a sample of the pilot was too old: the emulator stood still, and the board rests for 30 s."""
        self.last: dict[str, Any] = {}

    def turn(self) -> None:
        """Everything that is due; never waits."""
        if self.line is None:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
            try:
                line.connect(SOCKET)
            except OSError:
                line.close()
                return
            self.line, self.renewed_at, self.faults = line, 0.0, {}
            self._send({"type": "hello", "version": 2})
        try:
            while packet := self.line.recv(2048):
                message = json.loads(packet)
                self.last[message["type"]] = message
                if message["type"] == "fault":
                    self.stalls += message["code"] == "pilot-short" and message["on"]
                    self.faults[message["code"]] = message.get("detail", "") if message["on"] else ""
                    if not message["on"]:
                        del self.faults[message["code"]]
            self._lost()
        except BlockingIOError:
            pass
        except OSError:
            self._lost()
        if self.line is not None and time.monotonic() >= self.renewed_at + 4.0:
            self.renewed_at = time.monotonic()
            self.seq += 1
            offer = {"connector": 1, "amps": 16.0, "locked": False, "in_service": True}
            self._send({"type": "offer", **offer, "lamp": "charging", "lease_s": 20.0, "seq": self.seq})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            assert self.line is not None
            self.line.send(json.dumps(message).encode())
        except OSError:
            self._lost()

    def _lost(self) -> None:
        if self.line is not None:
            self.line.close()
        self.line = None


def systemctl(*words: str) -> str:
    return subprocess.run(["systemctl", *words], capture_output=True, text=True, check=False).stdout.strip()


class Trials:
    """One kind of trial, again and again."""

    def __init__(self, pump: bool, busy: bool) -> None:
        self.world, self.offers, self.busy = World(pump), Offers(), busy
        self.burning: list[subprocess.Popen[bytes]] = []
        self.closings = self.lost = 0

    def run_for(self, seconds: float) -> None:
        self.until(lambda: False, seconds)

    def until(self, done: Any, seconds: float) -> bool:
        """The world and the offers go on meanwhile."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.world.step()
            self.offers.turn()
            if done():
                return True
            time.sleep(TURN_S)
        return False

    def charging(self) -> None:
        """The contactor closed, for a second at least."""
        self.world.car("C")
        stalls = self.offers.stalls
        if not self.until(lambda: self.world.coil and self.world.contact_closed, CLOSES_WITHIN_S):
            if self.offers.stalls > stalls:
                raise Lost
            seen = {"faults": self.offers.faults, "last": self.offers.last, "connected": self.offers.line is not None}
            raise Failed(f"the contactor does not close: {json.dumps(seen)}")
        self.closings += 1
        self.run_for(1.0)

    def load(self, on: bool) -> None:
        """Six processes that only compute, with ordinary priority."""
        for process in self.burning:
            process.kill()
            process.wait()
        self.burning = []
        if on:
            self.burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
            self.run_for(0.5)

    def opened_after(self, begin: Any, within_s: float) -> float:
        """Milliseconds from what `begin` does, and says when it did, until the coil has lost its drive."""
        self.world.step()
        if not self.world.coil:
            raise Lost
        at = begin()
        end = time.monotonic() + within_s
        while self.world.coil:
            if time.monotonic() > end:
                raise Failed(f"the line is still closed {within_s:g} s later")
            self.world.step()
            time.sleep(TURN_S / 2)
        return (self.world.opened_at - at) * 1000

    def leave(self) -> float:
        """The vehicle goes from C to B."""
        if self.closings >= CLOSINGS:
            self.restart()
        self.charging()
        self.load(self.busy)
        try:
            return self.opened_after(lambda: self.world.car("B"), 2.0)
        finally:
            self.load(False)

    def restart(self) -> None:
        """A fresh board process: it has counted no closing, and no fault of an earlier world."""
        self.world.car("A")
        systemctl("reset-failed", UNIT)
        systemctl("restart", "--no-block", UNIT)
        self.until(lambda: self.offers.line is None, 10.0)
        self.closings = 0

    def signalled(self, number: int) -> float:
        """The board process gets a signal."""
        self.charging()
        pid = int(systemctl("show", "-p", "MainPID", "--value", UNIT))

        def begin() -> float:
            at = time.monotonic()
            os.kill(pid, number)
            return at

        took = self.opened_after(begin, 5.0)
        self.world.car("A")
        if not self.until(lambda: self.offers.line is None, 5.0):
            os.kill(pid, signal.SIGKILL)
            self.until(lambda: self.offers.line is None, 5.0)
        systemctl("reset-failed", UNIT)
        self.closings = 0
        return took

    def one(self, kind: str) -> float:
        """Milliseconds; a trial that was lost is made again with a fresh board process."""
        while True:
            try:
                return self._one(kind)
            except Lost:
                self.lost += 1
                if self.lost > REPEATS:
                    raise Failed("the contactor opens by itself, again and again") from None
                self.restart()

    def _one(self, kind: str) -> float:
        match kind:
            case "leave":
                return self.leave()
            case "kill":
                return self.signalled(signal.SIGKILL)
            case "stop":
                return self.signalled(signal.SIGSTOP)
        raise Failed(f"no trial is called {kind}")


def main(words: list[str]) -> None:
    kind, count = words[0], int(words[1])
    trials = Trials("pump" in words, "busy" in words)
    become_punctual()
    took: list[float] = []
    error = ""
    try:
        trials.until(lambda: trials.offers.line is not None, CLOSES_WITHIN_S)
        trials.restart()
        for _ in range(count):
            took.append(round(trials.one(kind), 2))
    except (Failed, OSError, ValueError) as failed:
        error = f"{type(failed).__name__}: {failed}"
    finally:
        trials.load(False)
        trials.world.car("A")
    print(json.dumps({"kind": kind, "ms": took, "lost": trials.lost, "error": error}))


if __name__ == "__main__":
    main(sys.argv[1:])
