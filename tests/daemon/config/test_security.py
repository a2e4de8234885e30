"""What each security profile needs of the configuration."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.config.security import misfits

KEY = "0" * 32


def csms(**changed: Any) -> dict[str, Any]:
    """A whole profile 3, changed."""
    whole = {
        "url": "wss://csms.example/ocpp",
        "security_profile": 3,
        "allow_insecure": False,
        "authorization_key": "",
        "password": "",
        "ca_file": "ca.pem",
        "cert_file": "station.pem",
        "key_file": "station.key",
    }
    return {**whole, **changed}


PLAIN = "ws://csms.example/ocpp"
CASES: list[tuple[dict[str, Any], list[str]]] = [
    (csms(), []),
    (csms(ca_file="system"), []),
    (csms(authorization_key=KEY), []),
    (csms(ca_file=""), ["ca_file"]),
    (csms(cert_file=""), ["cert_file"]),
    (csms(key_file=""), ["key_file"]),
    (csms(url=PLAIN), ["url"]),
    (csms(url=None), []),  # said elsewhere
    (csms(security_profile=2), ["authorization_key"]),
    (csms(security_profile=2, authorization_key=KEY, cert_file="", key_file=""), []),
    (csms(security_profile=2, password="a word of some length"), []),
    (csms(security_profile=2, password="a", authorization_key=KEY), ["password"]),
    (csms(security_profile=2, password="a", url=PLAIN, ca_file=""), ["url", "ca_file"]),
    (csms(security_profile=1), ["url", "authorization_key"]),
    (csms(security_profile=1, url=PLAIN, password="a"), []),
    (csms(security_profile=0, url=PLAIN), ["security_profile"]),
    (csms(security_profile=0, url=PLAIN, allow_insecure=True), []),
    (csms(security_profile=0, allow_insecure=True), ["url"]),
]


@pytest.mark.parametrize(("values", "keys"), CASES)
def test_what_is_missing(values: dict[str, Any], keys: list[str]) -> None:
    """Each key that does not fit is named; nothing else is."""
    assert [misfit.key for misfit in misfits(values, True)] == keys


def test_a_secret_is_never_shown() -> None:
    """Neither in what is wrong nor in what is allowed."""
    found = list(misfits(csms(authorization_key="5EC12E7" * 5, password="5EC12E7", ca_file=""), True))
    assert found and not any("5EC12E7" in text for misfit in found for text in misfit)
