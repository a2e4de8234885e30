"""What OpenSSL says becomes a sentence; what it never said before does, too."""

from __future__ import annotations

import ssl

import pytest

from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.tls_failures import REASONS, VERIFY, after_handshake, handshake_failed

WHERE = "csms.example port 443"


def tls_error(reason: str | None, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, "text")
    error.reason = reason  # type: ignore[assignment]
    return error


def unverified(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "text")
    error.verify_code, error.verify_message = code, message
    return error


def test_every_known_reason() -> None:
    """Host and port, what is wrong, what to do; never the library's own words alone."""
    errors: list[OSError] = [tls_error(reason) for reason in REASONS]
    errors += [unverified(code, "its own words") for code in VERIFY]
    for error in errors:
        failed = handshake_failed(error, WHERE)
        assert failed.stage == "TLS" and failed.cause.startswith(f"no secure connection with {WHERE}: ")
        assert "its own words" not in failed.cause and ": " in failed.cause.removeprefix("no secure connection with ")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (unverified(999, "odd\nforged"), Code.TLS_CHAIN, "odd\\nforged"),
        (tls_error("TLSV1_ALERT_INTERNAL_ERROR"), Code.TLS_ALERT, "internal error"),
        (tls_error("SOMETHING_NEW"), Code.TLS_FAILED, "something new"),
        (tls_error(None), Code.TLS_FAILED, "'text'"),
        (tls_error(None, ssl.SSLEOFError), Code.TLS_CLOSED, "ended the connection"),
        (ConnectionResetError(104, "reset"), Code.TLS_CLOSED, "ended the connection"),
        (ConnectionAbortedError("SSL handshake is taking longer"), Code.TLS_CLOSED, "ended the connection"),
        (OSError(5, "odd"), Code.TLS_FAILED, "'odd'"),
        (OSError(), Code.TLS_FAILED, "OSError"),
    ],
)
def test_what_is_not_in_the_table(error: OSError, code: Code, words: str) -> None:
    """Never an empty cause."""
    failed = handshake_failed(error, WHERE)
    assert failed.code == code and words in failed.cause


def test_after_the_handshake() -> None:
    """TLS 1.3 refuses a client certificate when the handshake is over for us; other errors are no alerts."""
    failed = after_handshake(tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"))
    assert failed is not None and failed.code == Code.TLS_CLIENT_WANTED and "profile 3" in failed.cause
    assert after_handshake(ConnectionResetError()) is None
    assert after_handshake(None) is None
