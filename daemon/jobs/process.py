"""`evsed-job`: carries out one job and ends; it has no OCPP credential.

A job is a transfer, or a hook of the integrator; `[hooks] install` gets the path of the file as its last argument.

systemd starts it for each connection (`Accept=yes`); by hand it reads the job from standard input.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, NoReturn, cast

import msgspec

from daemon.command_line import CommandLineParser, UsageError
from daemon.config.loader import firmware_of, hooks_of, transfers_of
from daemon.config.model import ConfigError
from daemon.jobs.firmware_jobs import FirmwareJobs, FirmwareTerms
from daemon.jobs.hook_process import HookProcess
from daemon.jobs.interruption import Interruption, listened, stopped_by_signals
from daemon.jobs.job_log import JobLog
from daemon.jobs.key_jobs import make_key
from daemon.jobs.protocol import HOOK_S, LINE_BYTES, LOCK_WAIT_S, JobAnswer, JobRequest, decode_request
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.security.firmware_signature import ImageRefused
from daemon.threads import leave
from daemon.transfers.causes import of_system
from daemon.transfers.files import INSTALL_LOCK, WRITE_FLAGS, made_folder
from daemon.transfers.limits import TransferFailed
from daemon.transfers.transfer import Terms, file_of, narrowed
from daemon.transfers.urls import Rules

LISTEN_FD = 3
REQUEST_S = 10.0
"""Who connects sends the request within this."""
LOCK_SLICE_S = 0.5
UNSIGNED = FirmwareTerms(signed_only=False)
NO_TERMS = "the configuration cannot be read"


def run_hook(
    argv: Sequence[str],
    environ: Mapping[str, str],
    within_s: float,
    interruption: Interruption,
    told: Callable[[bool, str], None],
    lock: int | None = None,
) -> None:
    """Runs a program of the integrator; `told` is called with its outcome, then what it left running is looked after.

    Its environment has no variable of evsed or of systemd credentials.
    """
    clean = {name: value for name, value in environ.items() if not name.startswith(("EVSED_", "CREDENTIALS_"))}
    try:
        hook = HookProcess(argv, clean, within_s, lock)
    except OSError as error:
        told(False, f"{argv[0]} cannot be started: {error.strerror}")
        return
    with hook:
        ok, detail = hook.outcome(lambda: interruption.stopped)
        told(ok, detail)
        hook.linger(lambda: interruption.stopped)


def do(
    line: bytes,
    hooks: Mapping[str, Sequence[str]],
    environ: Mapping[str, str],
    terms: Terms | None,
    interruption: Interruption,
    told: Callable[[JobAnswer], None],
    firmware: FirmwareTerms = UNSIGNED,
) -> None:
    """Carries out the job in `line`; `told` is called once with its answer.  Failures are in the answer."""
    try:
        request = decode_request(line)
    except ValueError as error:
        told(JobAnswer(False, f"invalid request: {error}"[:200]))
        return

    once: list[JobAnswer] = []

    def answered(ok: bool, detail: str, verdict: str = "") -> None:
        if not once:
            once.append(JobAnswer(ok, detail, request.ref, verdict))
            told(once[0])

    try:
        if request.job in ("download", "upload"):
            answered(*_transfer(request, terms, interruption))
        elif request.job in ("check-signer", "verify", "trial"):
            told(_judge(terms, firmware, hooks, environ, interruption).answer(request))
        elif request.job == "install" and (request.certificate or firmware.signed_only):
            judge = _judge(terms, firmware, hooks, environ, interruption)
            _install_signed(request, hooks, environ, terms, interruption, answered, judge)
        elif request.job == "make-key":
            if terms is None:
                raise ValueError(NO_TERMS)
            answered(*make_key(request.key, terms.store))
        else:
            _hook(request, list(hooks.get(request.job) or ()), environ, terms, interruption, answered)
    except ImageRefused as refused:
        answered(False, str(refused), refused.verdict)
    except (TransferFailed, ValueError) as refused:  # not a file of the transfers' folder; no configuration
        answered(False, str(refused))
    except OSError as error:
        answered(False, f"disk: {of_system(error)}")


def _hook(
    request: JobRequest,
    argv: list[str],
    environ: Mapping[str, str],
    terms: Terms | None,
    interruption: Interruption,
    answered: Callable[[bool, str], None],
) -> None:
    """Raises TransferFailed, OSError, ValueError before anything is begun."""
    if not argv:
        raise ValueError(f"no [hooks] {request.job} is set")
    if request.job != "install":
        _begin(interruption)
        run_hook(argv, environ, request.within_s, interruption, answered)
        return
    if terms is None:
        raise ValueError(NO_TERMS)
    with _alone(terms, interruption) as lock:
        _begin(interruption)
        argv.append(str(file_of(request.file, terms)))
        run_hook(argv, environ, request.within_s, interruption, answered, lock)


def _judge(
    terms: Terms | None,
    firmware: FirmwareTerms,
    hooks: Mapping[str, Sequence[str]],
    environ: Mapping[str, str],
    interruption: Interruption,
) -> FirmwareJobs:
    if terms is None:
        raise ValueError(NO_TERMS)

    def run(argv: Sequence[str], variables: Mapping[str, str]) -> tuple[bool, str]:
        told: list[tuple[bool, str]] = []
        run_hook(argv, {**environ, **variables}, HOOK_S, interruption, lambda ok, detail: told.append((ok, detail)))
        return told[0]

    return FirmwareJobs(terms, firmware, hooks, run)


def _install_signed(
    request: JobRequest,
    hooks: Mapping[str, Sequence[str]],
    environ: Mapping[str, str],
    terms: Terms | None,
    interruption: Interruption,
    answered: Callable[[bool, str], None],
    judge: FirmwareJobs,
) -> None:
    """What the installer gets is what was verified.  Raises as `_hook`, and ImageRefused."""
    argv = list(hooks.get("install") or ())
    if not argv:
        raise ValueError("no [hooks] install is set")
    if terms is None:
        raise ValueError(NO_TERMS)
    with _alone(terms, interruption) as lock:
        _begin(interruption)
        with judge.sealed(request) as (path, variables):
            run_hook([*argv, path], {**environ, **variables}, request.within_s, interruption, answered, lock)


def _begin(interruption: Interruption) -> None:
    if interruption.unwanted:
        raise ValueError(f"not begun: {interruption.unwanted}")


@contextlib.contextmanager
def _alone(terms: Terms, interruption: Interruption, wait_s: float = LOCK_WAIT_S) -> Iterator[int]:
    """Two installers never run at once: one that outlived a restart of evsed, or of evsed-job, is awaited.

    The lock's descriptor, for the installer to inherit.  Raises OSError, ValueError where it is not to begin any more.
    """
    path = made_folder(terms.store) / INSTALL_LOCK
    deadline = time.monotonic() + wait_s
    while True:
        with open(os.open(path, WRITE_FLAGS, 0o600), "wb") as lock:
            if _taken(lock, path):
                yield lock.fileno()
                return
        _begin(interruption)
        if time.monotonic() > deadline:
            raise ValueError("another installation still runs")
        time.sleep(LOCK_SLICE_S)


def _taken(lock: BinaryIO, path: Path) -> bool:
    """Whether the lock is ours, and is that of the path still: a file that was removed locks nobody out."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock.fileno()), os.stat(path, follow_symlinks=False))
    except (BlockingIOError, FileNotFoundError):
        return False


