"""The TLS context of a connection: versions, cipher suites, whom it trusts, with what it proves itself (W A00.FR.3xx).

OpenSSL judges chain and signatures; dates and names are judged in `tls_judgement.py`, before anything is sent.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Final

import msgspec

from daemon.csms.failure_causes import ConnectionFailed, quoted
from daemon.csms.failure_codes import FailureCode as Code
from daemon.security.certificate import CertificateFacts, authorities, first_of_file

SYSTEM: Final = "system"
"""As `ca_file`: the public authorities that the operating system trusts."""

CIPHER_SUITES: Final = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
)
"""Of TLS 1.2, preferred first: the whitepaper's two pairs (A00.FR.318), and the forward-secret RSA suites between."""
_SECURITY_LEVEL = 2
"""OpenSSL's level for 112 bits: keys of RSA with 2048 bits or more, of EC with 224, no SHA-1 (A00.FR.502 to .505)."""
_TRUSTED_FIRST = 0x8000
_NO_CHECK_TIME = 0x200000


class TlsSettings(msgspec.Struct, frozen=True):
    """What a connection is made with; paths, never contents."""

    ca_file: str = ""
    """PEM file of roots; `system`: those of the operating system; "": none, and nothing is trusted."""
    cert_file: str = ""
    """PEM file of the station's certificate, then its chain; only with security profile 3."""
    key_file: str = ""
    wildcards: bool = False
    """A name `*.example` in the server's certificate counts."""
    roots: tuple[str, ...] = ()
    """PEM files of installed roots; they count instead of `ca_file`, or beside it where that is `system`."""


def make_context(settings: TlsSettings) -> ssl.SSLContext:
    """A context for one connection.  Raises ConnectionFailed (stage TLS) where a file cannot be used.

    Not `ssl.create_default_context`: its strictness depends on the version of Python, and it obeys SSLKEYLOGFILE.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # `tls_judgement.py` does it
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags = ssl.VerifyFlags(_TRUSTED_FIRST | _NO_CHECK_TIME)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_ciphers(f"{':'.join(CIPHER_SUITES)}:@SECLEVEL={_SECURITY_LEVEL}")
    if settings.ca_file == SYSTEM or not settings.roots:
        _load_roots(context, settings.ca_file)
    for root in settings.roots:
        _load_roots(context, root)
    if any(not first_of_file(root).self_issued for root in settings.roots):  # the root before it has signed it (M05)
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    if settings.cert_file:
        _load_client(context, settings.cert_file, settings.key_file)
    return context


def looking_context() -> ssl.SSLContext:
    """To see what a server presents; it trusts nobody, and nothing is sent on such a connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _load_roots(context: ssl.SSLContext, ca_file: str) -> None:
    if not ca_file:
        what = "no root certificate of the Central System is installed"
        raise ConnectionFailed("TLS", what, "set [csms] ca_file", code=Code.TLS_NO_ROOT)
    if ca_file == SYSTEM:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    try:
        context.load_verify_locations(ca_file)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        what = f"[csms] ca_file {quoted(ca_file)} cannot be used"
        raise ConnectionFailed("TLS", what, _reason(error), code=Code.TLS_NO_ROOT) from None
    if not authorities(context):
        what = f"[csms] ca_file {quoted(ca_file)} holds no root certificate"
        raise ConnectionFailed("TLS", what, "an authority's certificate is needed", code=Code.TLS_NO_ROOT)


def _load_client(context: ssl.SSLContext, cert_file: str, key_file: str) -> None:
    try:
        context.load_cert_chain(cert_file, key_file or None, password=_no_password)
    except (OSError, ValueError) as error:
        what = f"the station's certificate {quoted(Path(cert_file).name)} and its key cannot be used"
        raise ConnectionFailed("TLS", what, _reason(error), code=Code.TLS_CLIENT_FILES) from None


def _no_password() -> str:
    """Nobody stands at a terminal."""
    raise ValueError("the private key is encrypted; give one without a password, readable by evsed only")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, ssl.SSLError):
        texts = {
            "KEY_VALUES_MISMATCH": "the key does not belong to the certificate",
            "NO_START_LINE": "it is not in PEM form",
            "PEM_LIB": "it is not in PEM form",
            "BAD_BASE64_DECODE": "it is not in PEM form",
            "EE_KEY_TOO_SMALL": "its key is too weak",
            "CA_MD_TOO_WEAK": "it is signed with a hash that is too weak",
        }
        reason = error.reason or ("PEM_LIB" if "PEM lib" in str(error) else str(error))
        return texts.get(reason, quoted(reason.lower().replace("_", " ")))
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def client_certificate(settings: TlsSettings) -> CertificateFacts | None:
    """The station's own certificate; None where there is none or it cannot be read."""
    try:
        return first_of_file(settings.cert_file) if settings.cert_file else None
    except (OSError, ValueError):
        return None
