"""The board's end of the board socket: where it listens, and how a client is refused.  It checks no message."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path

from drivers.board_protocol import Packet, encode


def listen(path: Path) -> socket.socket:
    """A listening SEQPACKET socket, mode 0660.  OSError where another board process answers there, or nothing can."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        try:
            probe.connect(str(path))
            raise OSError(f"{path}: another board process answers there")
        except FileNotFoundError:
            pass
        except ConnectionRefusedError:
            path.unlink()  # left by one that was killed
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(4)
    return listener


def send(client: socket.socket, message: Packet) -> None:
    """Send one packet.  OSError where the client is gone or does not read."""
    client.send(encode(message), socket.MSG_NOSIGNAL)


def refuse(client: socket.socket, reason: str) -> None:
    """Send the reason and close the connection."""
    with suppress(OSError):
        send(client, {"type": "refused", "reason": reason[:200]})
    client.close()