def _transfer(request: JobRequest, terms: Terms | None, interruption: Interruption) -> tuple[bool, str]:
    if terms is None:
        raise ValueError(NO_TERMS)
    watch = watch_of(request.job, terms)
    interruption.attach(watch)
    return carry_out(request, terms, watch)


class _Settings(NamedTuple):
    hooks: Mapping[str, Sequence[str]]
    terms: Terms | None
    firmware: FirmwareTerms


def _settings(files: Sequence[Path], environ: Mapping[str, str]) -> _Settings:
    """The hooks, the terms of transfers and of firmware from the configuration; terms None: they cannot be read."""
    try:
        transfers, store, ca_file, protocols = transfers_of(files, environ)
        firmware = FirmwareTerms(**firmware_of(files))
    except ConfigError:
        return _Settings(hooks_of(files), None, FirmwareTerms())
    rules = Rules(narrowed(protocols, transfers.schemes), transfers.allow_hosts, transfers.allow_loopback)
    return _Settings(hooks_of(files), Terms(store, rules, ca_file), firmware)


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
    interruption: Interruption | None = None,
) -> int:
    """Runs `evsed-job`.  Exit code: 0 job done, 1 job failed, 2 usage."""
    interruption = interruption or Interruption()
    try:
        files = parser().read(sys.argv[1:] if argv is None else argv).config
    except SystemExit:  # --help has printed
        return 0
    except UsageError as error:
        print(f"evsed-job: {error}", file=sys.stderr)
        return 2
    if source is None or sink is None:
        source, sink = streams(environ)
    settings = _settings(files, environ)
    answers: list[JobAnswer] = []
    log = JobLog()

    def told(answer: JobAnswer) -> None:
        answers.append(answer)
        log.ended(line, answer)
        with contextlib.suppress(OSError):  # who asked may be gone
            sink.write(msgspec.json.encode(answer) + b"\n")
            sink.flush()

    line = _request(source, source is sink)
    interruption.begun = True
    if source is sink:  # standard input of a job started by hand may be closed: nothing to listen to
        listened(source, interruption)
    do(line, settings.hooks, environ, settings.terms, interruption, told, settings.firmware)
    return 0 if all(answer.ok for answer in answers) else 1


def _request(source: BinaryIO, connected: bool) -> bytes:
    """The first line; who connects and does not send it ends this process."""
    late = threading.Timer(REQUEST_S, os._exit, (1,))
    late.daemon = True
    if connected:
        late.start()
    try:
        return source.readline(LINE_BYTES + 1)
    finally:
        late.cancel()


def entry() -> NoReturn:
    """The program `evsed-job`."""
    interruption = Interruption()
    stopped_by_signals(interruption)
    leave(main(interruption=interruption))


if __name__ == "__main__":
    entry()
