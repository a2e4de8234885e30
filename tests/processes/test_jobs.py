"""`evsed-job` as a process: floods of a server, hooks that do not end, its own end; hundreds of orders to `evsed`."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from tests.processes.test_transfers import IMAGE, ROOT, SHIM, at_work, statuses, told, update
from tests.transfers.servers import Request, endless, head, http, raw

GROWTH_KB = 8 << 10
"""What a job may take more than one that fails at once (TLS and its certificates included)."""
NESTED = (
    "import os, signal, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "if not os.fork():\n"
    " os.setsid()\n"
    " open(sys.argv[1], 'w').write(str(os.getpid()))\n"
    "time.sleep(60)\n"
)


def begun(folder: Path, job: dict[str, Any], hook: list[str] | None = None) -> subprocess.Popen[bytes]:
    """`evsed-job` with this request at its standard input."""
    config = folder / "evsed.toml"
    hooks = f"[hooks]\ninstall = {json.dumps(hook)}\n" if hook else ""
    config.write_text(
        f"[station]\nproduct = 'socket-3p'\n[store]\ndir = '{folder}'\n[transfers]\nallow_loopback = true\n{hooks}"
    )
    words = [sys.executable, "-m", "daemon.jobs.process", "--config", str(config)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    _pipe(process.stdin).write(json.dumps(job).encode() + b"\n")
    _pipe(process.stdin).close()
    return process


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def peak_kb(pid: int) -> int:
    """The most memory that the process has had; 0: it has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(text.partition("VmHWM:")[2].split()[0]) if "VmHWM:" in text else 0


def measured(folder: Path, url: str) -> tuple[str, float, int]:
    """A download by evsed-job: its answer, its seconds, its peak of memory in kB."""
    began, peak = time.monotonic(), 0
    with begun(folder, {"job": "download", "location": url}) as process:
        while process.poll() is None and time.monotonic() - began < 15:
            peak = max(peak, peak_kb(process.pid))
            time.sleep(0.005)
        process.kill()
        line = _pipe(process.stdout).readline()
    return json.loads(line)["detail"] if line else "", time.monotonic() - began, peak


