"""A hook: how it ends, and that nothing of it is left."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon.jobs.hook_process import TAIL_BYTES, HookProcess

FORKS = "import os, signal, sys, time\nchild = os.fork()\n"
DAEMON = "import os, signal, sys, time\nif os.fork(): os._exit({code})\nos.setsid()\nif os.fork(): os._exit(0)\n"
DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
NOTES = "open(sys.argv[1], 'w').write(str(os.getpid()))\n"
WAITS = "time.sleep(60)\n"


def run(
    code: str, *arguments: object, within_s: float = 30.0, stopped: Callable[[], bool] = lambda: False
) -> tuple[bool, str, float, float]:
    """How it ended; seconds to its outcome, and until nothing of it was left."""
    argv = [sys.executable, "-c", code, *map(str, arguments)]
    began = time.monotonic()
    with HookProcess(argv, os.environ, within_s, None, term_s=0.5) as hook:
        ok, detail = hook.outcome(stopped)
        told_s = time.monotonic() - began
        hook.linger(stopped)
    return ok, detail, told_s, time.monotonic() - began


def gone(note: Path) -> bool:
    """Whether the process that wrote its pid there has ended."""
    return not Path("/proc", note.read_text()).exists()


@pytest.mark.parametrize(
    "code",
    [
        NOTES + WAITS,
        DEAF + NOTES + WAITS,
        FORKS.replace("child", "_") + NOTES + WAITS,
        FORKS + "if child: time.sleep(60)\n" + DEAF + NOTES + WAITS,
        FORKS + "if child: time.sleep(60)\nos.setsid()\n" + NOTES + WAITS,
        FORKS + "if child: time.sleep(60)\n" + DAEMON.format(code=0) + DEAF + NOTES + WAITS,
    ],
)
def test_all_of_it_ends_in_time(tmp_path: Path, code: str) -> None:
    """Point 11: children, deaf ones, other sessions, daemons: at the end of the time all are ended."""
    ok, detail, told_s, _ = run("import os, signal, sys, time\n" + code, tmp_path / "pid", within_s=1.0)
    assert not ok and "did not end within 1 s" in detail and told_s < 3.0 and gone(tmp_path / "pid")


def test_success_does_not_wait_for_who_holds_the_output(tmp_path: Path) -> None:
    """Point 11: exit 0 is a success at once; what goes on has the rest of the time, then it is ended."""
    waits = "if child:\n while not os.path.exists(sys.argv[1]): time.sleep(0.01)\n os.write(1, b'well')\n os._exit(0)\n"
    ok, detail, told_s, all_s = run(FORKS + waits + NOTES + WAITS, tmp_path / "pid", within_s=2.0)
    assert (ok, detail) == (True, "well") and told_s < 1.5 and 2.0 <= all_s < 4.0 and gone(tmp_path / "pid")


def test_what_goes_on_and_ends_by_itself_is_left_to_it(tmp_path: Path) -> None:
    """`(sleep 1; reboot) &` is a way to reboot."""
    code = FORKS + "if child: os._exit(0)\ntime.sleep(0.5)\n" + NOTES
    ok, _, told_s, all_s = run(code, tmp_path / "pid")
    assert ok and told_s < all_s < 5.0 and gone(tmp_path / "pid")


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    """Point 11: where the program fails, what it started is ended before the outcome is told."""
    code = FORKS + "if child:\n while not os.path.exists(sys.argv[1]): time.sleep(0.01)\n os._exit(3)\n" + NOTES + WAITS
    ok, detail, _, all_s = run(code, tmp_path / "pid")
    assert (ok, detail) == (False, "exit 3") and all_s < 3.0 and gone(tmp_path / "pid")


def test_stopped(tmp_path: Path) -> None:
    """Point 11: the stop of evsed-job ends the hook, also what goes on after a success."""
    for code in (DEAF + NOTES + WAITS, "if os.fork(): os._exit(0)\n" + NOTES + WAITS):
        stop = threading.Event()
        threading.Timer(0.7, stop.set).start()
        _, _, _, all_s = run("import os, signal, sys, time\n" + code, tmp_path / "pid", stopped=stop.is_set)
        assert all_s < 3.0 and gone(tmp_path / "pid")


@pytest.mark.parametrize("ends", [True, False])
def test_output_without_end(ends: bool) -> None:
    """Point 11: all of it is read, its end is kept, and it does not keep the hook beyond its time."""
    code = "import os\nfor _ in range(300 if %r else 10**9): os.write(1, b'x' * 65536 + b'\\n')\nos.write(1, b'last')"
    began = time.monotonic()
    with HookProcess([sys.executable, "-c", code % ends], os.environ, 30.0 if ends else 1.0, None, term_s=0.5) as hook:
        ok, detail = hook.outcome(lambda: False)
        assert len(hook._tail) <= TAIL_BYTES
    assert ok is ends and (detail.endswith("last") or not ends) and len(detail) <= 200
    assert ends or time.monotonic() - began < 3.0


def test_what_it_prints_is_one_line() -> None:
    """Points 9, 14: control characters and other bytes are escaped; a signal is named."""
    ok, detail, _, _ = run(r"import os; os.write(1, b'\x1b[2J\n\xff\r\ndone')")
    assert ok and detail == "\\x1b[2J \\ufffd done"
    assert run("import os; os.kill(os.getpid(), 9)")[:2] == (False, "signal 9")


def test_a_program_that_is_not_there() -> None:
    """It is said by the exception, and no descriptor is lost."""
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError):
        HookProcess(["/not/there"], os.environ, 1.0, None)
    assert len(os.listdir("/proc/self/fd")) == before
