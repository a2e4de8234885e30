"""`make reflex`: every state that the reflex can reach by so many events, judged by the invariants; then random ones.

Two states are the same where everything in them is, times taken as ages: so each is left by every event once, however
many ways lead to it, and the walk goes deeper than one over sequences.

python -m tests.drivers.reflex.reachable [DEPTH] [STEPS]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Hashable
from copy import deepcopy
from typing import Any, Final, NamedTuple

from drivers.reflex.state_machine import Limits
from tests.drivers.reflex.invariants import ACTIONS, Model, charging, play

OLD_S: Final = 40.0
"""What is older than every time of the reflex but the long waits is of one age."""
A_TIME: Final = 500.0
"""The model begins at second 1000: a float beyond this is a second, one below an amount."""
WAITS: Final = (0.02, 0.3, 6.5)
"""Within every patience, beyond the short ones, beyond the 6 s of a gentle end."""


class Reached(NamedTuple):
    """What a walk has seen."""

    states: int
    events: int


def state_key(thing: Any, now: float) -> Hashable:
    """Everything in it, seconds as ages."""
    if isinstance(thing, float) and A_TIME < thing < float("inf"):
        return round(max(-OLD_S, min(OLD_S, now - thing)), 2)
    if isinstance(thing, (str, int, float, bytes)) or thing is None:
        return thing
    if isinstance(thing, Limits):
        return "limits"
    if isinstance(thing, dict):
        return tuple((name, state_key(value, now)) for name, value in sorted(thing.items()))
    if isinstance(thing, (set, frozenset)):
        return tuple(sorted(thing))
    if isinstance(thing, (list, tuple)):
        return tuple(state_key(value, now) for value in thing)
    slots = (name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ()))
    names = sorted({*slots, *getattr(thing, "__dict__", {})} - {"now"})
    return tuple((name, state_key(getattr(thing, name, None), now)) for name in names)


def reach(begin: Callable[[], Model], depth: int, names: tuple[str, ...], waits: tuple[float, ...] = WAITS) -> Reached:
    """From there by `depth` events, each followed by each wait.  AssertionError names the events that broke one."""
    first = begin()
    seen = {state_key(first, first.now)}
    frontier, events = [(first, "")], 0
    for _ in range(depth):
        found: list[tuple[Model, str]] = []
        for model, way in frontier:
            for name in names:
                for seconds in waits:
                    branch, after = deepcopy(model), f"{way}{name} {seconds:g}; "
                    events += 1
                    try:
                        ACTIONS[name](branch)
                        branch.judge()
                        branch.wait(seconds)
                    except AssertionError as error:
                        raise AssertionError(f"{error}; after {after}") from error
                    key = state_key(branch, branch.now)
                    if key not in seen:
                        seen.add(key)
                        found.append((branch, after))
        frontier = found
    return Reached(len(seen), events)


def main(depth: int, steps: int) -> None:
    for name, begin in (("an idle connector", Model), ("the middle of a charge", charging)):
        began = time.monotonic()
        reached = reach(begin, depth, tuple(ACTIONS))
        print(
            f"from {name}, {depth} events deep: {reached.states} states by {reached.events} events, "
            f"every invariant held ({time.monotonic() - began:.0f} s)",
            flush=True,
        )
    play(steps, 1)
    print(f"{steps} random events: every invariant held")


if __name__ == "__main__":
    chosen = [int(word) for word in sys.argv[1:]]
    main(*chosen, *(2, 1_000_000)[len(chosen) :])
