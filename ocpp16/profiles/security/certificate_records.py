"""The rows about certificates: which are in force, which are kept for a hand-over, what the hall shall use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from ocpp16.events import CertificateDetails, PeerCertificate
from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import CertificateUse, HashAlgorithm
from ocpp16.records import Certificate, CertificateRole, CertificateState
from ocpp16.state.context import Context
from ocpp16.step import CERTIFICATE_JOBS, UseCertificates

ROLES: Mapping[CertificateUse, CertificateRole] = MappingProxyType(
    {
        CertificateUse.CENTRAL_SYSTEM_ROOT_CERTIFICATE: "central-system-root",
        CertificateUse.MANUFACTURER_ROOT_CERTIFICATE: "manufacturer-root",
    }
)
MOST_OPEN = 4
"""Jobs of the key store that are awaited at a time; a further request is answered Failed or Rejected."""


class CertificateRecords:
    """Reads and writes the `Certificate` rows, and knows which jobs of the key store are not answered yet."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.system = False
        """The public authorities of the computer count as roots (`ca_file = "system"`)."""
        self.left_out: frozenset[str] = frozenset()
        """Names of roots on trial that the next connection is made without."""
        self._open: set[int] = set()

    # --- jobs -------------------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """As much is under way as may be."""
        return len(self._open) >= MOST_OPEN

    def ask(self, job: Callable[[int], CERTIFICATE_JOBS]) -> int:
        """Begin a job of the key store, made by its `ref`; the ref."""
        ref = self.context.next_job()
        self._open.add(ref)
        self.context.jobs.append(job(ref))
        return ref

    def answered(self, ref: int) -> None:
        self._open.discard(ref)

    def use(self) -> None:
        """Tell the hall what counts from the next connection on."""
        self.context.jobs.append(self.in_use())

    def in_use(self) -> UseCertificates:
        """What counts now; files that no row names are removed, unless a job is under way whose file has no row yet."""
        rows = self._rows()
        present = self.of("central-system-root", "in-force", "fallback")
        roots = [row for row in present if row.name not in self.left_out]
        station = self.first("station", "in-force")
        own = station is not None and not station.configured
        keep = {name for row in rows.values() for name in (row.name, row.key_name) if name}
        return UseCertificates(
            roots=() if all(root.configured for root in roots) else tuple(root.name for root in roots),
            certificate=station.name if station and own else "",
            key=station.key_name if station and own else "",
            keep=() if self._open else tuple(sorted(keep)) or ("-",),
        )

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self) -> Mapping[int | str, Certificate]:
        return self.context.facts.of(Certificate)

    def of(self, role: CertificateRole, *states: CertificateState) -> list[Certificate]:
        """The rows of that role, oldest first; without `states`: all of them."""
        rows = [row for row in self._rows().values() if row.role == role and (not states or row.state in states)]
        return sorted(rows, key=lambda row: (row.since_utc, row.name))

    def first(self, role: CertificateRole, *states: CertificateState) -> Certificate | None:
        """The newest of them."""
        return next(reversed(self.of(role, *states)), None)

    def add(self, details: CertificateDetails, role: CertificateRole, **fields: str | bool | float) -> Certificate:
        """A row for what was read and stored."""
        row = Certificate(
            name=details.name,
            role=role,
            subject=details.subject,
            issuer=details.issuer,
            serial_number=details.serial_number,
            not_before=details.not_before,
            not_after=details.not_after,
            key_kind=details.key_kind,
            hashes=details.hashes,
            since_utc=self.now_utc,
        )
        row = replace(row, **fields)
        self.context.save(row)
        return row

    def change(self, row: Certificate, **fields: str | bool | float) -> None:
        self.context.save(replace(row, **fields))

    def drop(self, row: Certificate) -> None:
        self.context.delete(Certificate, row.name)

    @property
    def now_utc(self) -> float:
        """UTC of this step, else a time that has certainly passed."""
        return self.context.utc or self.context.clock.floor_utc

    def presented(self, certificate: PeerCertificate) -> Certificate | None:
        """The root of ours that this certificate of a link is."""
        for row in self.of("central-system-root", "in-force", "fallback"):
            if row.serial_number == certificate.serial_number and row.not_after == certificate.not_after:
                return row
        return None

    def by_hash(self, asked: CertificateHashData) -> Certificate | None:
        """The installed certificate that DeleteCertificate names (W M04)."""
        for row in self._rows().values():
            if row.state != "removed" and any(_same(asked, own) for own in row.hashes):
                return row
        return None


def reported(row: Certificate) -> CertificateHashData | None:
    """The hash data by which GetInstalledCertificateIds names it."""
    return next((one for one in row.hashes if one.hash_algorithm is HashAlgorithm.SHA256), None)


def _same(asked: CertificateHashData, own: CertificateHashData) -> bool:
    """Hexadecimal is compared without case and leading zeros; a key that we do not know is not compared."""
    return (
        asked.hash_algorithm is own.hash_algorithm
        and asked.issuer_name_hash.casefold() == own.issuer_name_hash.casefold()
        and own.issuer_key_hash.casefold() in ("", asked.issuer_key_hash.casefold())
        and asked.serial_number.casefold().lstrip("0") == own.serial_number.casefold().lstrip("0")
    )
