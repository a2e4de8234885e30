"""Causes in words of ours."""

from __future__ import annotations

import ssl

import pytest

from daemon.transfers.causes import failure_kind, ftp_reply, http_status, of_surprise, of_system


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("530 no such user canary", "530: not logged in"),
        ("550-canary\ncanary\n550 canary", "550: the file or folder is not available"),
        ("299 canary", "299: an unexpected reply"),
        ("999 canary", "the server's reply is not FTP"),
        ("٣٣٣ canary", "the server's reply is not FTP"),
        ("canary", "the server's reply is not FTP"),
        ("", "the server's reply is not FTP"),
    ],
)
def test_an_ftp_reply(text: str, cause: str) -> None:
    """Point 14: the code and its meaning, nothing of the text."""
    assert ftp_reply(text) == cause


def test_an_http_status() -> None:
    """Point 14: the number and its meaning; unknown numbers stay numbers."""
    assert (http_status(404), http_status(799)) == ("status 404 Not Found", "status 799")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError(111, "canary"), "Connection refused"),
        (OSError("canary"), "OSError"),
        (ssl.SSLError(1, "canary"), "the connection was cut"),
    ],
)
def test_an_error_of_the_system(error: OSError, cause: str) -> None:
    """Point 14: its number counts, not the text that came with it."""
    assert of_system(error) == cause


def test_a_surprise() -> None:
    """Point 14: kind and place, without its text; one that was never raised has no place."""
    assert of_surprise(ValueError("canary")) == "ValueError"
    try:
        raise ValueError("canary")
    except ValueError as error:
        assert of_surprise(error).startswith("ValueError (test_causes.py:")


@pytest.mark.parametrize(
    ("detail", "kind"),
    [
        ("URL: its scheme is gopher, allowed: https", "not-supported"),
        ("URL: it contains more than one @", "bad-location"),
        ("URL: 10.0.0.1 is not in [transfers] allow_hosts", "denied"),
        ("HTTP: status 400 Bad Request", "bad-location"),
        ("HTTP: status 403 Forbidden", "denied"),
        ("HTTP: status 405 Method Not Allowed", "not-supported"),
        ("HTTP: status 500 Internal Server Error", ""),
        ("FTP: 530: not logged in", "denied"),
        ("FTP: 502: the command is not supported", "not-supported"),
        ("TCP: host port 502 refuses the connection", ""),
        ("", ""),
    ],
)
def test_the_kind_of_a_failure(detail: str, kind: str) -> None:
    """For the most exact UploadLogStatus."""
    assert failure_kind(detail) == kind
