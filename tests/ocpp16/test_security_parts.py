"""The parts of the security extension, and what each learns of the rest of the station."""

from __future__ import annotations

from tests.ocpp16.profiles.security.authority import Secured, details
from tests.ocpp16.rig import Station


def test_they_know_the_station() -> None:
    """Updates see who charges."""
    station = Station().online()
    security = station.cp.parts.security
    assert not security.signed_firmware.is_charging()
    station.charging()
    assert security.signed_firmware.is_charging()


def test_the_connection_knows_the_certificate_store() -> None:
    """What was installed over OCPP is seen where a security profile is asked for."""
    station = Secured().online()
    assert station.install(details("A")) == "Accepted"
    security = station.cp.parts.security
    assert security.certificates.records.first("central-system-root", "in-force") is not None


def test_one_record_of_events() -> None:
    """What the session and the watch see arrives in the same list."""
    parts = Station().online().cp.parts
    assert parts.security.events is parts.security_events