@pytest.mark.parametrize(
    ("scheme", "serve"),
    [
        ("ftp", endless(b"", b"220-more\r\n")),
        ("ftp", endless(b"", b"220-" + b"x" * 8000 + b"\r\n")),
        ("ftp", endless(b"220 a\r\n331 b\r\n", b"230-more\r\n")),
        ("ftp", endless(b"", b"x")),
        ("http", endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")),
        ("http", endless(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n")),
        ("http", endless(b"HTTP/1.1 200 OK\r\nX: ", b"x")),
        ("http", endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n")),
        ("https", endless(b"", b"\x16\x03\x03\x40\x00" + b"x" * 0x4000)),
        ("https", endless(b"\x16\x03\x03\x40\x00\x02\xff\xff\xff", b"x")),
        ("ftps", endless(b"220 a\r\n234 b\r\n", b"\x16\x03\x03\x40\x00\x02\xff\xff\xff")),
    ],
)
def test_memory_under_a_flood(tmp_path: Path, scheme: str, serve: Callable[[socket.socket], None]) -> None:
    """Point 11: whatever a server sends without end, the job ends soon and its memory does not grow with it."""
    least = measured(tmp_path, f"{scheme}://127.0.0.1:9/f")[2]
    with raw(serve) as port:
        detail, seconds, most = measured(tmp_path, f"{scheme}://127.0.0.1:{port}/f")
    assert detail and seconds < 10 and most - least < GROWTH_KB, (detail, seconds, least, most)


def alive(note: Path) -> bool:
    return Path("/proc", note.read_text()).exists()


def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_stop_of_evsed_job_ends_its_hook(tmp_path: Path) -> None:
    """Point 11: SIGTERM: the hook and its deaf child in another session are ended, and the answer says so."""
    image, note = made(tmp_path)
    with begun(tmp_path, image, [sys.executable, "-c", NESTED, str(note)]) as process:
        until(lambda: note.exists() and note.read_text())
        process.terminate()
        answer = json.loads(_pipe(process.stdout).readline())
    assert not answer["ok"] and "evsed-job was stopped" in answer["detail"]
    assert process.wait() == 1 and not alive(note)


def made(folder: Path) -> tuple[dict[str, Any], Path]:
    """A request to install an image, and where a hook notes its pid."""
    (folder / "transfers").mkdir(mode=0o700)
    (folder / "transfers" / "firmware-1.bin").write_bytes(b"image")
    return {"job": "install", "ref": 1, "file": "firmware-1.bin"}, folder / "pid"


def test_the_lock_outlives_evsed_job(tmp_path: Path) -> None:
    """Point 11: after SIGKILL of evsed-job nobody else may install until the last process of the hook is gone."""
    image, note = made(tmp_path)
    lock = tmp_path / "transfers" / "install.lock"

    def free() -> bool:
        with open(lock, "wb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

    with begun(tmp_path, image, [sys.executable, "-c", NESTED, str(note)]) as process:
        until(lambda: note.exists() and note.read_text())
        parent = int(Path("/proc", note.read_text(), "stat").read_text().rpartition(")")[2].split()[1])
        process.kill()
    os.kill(parent, signal.SIGKILL)
    assert not free()
    os.kill(int(note.read_text()), signal.SIGKILL)
    until(free)


def test_success_is_told_at_once(tmp_path: Path) -> None:
    """Point 11: exit 0 with a child that holds the output: answered at once, the child is seen to its end."""
    image, note = made(tmp_path)
    writes = "open(sys.argv[1], 'w').write(str(os.getpid()))"
    code = f"import os, sys, time\nif os.fork(): os._exit(0)\n{writes}\ntime.sleep(2)\n"
    began = time.monotonic()
    with begun(tmp_path, image, [sys.executable, "-c", code, str(note)]) as process:
        assert json.loads(_pipe(process.stdout).readline())["ok"] and time.monotonic() - began < 1.9
        until(lambda: note.exists() and note.read_text())
        assert alive(note) and process.poll() is None
    assert process.wait() == 0 and not alive(note)


def test_who_connects_and_asks_for_nothing(tmp_path: Path) -> None:
    """A request that is not sent whole does not hold the process."""
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-c", SHIM, str(theirs.fileno()), str(tmp_path / "none")]
    with ours, theirs, subprocess.Popen(words, pass_fds=(theirs.fileno(),), cwd=ROOT) as process:
        ours.sendall(b'{"job":')
        assert process.wait(15) == 1


@pytest.mark.long
@pytest.mark.parametrize("jobs", [False, True])
async def test_two_hundred_updates(jobs: bool) -> None:
    """Point 11: few threads and processes, each order answered at once, one image left."""
    with http() as server:
        silent = threading.Event()

        def answer(request: Request, connection: socket.socket) -> None:
            connection.sendall(head(200, Content_Length=str(len(IMAGE)), ETag='"1"') + IMAGE[:100_000])
            if request.target != "/200":
                silent.wait(60)
            connection.sendall(IMAGE[100_000:])

        server.answer = answer
        async with at_work(jobs) as (central, bench):
            assert bench.daemon is not None
            tasks, slowest = Path(f"/proc/{bench.daemon.pid}/task"), 0.0
            before, most = len(list(tasks.iterdir())), 0
            await update(central, f"http://127.0.0.1:{server.port}/0")
            await told(central, "Downloading")
            for number in range(1, 201):
                began = time.monotonic()
                await update(central, f"http://127.0.0.1:{server.port}/{number}")
                slowest = max(slowest, time.monotonic() - began)
                most = max(most, len(list(tasks.iterdir())))
            await told(central, "Downloaded")
            files = {path.name for path in (bench.home / "store/transfers").iterdir()} - {"install.lock"}
            assert slowest < 2.0 and most - before <= 6, (slowest, before, most)
            assert server.got[-1].target == "/200" and len(files) <= 1
            assert statuses(central).count("Downloaded") == 1
        silent.set()
