"""Random worlds: all faults at once, by seed; then peace.  The same seed gives the same world, to the last frame."""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from msgspec.structs import replace

from daemon.config.product_profile import read_product
from ocpp16.events import Event, SelftestAsked
from ocpp16.product import Product
from ocpp16.step import Moment
from tests.sim.central_system import REQUESTS, SETTINGS, VICES, CentralSystem
from tests.sim.checkers import Checkers
from tests.sim.peace import make_peace
from tests.sim.rules import all_checkers
from tests.sim.world import CONNECTOR_FAULTS, STATION_FAULTS, PowerCut, Setup, Watcher, World
from tests.stories.scribe import Scribe

HOURS = 24.0
MEAN_S = 420.0
"""Something happens so often, on average."""
SCHEMA_ONE_IN = 23
PRODUCTS = ("chq-s-07sr", "chq-s-07sr", "socket-3p", "dual", "backup-power")
TAGS: dict[str, dict[str, str]] = {
    "04A2B9": {"status": "Accepted"},
    "04a2b9": {"status": "Accepted"},
    "GROUP1": {"status": "Accepted", "parentIdTag": "FLEET"},
    "GROUP2": {"status": "Accepted", "parentIdTag": "FLEET"},
    "BAD1": {"status": "Invalid"},
    "BLOCKED-20-CHARACTER": {"status": "Blocked"},
    "SHORT": {"status": "Accepted", "expiryDate": "2026-05-04T18:00:00Z"},
    "BUSY": {"status": "ConcurrentTx"},
}
ACTIONS = {
    "plug": 16,
    "tap": 20,
    "unplug": 9,
    "car pauses": 3,
    "car charges": 3,
    "rude car": 2,
    "ask": 20,
    "junk": 2,
    "vices": 4,
    "power cut": 2,
    "power cut in a step": 3,
    "evsed killed": 3,
    "evsed killed for long": 1,
    "board killed": 1,
    "evsed stopped": 1,
    "mains fail": 1,
    "network down": 3,
    "packets vanish": 2,
    "board fault": 4,
    "station fault": 1,
    "store full": 1,
    "evsed stalls": 3,
    "board silent": 2,
    "store breaks at a stop": 2,
    "flood of frames": 1,
    "flood of cards": 1,
    "service": 2,
}
"""What can happen, and how likely it is beside the others."""


class Tracer(Watcher):
    """A running hash of everything, and the last steps for whoever must read them."""

    def __init__(self) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self.events = 0

    def event(self, world: World, event: Event) -> None:
        self.events += 1
        self.digest.update(f"{world.t:.6f} {event}".encode(errors="replace"))

    def moment(self, world: World, moment: Moment) -> None:
        self.digest.update(str(moment).encode(errors="replace"))


@cache
def product(name: str) -> Product:
    found, troubles = read_product(f"{name}.toml", Path(__file__).parents[2] / "etc" / "products")
    assert not troubles, troubles
    return found


@dataclass
class Outcome:
    """What a world was like."""

    seed: int
    hours: float
    steps: int
    trace: str
    strikes: Counter[str]
    peace_s: float


