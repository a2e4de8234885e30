"""InstallCertificate, DeleteCertificate, GetInstalledCertificateIds (W M03, M04, M05): the installed roots."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import CertificateDetails, CertificateRead, ConfiguredRead, LinkDown, PeerCertificate
from ocpp16.messages.security import (
    DeleteCertificateConf,
    DeleteCertificateReq,
    GetInstalledCertificateIdsConf,
    GetInstalledCertificateIdsReq,
    InstallCertificateConf,
    InstallCertificateReq,
)
from ocpp16.messages.types import (
    DeleteCertificateStatus,
    GetInstalledCertificateStatus,
    InstallCertificateStatus,
)
from ocpp16.product import Product
from ocpp16.profiles.security.certificate_records import ROLES, CertificateRecords, reported
from ocpp16.profiles.security.root_trial import RootTrial
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.records import Certificate, CertificateRole
from ocpp16.rpc.pending_calls import POSTPONED, CallId, Postponed
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.step import ReadRoot

ROOT: CertificateRole = "central-system-root"
FULL = "nothing more can be kept: see the store's fault"
TLS_PROFILE = 3
"""The security profile that needs the station's certificate."""


class _Offered(NamedTuple):
    """An InstallCertificate that is being read."""

    call_id: CallId
    role: CertificateRole


