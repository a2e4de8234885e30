"""How a sequence is judged: what is wanted next, what may swap, what may be missing, and the words for what was wrong.

Messages must come in the listed order (rule 2 of the catalogue).  A StatusNotification that nobody asked for does not
fail a case by itself: it becomes a remark.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocpp16.product import Product
from tests.conformance.secured import Secured
from tests.conformance.transcript import Payload, utc
from tests.conformance.unit import Hands
from tests.conformance.wire import Call, CentralSystem, Reply, Stopped

WITHIN_S = 10.0
"""A message that takes longer does not come."""
QUIET_S = 1.2
"""So long nothing may come where nothing is wanted."""
CALM_S = 0.25
FREE = ("Heartbeat", "MeterValues", "SecurityEventNotification")
"""Requests that may stand anywhere, unless a case asks for them."""

VALID, VALID_2, FOREIGN, INVALID, PARENT = "VALID-1", "VALID-2", "FOREIGN-9", "INVALID-1", "PARENT-1"
"""Cards of the test data; the Central System knows what each is."""


class Failed(Exception):
    """The case is not passed: why."""


@dataclass(frozen=True)
class Want:
    """A request of the station: its action, fields that must be so, and more that must be true."""

    action: str
    fields: Payload = field(default_factory=dict)
    true: tuple[tuple[str, Callable[[Payload], bool]], ...] = ()
    optional: bool = False

    def __str__(self) -> str:
        parts = [f"{k}={'|'.join(map(str, v)) if isinstance(v, tuple) else v}" for k, v in self.fields.items()]
        words = " ".join([f"CP> {self.action}", *parts, *(text for text, _ in self.true)])
        return f"[{words}]" if self.optional else words

    def fits(self, call: Call) -> bool:
        if call.action != self.action:
            return False
        for name, value in self.fields.items():
            given = call.payload.get(name)
            if not (given in value if isinstance(value, tuple) else given == value):
                return False
        return all(test(call.payload) for _, test in self.true)


@dataclass(frozen=True)
class Swap:
    """These in any order (`<>`)."""

    wants: tuple[Want, ...]

    def __str__(self) -> str:
        return " <> ".join(map(str, self.wants))


Item = Want | Swap


def wants_of(item: Item) -> list[Want]:
    return list(item.wants) if isinstance(item, Swap) else [item]


def want(action: str, *true: tuple[str, Callable[[Payload], bool]], optional: bool = False, **fields: Any) -> Want:
    return Want(action, fields, true, optional)


def swap(*wants: Want) -> Swap:
    return Swap(wants)


def boot() -> Want:
    return want("BootNotification")


class Lab:
    """One case under way: the station, the Central System, and the judge's pencil."""

    def __init__(self, unit: Hands, central: CentralSystem, product: Product, secured: Secured | None = None) -> None:
        self.unit = unit
        self.central = central
        self.product = product
        self.connector = 1
        self._secured = secured
        self.within_s = WITHIN_S
        """How long a message is waited for where a case does not say."""
        self.wanted: list[str] = []
        """The sequence wanted so far, with a tick for what came."""
        self.remarks: list[str] = []
        self.causes: list[tuple[str, float]] = []
        """Indicators of the certificate: (which, seconds)."""
        central.cards.update(
            {
                VALID: {"status": "Accepted"},
                VALID_2: {"status": "Accepted"},
                FOREIGN: {"status": "Accepted"},
                INVALID: {"status": "Invalid"},
            }
        )

    @property
    def secured(self) -> Secured:
        """What stands before the Central System in the cases of the security profiles."""
        assert self._secured is not None
        return self._secured

    @property
    def connectors(self) -> range:
        return range(1, self.product.connectors + 1)

    @property
    def others(self) -> list[int]:
        return [number for number in self.connectors if number != self.connector]

    def status(self, *words: str, connector: int | None = None, optional: bool = False, **fields: Any) -> Want:
        """A StatusNotification with one of these statuses."""
        status = words[0] if len(words) == 1 else words
        number = self.connector if connector is None else connector
        return want("StatusNotification", optional=optional, connectorId=number, status=status, **fields)

    def statuses(self, *words: str, own: tuple[str, ...] = (), zero: tuple[str, ...] = ()) -> Swap:
        """One for connector 0 and for each: `words`, but `own` for the connector under test."""
        wants = [self.status(*(zero or words), connector=0)]
        wants += [self.status(*(own or words if n == self.connector else words), connector=n) for n in self.connectors]
        return Swap(tuple(wants))

    # --- what comes ---------------------------------------------------------------------------------------------------

    async def expect(self, *items: Item, within: float | None = None, free: Sequence[str] = FREE) -> list[Call]:
        """These in this order; the calls that fulfilled them.  Failed with the words for what was otherwise."""
        found: list[Call] = []
        within = max(within or self.within_s, self.within_s)
        for number, item in enumerate(items):
            later = any(not one.optional for after in items[number + 1 :] for one in wants_of(after))
            self.wanted.append(f"      {item}")
            found += await self._one(wants_of(item), within, free, later)
            self.wanted[-1] = f"  ok  {item}"
        return found

    async def _one(self, wants: list[Want], within: float, free: Sequence[str], later: bool) -> list[Call]:
        """All of these in any order; where only optional ones are left, what does not fit belongs to what follows."""
        found: list[Call] = []
        deadline = time.monotonic() + within
        while wants:
            needed = any(not one.optional for one in wants)
            wait = deadline - time.monotonic() if needed or later else CALM_S
            call = await self.central.next_call(max(wait, 0.0))
            fitting = None if call is None else next((one for one in wants if one.fits(call)), None)
            if call is not None and fitting is not None:
                wants.remove(fitting)
                found.append(call)
            elif not needed:
                self.central.read -= call is not None
                break
            elif call is None:
                raise Failed(f"it did not come within {within:g} s: {' <> '.join(map(str, wants))}")
            else:
                self._unasked(call, wants, free)
        return found

    def _unasked(self, call: Call, wants: Sequence[Want], free: Sequence[str]) -> None:
        """Something else came: a remark, or the end."""
        told = {one.action for one in wants}
        shown = f"{call.action} {call.payload}"
        elsewhere = call.action == "MeterValues" and call.payload.get("connectorId") != self.connector
        kind = call.payload.get("type") if call.action == "SecurityEventNotification" else None
        other_event = kind is not None and all(one.fields.get("type") != kind for one in wants)
        if elsewhere or (call.action in free and (call.action not in told or other_event)):
            return
        if call.action == "StatusNotification":
            self.remarks.append(f"unasked: {shown}")
            return
        raise Failed(f"wanted {' <> '.join(map(str, wants))}, but there came {shown}")

    async def quiet(self, seconds: float = QUIET_S, *actions: str, but: Sequence[str] = FREE) -> None:
        """No request of the station (none of these `actions`, where some are named) for so long."""
        self.wanted.append(f"      (silence{' of ' + ', '.join(actions) if actions else ''} for {seconds:g} s)")
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            call = await self.central.next_call(left)
            if call is None:
                break
            if call.action in actions or (not actions and call.action not in but):
                raise Failed(f"nothing was to come, but there came {call.action} {call.payload}")
            if call.action == "StatusNotification":
                self.remarks.append(f"unasked: {call.action} {call.payload}")
        self.wanted[-1] = "  ok" + self.wanted[-1][4:]

    async def settle(self, seconds: float = CALM_S) -> None:
        """Let pass what still comes; nothing of it is judged."""
        while await self.central.next_call(seconds) is not None:
            pass

    # --- what is asked ------------------------------------------------------------------------------------------------

    async def ask(self, action: str, payload: Payload | None = None, /, *allowed: str) -> Reply:
        """Ask; the answer's status (or the code of a CALLERROR, or `conf` for any answer) must be one of these."""
        self.wanted.append(f"      CS> {action}; CP= {' or '.join(allowed) or 'anything'}")
        reply = await self.central.call(action, payload or {})
        named = reply.status or "conf"
        if allowed and named not in allowed and not (reply.code and "CALLERROR" in allowed):
            raise Failed(f"{action} was answered {named}, wanted {' or '.join(allowed)}")
        self.wanted[-1] = "  ok" + self.wanted[-1][4:]
        return reply

    async def configure(self, **values: object) -> None:
        """ChangeConfiguration of each key, accepted."""
        for key, value in values.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            await self.ask("ChangeConfiguration", {"key": key, "value": text}, "Accepted", "RebootRequired")

    async def configure_if_there(self, **values: object) -> None:
        """Keys that a product need not have, or that it may only show."""
        for key, value in values.items():
            text = str(value).lower() if isinstance(value, bool) else str(value)
            known = await self.setting(key)
            if known is not None and known[0] != text and not known[1]:
                await self.configure(**{key: value})

    async def setting(self, key: str) -> tuple[str, bool] | None:
        """(value, readonly) of a key; None: it is not known."""
        reply = await self.ask("GetConfiguration", {"key": [key]}, "conf")
        for row in reply.payload.get("configurationKey", []):
            if row["key"].casefold() == key.casefold():
                return row.get("value", ""), row["readonly"]
        return None

    # --- by hand ------------------------------------------------------------------------------------------------------

    async def hand(self, words: str, connector: int | None = None) -> None:
        self.central.transcript.add("[M]", words if connector is None else f"{words} (connector {connector})")
        self.wanted.append(f"  ok  [M] {words}")
        await self.unit.sim(words, connector)

    async def plug(self, connector: int | None = None) -> None:
        await self.hand("plug", connector or self.connector)

    async def unplug(self, connector: int | None = None) -> None:
        await self.hand("unplug", connector or self.connector)

    async def tap(self, id_tag: str, connector: int | None = None) -> None:
        await self.hand(f"tap {id_tag}", connector or (self.connector if self.product.connectors > 1 else None))

    async def fault(self, name: str, on: bool, connector: int | None = None) -> None:
        station = name in ("overtemperature", "undervoltage", "store-full", "install")
        await self.hand(f"fault {name} {'on' if on else 'off'}", None if station else connector or self.connector)

    async def power_cut(self) -> None:
        self.central.transcript.add("[M]", "mains off")
        self.wanted.append("  ok  [M] cut and restore power")
        await self.unit.power_cut()

    async def power_back(self) -> None:
        self.central.transcript.add("[M]", "mains on")
        self.unit.powered.set()

    async def break_link(self) -> None:
        self.central.transcript.add("[M]", "network off")
        self.wanted.append("  ok  [M] break the link")
        await self.central.shut()

    async def restore_link(self) -> None:
        self.central.transcript.add("[M]", "network on")
        self.wanted.append("  ok  [M] restore the link")
        await self.central.listen()

    async def wait(self, seconds: float) -> None:
        self.wanted.append(f"  ok  (wait {seconds:g} s)")
        await asyncio.sleep(seconds)

    def require(self, true: bool, otherwise: str) -> None:
        if not true:
            raise Failed(otherwise)

    # --- the beginning ------------------------------------------------------------------------------------------------

    async def booted(self, within: float = 20.0) -> None:
        """The default state: connected, accepted, every connector Available."""
        for _ in range(int(within * 10)):
            if self.central.calls:
                break
            if 2 in self.unit.ends:
                raise Failed("the station does not start: its configuration is refused")
            await asyncio.sleep(0.1)
        await self.expect(boot(), self.statuses("Available"), within=within)
        await self.settle(0.05)


__all__ = [
    "FOREIGN", "INVALID", "PARENT", "VALID", "VALID_2", "Call", "Failed", "Lab", "Reply", "Stopped", "Swap", "Want",
    "boot", "swap", "utc", "want",
]  # fmt: skip
