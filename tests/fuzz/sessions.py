"""Whole sessions with a hostile Central System: connect, drop, calls of every action, every answer, power cuts.

What the contract machine commits is kept as rows, and a cut begins anew from them: after any step, or within one,
between what was stored and what would have been told.  Every frame that is sent fits the type of its message.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

import msgspec

from ocpp16 import events as ev
from ocpp16 import step as st
from ocpp16.charge_point import ChargePoint
from ocpp16.messages.call_error import Refusal
from ocpp16.product import Identity, Product
from ocpp16.records import Record
from ocpp16.rpc import payload
from tests.fuzz import corpus, mutate, schemas
from tests.fuzz.life import BUILT, FAULTS, SHAPE

Spec = tuple[Any, ...]
PRODUCTS = (
    Product(),
    Product(secure_firmware=False, authorization_cache=False, max_energy_on_invalid_id=False),
    Product(security_profiles=(), fixed_cable=False, connector_type="sType2", reserve_connector_zero=False),
)
ERRORS = (
    *("NotImplemented", "NotSupported", "InternalError", "ProtocolError", "SecurityError", "FormationViolation"),
    *("PropertyConstraintViolation", "OccurenceConstraintViolation", "TypeConstraintViolation", "GenericError", "Odd"),
)
VERDICTS = ("", "certificate", "revoked", "signature", "version", "runs", "earlier")
CARDS = ("CARD", "A", "b", "é", "x" * 20)
GOOD = dict(reversed(corpus.CONFIRMATIONS))


class Unit:
    """A station with its store; `records` outlive a power cut, nothing else does."""

    def __init__(self, product: Product, seed: int) -> None:
        self.product, self.seed, self.boots = product, seed, 0
        self.records: dict[tuple[str, int | str], Record] = {}
        self.mono, self.wh = 100.0, 1000.0
        self.start()

    def start(self) -> None:
        """The unit has power again."""
        self.boots += 1
        boot = f"boot-{self.boots}"
        self.outlets: dict[int, st.Outlet] = {}
        self.link: st.Link | None = None
        self.jobs: list[st.Job] = []
        self.orders: list[st.Order] = []
        self.open: list[Any] | None = None
        self.actions: dict[str, str] = {}
        """Of the Central System's CALLs, by their ids."""
        kept = [msgspec.convert(msgspec.to_builtins(row), type(row)) for row in self.records.values()]
        self.station = ChargePoint(self.product, Identity(), {}, kept, self.seed + self.boots, boot, BUILT)
        self.happen(ev.Started())
        self.happen(ev.BoardAttached(boot, f"session-{self.boots}", "fuzz", (SHAPE,)))
        for event in (
            ev.PilotChanged(1, "A", self.mono),
            ev.CableChanged(1, True, 32.0, False, self.mono),
            ev.ContactorChanged(1, False, True, self.mono),
            ev.MeterSampled(1, self.mono, self.wh),
            ev.BoardReady(),
            ev.LinkUp(),
        ):
            self.happen(event)

    def happen(self, event: ev.Event, cut: bool = False) -> None:
        """One step; `cut`: the power fails when its records are stored and nothing is told yet."""
        step = self.station.step(ev.Now(self.mono, None), event)
        for moment in st.moments(step, self.outlets, self.link):
            if isinstance(moment, st.Commit):
                self._commit(moment.records)
            elif isinstance(moment, st.Tell) and not cut:
                self._told(moment.what)
        self.outlets = {outlet.connector: outlet for outlet in step.outlets}
        self.link = step.link
        if cut or self.station.parts.shutdown.finished:
            self.start()

    def _commit(self, writes: tuple[st.Write, ...]) -> None:
        for write in writes:
            if isinstance(write, st.Save):
                self.records[write.record.table, write.record.key] = write.record
            else:
                self.records.pop((write.table, write.key), None)

    def _told(self, what: object) -> None:
        if isinstance(what, str):
            self._sent(json.loads(what))
        elif isinstance(what, st.Job):
            self.jobs = [*self.jobs[-9:], what]
        elif isinstance(what, st.Order):
            self.orders = [*self.orders[-9:], what]

    def _sent(self, frame: list[Any]) -> None:
        """A CALL, a CALLRESULT or a CALLERROR: of the right size, and its payload fits the type of its message."""
        kind, unique_id = frame[0], frame[1]
        assert isinstance(unique_id, str) and len(frame) == {2: 4, 3: 3, 4: 5}[kind], frame
        if kind == 2:
            self.open = frame
            self._fits(payload.OUTGOING[frame[2]][0], frame[3])
        elif kind == 3 and unique_id in self.actions:
            self._fits(payload.INCOMING[self.actions[unique_id]][1], frame[2])

    @staticmethod
    def _fits(kind: Any, content: Any) -> None:
        found = payload.decode(kind, json.dumps(content))
        assert not isinstance(found, Refusal), f"{found} in {content}"


