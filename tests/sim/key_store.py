"""The key store of a simulated station: what it reads of a certificate is the name that stands in its text."""

from __future__ import annotations

from ocpp16.events import CertificateDetails, CertificateRead, KeyMade
from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import HashAlgorithm
from ocpp16.step import MakeKey, ReadChain, ReadRoot

YEAR_S = 31_536_000.0
WORK_S = 1.0
"""How long it works on each job."""


def answer(job: MakeKey | ReadRoot | ReadChain, utc: float) -> KeyMade | CertificateRead:
    """A text without the word `good` cannot be read; every certificate is valid for a year from `utc` on."""
    if isinstance(job, MakeKey):
        return KeyMade(job.ref, f"key-{job.ref}.pem", "CSR")
    if "good" not in job.pem:
        return CertificateRead(job.ref, problem="it is no certificate")
    name = job.pem.rpartition("-")[2]
    hashes = tuple(CertificateHashData(one, "AA", "BB", "0A") for one in HashAlgorithm)
    return CertificateRead(
        job.ref,
        CertificateDetails(
            name=f"{name}.pem",
            subject=f"CN={name}",
            issuer=f"CN={name}",
            serial_number="0A",
            not_before=utc,
            not_after=utc + YEAR_S,
            key_kind="EC P-256",
            hashes=hashes,
        ),
    )
