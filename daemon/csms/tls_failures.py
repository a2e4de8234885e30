"""What OpenSSL says about a failed handshake, as a stage, a stable code, a sentence and its remedy."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import NamedTuple

from daemon.csms.failure_causes import ConnectionFailed, quoted
from daemon.csms.failure_codes import FailureCode as Code


class _Said(NamedTuple):
    code: Code
    what: str
    """Goes on after "no secure connection with HOST port N: "."""
    remedy: str


ROOTS = "install the root certificate of its operator ([csms] ca_file)"
OPERATOR = "the Central System's operator must install another one"
VERIFY: Mapping[int, _Said] = {
    # X509_V_ERR_…, from x509_vfy.h; the numbers are part of OpenSSL's interface
    2: _Said(Code.TLS_UNKNOWN_ISSUER, "no installed root certificate vouches for its chain", ROOTS),
    7: _Said(
        Code.TLS_BAD_SIGNATURE, "a signature in its chain is wrong (a root of the same name, another key?)", ROOTS
    ),
    18: _Said(Code.TLS_SELF_SIGNED, "its certificate is signed by itself alone", ROOTS),
    19: _Said(Code.TLS_UNKNOWN_ISSUER, "its chain ends in a root that is not installed", ROOTS),
    20: _Said(
        Code.TLS_UNKNOWN_ISSUER,
        "the issuer of a certificate in its chain is neither sent nor installed",
        f"{ROOTS}, or the server must send its intermediate certificates",
    ),
    21: _Said(Code.TLS_UNKNOWN_ISSUER, "it sends its own certificate only, whose issuer is not installed", ROOTS),
    23: _Said(Code.TLS_REVOKED, "its certificate is revoked", OPERATOR),
    24: _Said(Code.TLS_NOT_AN_AUTHORITY, "a certificate that is no authority signed another one", OPERATOR),
    25: _Said(Code.TLS_NOT_AN_AUTHORITY, "its chain is longer than an authority in it allows", OPERATOR),
    26: _Said(Code.TLS_WRONG_PURPOSE, "its certificate is not made for a TLS server", OPERATOR),
    32: _Said(Code.TLS_NOT_AN_AUTHORITY, "an issuer in its chain may not sign certificates", OPERATOR),
    47: _Said(Code.TLS_CHAIN, "a name in its chain is outside of what an authority in it allows", OPERATOR),
    48: _Said(Code.TLS_CHAIN, "a name in its chain is excluded by an authority in it", OPERATOR),
    34: _Said(Code.TLS_CHAIN, "a certificate in its chain has a critical extension that nobody here knows", OPERATOR),
    66: _Said(Code.TLS_WEAK_KEY, "the key of its certificate is too weak", OPERATOR),
    67: _Said(Code.TLS_WEAK_KEY, "the key of an authority in its chain is too weak", OPERATOR),
    68: _Said(Code.TLS_WEAK_KEY, "a signature in its chain uses a hash that is too weak (SHA-256 is needed)", OPERATOR),
    79: _Said(Code.TLS_NOT_AN_AUTHORITY, "an issuer in its chain is no authority", OPERATOR),
}

CLIENT = "check the station's certificate and key, and whether the Central System knows their issuer"
REASONS: Mapping[str, _Said] = {
    "TLSV1_ALERT_PROTOCOL_VERSION": _Said(Code.TLS_VERSION, "it speaks no TLS 1.2 or later", "it needs an update"),
    "UNSUPPORTED_PROTOCOL": _Said(Code.TLS_VERSION, "it speaks no TLS 1.2 or later", "it needs an update"),
    "WRONG_SSL_VERSION": _Said(Code.TLS_VERSION, "it speaks no TLS 1.2 or later", "it needs an update"),
    "WRONG_VERSION_NUMBER": _Said(
        Code.TLS_NOT_TLS, "its answer is not TLS", "this port speaks plain HTTP or something else; check the port"
    ),
    "HTTP_REQUEST": _Said(Code.TLS_NOT_TLS, "its answer is not TLS", "this port speaks plain HTTP; check the port"),
    "UNKNOWN_PROTOCOL": _Said(Code.TLS_NOT_TLS, "its answer is not TLS", "check the port"),
    "RECORD_LAYER_FAILURE": _Said(Code.TLS_NOT_TLS, "its answer is not TLS", "check the port"),
    "UNEXPECTED_MESSAGE": _Said(Code.TLS_NOT_TLS, "its answer is not TLS as agreed", "check the port"),
    "NO_CIPHERS_AVAILABLE": _Said(
        Code.TLS_CIPHER, "no cipher suite in common", "it must offer one of the whitepaper's"
    ),
    "TLSV1_ALERT_INSUFFICIENT_SECURITY": _Said(
        Code.TLS_CIPHER, "it wants a stronger cipher suite", "it must offer one of the whitepaper's"
    ),
    "UNKNOWN_CIPHER_RETURNED": _Said(
        Code.TLS_CIPHER, "it chose a cipher suite that was not offered", "check the server"
    ),
    "WRONG_CIPHER_RETURNED": _Said(Code.TLS_CIPHER, "it chose a cipher suite that was not offered", "check the server"),
    "SSLV3_ALERT_HANDSHAKE_FAILURE": _Said(
        Code.TLS_HANDSHAKE_REFUSED,
        "it refuses our handshake",
        "no cipher suite in common (it needs ECDHE or RSA with AES-GCM), or it wants a client certificate (profile 3)",
    ),
    "EE_KEY_TOO_SMALL": _Said(Code.TLS_WEAK_KEY, "the key of its certificate is too weak", OPERATOR),
    "CA_KEY_TOO_SMALL": _Said(Code.TLS_WEAK_KEY, "the key of an authority in its chain is too weak", OPERATOR),
    "CA_MD_TOO_WEAK": _Said(Code.TLS_WEAK_KEY, "a signature in its chain uses a hash that is too weak", OPERATOR),
    "DH_KEY_TOO_SMALL": _Said(Code.TLS_WEAK_KEY, "its key exchange is too weak", "it must offer ECDHE"),
    "BAD_ECPOINT": _Said(Code.TLS_WEAK_KEY, "it uses a curve that we do not offer", "P-256 or P-384 is needed"),
    "WRONG_CURVE": _Said(Code.TLS_WEAK_KEY, "it uses a curve that we do not offer", "P-256 or P-384 is needed"),
    "WRONG_SIGNATURE_TYPE": _Said(Code.TLS_WEAK_KEY, "it signs in a way that we do not offer", "SHA-256 is needed"),
    "TLSV1_ALERT_DECRYPT_ERROR": _Said(Code.TLS_CLIENT_REFUSED, "it refuses our client certificate", CLIENT),
    "TLSV1_ALERT_UNKNOWN_CA": _Said(Code.TLS_CLIENT_REFUSED, "it does not know the issuer of our certificate", CLIENT),
    "TLSV1_ALERT_ACCESS_DENIED": _Said(Code.TLS_CLIENT_REFUSED, "it does not admit this certificate", CLIENT),
    "SSLV3_ALERT_BAD_CERTIFICATE": _Said(Code.TLS_CLIENT_REFUSED, "it finds our certificate bad", CLIENT),
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _Said(Code.TLS_CLIENT_REFUSED, "it takes no such certificate", CLIENT),
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _Said(
        Code.TLS_CLIENT_REFUSED, "it says that our certificate is revoked", CLIENT
    ),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _Said(
        Code.TLS_CLIENT_REFUSED, "it says that our certificate has expired", CLIENT
    ),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _Said(Code.TLS_CLIENT_REFUSED, "it refuses our client certificate", CLIENT),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _Said(
        Code.TLS_CLIENT_WANTED, "it wants a client certificate", "it expects security profile 3"
    ),
    "TLSV1_ALERT_NO_RENEGOTIATION": _Said(Code.TLS_FAILED, "it wants to renegotiate", "which is never done"),
    "NO_RENEGOTIATION": _Said(Code.TLS_FAILED, "it wants to renegotiate", "which is never done"),
    "UNEXPECTED_EOF_WHILE_READING": _Said(
        Code.TLS_CLOSED,
        "it ended the connection",
        "does this port speak TLS, and does it know the name that we ask for?",
    ),
    "TLSV1_UNRECOGNIZED_NAME": _Said(Code.TLS_ALERT, "it does not know the name that we ask for", "check [csms] url"),
}
_SHAKEN = "no secure connection with"


def handshake_failed(error: OSError, where: str) -> ConnectionFailed:
    """A TLS handshake that failed; `where` is the host and the port."""
    said = _said(error)
    return ConnectionFailed("TLS", f"{_SHAKEN} {where}: {said.what}", said.remedy, code=said.code)


def after_handshake(error: Exception | None) -> ConnectionFailed | None:
    """An alert that came after the handshake: TLS 1.3 refuses client certificates there.  None: it is no alert."""
    if not isinstance(error, ssl.SSLError):
        return None
    said = _said(error)
    return ConnectionFailed("TLS", f"the Central System ended TLS: {said.what}", said.remedy, code=said.code)


def _said(error: OSError) -> _Said:
    if isinstance(error, ssl.SSLCertVerificationError):
        known = VERIFY.get(error.verify_code)
        return known or _Said(Code.TLS_CHAIN, f"its certificate is refused: {quoted(error.verify_message)}", OPERATOR)
    reason = getattr(error, "reason", None) or ""
    if reason in REASONS:
        return REASONS[reason]
    if "ALERT" in reason:
        return _Said(Code.TLS_ALERT, f"it refuses: {quoted(reason.lower().replace('_', ' '))}", "see its log")
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return REASONS["UNEXPECTED_EOF_WHILE_READING"]
    text = reason.lower().replace("_", " ") or error.strerror or type(error).__name__
    return _Said(Code.TLS_FAILED, quoted(text), "see docs/connection-failures.md")
