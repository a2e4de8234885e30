"""Values of `evsectl config set`: a secret is read from the terminal without echo, or from standard input."""

from __future__ import annotations

import getpass
import sys

from daemon.command_line import UsageError
from daemon.journal.redaction import is_secret

FROM_TERMINAL = "-"
MOST_CHARS = 500


def asked(key: str | None, value: str | None) -> dict[str, str]:
    """Fields of the request.  Raises UsageError for a secret among the arguments: other users can see those."""
    assert key is not None and value is not None, "both are needed operands"
    if value == FROM_TERMINAL:
        return {"key": key, "value": _read(key)}
    if is_secret(key):
        raise UsageError(f"{key} is a secret and does not belong into arguments; write: evsectl config set {key} -")
    return {"key": key, "value": value}


def _read(key: str) -> str:
    text = getpass.getpass(f"{key}: ") if sys.stdin.isatty() else sys.stdin.readline(MOST_CHARS).rstrip("\r\n")
    if not text:
        raise UsageError(f"no value for {key} was given")
    return text
