"""Rules of the end: a stop that was carried out stays one, and no value is told older than it is."""

from __future__ import annotations

from typing import Any

from ocpp16.configuration.keys import REGISTER
from ocpp16.records import Sample, Transaction
from ocpp16.step import Outlet
from tests.sim.check_board import DurableOffer
from tests.sim.checkers import Change, Checker, Disk
from tests.sim.world import World, register_wh


class StopHolds(Checker):
    """A transaction whose offer was withdrawn because it stops gets no energy again in the same session of the board.

    Whether its stop could be written makes no difference.
    """

    name = "stop-holds"

    def __init__(self) -> None:
        self.stopped: set[int] = set()

    def offer(self, world: World, outlet: Outlet, disk: Disk) -> None:
        row = DurableOffer._open(disk, outlet.connector)
        if row is None:
            return
        if not outlet.transaction and world.board is not None and world.talk.attached is not None:
            self.stopped.add(row.number)
        elif outlet.offered_amps > 0 and row.number in self.stopped:
            self.fail(world, f"{outlet.offered_amps} A for transaction {row.number}, which was stopped")

    def life(self, world: World, what: str) -> None:
        if what in ("board-dead", "power-off"):  # nobody remembers the offer any more
            self.stopped.clear()


class ToldAge(Checker):
    """A register in MeterValues is one that the meter showed at most three of its intervals before."""

    name = "told-age"
    CLOSED_S = 3.0
    OPEN_S = 30.0
    SLACK_S = 0.01

    def __init__(self) -> None:
        self.told: dict[int, list[tuple[float, int]]] = {}
        """Per connector the readings of this boot, those of the last minutes: when, and the register."""
        self.closed_since: dict[int, float] = {}

    def board(self, world: World, message: dict[str, Any]) -> None:
        connector = message.get("connector")
        if message["type"] == "meter" and not world.mute:
            readings = self.told.setdefault(connector, [])
            readings.append((message["at"], int(message["wh"])))
            del readings[:-400]
        elif message["type"] == "contactor" and message["closed"]:
            self.closed_since.setdefault(connector, message["at"])
        elif message["type"] == "contactor":
            self.closed_since.pop(connector, None)

    def life(self, world: World, what: str) -> None:
        if what in ("board-dead", "power-off"):
            self.told.clear()
            self.closed_since.clear()

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            if old is None and isinstance(new, Sample) and new.context.startswith("Sample."):
                self._judge(world, new)

    def _judge(self, world: World, sample: Sample) -> None:
        if sample.at.boot != world._boot_id() or world.mono - sample.at.mono > 120.0:
            return
        wh = next((int(value.value) for value in sample.values if value.measurand == REGISTER), None)
        readings = self.told.get(sample.connector, [])
        if wh is None or not readings:
            return
        at = sample.at.mono
        known = [when for when, register in readings if register == wh and when <= at + self.SLACK_S]
        if not known:
            return
        since = self.closed_since.get(sample.connector)
        drawing = since is not None and since <= at - self.CLOSED_S
        age_s = at - known[-1]
        if age_s > (self.CLOSED_S if drawing else self.OPEN_S) + self.SLACK_S:
            self.fail(world, f"connector {sample.connector}: {wh} Wh told at {at:.1f} were read {age_s:.1f} s before")


class BillsMarked(Checker):
    """A bill that does not end with the true register of the meter is marked inexact.

    A meter that stands still or runs backwards lies, and nobody can know before it is proven.
    """

    name = "bill-marked"

    def __init__(self) -> None:
        self.closed: set[int] = set()
        self.lying: set[tuple[str, int]] = set()

    def board(self, world: World, message: dict[str, Any]) -> None:
        if message["type"] == "contactor":
            (self.closed.add if message["closed"] else self.closed.discard)(message["connector"])

    def life(self, world: World, what: str) -> None:
        words = what.split()
        if words[:2] == ["sim", "fault"] and words[2] in ("meter-frozen", "meter-backwards", "weld"):
            (self.lying.add if words[3] == "on" else self.lying.discard)((words[2], int(words[4])))
        elif what in ("board-dead", "power-off"):
            self.closed.clear()

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            ends = isinstance(old, Transaction) and old.ended is None
            if not ends or not isinstance(new, Transaction) or new.ended is None or not new.stop_exact:
                continue
            if world.board is None or new.connector in self.closed or any(at == new.connector for _, at in self.lying):
                continue
            missing = register_wh(world, new.connector) - (new.meter_stop_wh or 0)
            if missing > 1.0:
                self.fail(world, f"transaction {new.number} ends exactly, and {missing:.1f} Wh below the register")