class Sessions:
    """`make` and `take` of the target `sessions`."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.unit = Unit(PRODUCTS[0], 1)
        self.count = 0

    def make(self, random: Random) -> Spec:
        dice = random.random()
        if dice < 0.30:
            action, content = schemas.request(random, random.choice((0.0, 0.0, 0.0, 0.05)))
            if random.random() < 0.4 or (action == "Reset" and random.random() < 0.9):  # resets end what has begun
                action, content = random.choice(corpus.REQUESTS)
            return "call", action, content, random.random() < 0.03
        if dice < 0.52:
            return "answer", self._answer(random), random.random() < 0.02
        if dice < 0.60:
            return "link", random.random() < 0.7
        if dice < 0.66:
            return "cut", random.random() < 0.2, random.choice(PRODUCTS), random.randrange(1000)
        if dice < 0.76:
            return "tick", random.choice((0.01, 1.0, 5.0, 31.0, 400.0, 90_000.0))
        if dice < 0.84:
            return "job", random.random() < 0.6, random.choice(VERDICTS), random.choice(mutate.ODD)
        return "board", self._board(random)

    @staticmethod
    def _answer(random: Random) -> Spec:
        kind = random.choice(("good", "good", "good", "schema", "schema", "error", "id", "twice", "text"))
        odd = random.choice(mutate.ODD)
        return kind, random.choice((0.0, 0.1)), random.randrange(2**32), random.choice(ERRORS), odd

    @staticmethod
    def _board(random: Random) -> Spec:
        return random.choice(
            [
                ("pilot", random.choice("ABCDEF")),
                ("charge", random.choice(CARDS)),
                ("charge", random.choice(CARDS)),
                ("contactor", random.random() < 0.5),
                ("meter", random.choice((0.0, 1.0, 50.0, 1e6, -5.0))),
                ("card", random.choice(CARDS)),
                ("fault", (random.choice(FAULTS), random.random() < 0.2)),
                ("store", random.choice(("ok", "ok", "full", "unwritable"))),
                ("order", random.random() < 0.7),
                ("mains", None),
            ]
        )

    def take(self, spec: Spec) -> None:
        unit, (kind, *what) = self.unit, spec
        unit.mono += 0.01
        self.count += 1
        match kind:
            case "call":
                action, content, cut = what
                unique_id = f"c-{self.count}"
                unit.actions = {unique_id: action}
                unit.happen(ev.FrameReceived(json.dumps([2, unique_id, action, content])), cut)
            case "answer":
                for text in self._texts(*what[0]):
                    unit.happen(ev.FrameReceived(text), what[1])
            case "link":
                unit.open = None
                unit.happen(ev.LinkUp() if what[0] else ev.LinkDown("TCP", "reset"))
            case "cut":
                whole, product, seed = what
                if whole or len(unit.records) > 300:
                    self.unit = Unit(product, seed)
                else:
                    unit.start()
            case "tick":
                unit.mono += what[0]
                unit.happen(ev.Tick())
            case "job":
                self._job(*what)
            case "board":
                self._from_board(*what[0])

    def _texts(self, kind: str, wild: float, seed: int, code: str, odd: Any) -> list[str]:
        """Answers to the CALL in flight."""
        call = self.unit.open
        if call is None:
            return []
        random, unique_id, action = Random(seed), call[1], call[2]
        good = json.dumps([3, unique_id, GOOD.get(action, {})])
        match kind:
            case "schema":
                return [json.dumps([3, unique_id, schemas.confirmation(random, action, wild)])]
            case "error":
                return [json.dumps([4, unique_id, code, odd if wild else "no", {}])]
            case "id":
                return [json.dumps([3, odd, {}]), good]
            case "twice":
                return [good, good]
            case "text":
                return [mutate.text(random, good, [])]
        return [good]

    def _job(self, ok: bool, verdict: str, odd: Any) -> None:
        if not self.unit.jobs:
            return
        job = self.unit.jobs.pop(0)
        ref = getattr(job, "ref", 0)
        detail = odd.encode(errors="replace").decode() if isinstance(odd, str) else "file-1"  # it has come as UTF-8
        if isinstance(job, st.ReadRoot | st.ReadChain):
            certificate = ev.CertificateDetails(
                name=f"root-{len(job.pem) % 7}.pem", subject=detail, issuer="i", serial_number="1", not_before=BUILT,
                not_after=BUILT + 1e7, key_kind="EC P-256",
            )  # fmt: skip
            self.unit.happen(ev.CertificateRead(ref, certificate if ok else None, problem="" if ok else detail))
        elif isinstance(job, st.MakeKey):
            self.unit.happen(ev.KeyMade(ref, "key-1" if ok else "", detail if ok else "", "" if ok else "no"))
        elif not isinstance(job, st.Restart | st.UseCertificates | st.SweepSets | st.CancelJob):
            self.unit.happen(ev.JobDone(ref, ok, detail, "" if ok else "network", verdict))

    def _from_board(self, kind: str, what: Any) -> None:
        unit = self.unit
        at = unit.mono
        match kind:
            case "charge":
                self._charge(what)
            case "pilot":
                unit.happen(ev.PilotChanged(1, what, at))
            case "contactor":
                unit.happen(ev.ContactorChanged(1, what, True, at))
            case "meter":
                unit.wh += what
                unit.happen(ev.MeterSampled(1, at, unit.wh, (230.0,), (16.0,), (3680.0,), soc=50.0))
            case "card":
                unit.happen(ev.CardPresented(None, what, at))
            case "store":
                unit.happen(ev.StoreChanged(what))
            case "fault":
                unit.happen(ev.FaultChanged(1, what[0], what[1], at=at))
            case "mains":
                unit.happen(ev.MainsLost())
            case "order" if unit.orders:
                unit.happen(ev.BoardDone(unit.orders.pop(0).ref, what))

    def _charge(self, card: str) -> None:
        """All that a charge needs, in its order, with a good Central System."""
        for code in FAULTS:
            self._from_board("fault", (code, False))
        self.unit.happen(ev.LinkUp())
        for kind, what in (("store", "ok"), ("pilot", "A"), ("pilot", "B"), ("card", card), ("pilot", "C")):
            self._from_board(kind, what)
            for _ in range(3):
                for text in self._texts("good", 0.0, 0, "", None):
                    self.unit.happen(ev.FrameReceived(text))
        self._from_board("contactor", True)
