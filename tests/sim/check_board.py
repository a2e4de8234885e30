"""Rules at the pins: no offer without a durable transaction or after a refusal, the 100 ms, the lease and its 6 s."""

from __future__ import annotations

from typing import Any

from ocpp16.records import Transaction
from ocpp16.step import Outlet
from tests.sim.checkers import Checker, Disk, setting
from tests.sim.world import LEASE_S, World

EPS = 1e-6
OPENS_WITHIN_S = 0.1
STOPS_WITHIN_S = 6.0


class DurableOffer(Checker):
    """No offer without an open transaction on disk."""

    name = "durable-offer"

    def offer(self, world: World, outlet: Outlet, disk: Disk) -> None:
        if outlet.offered_amps > 0 and self._open(disk, outlet.connector) is None:
            self.fail(world, f"{outlet.offered_amps} A offered on connector {outlet.connector}, no transaction on disk")
        if outlet.offered_amps > world.setup.product.max_amps:
            self.fail(world, f"{outlet.offered_amps} A is more than the product may offer")

    @staticmethod
    def _open(disk: Disk, connector: int) -> Transaction | None:
        for row in disk.values():
            if isinstance(row, Transaction) and row.connector == connector and row.ended is None:
                return row
        return None


class DeauthorisedOffer(Checker):
    """§5.5: after a refusal in StartTransaction.conf no energy beyond MaxEnergyOnInvalidId."""

    name = "deauthorised-offer"

    def offer(self, world: World, outlet: Outlet, disk: Disk) -> None:
        row = DurableOffer._open(disk, outlet.connector)
        if outlet.offered_amps <= 0 or row is None or row.verdict in ("", "Accepted"):
            return
        if row.energy_ends_wh is None or setting(world, disk, "StopTransactionOnInvalidId", "true") == "true":
            self.fail(world, f"{outlet.offered_amps} A offered although the Central System said {row.verdict}")


class ReflexOpens(Checker):
    """The contactor is open within 100 ms of any pilot state but C and D, and never closes in one."""

    name = "reflex-opens"

    def __init__(self) -> None:
        self.pilot: dict[int, tuple[str, float]] = {}
        self.closed: dict[int, bool] = {}
        self.faulty: set[int] = set()

    def life(self, world: World, what: str) -> None:
        if what in ("board-dead", "power-off"):
            self.pilot.clear()
            self.closed.clear()
        words = what.split()
        if words[:3] == ["sim", "fault", "weld"]:  # not seen yet, but true
            (self.faulty.add if words[3] == "on" else self.faulty.discard)(int(words[4]))
            state, since = self.pilot.get(int(words[4]), ("C", 0.0))
            if words[3] == "off":  # until now it could not open
                self.pilot[int(words[4])] = state, max(since, world.mono)

    def board(self, world: World, message: dict[str, Any]) -> None:
        kind, connector = message["type"], message.get("connector")
        if kind == "pilot":
            self.pilot[connector] = (message["state"], message["at"])
        elif kind == "fault" and message["code"] == "weld":
            (self.faulty.add if message["on"] else self.faulty.discard)(connector)
        elif kind == "contactor":
            state, _ = self.pilot.get(connector, ("A", 0.0))
            if (
                message["closed"]
                and message["confirmed"]
                and state not in ("C", "D")
                and not self.closed.get(connector)
            ):
                self.fail(world, f"contactor {connector} closed in state {state}")
            if not message["closed"] and message["confirmed"]:
                self._judge(world, connector, message["at"])
            self.closed[connector] = message["closed"]

    def _judge(self, world: World, connector: int, at: float) -> None:
        state, since = self.pilot.get(connector, ("C", 0.0))
        if self.closed.get(connector) and state not in ("C", "D") and at > since + OPENS_WITHIN_S + EPS:
            self.fail(world, f"contactor {connector} opened {at - since:.3f} s after state {state}")

    def event(self, world: World, event: Any) -> None:
        for connector, closed in self.closed.items():
            if closed and connector not in self.faulty:
                self._judge(world, connector, world.mono)


class LeaseHolds(Checker):
    """No closing after a lapsed lease; open at most 6 s after it."""

    name = "lease"

    def __init__(self) -> None:
        self.until: dict[int, float] = {}
        self.closed: set[int] = set()
        self.welded: set[int] = set()

    def offered(self, world: World, message: dict[str, Any]) -> None:
        now = world.mono
        connector = message["connector"]
        if message["amps"] > 0:
            alive = world.cp is not None and not world.stalled and not world.mute
            self.until[connector] = float("inf") if alive else now + min(message["lease_s"], LEASE_S)
        else:
            self.until[connector] = min(self.until.get(connector, now), now)

    def board(self, world: World, message: dict[str, Any]) -> None:
        connector = message.get("connector")
        if message["type"] == "fault" and message["code"] == "weld":
            (self.welded.add if message["on"] else self.welded.discard)(connector)
        if message["type"] != "contactor":
            return
        until = self.until.get(connector, -1.0)
        if message["closed"]:
            fresh = connector not in self.closed and message["confirmed"] and connector not in self.welded
            if fresh and message["at"] > until + EPS:
                self.fail(world, f"contactor {connector} closed {message['at'] - until:.3f} s after the lease")
            self.closed.add(connector)
        else:
            if connector in self.closed and message["at"] > until + STOPS_WITHIN_S + OPENS_WITHIN_S + EPS:
                self.fail(world, f"contactor {connector} opened {message['at'] - until:.3f} s after the lease")
            self.closed.discard(connector)

    def life(self, world: World, what: str) -> None:
        if what in ("board-dead", "power-off"):
            self.until.clear()
            self.closed.clear()

    def event(self, world: World, event: Any) -> None:
        self._late(world)

    def _late(self, world: World) -> None:
        for connector in self.closed - self.welded:
            until = self.until.get(connector, -1.0)
            if world.mono > until + STOPS_WITHIN_S + OPENS_WITHIN_S + 1.0:
                self.fail(world, f"contactor {connector} still closed {world.mono - until:.1f} s after the lease")
