"""A serial line between two ptys that cuts, delays, doubles, damages and loses what comes back, in real time."""

from __future__ import annotations

import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.drivers.ports.wire import Disturb, clean


class PtyEnd:
    """One end: a name for the program, a descriptor for us."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        link.symlink_to(os.ttyname(self.slave))

    def close(self) -> None:
        self.link.unlink()
        os.close(self.slave)
        os.close(self.master)


class SerialLine:
    """Between `a` (the station) and `b` (the device); `disturb` is asked for each burst that comes from `b`."""

    def __init__(self, folder: Path) -> None:
        self.a, self.b = PtyEnd(folder / "a"), PtyEnd(folder / "b")
        self.disturb: Disturb = clean
        self.echo = False
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake, b"x")
        self._thread.join(5)
        self.a.close()
        self.b.close()
        os.close(self._stop)
        os.close(self._wake)

    def _carry(self) -> None:
        due: list[tuple[float, bytes]] = []
        while True:
            wait_s = max(0.0, due[0][0] - time.monotonic()) if due else None
            ready, _, _ = select.select([self.a.master, self.b.master, self._stop], [], [], wait_s)
            if self._stop in ready:
                return
            if self.a.master in ready:
                asked = os.read(self.a.master, 4096)
                os.write(self.b.master, asked)
                if self.echo:
                    os.write(self.a.master, asked)
            if self.b.master in ready:
                at = time.monotonic()
                for late_s, data in self.disturb(_burst(self.b.master)):
                    at += late_s
                    due.append((at, data))
                due.sort(key=lambda item: item[0])
            while due and due[0][0] <= time.monotonic():
                os.write(self.a.master, due.pop(0)[1])


def _burst(fd: int) -> bytes:
    data = os.read(fd, 4096)
    while select.select([fd], [], [], 0.01)[0]:
        data += os.read(fd, 4096)
    return data


@contextmanager
def answering(link: Path, answer: Callable[[bytes], bytes | None]) -> Iterator[None]:
    """A device of ours at a pty of its own, which answers each burst."""
    end = PtyEnd(link)
    stop, wake = os.pipe()

    def serve() -> None:
        while True:
            ready, _, _ = select.select([end.master, stop], [], [])
            if stop in ready:
                return
            reply = answer(_burst(end.master))
            if reply is not None:
                os.write(end.master, reply)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        os.write(wake, b"x")
        thread.join(5)
        end.close()
        os.close(stop)
        os.close(wake)
