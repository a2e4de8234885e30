"""Whether another evsed answers at a control socket: a second one must know before it connects to anything."""

from __future__ import annotations

import socket
from pathlib import Path


def answers(path: Path) -> bool:
    """Somebody listens there; one whose socket this user may not open is somebody, too."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        try:
            probe.connect(str(path))
        except BlockingIOError:  # somebody listens, and does not accept
            return True
        except PermissionError:
            return path.is_socket()
        except OSError:
            return False
    return True
