"""Warnings at 60, 30 and 7 days, of the peer's chain too; what `evsectl certs` shows; the switch of the product."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Certificate
from tests.ocpp16.profiles.security.authority import DAY, Secured, details
from tests.ocpp16.rig import CallError, Station


def warned(station: Secured) -> list[int]:
    return [int(fields["days_left"]) for code, fields in station.notes if code == "certificate-ends"]  # type: ignore[arg-type]


@pytest.mark.parametrize(("life", "expected"), [(1000, [60, 30, 7]), (90, [30, 7]), (47, [7]), (7, [])])
def test_warned_as_far_as_it_means_something(life: int, expected: list[int]) -> None:
    """One line at each threshold that is a third of the life or less, and one when it has expired."""
    station = Secured()
    station.online()
    station.happens(ev.ConfiguredRead((details("A", (0, life)),)))
    station.wait((life + 2) * DAY)
    days = warned(station)
    assert len(days) == len(expected) + 1 and days[-1] <= 0
    assert all(limit - 2 <= found <= limit for found, limit in zip(days, expected, strict=False))


def test_1_the_peers_chain_is_warned_of() -> None:
    """Field case 1: weeks before the back-office's chain ends, with the name of what ends."""
    station = Secured()
    station.online()
    station.happens(ev.ConfiguredRead((details("A"),)))
    station.forget()
    station.linked(details("leaf", (-300, 20)), details("A"))
    station.wait(1.1 * DAY)
    (fields,) = [fields for code, fields in station.notes if code == "certificate-ends"]
    assert fields["subject"] == "CN=leaf" and fields["what"] == "certificate of the Central System's chain"
    (warning,) = station.cp.parts.security.certificates.warnings()
    assert warning["subject"] == "CN=leaf"


def test_the_table() -> None:
    """Every certificate once, with its use and days left; of an open request the key's name alone."""
    station = Secured()
    station.online()
    station.happens(ev.ConfiguredRead((details("A"),), details("own")))
    station.linked(details("leaf"), details("A"))
    records = station.cp.parts.security.certificates.records
    records.context.save(Certificate(name="key-1.pem", role="pending-key", hashes=()))
    rows = station.cp.certificate_rows()
    assert [row.get("subject") for row in rows] == ["CN=A", "CN=own", None, "CN=leaf"]
    assert rows[0]["days_left"] == pytest.approx(1000, abs=1) and rows[0]["source"] == "configuration file"


def test_cpo_name_is_a_security_parameter() -> None:
    """Its change is a security event; another key's is none."""
    station = Secured()
    station.online()
    for key, value in (("CpoName", "Other AG"), ("HeartbeatInterval", "77")):
        station.request("ChangeConfiguration", key=key, value=value)
    assert station.events() == ["ReconfigurationOfSecurityParameters"]


def test_without_the_security_extension() -> None:
    """NotSupported, and no timer runs."""
    station = Station(Product(security_profiles=()), host_utc=True).online()
    for action, payload in (
        ("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": "P"}),
        ("CertificateSigned", {"certificateChain": "P"}),
        ("GetInstalledCertificateIds", {"certificateType": "ManufacturerRootCertificate"}),
    ):
        answer = station.request(action, **payload)
        assert isinstance(answer, CallError) or (isinstance(answer, tuple) and "NotSupported" in str(answer))
