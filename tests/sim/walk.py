"""Every sequence of events, breadth first, equal states merged: what a dozen kinds of event can do to a station.

A state is a whole world, kept pickled.  Two are equal where all that decides is equal: flags, modes, what is there
and what is not.  Counters, registers and times are left out.
"""

from __future__ import annotations

import gc
import pickle
import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache, partial
from typing import Any, NamedTuple

from ocpp16.records import Availability, CachedTag, Sample, SecurityOccurrence, Setting, Stamp, Transaction, Unit
from tests.sim.checkers import Violation
from tests.sim.world import World

SETTLE_S = 3.0
SWEEP_EVERY = 400
Fingerprint = tuple[Any, ...]


# --- what can happen -------------------------------------------------------------------------------------------------


def _plug(world: World) -> None:
    plugged = world.board is not None and world.board.world.connectors[0].car is not None
    world.sim("unplug" if plugged else "plug")


def _car(world: World) -> None:
    car = world.board.world.connectors[0].car if world.board is not None else None
    if car is not None:
        world.sim("ev", "pause" if car.wants else "charge")


def _availability(world: World) -> None:
    row = world.records.get(("availability", 1))
    operative = row is None or (row.operative and row.scheduled is None)  # type: ignore[attr-defined]
    world.ask("ChangeAvailability", connectorId=1, type="Inoperative" if operative else "Operative")


def _heat(world: World) -> None:
    hot = world.board is not None and "overtemperature" in world.board.world.causes
    world.sim("fault", "overtemperature", "off" if hot else "on")


def _remote_stop(world: World) -> None:
    sessions = world.central.sessions
    world.ask("RemoteStopTransaction", transactionId=sessions[-1].transaction_id if sessions else 0)


def _refusals(world: World) -> None:
    """The Central System begins to refuse starts, or lets them in again."""
    vices = world.central.vices
    world.central.vices = {} if vices else {"start-expired": 1.0}


KINDS: dict[str, Callable[[World], None]] = {
    "plug or unplug": _plug,
    "own card": lambda world: world.sim("tap", "04A2B9"),
    "foreign card": lambda world: world.sim("tap", "FOREIGN"),
    "car pauses or asks": _car,
    "remote start": lambda world: world.ask("RemoteStartTransaction", idTag="04A2B9", connectorId=1),
    "remote stop": _remote_stop,
    "out of or in service": _availability,
    "network down or up": lambda world: world.network(not world.net_up),
    "dark for 10 s": lambda world: world.dark(10.0),
    "evsed killed": lambda world: world.kill_evsed(),
    "too hot or not": _heat,
    "refusals on or off": _refusals,
    "40 s pass": lambda world: world.run(40.0),
}

ALL = frozenset(KINDS)
CORE = ALL - {
    "foreign card",
    "car pauses or asks",
    "out of or in service",
    "too hot or not",
    "evsed killed",
    "refusals on or off",
}
"""What begins, ends and interrupts a transaction: few enough to be walked deep."""


# --- when two states are equal ---------------------------------------------------------------------------------------

_DIGITS = re.compile(r"\d+")
_LEFT_OUT = {
    "number",
    "seq",
    "transaction_id",
    "used",
    "context",
    "values",
    "error",
    "refused",
    "_seed",
    "entries",
    "_answered",
    "signalled_why",
}


def fingerprint(world: World) -> Fingerprint:
    """Everything that decides, nothing that only counts."""
    physical = world.board.world if world.board is not None else None
    cars: tuple[Any, ...] = ()
    if world.board is not None:
        cars = tuple(map(_car_of, world.board.world.connectors, world.board.host.evses))
    causes = tuple(sorted(physical.causes)) if physical is not None else ()
    rows = sorted({_row(record) for record in world.records.values()} - {()}, key=repr)
    core: list[tuple[str, Any]] = []
    if world.cp is not None:
        _facts("", world.cp, set(), core)
    timers = tuple(sorted(map(str, world.cp.parts.context.timers.table()))) if world.cp is not None else ()
    outside = (world.net_up, world.link_up, world.powered, bool(world.central.vices))
    return hash(tuple(core)), tuple(rows), timers, cars, causes, outside


def _car_of(connector: Any, evse: Any) -> tuple[Any, ...]:
    car = connector.car
    closed = (evse.closed, evse.state, evse.amps > 0)
    return (None if car is None else (car.wants, car.ready, car.amps > 0), *closed)


