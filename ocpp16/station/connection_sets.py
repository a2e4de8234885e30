"""The sets of URL, security profile and credentials: the one in force, the one on trial, and the verdict (W A01, A05).

A set is tried and kept after the first answered CALL on its connection; of another Central System, after an accepted
BootNotification.  Otherwise the one in force returns by itself.  The refused one is forgotten only when the one in
force was answered: until then both are tried in turn, because the Central System may know the new one alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import JobDone, LinkDown, LinkUp, Started
from ocpp16.profiles.core.registration import Registration
from ocpp16.profiles.security.certificate_records import CertificateRecords
from ocpp16.profiles.security.root_trial import Returned
from ocpp16.profiles.security.security_events import SecurityEvent
from ocpp16.records import ConnectionSet
from ocpp16.rpc.session import Session
from ocpp16.rpc.transaction_queue import TransactionQueue
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.station.connection_changes import after, needs_trial, refusal
from ocpp16.step import KeepSet, SweepSets

TRIAL_S = 300.0
"""A trial ends after so many seconds (W A05) …"""
TRIES = 3
"""… or after so many failed attempts that reached the Central System."""
ANSWER_WAIT_S = 10.0
"""So long a trial waits for the answer to an open CALL."""
MOST_STARTS = 3
"""A set that so many processes have tried is not the first one that the next process tries."""
UNREACHED = frozenset({"DNS", "TCP", ""})
"""Stages of failures that say nothing about the set, except about its URL."""
OURS = "closed-by-station"
Then = Callable[[str], None]
"""Called once: "" when the change is durable and will be tried, or is in force; else why it is refused."""


class Proposal(NamedTuple):
    """A change whose files are being written."""

    ref: int
    row: ConnectionSet
    then: Then


class ConnectionSets:
    """At most one set is in force beside that of the local file, at most one waits or is on trial."""

    def __init__(
        self,
        context: Context,
        session: Session,
        registration: Registration,
        configuration: Configuration,
        queue: TransactionQueue,
        record: Callable[[SecurityEvent, str], None],
        certificates: CertificateRecords,
        judged: Callable[[str, bool], None],
    ) -> None:
        """`judged` is told of a set's certificate, by its name: it is kept, or given up."""
        self._context = context
        self._session = session
        self._registration = registration
        self._configuration = configuration
        self._queue = queue
        self._record = record
        self._certificates = certificates
        self._judged = judged
        self._local: ConnectionSet | None = None
        self._proposal: Proposal | None = None
        self._postponed: list[tuple[dict[str, str], Then]] = []
        self._linked: int | None = None
        """The set of the open connection."""
        self._trying = False
        self._failures = 0
        self._last_failure = "no answered CALL within the time of the trial"
        self._wanted_since = 0.0
        self.returned: Returned | None = None
        """The change that was taken back last, until another one is kept; since the start of the process."""
        self.dialled = 0
        """The number of the set to connect with."""

    # --- which is which ---------------------------------------------------------------------------------------------

    @property
    def in_force(self) -> ConnectionSet | None:
        """The set in force: the newest that was kept, else that of the local file; None before the start."""
        kept = [row for row in self._rows() if row.state == "in-force"]
        return max(kept, key=lambda row: row.number) if kept else self._local

    @property
    def candidate(self) -> ConnectionSet | None:
        """The set that waits for its trial, is on trial, or was refused while nothing else is proved."""
        force = self.in_force
        open_ = [row for row in self._rows() if row.state != "in-force" and force and row.number > force.number]
        return max(open_, key=lambda row: row.number) if open_ else None

    @property
    def trial_ends(self) -> float | None:
        """Monotonic second at which the trial ends without an answer; None: none is under way."""
        return self._context.timers.due(Timer.TRIAL) if self._trying else None

    @property
    def switching(self) -> bool:
        """The open connection is not the one that is wanted: it ends, and nothing more is sent on it."""
        return self._linked is not None and self._linked != self.dialled and self.candidate is not None

    def _rows(self) -> list[ConnectionSet]:
        return list(self._context.facts.of(ConnectionSet).values())

    # --- proposals --------------------------------------------------------------------------------------------------

    def propose(self, changes: Mapping[str, str], then: Then) -> None:
        """Change what the connection needs; `changes`: see `KeepSet`.

        `then` is called once, in this step or a later one.  While a trial is under way the proposal waits for its end.
        """
        if self._local is None:
            then("how this station connects is not known")
        elif not self._context.accepts_changes:
            then("nothing more can be kept: see the store's fault")
        elif self._proposal is not None or self._trying:
            if len(self._postponed) >= 4:
                then("another change of the connection is under way")
            else:
                self._postponed.append((dict(changes), then))
        else:
            self._begin(dict(changes), then)

    def _begin(self, changes: dict[str, str], then: Then) -> None:
        waiting = self.candidate
        base = waiting if waiting is not None and waiting.state == "waiting" else self.in_force
        assert base is not None
        has_root = self._certificates.first("central-system-root", "in-force") is not None
        own = self._certificates.of("station")
        has_own = any(row.state == "in-force" or row.name == base.certificate for row in own)
        if why := refusal(base, changes, has_root=has_root, has_certificate=has_own):
            then(why)
            return
        number = 1 + max((row.number for row in self._rows()), default=0)
        row = after(base, changes, number)
        self._proposal = Proposal(self._context.next_job(), row, then)
        job = KeepSet(self._proposal.ref, number, base.number, tuple(sorted(changes.items())))
        self._context.jobs.append(job)

    def job_done(self, event: JobDone) -> None:
        """The files of a proposal are durable, or cannot be."""
        proposal = self._proposal
        if proposal is None or proposal.ref != event.ref:
            return
        self._proposal = None
        force = self.in_force
        if not event.ok or force is None or not self._context.writable:
            proposal.then(event.detail or "it cannot be stored")
            self._next()
            return
        before = self.candidate
        if before is not None:
            self._give_up(before, proposal.row.certificate)
        if needs_trial(force, proposal.row):
            self._context.save(proposal.row)
            self._wanted_since = self._context.carried_out_at
            self._context.timers.set(Timer.TRIAL, self._context.carried_out_at + ANSWER_WAIT_S)
        else:
            self._put_in_force(proposal.row)
            self.dialled = self.dialled if self._linked is not None else proposal.row.number
        proposal.then("")
        self._next()

    def _next(self) -> None:
        while self._postponed and self._proposal is None and not self._trying:
            self.propose(*self._postponed.pop(0))

    # --- the trial --------------------------------------------------------------------------------------------------

    def started(self, event: Started) -> None:
        """The local file counts again where it was edited since; a set without its files never counts."""
        told = event.local_set
        if told is None:
            return
        self._local = ConnectionSet(
            number=0,
            state="in-force",
            local=told.mark,
            profile=told.profile,
            encrypted=told.encrypted,
            password=told.password,
            root="local" if told.root else "",
            certificate="local" if told.certificate else "",
        )
        for row in self._rows():
            if row.local != told.mark:
                self._context.note("connection-local", changed=row.changed)
            elif row.number in event.readable_sets:
                continue
            else:
                self._context.note("connection-set-lost", changed=row.changed)
            self._context.delete(ConnectionSet, row.number)
        self._show()
        candidate = self.candidate
        if candidate is None:
            return
        if candidate.state != "doubted" and candidate.starts < MOST_STARTS:
            self._try(candidate)
            return
        self._context.save(replace(candidate, state="doubted"))
        self._context.timers.set(Timer.TRIAL, self._context.carried_out_at + TRIAL_S)

    def begin_if_ready(self) -> None:
        """After each event: the trial begins once what was asked is answered, and a new URL once nothing is owed."""
        candidate = self.candidate
        if candidate is None or candidate.state != "waiting" or self._trying or self._proposal is not None:
            return
        waited = self._context.now.mono - self._wanted_since >= ANSWER_WAIT_S
        if candidate.elsewhere and (self._context.facts.running or (self._queue.waiting and self._linked is not None)):
            return
        if self._session.in_flight is None or waited:
            self._try(candidate)

    def _try(self, candidate: ConnectionSet) -> None:
        self._context.save(replace(candidate, state="trial", starts=candidate.starts + 1))
        self._context.note("connection-trial", changed=candidate.changed)
        self._turn_to(candidate, trying=True)
        self._context.timers.set(Timer.TRIAL, self._context.carried_out_at + TRIAL_S)

    def _turn_to(self, row: ConnectionSet, trying: bool) -> None:
        candidate = self.candidate
        if candidate is not None and candidate.elsewhere:
            self._registration.forget()
        self.dialled, self._trying, self._failures = row.number, trying, 0

    def link_up(self, event: LinkUp) -> None:
        """After the registration has heard of it: on trial, something is asked at once."""
        self._linked = event.connection_set
        candidate = self.candidate
        if candidate is None or event.connection_set != self.dialled:
            return
        if self._registration.accepted:
            self._registration.heartbeat.prove()
        else:
            self._registration.boot()

    def answered(self) -> None:
        """The Central System has answered a CALL with a CALLRESULT."""
        candidate, force = self.candidate, self.in_force
        if candidate is None or force is None or self._linked != self.dialled:
            return
        if self._trying and candidate.elsewhere and not self._registration.accepted:
            return
        if self._trying:
            self._keep(candidate)
        elif candidate.state == "doubted":
            self._give_up(candidate, force.certificate)
            self._sweep()

    def _give_up(self, row: ConnectionSet, certificate: str) -> None:
        """The set is forgotten, and with it its certificate, unless it is that one."""
        self._context.delete(ConnectionSet, row.number)
        if row.certificate != certificate:
            self._judged(row.certificate, False)

    def _keep(self, candidate: ConnectionSet) -> None:
        self._trying = False
        self._context.timers.clear(Timer.TRIAL)
        self._put_in_force(candidate)
        self._context.note("connection-kept", changed=candidate.changed)
        self.returned = None
        self._next()

    def _put_in_force(self, row: ConnectionSet) -> None:
        self._context.save(replace(row, state="in-force", elsewhere=False, starts=0))
        for old in self._rows():
            if old.number < row.number:
                self._context.delete(ConnectionSet, old.number)
        self._record(SecurityEvent.RECONFIGURED, f"{row.changed}: in force")
        self._configuration.show(Key.SecurityProfile, str(row.profile))
        self._judged(row.certificate, True)
        self._sweep()

    def _sweep(self) -> None:
        kept = {row.number for row in self._rows()} | {self.dialled}
        self._context.jobs.append(SweepSets(tuple(sorted(kept))))

    def link_down(self, event: LinkDown) -> None:
        """An attempt failed or a connection ended; those of the set that is dialled are counted."""
        self._linked = None
        candidate, force = self.candidate, self.in_force
        if force is None:
            return
        if candidate is None:
            self.dialled = force.number
            return
        if event.connection_set != self.dialled or event.code == OURS:
            return
        self._last_failure = f"{event.stage}: {event.code}"
        self._failures += event.stage not in UNREACHED or (self._trying and candidate.elsewhere)
        if self._failures >= TRIES:
            self._turn()

    def due(self) -> None:
        """The timer of the trial has expired."""
        if self._trying or (self.candidate is not None and self.candidate.state == "doubted"):
            self._turn()

    def _turn(self) -> None:
        """Back to the set in force; from there, where nothing is proved either, to the candidate again."""
        candidate, force = self.candidate, self.in_force
        if candidate is None or force is None:
            return
        if not self._trying:
            self._turn_to(candidate, trying=True)
            self._context.timers.set(Timer.TRIAL, self._context.carried_out_at + TRIAL_S)
            return
        if candidate.state != "doubted":
            self._context.save(replace(candidate, state="doubted"))
            stage, _, code = self._last_failure.partition(": ")
            stage, code = (stage, code) if code else ("", stage)
            self.returned = Returned(candidate.changed, stage, code, self._context.now.mono)
            self._context.note("connection-returned", changed=candidate.changed, stage=stage or "-", failure=code)
            self._record(SecurityEvent.RECONFIGURED, f"{candidate.changed}: taken back ({self._last_failure})")
        self._turn_to(force, trying=False)
        self._context.timers.set(Timer.TRIAL, self._context.carried_out_at + TRIAL_S)
        self._next()

    def _show(self) -> None:
        force = self.in_force
        assert force is not None
        self.dialled = force.number
        self._configuration.show(Key.SecurityProfile, str(force.profile))
