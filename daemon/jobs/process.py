"""`evsed-job`: carries out one job and ends.  The only file that may start a program; no shell, no OCPP credential.

A job is a transfer, or a hook of the integrator; `[hooks] install` gets the path of the file as its last argument.

systemd starts it for each connection (`Accept=yes`); by hand it reads the job from standard input.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

import msgspec

from daemon.command_line import CommandLineParser, UsageError
from daemon.config.loader import hooks_of, transfers_of
from daemon.config.model import ConfigError
from daemon.jobs.protocol import CANCEL, HOOK_S, LINE_BYTES, JobAnswer, JobRequest, decode_request
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.threads import leave
from daemon.transfers.files import made_folder
from daemon.transfers.limits import Watch
from daemon.transfers.transfer import Terms, file_of, narrowed
from daemon.transfers.urls import Rules

LISTEN_FD = 3


def run_hook(argv: Sequence[str], environ: Mapping[str, str], timeout_s: float = HOOK_S) -> tuple[bool, str]:
    """Runs a program of the integrator: whether it exited with 0, and the last 200 characters of its output.

    Its environment has no variable of evsed or of systemd credentials.
    """
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
    output = done.stdout.decode("utf-8", "replace").strip()[-200:]
    return done.returncode == 0, output or f"exit {done.returncode}"


def do(
    line: bytes,
    hooks: Mapping[str, Sequence[str]],
    environ: Mapping[str, str],
    terms: Terms | None = None,
    started: Callable[[Watch], object] = lambda _: None,
) -> JobAnswer:
    """Carries out the job in `line`; `started` is called with the Watch of a transfer.  Failures are in the answer."""
    try:
        request = decode_request(line)
    except ValueError as error:
        return JobAnswer(False, f"invalid request: {error}"[:200])
    if request.job in ("download", "upload"):
        return _transfer(request, terms, started)
    argv = list(hooks.get(request.job) or ())
    if not argv:
        return JobAnswer(False, f"no [hooks] {request.job} is set", request.ref)
    if request.job == "install":
        try:
            argv.append(_image(request.file, terms))
        except Exception as error:  # not a file of the transfers folder
            return JobAnswer(False, str(error)[:200], request.ref)
    with _alone(request.job, terms):
        ok, detail = run_hook(argv, environ, request.within_s)
    return JobAnswer(ok, detail, request.ref)


def _image(name: str, terms: Terms | None) -> str:
    """The path of the file to install.  Raises TransferFailed, OSError, ValueError."""
    if terms is None:
        raise ValueError("the configuration cannot be read")
    return str(file_of(name, terms))


@contextlib.contextmanager
def _alone(job: str, terms: Terms | None) -> Iterator[None]:
    """Two installers never run at once: one that outlived a restart of evsed is awaited."""
    if job != "install" or terms is None:
        yield
        return
    with open(made_folder(terms.store) / "install.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def listen(source: BinaryIO, watch: Watch) -> None:
    """Reads the rest of the connection: `cancel` cancels the transfer, the end of the connection interrupts it."""
    with contextlib.suppress(OSError, ValueError):
        if source.readline(LINE_BYTES) == CANCEL:
            watch.cancel()
            return
    watch.cut("evsed closed the connection")


def _transfer(request: JobRequest, terms: Terms | None, started: Callable[[Watch], object]) -> JobAnswer:
    if terms is None:
        return JobAnswer(False, "the configuration cannot be read", request.ref)
    watch = watch_of(request.job, terms)
    started(watch)
    return JobAnswer(*carry_out(request, terms, watch), request.ref)


def _settings(files: Sequence[Path], environ: Mapping[str, str]) -> tuple[Mapping[str, Sequence[str]], Terms | None]:
    """The hooks and the terms of transfers from the configuration; terms None: they cannot be read."""
    try:
        transfers, store, ca_file, protocols = transfers_of(files, environ)
    except ConfigError:
        return hooks_of(files), None
    rules = Rules(narrowed(protocols, transfers.schemes), transfers.allow_hosts, transfers.allow_loopback)
    return hooks_of(files), Terms(store, rules, ca_file)


def streams(environ: Mapping[str, str], fd: int = LISTEN_FD) -> tuple[BinaryIO, BinaryIO]:
    """The connection passed by systemd (sd_listen_fds), else standard input and output."""
    if environ.get("LISTEN_FDS") == "1" and environ.get("LISTEN_PID") == str(os.getpid()):
        with socket.socket(fileno=fd) as connection:
            stream = cast(BinaryIO, connection.makefile("rwb", buffering=0))
        return stream, stream
    return sys.stdin.buffer, sys.stdout.buffer


def parser() -> CommandLineParser:
    """The command line of `evsed-job`, with its help."""
    made = CommandLineParser(
        prog="evsed-job",
        description="Runs one job of evsed (a transfer, or a hook of the integrator) and ends.\n"
        "The job is one line of JSON, read from the socket passed by systemd, or from standard input.",
        epilog="exit codes: 0 job done, 1 job failed, 2 command line",
    )
    made.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="configuration file of evsed; may be repeated, the later file wins (default: /etc/evsed/evsed.toml)",
    )
    return made


def main(
    argv: Sequence[str] | None = None,
    environ: Mapping[str, str] = os.environ,
    source: BinaryIO | None = None,
    sink: BinaryIO | None = None,
) -> int:
    """Runs `evsed-job`.  Exit code: 0 job done, 1 job failed, 2 usage."""
    try:
        files = parser().read(sys.argv[1:] if argv is None else argv).config
    except SystemExit:  # --help has printed
        return 0
    except UsageError as error:
        print(f"evsed-job: {error}", file=sys.stderr)
        return 2
    if source is None or sink is None:
        source, sink = streams(environ)
    started = partial(listened, source) if source is sink else _alone_here
    hooks, terms = _settings(files, environ)
    answer = do(source.readline(LINE_BYTES + 1), hooks, environ, terms, started)
    sink.write(msgspec.json.encode(answer) + b"\n")
    sink.flush()
    return 0 if answer.ok else 1


def listened(source: BinaryIO, watch: Watch) -> None:
    """Runs `listen` in a thread beside the transfer."""
    threading.Thread(target=listen, args=(source, watch), daemon=True).start()


def _alone_here(watch: Watch) -> None:
    """Nothing to listen to: standard input of a job started by hand may be closed."""


def entry() -> NoReturn:
    """The program `evsed-job`."""
    leave(main())


if __name__ == "__main__":
    entry()
