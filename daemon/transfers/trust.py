"""Whom transfers believe: the TLS context of a protocol, made once for the same certificates.

Parsing the system's authorities takes a small computer a third of a second; it is done again when a file changes.
"""

from __future__ import annotations

import os
import ssl
from functools import lru_cache

from daemon.transfers.causes import of_system
from daemon.transfers.limits import TransferFailed

Stamp = tuple[int, int, int] | None


def context(protocol: str, ca_file: str) -> ssl.SSLContext:
    """TLS 1.2 or later, names checked; certificates of the system and of [csms] ca_file.  Raises TransferFailed.

    Each protocol has its own: httpx names itself in it.
    """
    paths = ssl.get_default_verify_paths()
    return _made(protocol, ca_file, tuple(_stamp(path) for path in (ca_file, paths.cafile, paths.capath)))


def _stamp(path: str | None) -> Stamp:
    try:
        found = os.stat(path or "")
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=2)
def _made(protocol: str, ca_file: str, stamps: tuple[Stamp, ...]) -> ssl.SSLContext:
    """One verdict on every Python, so not `ssl.create_default_context`.

    That of 3.13 also asks for X509_STRICT, which refuses private authorities without key identifiers, and for
    PARTIAL_CHAIN, with which an intermediate is an anchor.  And it obeys SSLKEYLOGFILE.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # names and certificates are required
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_flags &= ~(ssl.VerifyFlags.VERIFY_X509_STRICT | ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN)
    made.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if ca_file:
        try:
            made.load_verify_locations(ca_file)
        except OSError as error:  # an SSLError is one
            raise TransferFailed("TLS", f"[csms] ca_file: {of_system(error)}") from error
    return made
