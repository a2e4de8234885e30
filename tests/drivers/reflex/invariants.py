"""The reflex against its invariants: a rig that takes any input at any moment and judges every level afterwards.

I1  commanded closed => a vehicle asks, it may, and nothing is wrong: at most 100 ms longer, 6.2 s where it may wait
I2  feedback closed while commanded open for more than 200 ms => `weld` is on
I3  what is signalled is no more than offer, cable and board allow, and by the duty no more than by the amperes

I4 is the core's.  `python -m tests.drivers.reflex.invariants STEPS SEED` plays as many steps as are asked for.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from copy import deepcopy
from math import inf

from drivers.devices import PilotSample
from drivers.reflex.faults import RULES
from drivers.reflex.pilot_signal import STEADY_NS, amps_of
from drivers.reflex.state_machine import Evse, Limits

LIMITS = Limits(max_amps=32.0, lease_s=20.0, close_tries=3, rest_s=30.0, closings_an_hour=20, at_closing_s=2.0,
                wake=True, lowers_once=True)  # fmt: skip
VOLTS = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0, "F": -12.0}
AT_ONCE_S, GENTLY_S, SETTLED_S = 0.1, 6.2, 0.2001
TURN_S = 0.01
OUTSIDE = ("rcd", "ground", "meter-lost", "lock-open", "reader-lost")
"""Faults that others see."""


class Model:
    """`evse` and what is really so; `input` one thing, `turn` the loop, and `broken` tells what does not hold."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.now = 1000.0
        self.evse = Evse(limits)
        self.car, self.diode, self.read = "A", True, True
        self.follows = True
        self.contact = False
        self.offered, self.lease_until, self.cap = 0.0, -inf, inf
        self.causes: set[str] = set()
        self.held = self.held_now = False
        self.drawn: float | None = 0.0
        self.wrong_now = self.wrong = self.apart = inf
        self.turn()

    def turn(self) -> None:
        """10 ms of the loop: a sample, if the pilot can be read; the contact; whatever is due."""
        self.now = round(self.now + TURN_S, 6)
        evse = self.evse
        if self.read:
            high = -12.0 if evse.duty == 0 else VOLTS[self.car]
            low = high if evse.duty in (0, STEADY_NS) else -12.0 if self.diode else high
            evse.sample(self.now, PilotSample(self.now, high, low, self.now + 0.05))
        else:
            evse.tick(self.now)
        if self.follows and self.contact != evse.closed:
            self.contact = evse.closed
        if evse.feedback_closed != self.contact:
            evse.feedback(self.now, self.contact)
        evse.draw(self.now, self.drawn if self.contact else 0.0)
        evse.reports.clear()
        self.judge()

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds / TURN_S)):
            self.turn()

    def judge(self) -> None:
        """AssertionError where an invariant does not hold."""
        evse, now = self.evse, self.now
        seen = self.diode or evse.duty in (0, STEADY_NS)  # a steady pilot has no negative half-wave
        asks = self.car == "C" and self.read and seen
        blocked_now = self.held_now or any(RULES[code].stops == "now" for code in self.causes)
        wrong_now = not asks or blocked_now
        wrong = self.offered < 6.0 or now >= self.lease_until or self.held or any(
            RULES[code].stops == "gently" for code in self.causes
        )  # fmt: skip
        self.wrong_now = min(self.wrong_now, now) if wrong_now else inf
        self.wrong = min(self.wrong, now) if wrong else inf
        if evse.closed:
            assert now <= self.wrong_now + AT_ONCE_S, f"I1: closed for {now - self.wrong_now:.2f} s too long"
            assert now <= self.wrong + GENTLY_S, f"I1: closed for {now - self.wrong:.2f} s, gently"
        apart = self.contact and not evse.closed
        self.apart = min(self.apart, now) if apart else inf
        assert now <= self.apart + SETTLED_S + TURN_S or "weld" in evse.faults, "I2: a welded contactor is not seen"
        if "weld" in evse.faults:
            assert not evse.closed, "I2: closed although it is known to be welded"
        allowed = min(self.offered if now < self.lease_until else 0.0, self.cap, evse.limits.max_amps)
        assert evse.amps <= allowed, f"I3: {evse.amps} A signalled, {allowed} A allowed"
        assert amps_of(evse.duty) <= evse.amps + 1e-9, f"I3: duty {evse.duty} says more than {evse.amps} A"


