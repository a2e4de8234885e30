"""What a change makes of a connection set, and why it is refused."""

from __future__ import annotations

import pytest

from ocpp16.records import ConnectionSet
from ocpp16.station.connection_changes import after, needs_trial, refusal

BASE = ConnectionSet(number=0, state="in-force", profile=1, password=True, root="local")


def test_3_raising_the_profile_encrypts_the_url() -> None:
    """From 1 to 2 ws becomes wss; the names of what changed add up while it waits."""
    made = after(BASE, {"security_profile": "2"}, 1)
    assert made.encrypted and made.profile == 2 and needs_trial(BASE, made)
    again = after(made, {"authorization_key": "00"}, 2)
    assert again.changed == "SecurityProfile, AuthorizationKey"


def test_3_what_is_installed_is_enough() -> None:
    """A root or a certificate from the Central System needs no line in the local file."""
    bare = ConnectionSet(number=0, state="in-force", profile=1, password=True)
    assert "RootCertificate" in refusal(bare, {"security_profile": "2"})
    assert refusal(bare, {"security_profile": "2"}, has_root=True) == ""
    assert "certificate of the station" in refusal(bare, {"security_profile": "3"}, has_root=True)
    assert refusal(bare, {"security_profile": "3"}, has_root=True, has_certificate=True) == ""


def test_3_a_url_must_fit_the_profile() -> None:
    """Nothing is sent with less protection than the profile has, nor with more than it names."""
    assert refusal(BASE, {"url": "ws://b.example"}) == ""
    assert "begins with ws://" in refusal(BASE, {"url": "wss://b.example"})


@pytest.mark.parametrize(
    ("profile", "change", "tried"),
    [
        (0, "authorization_key", False), (1, "authorization_key", True), (3, "authorization_key", False),
        (2, "station_certificate", False), (3, "station_certificate", True), (0, "url", True),
    ],
)  # fmt: skip
def test_3_only_what_the_connection_uses_is_tried(profile: int, change: str, tried: bool) -> None:
    """W A01: in profile 0 or 3 a key is just stored."""
    force = ConnectionSet(number=0, state="in-force", profile=profile)
    assert needs_trial(force, after(force, {change: "x"}, 1)) is tried
