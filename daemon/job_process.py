"""`evsed-job`: one job, then the end.  The only file that may start a program; no shell, no OCPP credential.

systemd starts it at a connection (`Accept=yes`); by hand it takes the line from standard input.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

import msgspec

from daemon.jobs import HOOK_S, LINE_BYTES, JobAnswer, decode_request

LISTEN_FD = 3
USAGE = "usage: evsed-job [--config FILE]..."


def run_hook(argv: Sequence[str], environ: Mapping[str, str], timeout_s: float = HOOK_S) -> tuple[bool, str]:
    """A program of the integrator: its exit code and its last words.  None of evsed's secrets is in its environment."""
    clean = {name: value for name, value in environ.items() if not name.startswith(("EVSED_", "CREDENTIALS_"))}
    try:
        done = subprocess.run(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"{argv[0]} did not end within {timeout_s:g} s"
    except OSError as error:
        return False, f"{argv[0]} cannot be started: {error.strerror}"
    words = done.stdout.decode("utf-8", "replace").strip()[-200:]
    return done.returncode == 0, words or f"exit {done.returncode}"


def do(line: bytes, hooks: Mapping[str, Sequence[str]], environ: Mapping[str, str]) -> JobAnswer:
    """The answer to one line."""
    try:
        request = decode_request(line)
    except ValueError as error:
        return JobAnswer(False, f"not understood: {error}"[:200])
    argv = hooks.get(request.job) or ()
    if not argv:
        return JobAnswer(False, f"no [hooks] {request.job} is set", request.ref)
    ok, detail = run_hook(argv, environ)
    return JobAnswer(ok, detail, request.ref)


def _hooks(files: Sequence[Path]) -> Mapping[str, Sequence[str]]:
    """The hooks, and nothing else, of the configuration."""
    from daemon.config import hooks_of

    return hooks_of(files)


def streams(environ: Mapping[str, str], fd: int = LISTEN_FD) -> tuple[BinaryIO, BinaryIO]:
    """The connection that systemd handed over, else standard input and output."""
    if environ.get("LISTEN_FDS") == "1" and environ.get("LISTEN_PID") == str(os.getpid()):
        with socket.socket(fileno=fd) as connection:
            stream = cast(BinaryIO, connection.makefile("rwb", buffering=0))
        return stream, stream
    return sys.stdin.buffer, sys.stdout.buffer


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    source: BinaryIO | None = None,
    sink: BinaryIO | None = None,
) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] in (["--help"], ["-h"]):
        print(f"{USAGE}\nOne job: a line from the socket that systemd hands over, or from standard input.")
        return 0
    files = [Path(file) for flag, file in zip(words[::2], words[1::2], strict=False) if flag == "--config"]
    if len(files) * 2 != len(words):
        print(USAGE, file=sys.stderr)
        return 2
    if source is None or sink is None:
        source, sink = streams(environ)
    answer = do(source.readline(LINE_BYTES + 1), _hooks(files), environ)
    sink.write(msgspec.json.encode(answer) + b"\n")
    sink.flush()
    return 0 if answer.ok else 1


if __name__ == "__main__":
    sys.exit(main())
