"""SignCertificate and CertificateSigned (W A02, A03): the station's own certificate, its renewal, its key's life.

A new certificate is tried like any change of the connection (`connection_sets.py`), and counts once it was kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import CertificateDetails, CertificateRead, ConfiguredRead, KeyMade
from ocpp16.messages.security import (
    CertificateSignedConf,
    CertificateSignedReq,
    SignCertificateConf,
    SignCertificateReq,
)
from ocpp16.messages.types import CertificateSignedStatus, GenericStatus
from ocpp16.product import Identity
from ocpp16.profiles.security.certificate_records import CertificateRecords
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.records import Certificate, ConnectionSet
from ocpp16.rpc.pending_calls import POSTPONED, CallId, Postponed
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.step import MakeKey, ReadChain

DAY_S = 86_400.0
MONTH_S = 30 * DAY_S
HOUR_S = 3600.0
"""Between two requests that the station makes by itself."""
LONGEST_CSR = 5500
Propose = Callable[[Mapping[str, str], Callable[[str], None]], None]
"""`ConnectionSets.propose`."""


def renewal_utc(row: Certificate) -> float:
    """When it is to be renewed: 30 days before its end, or when a third of its life is left."""
    return row.not_after - min(MONTH_S, (row.not_after - row.not_before) / 3)


class StationCertificate:
    """The open request, and the certificates that came of earlier ones.

    `propose` begins the trial of another certificate; its end is told by `judged`.
    """

    def __init__(
        self,
        context: Context,
        session: Session,
        configuration: Configuration,
        identity: Identity,
        events: SecurityEvents,
        records: CertificateRecords,
        propose: Propose,
        is_connected: Callable[[], bool],
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.serial = identity.serial or identity.box_serial or ""
        self.events = events
        self.records = records
        self._propose = propose
        self._is_connected = is_connected
        self._making: int | None = None
        self._offered: dict[int, CallId] = {}
        self._next_renewal = float("-inf")
        """Monotonic second before which no request is made of our own accord."""
        self._proposed = ""
        """Name of the certificate that was proposed in this process, and is not judged yet."""
        self._next_proposal = float("-inf")
        """Monotonic second before which one that could not be proposed is not proposed again."""

    def started(self) -> None:
        """A request that was not accepted before the process ended is given up; one that was, stays open."""
        pending = self._pending
        if pending is not None and pending.state == "waiting":
            self.records.drop(pending)

    @property
    def _pending(self) -> Certificate | None:
        return self.records.first("pending-key")

    # --- the request ------------------------------------------------------------------------------------------------

    def sign_requested(self) -> str:
        """Make a new key and send its CSR, as ExtendedTriggerMessage asks (W A02); why not, "": it is on its way."""
        why = self._why_not()
        if why:
            self.context.note("certificate", what="request", status="Rejected", role="station", detail=why)
            return why
        organization = self.configuration.text(Key.CpoName)
        self._making = self.records.ask(partial(MakeKey, common_name=self.serial, organization=organization))
        return ""

    def _why_not(self) -> str:
        if not self.serial:
            return "the station has no serial number, which a certificate must name; set [station] serial"
        if len(self.serial) > 64:
            return "the serial number is longer than the 64 characters that a certificate can name"
        if not self.configuration.text(Key.CpoName):
            return "CpoName is empty, and a certificate must name it; set it by ChangeConfiguration"
        if not self.context.accepts_changes:
            return "nothing more can be kept: see the store's fault"
        return "too many requests at once" if self.records.busy else ""

    def key_made(self, event: KeyMade) -> None:
        """The key is stored: its row, then the request.  Only the newest request is open."""
        self.records.answered(event.ref)
        if event.ref != self._making:
            self.records.use()
            return
        self._making = None
        problem = event.problem or ("its CSR is longer than OCPP allows" if len(event.csr) > LONGEST_CSR else "")
        if problem or not self.context.accepts_changes:
            detail = problem or "nothing more can be kept"
            self.context.note("certificate", what="request", status="Failed", role="station", detail=detail)
            self.records.use()
            return
        for before in self.records.of("pending-key"):
            self.records.drop(before)
        row = Certificate(name=event.key, role="pending-key", state="waiting", since_utc=self._utc, hashes=())
        self.context.save(row)
        self.records.use()
        self.session.call(SignCertificateReq(csr=event.csr), partial(self._requested, event.key), triggered=True)

    @property
    def _utc(self) -> float:
        return self.records.now_utc

    def _requested(self, key: str, answer: object) -> None:
        row = self._pending
        if row is None or row.name != key:
            return
        if isinstance(answer, SignCertificateConf) and answer.status is GenericStatus.ACCEPTED:
            self.records.change(row, state="in-force")
            status, detail = "Accepted", "the Central System will send the certificate"
        else:
            self.records.drop(row)
            self.records.use()
            rejected = isinstance(answer, SignCertificateConf)
            status = "Rejected" if rejected else "Failed"
            detail = "by the Central System" if rejected else "the Central System gave no answer that counts"
            self._next_renewal = self.context.now.mono + (DAY_S if rejected else HOUR_S)
        self.context.note("certificate", what="request", status=status, role="station", detail=detail)

    # --- the certificate --------------------------------------------------------------------------------------------

    def on_certificate_signed(
        self, request: CertificateSignedReq, call_id: CallId
    ) -> CertificateSignedConf | Postponed:
        """W A02: read by the key store, then answered."""
        pending = self._pending
        longest = self.configuration.number(Key.CertificateSignedMaxChainSize)
        size = len(request.certificate_chain)
        if pending is None:
            return self._refused("no request of the station is open")
        if size > longest:
            return self._refused(f"CertificateSignedMaxChainSize: {size} characters, at most {longest}")
        if not self.context.accepts_changes or self.records.busy:
            return self._refused("nothing more can be kept at present")
        roots = self.records.of("central-system-root", "in-force", "fallback")
        job = partial(
            ReadChain,
            pem=request.certificate_chain,
            key=pending.name,
            roots=() if self.records.system else tuple(row.name for row in roots),
            utc=self.context.utc,
            common_name=self.serial,
        )
        self._offered[self.records.ask(job)] = call_id
        return POSTPONED

    def _refused(self, why: str) -> CertificateSignedConf:
        self.events.record(SecurityEvent.INVALID_STATION_CERTIFICATE, why)
        self.context.note("certificate", what="signed", status="Rejected", role="station", detail=why)
        return CertificateSignedConf(status=CertificateSignedStatus.REJECTED)

    def certificate_read(self, event: CertificateRead) -> None:
        """What was sent is read: answer, and use it from its notBefore on."""
        call_id = self._offered.pop(event.ref, None)
        if call_id is None:
            return
        pending, found = self._pending, event.certificate
        why = event.problem or event.failure
        if not why and (pending is None or found is None or not self.context.accepts_changes):
            why = "nothing more can be kept at present"
        if why or pending is None or found is None:
            self.session.answer(call_id, self._refused(why))
            self.records.use()
            return
        self.session.answer(call_id, CertificateSignedConf(status=CertificateSignedStatus.ACCEPTED))
        self._accepted(found, pending)

    def _accepted(self, found: CertificateDetails, pending: Certificate) -> None:
        row = self.records.add(found, "station", state="waiting", key_name=pending.name)
        self.records.drop(pending)
        self.context.note("certificate", what="signed", status="Accepted", role="station", detail=found.subject)
        self.events.record(SecurityEvent.RECONFIGURED, f"station certificate: {found.subject}")
        if row.not_before <= self._utc:
            self._try(row)
        self.records.use()

    # --- its trial --------------------------------------------------------------------------------------------------

    def _try(self, row: Certificate) -> None:
        """It is valid now: tried where the connection needs it, in force at once where not."""
        sets = self.context.facts.of(ConnectionSet).values()
        open_already = row.name == self._proposed or any(each.certificate == row.name for each in sets)
        if open_already or self.context.now.mono < self._next_proposal:
            return
        self._proposed = row.name
        changes = {"station_certificate": row.name, "station_key": row.key_name}
        self._propose(changes, partial(self._told, row.name))

    def _told(self, name: str, why: str) -> None:
        """Its files are durable and it will be tried, or is in force; else why not: again in an hour."""
        if not why:
            return
        self._proposed, self._next_proposal = "", self.context.now.mono + HOUR_S
        self.context.note("certificate", what="signed", status="Failed", role="station", detail=why)

    def judged(self, name: str, kept: bool) -> None:
        """The trial of that certificate has ended.  Kept: it counts, and the one before stays for a month (W A02)."""
        self._proposed = "" if name == self._proposed else self._proposed
        row = next((row for row in self.records.of("station", "waiting") if row.name == name), None)
        if row is None:
            return
        if not kept:
            self.records.drop(row)
            detail = f"{row.subject}: taken back, the one before counts"
            self.context.note("certificate", what="signed", status="Failed", role="station", detail=detail)
        else:
            self._begin(row)
        self.records.use()

    def _begin(self, row: Certificate) -> None:
        """It counts now; what was signed before it and never counted is not needed any more."""
        older = [one for one in self.records.of("station", "waiting") if one.since_utc < row.since_utc]
        for one in [*self.records.of("station", "fallback"), *older]:
            self.records.drop(one)
        for before in self.records.of("station", "in-force"):
            self.records.change(before, state="fallback", since_utc=self._utc)
        self.records.change(row, state="in-force")

    # --- dates ------------------------------------------------------------------------------------------------------

    def look(self, utc: float) -> float | None:
        """What the time brings: a certificate that becomes valid, a fallback that is over, a renewal.  The next UTC."""
        waiting = self.records.first("station", "waiting")
        ready = waiting is not None and waiting.not_before <= utc
        if waiting is not None and ready:
            self._try(waiting)
        for before in self.records.of("station", "fallback"):
            if utc >= before.since_utc + MONTH_S:
                self.records.drop(before)
                self.records.use()
        dates = [utc + HOUR_S if ready else waiting.not_before] if waiting else []
        row = self.records.first("station", "in-force")
        if row is not None and waiting is None:
            dates += self._renew(row, utc)
        return min(dates, default=None)

    def _renew(self, row: Certificate, utc: float) -> list[float]:
        """Ask for a new one in time, at most once an hour; an accepted request waits for its certificate (W A02)."""
        due = renewal_utc(row)
        if utc < due:
            return [due]
        if self._pending is not None or self._making is not None:
            return []
        mono = self.context.now.mono
        if mono >= self._next_renewal and self._is_connected():
            self._next_renewal = mono + HOUR_S
            self.sign_requested()
        return [utc + max(self._next_renewal - mono, HOUR_S / 60)]

    def configured(self, event: ConfiguredRead) -> None:
        """The certificate of the configuration file counts until another one was signed."""
        rows = self.records.of("station")
        if any(not row.configured and row.state == "in-force" for row in rows):
            return
        for row in rows:
            if row.configured and (event.station is None or row.name != event.station.name):
                self.records.drop(row)
        if event.station is not None and all(row.name != event.station.name for row in rows):
            self.records.add(event.station, "station", configured=True)
