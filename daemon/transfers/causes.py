"""Why a transfer failed, in words of ours: a server's text is never repeated, for it may repeat our secrets.

A user, a password, a path or a query that we sent may come back in any spelling; so only numbers of the protocols and
texts of the system and of OpenSSL are taken over.
"""

from __future__ import annotations

import os
import re
import ssl
from http import HTTPStatus
from pathlib import Path

FTP_REPLIES: dict[str, str] = {
    "120": "not ready yet",
    "332": "an account is required",
    "421": "the service is not available",
    "425": "no data connection",
    "426": "the data connection was closed",
    "430": "user or password is wrong",
    "431": "a security resource is not available",
    "434": "the host is not available",
    "450": "the file is busy",
    "451": "an error in the server",
    "452": "no room on the server",
    "500": "the command is unknown",
    "501": "the command is wrong",
    "502": "the command is not supported",
    "503": "a wrong order of commands",
    "504": "the parameter is not supported",
    "521": "a protected data connection is required",
    "522": "another kind of protection is required",
    "530": "not logged in",
    "532": "an account is required",
    "533": "a protected connection is required",
    "534": "protection was refused",
    "535": "the security check failed",
    "536": "the protection is not supported",
    "550": "the file or folder is not available",
    "551": "the kind of page is unknown",
    "552": "no room on the server",
    "553": "the file name is not allowed",
}
"""RFC 959 §4.2, RFC 2228 §5, in short."""
_KNOWN_REASON = re.compile(r"[A-Z0-9_]{1,60}")


def ftp_reply(text: str) -> str:
    """The code of a reply and what it means."""
    code = text[:3]
    if not re.fullmatch(r"[1-5][0-9]{2}", code, re.ASCII):
        return "the server's reply is not FTP"
    return f"{code}: {FTP_REPLIES.get(code, 'an unexpected reply')}"


def http_status(status: int) -> str:
    """The status and what it means."""
    try:
        return f"status {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def failure_kind(detail: str) -> str:
    """Of the words in which a transfer told its failure: "bad-location", "denied", "not-supported", else ""."""
    found = re.search(r"\b(?:status |[A-Za-z]+: )([1-5][0-9]{2})\b", detail, re.ASCII)
    code = found[1] if found else ""
    if "its scheme is" in detail or code in ("405", "501", "502", "504"):
        return "not-supported"
    if code in ("401", "403", "430", "530", "532", "550", "553") or "allow_hosts" in detail:
        return "denied"
    return "bad-location" if detail.startswith("URL") or code == "400" else ""


def of_system(error: OSError) -> str:
    """What the system or OpenSSL says; a text that is made of anything else is not taken."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {getattr(error, 'verify_message', 'unknown reason')}"
    if isinstance(error, ssl.SSLError):
        reason = str(getattr(error, "reason", None) or "")
        return reason.replace("_", " ").lower() if _KNOWN_REASON.fullmatch(reason) else "the connection was cut"
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else type(error).__name__


def of_surprise(error: BaseException) -> str:
    """An exception that nobody expected: its kind and where it was raised, without its text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace else ""
    return f"{type(error).__name__}{where}"