def _row(record: Any) -> tuple[Any, ...]:
    if isinstance(record, Transaction):
        if record.stop == "confirmed":
            return ()
        refused = record.verdict not in ("", "Accepted")
        ended = record.ended is not None
        return "charge", record.start, record.stop, record.stopping, refused, ended, ended or record.id_tag == "04A2B9"
    if isinstance(record, CachedTag):
        return ("card", record.id_tag, record.status) if record.id_tag in ("04a2b9", "foreign") else ()
    if isinstance(record, Setting):
        return () if record.name == "HeartbeatInterval" else ("setting", record.name, record.value)
    if isinstance(record, Sample):
        return "sample", record.state, record.for_stop
    if isinstance(record, Unit):
        return "unit", record.registered, record.shutdown
    if isinstance(record, SecurityOccurrence):
        untold, unlogged = record.told < record.count, record.logged_count < record.count
        return "event", record.type, record.notify and untold, unlogged
    if isinstance(record, Availability) and record.operative and record.scheduled is None:
        return ()  # as without a row
    values = (getattr(record, name) for name in record.__struct_fields__ if name not in _LEFT_OUT)
    return (record.table, *(value for value in values if not isinstance(value, float | Stamp)))


def _facts(name: str, thing: Any, seen: set[int], out: list[tuple[str, Any]]) -> None:
    """Flags, words, presences of an object of the core, and of those it holds."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    for field, value in vars(thing).items():
        kind = type(value)
        if field in _LEFT_OUT or kind is int or kind is float:
            continue
        if value is None or kind is bool:
            out.append((name + field, value))
        elif kind is str:
            out.append((name + field, _DIGITS.sub("#", value)))
        elif kind in (dict, list, set, frozenset, deque):
            out.append((name + field, min(len(value), 2)))
            for item in value.values() if kind is dict else ():
                if _is_ours(type(item)):
                    _facts(f"{name}{field}.", item, seen, out)
        elif issubclass(kind, Enum):
            out.append((name + field, value))
        elif _is_ours(kind):
            _facts(f"{name}{field}.", value, seen, out)


@cache
def _is_ours(kind: type) -> bool:
    """A part of the core that holds state (no records, no messages: those are struct and tuple)."""
    return kind.__module__.startswith("ocpp16.") and not issubclass(kind, Enum) and bool(kind.__dictoffset__)


# --- the walk --------------------------------------------------------------------------------------------------------


class Walked(NamedTuple):
    """How far it went."""

    states: int
    """From which something was done."""
    steps: int
    seconds: float


class Found(NamedTuple):
    """Where one event leads to."""

    mark: Fingerprint
    frozen: bytes
    kind: str


_known: set[Fingerprint] = set()
"""What this process has told already (a helper of the walk forgets nothing)."""
_made = 0


def fan(frozen: bytes, kinds: frozenset[str] = ALL, last: bool = False) -> list[Found] | str:
    """What each of these kinds of event leads to; or, in words that name the kind, which rule it breaks.

    `last`: nothing follows, so it is only played.
    """
    global _made
    found = []
    for kind, happen in KINDS.items():
        if kind not in kinds:
            continue
        world: World = pickle.loads(frozen)
        _made += 1
        if _made % SWEEP_EVERY == 0:  # worlds hold cycles
            gc.collect()
        try:
            happen(world)
            world.run(SETTLE_S)
        except (Violation, AssertionError) as error:
            return f"{kind}: {error}"
        if not last and (mark := fingerprint(world)) not in _known:
            _known.add(mark)
            found.append(Found(mark, pickle.dumps(world), kind))
    return found


def walk(
    starts: Iterable[tuple[str, World]],
    depth: int,
    kinds: frozenset[str] = ALL,
    mapped: Callable[..., Iterable[Any]] = map,
    aloud: bool = False,
) -> Walked:
    """All sequences up to `depth` from all of the named worlds at once: each state is left once, when it is nearest."""
    began, steps = time.perf_counter(), 0
    _known.clear()
    seen: set[Fingerprint] = set()
    level: list[tuple[bytes, tuple[str, ...]]] = []
    for name, world in starts:
        if (mark := fingerprint(world)) not in seen:
            seen.add(mark)
            level.append((pickle.dumps(world), (name,)))
    for far in range(depth):
        steps += len(level) * len(kinds)
        paths = iter([path for _, path in level])
        fans = mapped(partial(fan, kinds=kinds, last=far + 1 == depth), [frozen for frozen, _ in level])
        level = []
        for found in fans:
            path = next(paths)
            if isinstance(found, str):
                raise AssertionError(f"after {' -> '.join(path)} -> {found}")
            for one in found:
                if one.mark not in seen:
                    seen.add(one.mark)
                    level.append((one.frozen, (*path, one.kind)))
        if aloud:
            print(
                f"  depth {far + 1}: {len(seen)} states, {steps} steps, {time.perf_counter() - began:.0f} s", flush=True
            )
    return Walked(len(seen), steps, time.perf_counter() - began)
