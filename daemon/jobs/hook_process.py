"""A hook: a program of the integrator and whatever it starts.  The only file that may start a program; no shell.

Its outcome is the program's exit code, at once, also where a child goes on and holds its output.  What goes on has the
rest of the hook's time; then, or when the program fails or `evsed-job` is stopped, all of it is ended.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

from daemon.jobs.process_tree import ProcessTree, adopt_orphans, children
from daemon.journal.redaction import joined_line

DETAIL_CHARS = 200
TAIL_BYTES = 4096
"""So much of the output is kept, its end; all of it is read, so that nobody waits for us."""
TERM_S = 5.0
"""From SIGTERM to SIGKILL."""
KILL_S = 5.0
"""So long the end is waited for after SIGKILL; a process that the kernel holds may stay."""
SLICE_S = 0.1
READ_BYTES = 64 << 10
FLOOD_S = 0.02
"""Pause after so many bytes at once."""
CLEAR_S = 10.0
LINGER_S = 0.5
"""So often a program that has ended is looked after."""


class HookProcess:
    """`with HookProcess(…) as hook: hook.outcome(…); hook.linger(…)`; at the end nothing of it runs.

    `lock` is a descriptor that each of its processes inherits: what is locked with it stays so until the last is gone.
    Raises OSError where the program cannot be started.
    """

    def __init__(
        self, argv: Sequence[str], environ: Mapping[str, str], within_s: float, lock: int | None, term_s: float = TERM_S
    ) -> None:
        self._name = argv[0]
        self._within_s = within_s
        self._term_s = term_s
        self._deadline = time.monotonic() + within_s
        self._look_s = time.monotonic() + CLEAR_S
        self._tail = b""
        strangers = children()
        adopt_orphans(True)
        self._output, theirs = os.pipe()
        os.set_blocking(self._output, False)
        try:
            self._process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                env=environ,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            )
        except BaseException:
            os.close(self._output)
            adopt_orphans(False)
            raise
        finally:
            os.close(theirs)
        self._open = True
        self._tree = ProcessTree(self._process.pid, strangers)

    def __enter__(self) -> HookProcess:
        return self

    def __exit__(self, *_: object) -> None:
        if self._tree.alive():
            self._end()
        adopt_orphans(False)
        os.close(self._output)

    def outcome(self, stopped: Callable[[], bool]) -> tuple[bool, str]:
        """Whether the program exited with 0 in time, and the end of its output."""
        while self._process.poll() is None:
            if stopped():
                self._end()
                return False, f"{self._name} was ended: evsed-job was stopped"
            if time.monotonic() > self._deadline:
                self._end()
                return False, f"{self._name} did not end within {self._within_s:g} s"
            self._drain(SLICE_S)
            if time.monotonic() > self._look_s:  # ended orphans must not fill the table of processes
                self._look_s = time.monotonic() + CLEAR_S
                self._tree.alive()
        self._drain(0)
        code = self._process.returncode
        if code != 0:
            self._end()
        text = joined_line(self._tail.decode("utf-8", "replace").strip()[-DETAIL_CHARS:], DETAIL_CHARS)
        return code == 0, text or (f"signal {-code}" if code < 0 else f"exit {code}")

    def linger(self, stopped: Callable[[], bool]) -> None:
        """Wait until all that it started is gone, its time is over or evsed-job is stopped."""
        look_s = 0.0
        while not stopped() and time.monotonic() < self._deadline:
            if time.monotonic() >= look_s:
                if not self._tree.alive():
                    return
                look_s = time.monotonic() + LINGER_S
            self._drain(SLICE_S)

    def _drain(self, wait_s: float) -> None:
        """Read what there is, at most a pipe's content; wait for it at most so long."""
        if not self._open:
            time.sleep(wait_s)
            return
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        if not poll.poll(wait_s * 1000):
            return
        piece = os.read(self._output, READ_BYTES)
        self._open = bool(piece)
        self._tail = (self._tail + piece)[-TAIL_BYTES:]
        if len(piece) == READ_BYTES:  # one that prints without end is not read as fast as it can
            time.sleep(FLOOD_S)

    def _end(self) -> None:
        """SIGTERM to all of it, after a while SIGKILL, until none is left."""
        self._tree.signal(signal.SIGTERM)
        if self._gone_within(self._term_s):
            return
        deadline = time.monotonic() + KILL_S
        while time.monotonic() < deadline:
            self._tree.signal(signal.SIGKILL)
            if self._gone_within(SLICE_S):
                return

    def _gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while True:
            self._process.poll()
            if not self._tree.alive():
                return True
            if time.monotonic() > deadline:
                return False
            self._drain(SLICE_S / 2)
