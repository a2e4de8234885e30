"""The board's end of the board socket: where it listens, who may come, and how packets leave.  It checks no message."""

from __future__ import annotations

import os
import socket
import stat
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from drivers.board_protocol import MAX_BYTES, Packet, ProtocolError, encode
from drivers.process.pace import Pace

SEQPACKET: Final = socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
DEAF_S: Final = 1.0
"""Where nobody can be accepted (no descriptor is free), the next try is so much later: the loop does not spin."""
ACCEPTS_PER_S: Final = 20
UNREAD: Final = 64
FOREIGN_TEXTS: Final = ("detail", "why", "reason")
SHORT: Final = 60
"""Characters of a text that fit into a packet whatever they are (twelve bytes each)."""
KINDS: Final = (
    (stat.S_ISREG, "a regular file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a FIFO"),
)


class Listener:
    """Listens until `close`, which takes the path away again, if it still is this socket's."""

    def __init__(self, path: Path, group: int = -1) -> None:
        """OSError where anything but a socket that nobody listens at is in the way, or nothing can listen there."""
        self.path = path
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        _clear(path)
        self._socket = socket.socket(socket.AF_UNIX, SEQPACKET)
        before = os.umask(0o117)  # 0660 from its first moment on
        try:
            self._socket.bind(str(path))
            if group >= 0:
                os.chown(path, -1, group, follow_symlinks=False)
            self._socket.listen(4)
            self._inode = _inode(path)
        except OSError:
            self._socket.close()
            raise
        finally:
            os.umask(before)
        self._pace = Pace(ACCEPTS_PER_S, ACCEPTS_PER_S)
        self.deaf_until = 0.0

    def fileno(self) -> int:
        return self._socket.fileno()

    def accept(self, now: float) -> socket.socket | None:
        """The next client; None where there is none, or it cannot be accepted: then listen again at `deaf_until`."""
        if not self._pace.take(now):
            self.deaf_until = self._pace.free_at
            return None
        try:
            client, _ = self._socket.accept()
        except BlockingIOError:
            return None
        except OSError:
            self.deaf_until = now + DEAF_S
            raise
        client.setblocking(False)
        return client

    def close(self) -> None:
        self._socket.close()
        if _inode(self.path) == self._inode:
            self.path.unlink(missing_ok=True)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _clear(path: Path) -> None:
    """Take away a socket that was left by a killed process, and nothing else."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        what = next((name for is_it, name in KINDS if is_it(mode)), "no socket")
        raise OSError(f"{path}: {what} is in the way; remove it, or choose another path for the socket")
    with socket.socket(socket.AF_UNIX, SEQPACKET) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except BlockingIOError:  # too many wait there already
            pass
        except OSError as error:
            raise OSError(f"{path}: in use, or not ours: {error.strerror}") from error
    raise OSError(f"{path}: another board process answers there")


def peer_uid(client: socket.socket) -> int:
    """The user who is at the other end (SO_PEERCRED)."""
    _, uid, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(uid)


def users_allowed(names: Iterable[str]) -> frozenset[int]:
    """Root, ourselves, and those named, by name or number.  A name that nobody has allows nobody: on a desk."""
    from pwd import getpwnam  # imported late: most of it is not needed again

    uids = {0, os.geteuid()}
    for name in names:
        if name.isdecimal():
            uids.add(int(name))
        else:
            with suppress(KeyError):
                uids.add(getpwnam(name).pw_uid)
    return frozenset(uids)


def group_of(name: str) -> int:
    """The number of a group; -1: none is named.  OSError where there is no such group."""
    from grp import getgrnam

    if not name or name.isdecimal():
        return int(name or -1)
    try:
        return getgrnam(name).gr_gid
    except KeyError:
        raise OSError(f"socket_group: there is no group {name}") from None


def packet_of(message: Packet) -> bytes:
    """The encoded message; texts that are too long for a packet are cut."""
    try:
        return encode(message)
    except ProtocolError:
        return encode({k: v[:SHORT] if k in FOREIGN_TEXTS else v for k, v in message.items()})


def send(client: socket.socket, message: Packet) -> None:
    """Send one packet.  OSError where the client is gone or does not read."""
    client.send(packet_of(message), socket.MSG_NOSIGNAL)


def refuse(client: socket.socket, reason: str) -> None:
    """Send the reason and close the connection.  Read what waits: unread, it would take the reason's place."""
    with suppress(OSError):
        send(client, {"type": "refused", "reason": reason[:200]})
        for _ in range(UNREAD):
            if not client.recv(MAX_BYTES, socket.MSG_DONTWAIT):
                break
    client.close()
