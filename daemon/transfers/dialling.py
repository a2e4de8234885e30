"""Names to addresses and addresses to connections: both end at once when the transfer is aborted.

A socket is held by the watch before it is connected.
"""

from __future__ import annotations

import errno
import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence

from daemon.transfers.causes import of_system
from daemon.transfers.limits import TransferFailed, Watch
from daemon.transfers.urls import Resolve

SLICE_S = 0.1
"""So often a wait looks whether the transfer was aborted."""
LOOKUPS = 4
"""The system's look-up cannot be interrupted: so many may hang at a time, each in a thread of its own."""
_lookups = threading.BoundedSemaphore(LOOKUPS)


def resolved(host: str, port: int, resolve: Resolve, watch: Watch) -> Sequence[str]:
    """All addresses of a host, within the time for a connection.  Raises OSError, TransferFailed, or as `resolve`."""
    answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
    deadline = time.monotonic() + watch.limits.connect_s

    def look_up() -> None:
        try:
            answers.put(resolve(host, port))
        except Exception as error:
            answers.put(error)
        finally:
            _lookups.release()

    while not _lookups.acquire(timeout=SLICE_S):
        _check(watch, deadline)
    threading.Thread(target=look_up, daemon=True).start()
    while True:
        try:
            answer = answers.get(timeout=SLICE_S)
        except queue.Empty:
            _check(watch, deadline)
            continue
        if isinstance(answer, Exception):
            raise answer
        return answer


def _check(watch: Watch, deadline: float) -> None:
    watch.check()
    if time.monotonic() > deadline:
        raise TransferFailed("DNS", f"no answer within {watch.limits.connect_s:g} s")


def dialled(addresses: Sequence[str], port: int, watch: Watch) -> socket.socket:
    """A connection to the first address that takes it.  Raises TransferFailed."""
    for number, address in enumerate(addresses, 1):
        try:
            return _connected(address, port, watch)
        except TimeoutError:
            cause = f"no answer within {watch.limits.connect_s:g} s"
        except OSError as error:
            cause = of_system(error)
        watch.check()
        if number == len(addresses):
            raise TransferFailed("TCP", cause)
    raise TransferFailed("TCP", "no address")


def _connected(address: str, port: int, watch: Watch) -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        watch.hold(sock)
        sock.setblocking(False)
        _connect(sock, address, port, watch)
        sock.settimeout(watch.limits.stall_s)
        watch.check()
    except BaseException:
        sock.close()
        raise
    return sock


def _connect(sock: socket.socket, address: str, port: int, watch: Watch) -> None:
    deadline = time.monotonic() + watch.limits.connect_s
    outcome = sock.connect_ex((address, port))
    if outcome == errno.EINPROGRESS:
        poll = select.poll()
        poll.register(sock, select.POLLOUT)
        while not poll.poll(SLICE_S * 1000):
            watch.check()
            if time.monotonic() > deadline:
                raise TimeoutError
        outcome = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if outcome:
        raise OSError(outcome, os.strerror(outcome))


def protected(
    sock: socket.socket, tls: ssl.SSLContext, name: str, watch: Watch, session: ssl.SSLSession | None = None
) -> ssl.SSLSocket:
    """TLS on a connection: the certificate must be that of `name`.  The plain socket is gone.  Raises TransferFailed.

    The time for the handshake is for the whole of it, however it drips.
    """
    sock.settimeout(watch.limits.connect_s)
    try:
        safe = tls.wrap_socket(sock, server_hostname=name, session=session)
    except TimeoutError:
        cause = f"not finished within {watch.limits.connect_s:g} s"
    except (OSError, ValueError) as error:  # ValueError: a name that cannot stand in a certificate
        cause = of_system(error) if isinstance(error, OSError) else "the host's name is not valid"
    else:
        safe.settimeout(watch.limits.stall_s)
        watch.check()
        return safe
    sock.close()
    watch.check()
    raise TransferFailed("TLS", cause)