def _car(state: str) -> Callable[[Model], None]:
    return lambda model: setattr(model, "car", state)


def _offer(amps: float, lease_s: float = 20.0) -> Callable[[Model], None]:
    def offer(model: Model) -> None:
        model.offered, model.lease_until = amps, model.now + lease_s
        model.evse.offer(model.now, amps, lease_s)

    return offer


def _cap(amps: float) -> Callable[[Model], None]:
    def cap(model: Model) -> None:
        model.cap = amps
        model.evse.cap(model.now, amps, "the cable")

    return cap


def _fault(code: str, on: bool) -> Callable[[Model], None]:
    def fault(model: Model) -> None:
        (model.causes.add if on else model.causes.discard)(code)
        model.evse.fault(model.now, code, on)

    return fault


def _hold(on: bool, at_once: bool) -> Callable[[Model], None]:
    def hold(model: Model) -> None:
        model.held, model.held_now = on, on and at_once
        model.evse.hold(model.now, "held" if on else "", at_once)

    return hold


def _set(name: str, value: object) -> Callable[[Model], None]:
    return lambda model: setattr(model, name, value)


def _service(model: Model) -> None:
    model.evse.faults.serviced(model.now)
    model.evse.tick(model.now)


ACTIONS: dict[str, Callable[[Model], None]] = {
    **{f"car {state}": _car(state) for state in VOLTS},
    "offer 16": _offer(16.0),
    "offer 0": _offer(0.0),
    "offer 5": _offer(5.0),
    "short lease": _offer(32.0, 1.0),
    "cap 10": _cap(10.0),
    "cap none": _cap(inf),
    "cap 0": _cap(0.0),
    **{f"{code} {'on' if on else 'off'}": _fault(code, on) for code in OUTSIDE for on in (True, False)},
    "hold": _hold(True, False),
    "hold now": _hold(True, True),
    "release": _hold(False, False),
    "no diode": _set("diode", False),
    "diode": _set("diode", True),
    "blind": _set("read", False),
    "sighted": _set("read", True),
    "sticks": _set("follows", False),
    "follows": _set("follows", True),
    "draws 15": _set("drawn", 15.0),
    "draws 19": _set("drawn", 19.0),
    "draws 40": _set("drawn", 40.0),
    "draws nothing": _set("drawn", 0.0),
    "draw unknown": _set("drawn", None),
    "service": _service,
}
"""Everything that can happen to a connector."""
WAITS = (0.01, 0.05, 0.1, 0.3, 1.0, 6.5)
CHARGING = ("car B", "offer 16", "car C", "draws 15")


def charging() -> Model:
    """A vehicle on the mains."""
    model = Model()
    for name in CHARGING:
        ACTIONS[name](model)
        model.wait(0.3)
    assert model.evse.closed
    return model


def walk(model: Model, depth: int, names: tuple[str, ...], waits: tuple[float, ...]) -> int:
    """Every sequence of so many actions, each followed by each wait; how many steps that were."""
    if depth == 0:
        return 0
    steps = 0
    for name in names:
        for seconds in waits:
            branch = deepcopy(model)
            ACTIONS[name](branch)
            branch.judge()
            branch.wait(seconds)
            steps += 1 + walk(branch, depth - 1, names, waits)
    return steps


def play(steps: int, seed: int) -> None:
    """Random actions at random moments; AssertionError names the last ones."""
    chance = random.Random(seed)
    model, names, done = Model(), list(ACTIONS), []
    for step in range(steps):
        if step % 500 == 0:
            model, done = (charging() if chance.random() < 0.5 else Model()), []
        name = chance.choice(names)
        seconds = chance.choices(WAITS, (30, 20, 20, 15, 10, 5))[0]
        done.append(f"{name} {seconds:g}")
        try:
            ACTIONS[name](model)
            if name.startswith("offer") or chance.random() < 0.7:
                model.wait(seconds)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, step {step}: {error}; after {done[-12:]}") from error


if __name__ == "__main__":
    play(int(sys.argv[1]), int(sys.argv[2]))
    print(f"{sys.argv[1]} steps, seed {sys.argv[2]}: every invariant held")
