"""Certificates of the security extension on one page: messages, answers of the key store, dates and warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import CertificateRead, ConfiguredRead, KeyMade, LinkDown, LinkUp, PeerCertificate
from ocpp16.product import Identity, Product
from ocpp16.profiles.security.certificate_records import CertificateRecords
from ocpp16.profiles.security.root_certificates import RootCertificates
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.profiles.security.station_certificate import DAY_S, Propose, StationCertificate
from ocpp16.records import Certificate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

WARN_DAYS = (60, 30, 7, 0)
"""Days left at which a certificate is warned of, where they are a third of its life or less; 0: it has expired."""
USES = {
    "central-system-root": "root of the Central System",
    "manufacturer-root": "root of signed firmware",
    "station": "certificate of the station",
    "peer": "certificate of the Central System's chain",
}


class Certificates:
    """The parts about certificates; `propose` begins the trial of another certificate of the station."""

    def __init__(
        self,
        context: Context,
        session: Session,
        configuration: Configuration,
        product: Product,
        identity: Identity,
        events: SecurityEvents,
        propose: Propose,
        is_connected: Callable[[], bool],
    ) -> None:
        self.context = context
        self.events = events
        self._switched_on = product.security_extension
        self.records = CertificateRecords(context)
        self.roots = RootCertificates(context, session, configuration, product, events, self.records)
        self.station = StationCertificate(
            context, session, configuration, identity, events, self.records, propose, is_connected
        )
        self._peer: Sequence[PeerCertificate] = ()
        self._warned: dict[str, int] = {}
        """Days at which each was warned of last in this process, by name or subject."""
        configuration.on_change.append(self._setting_changed)

    def sign_requested(self) -> str:
        """ExtendedTriggerMessage SignChargePointCertificate: why it is refused; "": the request is on its way."""
        return self.station.sign_requested()

    def _setting_changed(self, key: Key) -> None:
        if key is Key.CpoName:
            self.events.record(SecurityEvent.RECONFIGURED, "CpoName changed")

    # --- events -----------------------------------------------------------------------------------------------------

    def started(self) -> None:
        """The process has started: what is stored counts from the first connection on."""
        if self._switched_on:
            self.station.started()
            if self.context.facts.of(Certificate):
                self.records.use()
            self.look()

    def configured(self, event: ConfiguredRead) -> None:
        self.roots.configured(event)
        self.station.configured(event)
        self.records.use()
        self.look()

    def certificate_read(self, event: CertificateRead) -> None:
        self.records.answered(event.ref)
        self.roots.certificate_read(event)
        self.station.certificate_read(event)
        self.look()

    def key_made(self, event: KeyMade) -> None:
        self.station.key_made(event)

    def link_up(self, event: LinkUp) -> None:
        self._peer = event.chain
        self.roots.link_up(event.chain)

    def link_down(self, event: LinkDown) -> None:
        self._peer = ()
        self.roots.link_down(event)

    # --- dates ------------------------------------------------------------------------------------------------------

    def look(self) -> None:
        """The time has come, is known now, or a certificate is new: what follows from the dates."""
        utc = self.context.utc
        if not self._switched_on or utc is None:
            return
        due = self.station.look(utc)
        self._warn(utc)
        wait_s = DAY_S if due is None else min(max(due - utc, 1.0), DAY_S)
        self.context.timers.set(Timer.CERTIFICATES, self.context.now.mono + wait_s)

    def _warn(self, utc: float) -> None:
        for name, warning in self._near_their_end(utc).items():
            days = int(warning["threshold"])
            if self._warned.get(name, 1 << 16) > days:
                self._warned[name] = days
                self.context.note("certificate-ends", **{key: warning[key] for key in ("what", "subject", "days_left")})

    def _near_their_end(self, utc: float) -> dict[str, dict[str, str | int]]:
        found: dict[str, dict[str, str | int]] = {}
        for row in self._counting():
            _add(found, row.name, USES[row.role], row, utc)
        for one in self._peer[:-1] if self.records.of("central-system-root") else self._peer:
            _add(found, one.subject, USES["peer"], one, utc)
        return found

    def _counting(self) -> list[Certificate]:
        roles = ("central-system-root", "manufacturer-root", "station")
        return [row for role in roles for row in self.records.of(role, "in-force")]  # type: ignore[arg-type]

    def warnings(self) -> list[dict[str, str | int]]:
        """Certificates near their end: `what`, `subject`, `days_left` (below 0: expired)."""
        utc = self.context.utc
        return [] if utc is None else list(self._near_their_end(utc).values())

    def rows(self, utc: float | None = None) -> list[dict[str, object]]:
        """`evsectl certs`: every certificate that is known, with its use; `utc`: the time, None: that of this step."""
        utc = self.context.utc if utc is None else utc
        rows = [row for row in self.context.facts.of(Certificate).values() if row.role != "pending-key"]
        shown = [_shown(row, utc) for row in sorted(rows, key=lambda row: (row.role, row.state, row.name))]
        pending = [
            {"use": "key of an open request", "state": "waiting", "name": row.name, "since_utc": row.since_utc}
            for row in self.records.of("pending-key")
        ]
        return [*shown, *pending, *(_shown_peer(one, utc) for one in self._peer[:-1])]


def _add(
    found: dict[str, dict[str, str | int]], name: str, what: str, one: Certificate | PeerCertificate, utc: float
) -> None:
    days, life = (one.not_after - utc) / DAY_S, (one.not_after - one.not_before) / DAY_S
    reached = [limit for limit in WARN_DAYS if days <= limit and (limit == 0 or limit <= life / 3)]
    if reached:
        found[name] = {
            "threshold": min(reached),
            "what": what,
            "subject": one.subject,
            "days_left": int(days // 1),
        }


def _days_left(not_after: float, utc: float | None) -> float | None:
    """None while the time is not known."""
    return None if utc is None else round((not_after - utc) / DAY_S, 1)


def _shown(row: Certificate, utc: float | None) -> dict[str, object]:
    return {
        "use": USES[row.role],
        "state": row.state,
        "subject": row.subject,
        "issuer": row.issuer,
        "serial_number": row.serial_number,
        "not_before_utc": row.not_before,
        "not_after_utc": row.not_after,
        "days_left": _days_left(row.not_after, utc),
        "key_kind": row.key_kind,
        "source": "configuration file" if row.configured else "Central System",
        "name": row.name,
    }


def _shown_peer(one: PeerCertificate, utc: float | None) -> dict[str, object]:
    return {
        "use": USES["peer"],
        "state": "in-force",
        "subject": one.subject,
        "issuer": None,
        "serial_number": one.serial_number,
        "not_before_utc": one.not_before,
        "not_after_utc": one.not_after,
        "days_left": _days_left(one.not_after, utc),
        "key_kind": None,
        "source": "this connection",
        "name": None,
    }
