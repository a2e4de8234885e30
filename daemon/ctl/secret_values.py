"""Values of `evsectl config set`: a secret is read from the terminal without echo, or from standard input."""

from __future__ import annotations

import getpass
import sys
from typing import TextIO

from daemon.command_line import UsageError
from daemon.journal.redaction import is_secret
from ocpp16.configuration.key_names import Key

FROM_TERMINAL = "-"
MOST_CHARS = 500


TRIED = frozenset({"csms.url", Key.AuthorizationKey.casefold(), Key.SecurityProfile.casefold()})
"""Tried on a new connection, and kept only if it works; a change of any other key cannot lock the station out."""


def asked(key: str | None, value: str | None, trial: bool = False, stdin: TextIO | None = None) -> dict[str, str]:
    """Fields of the request.  Raises UsageError for a secret among the arguments: other users can see those.

    trial   only what is tried is asked for, see `TRIED`
    """
    assert key is not None and value is not None, "both are needed operands"
    if trial and key.casefold() not in TRIED:
        raise UsageError(f"--trial: {key} needs no trial, it does not change the connection; leave --trial out")
    if value == FROM_TERMINAL:
        return {"key": key, "value": _read(key, stdin or sys.stdin)}
    if is_secret(key):
        raise UsageError(f"{key} is a secret and does not belong into arguments; write: evsectl config set {key} -")
    return {"key": key, "value": value}


def _read(key: str, stdin: TextIO) -> str:
    text = getpass.getpass(f"{key}: ") if stdin.isatty() else stdin.readline(MOST_CHARS).rstrip("\r\n")
    if not text:
        raise UsageError(f"no value for {key} was given")
    return text
