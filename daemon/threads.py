"""The end of a process whose threads may still wait for somebody: a name server, a file server that says nothing."""

from __future__ import annotations

import os
import sys
import threading
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End with that exit code; what is durable has been written before.

    Threads that still wait are neither awaited nor met by the interpreter's own end, which would take from under them
    what they stand on.  Raises SystemExit where there are none.
    """
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
