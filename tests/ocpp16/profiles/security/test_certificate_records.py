"""Which row a hash or a link's certificate means, and what the hall is told."""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import HashAlgorithm
from ocpp16.profiles.security.certificate_records import reported
from tests.ocpp16.profiles.security.authority import Secured, details, peer

A = details("A")


def test_the_row_that_is_meant() -> None:
    """By each algorithm, without case and leading zeros; by serial number and end on a link."""
    station = Secured().online()
    records = station.cp.parts.security.certificates.records
    row = records.add(A, "central-system-root")
    for algorithm in HashAlgorithm:
        asked = CertificateHashData(algorithm, f"{algorithm}-N", f"{algorithm}-K", "0041")
        assert records.by_hash(asked) is row
    assert records.by_hash(CertificateHashData(HashAlgorithm.SHA256, "SHA256-n", "SHA256-k", "42")) is None
    assert records.presented(peer(A)) is row and records.presented(replace(peer(A), not_after=1.0)) is None
    shown = reported(row)
    assert shown is not None and shown.hash_algorithm is HashAlgorithm.SHA256
    assert reported(replace(row, hashes=())) is None


def test_a_removed_root_is_found_no_more() -> None:
    """Its row stays, so that the configuration file does not bring it back."""
    station = Secured().online()
    records = station.cp.parts.security.certificates.records
    records.change(records.add(A, "central-system-root"), state="removed")
    asked = CertificateHashData(HashAlgorithm.SHA256, "SHA256-n", "SHA256-k", "41")
    assert records.by_hash(asked) is None and records.of("central-system-root", "in-force") == []