class RootCertificates:
    """The roots of the Central System and of the manufacturer."""

    def __init__(
        self,
        context: Context,
        session: Session,
        configuration: Configuration,
        product: Product,
        events: SecurityEvents,
        records: CertificateRecords,
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.product = product
        self.events = events
        self.records = records
        self._offered: dict[int, _Offered] = {}
        self.trial = RootTrial(records, configuration, events.record)
        self._anchor = ""
        """Name of the root that the present connection was verified by."""

    # --- InstallCertificate -----------------------------------------------------------------------------------------

    def on_install(self, request: InstallCertificateReq, call_id: CallId) -> InstallCertificateConf | Postponed:
        """W M05: read by the key store, then answered."""
        role = ROLES[request.certificate_type]
        if not self.context.accepts_changes or self.records.busy:
            why = "too many requests at once" if self.records.busy else FULL
            self._told("install", "Failed", role, why)
            return InstallCertificateConf(status=InstallCertificateStatus.FAILED)
        roots = tuple(row.name for row in self.records.of(ROOT, "in-force")) if role == ROOT else ()
        job = partial(
            ReadRoot,
            pem=request.certificate,
            role=role,
            roots=roots,
            utc=self.context.utc,
            cross_signed=role == ROOT and self._checks_additional,
        )
        self._offered[self.records.ask(job)] = _Offered(call_id, role)
        return POSTPONED

    @property
    def _checks_additional(self) -> bool:
        return self.configuration.flag(Key.AdditionalRootCertificateCheck)

    def certificate_read(self, event: CertificateRead) -> None:
        """What was offered is read: judge it, and answer."""
        offered = self._offered.pop(event.ref, None)
        if offered is None:
            return
        status, why = self._judged(event, offered.role)
        subject = event.certificate.subject if event.certificate else "-"
        self._told("install", str(status), offered.role, why or subject)
        self.session.answer(offered.call_id, InstallCertificateConf(status=status))
        if status is InstallCertificateStatus.ACCEPTED and not why:
            self.events.record(SecurityEvent.RECONFIGURED, f"{offered.role} installed: {subject}")
        self.records.use()

    def _judged(self, event: CertificateRead, role: CertificateRole) -> tuple[InstallCertificateStatus, str]:
        """The status, and why it was not stored."""
        if event.problem:
            if role == ROOT:
                self.events.record(SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE, event.problem)
            return InstallCertificateStatus.REJECTED, event.problem
        if event.failure or event.certificate is None or not self.context.accepts_changes:
            return InstallCertificateStatus.FAILED, event.failure or "it cannot be stored"
        present = self.records.of(role, "in-force")
        if any(row.name == event.certificate.name for row in self.records.of(role, "in-force", "fallback")):
            return InstallCertificateStatus.ACCEPTED, "it is installed already"
        if role == ROOT and present and self._checks_additional:
            return self._replaced(event.certificate, event.signed_by, present)
        most = self.configuration.number(Key.CertificateStoreMaxLength)
        if len(present) >= most:
            return InstallCertificateStatus.REJECTED, f"CertificateStoreMaxLength: {most} of this type are installed"
        self._install(event.certificate, role)
        return InstallCertificateStatus.ACCEPTED, ""

    def _replaced(
        self, offered: CertificateDetails, signed_by: Sequence[str], present: list[Certificate]
    ) -> tuple[InstallCertificateStatus, str]:
        """W M05: signed by the one in force it takes its place; that one stays for the hand-over."""
        signers = [row for row in present if row.name in signed_by]
        if not signers:
            why = "AdditionalRootCertificateCheck: it is not signed by the root certificate in force"
            self.events.record(SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE, why)
            return InstallCertificateStatus.REJECTED, why
        if self.records.of(ROOT, "fallback"):
            return InstallCertificateStatus.REJECTED, "another root is being handed over: no link has used it yet"
        self._install(offered, ROOT)
        for row in signers:
            self.records.change(row, state="fallback", configured=False)
        return InstallCertificateStatus.ACCEPTED, ""

    def _install(self, offered: CertificateDetails, role: CertificateRole) -> None:
        self.records.add(offered, role, proved=role != ROOT or not self.trial.needed)
        if role == ROOT:
            self._configuration_is_history()

    def _configuration_is_history(self) -> None:
        """The Central System has changed something: the configuration file does not count any more."""
        for row in self.records.of(ROOT):
            if row.configured:
                self.records.change(row, configured=False)

    # --- DeleteCertificate ------------------------------------------------------------------------------------------

    def on_delete(self, request: DeleteCertificateReq) -> DeleteCertificateConf:
        """W M04, with AQ-1 and AQ-3 of the product."""
        row = self.records.by_hash(request.certificate_hash_data)
        if row is None:
            self._told("delete", "NotFound", "-", "no installed certificate has these hashes")
            return DeleteCertificateConf(status=DeleteCertificateStatus.NOT_FOUND)
        why = self._why_kept(row)
        if why:
            self._told("delete", "Failed", row.role, why)
            return DeleteCertificateConf(status=DeleteCertificateStatus.FAILED)
        self._delete(row)
        self._told("delete", "Accepted", row.role, row.subject)
        self.events.record(SecurityEvent.RECONFIGURED, f"{row.role} deleted: {row.subject}")
        self.records.use()
        return DeleteCertificateConf(status=DeleteCertificateStatus.ACCEPTED)

    def _why_kept(self, row: Certificate) -> str:
        """Why it may not be deleted; "": it may."""
        if not self.context.accepts_changes:
            return "nothing can be changed: see the store's fault"
        if row.role == "station":
            if not self.product.station_certificate_removable:
                return "the station's own certificate is never deleted (AQ-3)"
            in_use = row.state == "in-force" and self.configuration.number(Key.SecurityProfile) == TLS_PROFILE
            return "the station proves itself by this certificate" if in_use else ""
        if row.role != ROOT:
            return ""
        if row.name == self._anchor:
            return "the present connection was verified by this root"
        last = len(self.records.of(ROOT, "in-force", "fallback")) == 1
        if last and not self.product.last_root_removable and not self.records.system:
            return "it is the last root of the Central System (AQ-1); install another one first"
        return ""

    def _delete(self, row: Certificate) -> None:
        if row.role != ROOT:
            self.records.drop(row)
            return
        self._configuration_is_history()
        if len(self.records.of(ROOT, "in-force", "fallback")) == 1 and not self.records.system:
            self.records.change(
                row, state="removed", configured=False
            )  # else the configuration file would bring it back
            return
        self.records.drop(row)
        if not self.records.of(ROOT, "in-force"):
            for before in self.records.of(ROOT, "fallback"):
                self.records.change(before, state="in-force")

    # --- GetInstalledCertificateIds ---------------------------------------------------------------------------------

    def on_get_ids(self, request: GetInstalledCertificateIdsReq) -> GetInstalledCertificateIdsConf:
        """W M03: every installed one of that type, that of a hand-over included."""
        rows = self.records.of(ROLES[request.certificate_type], "in-force", "fallback")
        found = tuple(data for row in rows if (data := reported(row)) is not None)
        if not found:
            return GetInstalledCertificateIdsConf(status=GetInstalledCertificateStatus.NOT_FOUND)
        return GetInstalledCertificateIdsConf(
            status=GetInstalledCertificateStatus.ACCEPTED, certificate_hash_data=found
        )

    # --- the link and the configuration file ------------------------------------------------------------------------

    def link_up(self, chain: Sequence[PeerCertificate]) -> None:
        """A connection was verified by one of them."""
        root = self.records.presented(chain[-1]) if chain else None
        self._anchor = root.name if root else ""
        self.trial.link_up()

    def answered(self) -> None:
        """The first answer on a connection that the new root has verified: the one before is not needed (W M05)."""
        self.trial.answered()
        before = self.records.of(ROOT, "fallback")
        if not before or not self._anchor:
            return
        root = next((row for row in self.records.of(ROOT, "in-force") if row.name == self._anchor), None)
        if root is None:
            return
        for row in before:
            self.records.drop(row)
            self._told("delete", "Accepted", ROOT, f"{row.subject}: {root.subject} has taken its place")
        self.records.use()

    def link_down(self, event: LinkDown) -> None:
        self._anchor = ""
        self.trial.link_down(event)

    def configured(self, event: ConfiguredRead) -> None:
        """The roots of the configuration file: they count until the Central System changes something."""
        self.records.system = event.system
        rows = self.records.of(ROOT)
        if any(not row.configured for row in rows):
            return
        named = {one.name: one for one in event.roots}
        for row in rows:
            if row.name not in named:
                self.records.drop(row)
        known = {row.name for row in rows}
        for name, one in named.items():
            if name not in known:
                self.records.add(one, ROOT, configured=True)

    def _told(self, what: str, status: str, role: str, detail: str) -> None:
        self.context.note("certificate", what=what, status=status, role=role, detail=detail)