@dataclass
class Chaos:
    """One random world."""

    seed: int
    hours: float = HOURS
    aloud: bool = False
    """Keep a transcript (slow)."""
    strikes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.rng = rng = Random(self.seed)
        self.product = replace(product(rng.choice(PRODUCTS)), secure_firmware=rng.random() < 0.3)
        settings = {key: rng.choice(values[:2]) for key, values in SETTINGS.items() if rng.random() < 0.3}
        for key in ("NumberOfConnectors", "NoSuchKey", "HeartbeatInterval"):
            settings.pop(key, None)
        setup = Setup(
            product=self.product, settings=settings, seed=self.seed, utc_known=rng.random() < 0.3, first_wh=1e4
        )
        self.central = CentralSystem(seed=self.seed, interval_s=rng.choice([300, 900, 3600]), tags=dict(TAGS))
        self.checkers = Checkers(all_checkers(SCHEMA_ONE_IN))
        self.tracer = Tracer()
        self.scribe = Scribe()
        self.transcript: deque[str] = deque(maxlen=400)
        watchers: tuple[Watcher, ...] = (self.checkers, self.tracer)
        self.world = World(setup, self.central, (self.scribe, *watchers) if self.aloud else watchers)
        self.countdown = 0
        self.world.before_moment = self._maybe_cut
        self.world.work = self._work

    # --- the run ---

    def run(self) -> Outcome:
        world, end = self.world, self.hours * 3600.0
        world.power_on()
        try:
            while world.t < end:
                world.run(min(self.rng.expovariate(1.0 / MEAN_S), end - world.t))
                self._act()
                self._write()
            self.countdown = 0
            peace_s = make_peace(world, self.checkers)
        finally:
            self._write()
        self.strikes.update(self.central.strikes)
        return Outcome(
            self.seed, world.t / 3600, self.tracer.events, self.tracer.digest.hexdigest(), self.strikes, peace_s
        )

    def _write(self) -> None:
        for t, kind, words in self.scribe.take():
            self.transcript.append(f"{t:12.3f}  {kind:9}{words}")

    def _maybe_cut(self, world: World, moment: Moment) -> None:
        if self.countdown:
            self.countdown -= 1
            if not self.countdown:
                self._strike("power cut in a step, done")
                world.later(self.rng.uniform(1, 600), "power_on")
                raise PowerCut

    def _work(self, kind: str) -> tuple[bool, float]:
        """How a transfer or an installation goes: well or not, after so many seconds."""
        ok = self.rng.random() < 0.7
        self._strike(f"job {kind} {'ok' if ok else 'failed'}")
        return ok, self.rng.choice([0.5, 20.0, 300.0])

    def _strike(self, what: str) -> None:
        self.strikes[what] += 1
        if self.aloud:
            self._write()
            self.transcript.append(f"{self.world.t:12.3f}  ***      {what}")

    # --- what happens ---

    def _act(self) -> None:
        what = self.rng.choices(list(ACTIONS), list(ACTIONS.values()))[0]
        connector = self.rng.randint(1, self.product.connectors)
        self._strike(what)
        getattr(self, "_" + what.replace(" ", "_"))(connector)

    def _plug(self, connector: int) -> None:
        self.world.sim("plug", connector=connector)
        if self.rng.random() < 0.7:
            self.world.run(self.rng.uniform(0.0, 20.0))
            self._tap(connector)

    def _tap(self, connector: int) -> None:
        self.world.sim("tap", self.rng.choice([*TAGS, "04A2B9", "GROUP1"]), connector=connector)

    def _unplug(self, connector: int) -> None:
        self.world.sim("unplug", connector=connector)

    def _car_pauses(self, connector: int) -> None:
        self.world.sim("ev", "pause", connector=connector)

    def _car_charges(self, connector: int) -> None:
        self.world.sim("ev", "charge", connector=connector)

    def _rude_car(self, connector: int) -> None:
        vice = self.rng.choice(["rude-draw", "ignore-stop", "flap"])
        self._strike(f"rude car: {vice}")
        self.world.sim("ev", vice, "on", connector=connector)
        self.world.run(self.rng.uniform(5, 90))
        self.world.sim("ev", vice, "off", connector=connector)

    def _ask(self, connector: int) -> None:
        for _ in range(self.rng.choice([1, 1, 1, 3])):
            self.world.say(self.central.random_call(self.world.t))

    def _junk(self, connector: int) -> None:
        self.world.say(self.central.junk())

    def _vices(self, connector: int) -> None:
        """A while with some vices, then a while without."""
        chosen = self.rng.sample(VICES, self.rng.randint(1, 5)) if self.rng.random() < 0.7 else []
        self.central.vices = {vice: self.rng.choice([0.05, 0.3, 1.0]) for vice in chosen}

    def _power_cut(self, connector: int) -> None:
        self.world.power_off()
        self.world.later(self.rng.choice([1.0, 30.0, 3600.0]), "power_on")

    def _power_cut_in_a_step(self, connector: int) -> None:
        self.countdown = self.rng.randint(1, 60)

    def _evsed_killed(self, connector: int) -> None:
        self.world.kill_evsed(self.rng.uniform(0.5, 4.0))

    def _evsed_killed_for_long(self, connector: int) -> None:
        self.world.kill_evsed(self.rng.uniform(15.0, 120.0))

    def _board_killed(self, connector: int) -> None:
        self.world.kill_board(self.rng.uniform(0.5, 60.0))
        if self.rng.random() < 0.5:
            self.world.run(0.2)

    def _evsed_stopped(self, connector: int) -> None:
        self.world.shutdown(ends_charge=self.rng.random() < 0.3)

    def _mains_fail(self, connector: int) -> None:
        if self.world.powered:
            self.world.mains_lost()
            self.world.later(60.0, "power_on")

    def _network_down(self, connector: int) -> None:
        self.world.network(False)
        self.world.later(self.rng.choice([5.0, 120.0, 3600.0, 4 * 3600.0]), "network", True)

    def _packets_vanish(self, connector: int) -> None:
        self.world.vanish(self.rng.uniform(10.0, 40.0))

    def _board_fault(self, connector: int) -> None:
        code = self.rng.choice(CONNECTOR_FAULTS)
        self._strike(f"fault {code}")
        self.world.sim("fault", code, "on", connector=connector)
        self.world.later(self.rng.choice([2.0, 60.0, 1200.0]), "fault_off", code, connector)

    def _station_fault(self, connector: int) -> None:
        code = self.rng.choice(STATION_FAULTS)
        self._strike(f"fault {code}")
        self.world.sim("fault", code, "on")
        self.world.later(self.rng.choice([2.0, 60.0, 1200.0]), "fault_off", code, 1)

    def _store_full(self, connector: int) -> None:
        self.world.store("full")
        self.world.later(self.rng.choice([2.0, 60.0, 1200.0]), "store", "ok")

    def _evsed_stalls(self, connector: int) -> None:
        """At any moment, and right after a stop, when the last reading is awaited."""
        if self.rng.random() < 0.5:
            self.world.sim("unplug", connector=connector)
            self.world.run(self.rng.uniform(0.0, 2.0))
        self.world.stall(self.rng.choice([1.0, 5.0, 10.0, 60.0]))

    def _board_silent(self, connector: int) -> None:
        self.world.silence(self.rng.choice([2.0, 15.0, 120.0]))
        if self.rng.random() < 0.5:
            self.world.run(self.rng.uniform(0.0, 6.0))
            self._tap(connector)

    def _store_breaks_at_a_stop(self, connector: int) -> None:
        self.world.store_breaks = True
        self.world.later(300.0, "repair_store")
        self._unplug(connector)

    def _flood_of_frames(self, connector: int) -> None:
        for number in range(200):
            self.world.say(self.central.junk() if number % 3 else self.central.random_call(self.world.t))

    def _flood_of_cards(self, connector: int) -> None:
        for number in range(100):
            self.world.sim("tap", f"FLOOD{number}", connector=connector)

    def _service(self, connector: int) -> None:
        self.world.feed_if_alive(SelftestAsked(1, clear_latched=True))


def expected_strikes() -> set[str]:
    """What must have happened somewhere in a good number of worlds."""
    faults = {f"fault {code}" for code in (*CONNECTOR_FAULTS, *STATION_FAULTS)}
    asks = {f"asks {action}" for action in REQUESTS}
    jobs = {f"job {kind} {end}" for kind in ("Download", "Upload", "Install") for end in ("ok", "failed")}
    return {*ACTIONS, "power cut in a step, done", *faults, *VICES, "junk", *asks, *jobs}


def run_seed(seed: int, hours: float = HOURS) -> Outcome:
    """Play one world; a violation carries the end of its transcript."""
    try:
        return Chaos(seed, hours).run()
    except Exception as error:
        again: Any = Chaos(seed, hours, aloud=True)
        try:
            again.run()
        except Exception as second:
            text = "\n".join(list(again.transcript)[-80:])
            raise AssertionError(f"seed {seed}: {type(second).__name__}: {second}\n{text}") from second
        raise AssertionError(f"seed {seed} fails only without its transcript: {error}") from error
