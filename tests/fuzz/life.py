"""A whole contract machine under hostile frames, between good board events: lives that begin anew now and then."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from ocpp16 import events as ev
from ocpp16.charge_point import ChargePoint
from ocpp16.product import Identity, Product
from ocpp16.step import Link, Outlet, Step, Tell, moments
from tests.fuzz import corpus, mutate, schemas

BUILT = 1_893_456_000.0
SHAPE = ev.ConnectorShape(1, measurands=("Voltage", "Current.Import", "SoC"))
Spec = tuple[str, Any]
FAULTS = ("rcd", "weld", "overcurrent", "made-up")


class Life:
    """One station, and what it said last."""

    def __init__(self, seed: int) -> None:
        self.station = ChargePoint(Product(), Identity(), {}, [], seed, "boot", BUILT)
        self.mono = 100.0
        self.wh = 1000.0
        self.open: list[Any] | None = None
        self.outlets: dict[int, Outlet] = {}
        self.link: Link | None = None
        for event in (ev.Started(), ev.BoardAttached("boot", "session", "fuzz", (SHAPE,))):
            self.happen(event)
        for event in (
            ev.PilotChanged(1, "A", 100.0),
            ev.CableChanged(1, True, 32.0, False, 100.0),
            ev.ContactorChanged(1, False, True, 100.0),
            ev.MeterSampled(1, 100.0, self.wh),
            ev.BoardReady(),
            ev.LinkUp(),
        ):
            self.happen(event)

    def happen(self, event: ev.Event) -> None:
        """One step, carried out as the hall would; every frame must be OCPP-J."""
        step: Step = self.station.step(ev.Now(self.mono, None), event)
        for moment in moments(step, self.outlets, self.link):
            if isinstance(moment, Tell) and isinstance(moment.what, str):
                frame = json.loads(moment.what)
                assert frame[0] in (2, 3, 4) and isinstance(frame[1], str)
                self.open = frame if frame[0] == 2 else self.open
        self.outlets = {outlet.connector: outlet for outlet in step.outlets}
        self.link = step.link
        if self.station.parts.shutdown.finished:
            self.__init__(1)  # type: ignore[misc]

    def answer(self) -> str | None:
        """A good answer to the CALL in flight."""
        if self.open is None:
            return None
        good = [value for action, value in corpus.CONFIRMATIONS if action == self.open[2]]
        return json.dumps([3, self.open[1], good[0] if good else {}])


class Lives:
    """`make` and `take` of the target `station`."""

    def __init__(self) -> None:
        self.fresh()

    def fresh(self) -> None:
        self.life = Life(1)

    def make(self, random: Random) -> Spec:
        dice = random.random()
        if dice < 0.005:
            return "new", random.randrange(1000)
        if dice < 0.25:
            return "answer", None
        if dice < 0.55:
            return "frame", self._hostile(random)
        if dice < 0.7:
            return "tick", random.choice((0.01, 1.0, 5.0, 31.0, 400.0, 90_000.0))
        if dice < 0.73:
            return "link", random.random() < 0.5
        if dice < 0.75:
            return "session", random.choice(("A", "B", "C"))
        return "board", self._board(random)

    @staticmethod
    def _hostile(random: Random) -> str:
        if random.random() < 0.5:
            action, payload = schemas.request(random, random.choice((0.0, 0.0, 0.05)))
            return mutate.as_json(random, [2, f"c-{random.randrange(10**9)}", action, payload])
        frame = mutate.value(random, random.choice(corpus.FRAMES), corpus.FRAMES)
        if isinstance(frame, list) and len(frame) > 1 and random.random() < 0.8:
            frame[1] = "{id}" if frame[0] in (3, 4) else f"c-{random.randrange(10**9)}"
        return mutate.as_json(random, frame)

    @staticmethod
    def _board(random: Random) -> Spec:
        return random.choice(
            [
                ("pilot", random.choice("ABCDEF")),
                ("pilot", random.choice("ABC")),
                ("contactor", random.random() < 0.5),
                ("meter", random.choice((0.0, 1.0, 50.0, 1e6, -5.0))),
                ("card", random.choice(("A", "B", "x" * 20, "é"))),
                ("fault", (random.choice(FAULTS), random.random() < 0.2)),
                ("store", random.choice(("ok", "ok", "ok", "full", "unwritable"))),
            ]
        )

    def take(self, spec: Spec) -> None:
        kind, what = spec
        life = self.life
        life.mono += 0.01
        if kind == "new":
            self.life = Life(what)
        elif kind == "answer" and (text := life.answer()):
            life.happen(ev.FrameReceived(text))
        elif kind == "frame":
            life.happen(ev.FrameReceived(what.replace("{id}", life.open[1] if life.open else "none")))
        elif kind == "tick":
            life.mono += what
            life.happen(ev.Tick())
        elif kind == "link":
            life.happen(ev.LinkUp() if what else ev.LinkDown("TCP", "reset"))
        elif kind == "session":
            self._session(what)
        elif kind == "board":
            life.happen(self._event(*what))

    def _session(self, card: str) -> None:
        """All that a charge needs, in its order, with a good Central System."""
        life = self.life
        faults: list[Spec] = [("fault", (code, False)) for code in FAULTS]
        life.happen(ev.LinkUp())
        for spec in (*faults, ("store", "ok"), ("pilot", "A"), ("pilot", "B"), ("card", card), ("pilot", "C")):
            life.happen(self._event(*spec))
            for _ in range(3):
                if text := life.answer():
                    life.happen(ev.FrameReceived(text))
        life.happen(self._event("contactor", True))

    def _event(self, kind: str, what: Any) -> ev.Event:
        at = self.life.mono
        match kind:
            case "pilot":
                return ev.PilotChanged(1, what, at)
            case "contactor":
                return ev.ContactorChanged(1, what, True, at)
            case "meter":
                self.life.wh += what
                return ev.MeterSampled(1, at, self.life.wh, (230.0,), (16.0,), (3680.0,), soc=50.0)
            case "card":
                return ev.CardPresented(None, what, at)
            case "store":
                return ev.StoreChanged(what)
        return ev.FaultChanged(1, what[0], what[1], at=at)
