"""Rules of the five profiles: no offer above a limit, reserved connectors for their card only, truthful updates."""

from __future__ import annotations

import json
from typing import Any

from ocpp16.records import FirmwareUpdate, ListedTag, Profile, Reservation, Transaction
from ocpp16.step import Outlet
from tests.ocpp16.oracle import Installed, Oracle, Running
from tests.sim.checkers import Change, Checker, Disk
from tests.sim.world import EPOCH, World

EDGE_MS = 20
"""A change of a limit is due to the millisecond; so much is left to rounding."""


class WithinLimits(Checker):
    """No offer above what the installed profiles allow, by an oracle that shares no code with the product."""

    name = "within-limits"
    EVERY_S = 120.0

    def __init__(self) -> None:
        self.judged_t = 0.0
        self.disk: Disk = {}
        self.faults: set[tuple[int, str]] = set()
        self.wh: dict[int, float] = {}

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        self.disk = disk

    def offer(self, world: World, outlet: Outlet, disk: Disk) -> None:
        """By the own time of its event: after a stall it is late, and the timers behind it have their turn at once."""
        if outlet.offered_amps > 0:
            self._judge(world, outlet, disk, world.taken_at)
        if world.taken_at < world.mono - EDGE_MS / 1000:
            self.judged_t = -self.EVERY_S  # what stands when the backlog is done is judged by the present time

    def board(self, world: World, message: dict[str, Any]) -> None:
        """What stands for long is judged again, whenever the meter speaks."""
        if message["type"] == "fault" and message.get("connector"):
            key = (message["connector"], message["code"])
            (self.faults.add if message["on"] else self.faults.discard)(key)
        if message["type"] == "meter":
            self.wh[message["connector"]] = message["wh"]
        if world.t - self.judged_t < self.EVERY_S or message["type"] != "meter" or world.inbox or world.stalled:
            return
        self.judged_t = world.t
        if world.cp is not None and (world.wake_at is None or world.wake_at > world.mono):
            for outlet in world.outlets.values():
                if outlet.offered_amps > 0:
                    self._judge(world, outlet, self.disk, world.mono)

    def _judge(self, world: World, outlet: Outlet, disk: Disk, mono: float) -> None:
        profiles = [row for row in disk.values() if isinstance(row, Profile)]
        offset = world.cp.parts.context.clock.offset if world.cp is not None else None
        if not profiles or offset is None:
            return
        oracle = self._oracle(world, profiles, disk, offset)
        for connector in list(oracle.running):
            if connector != outlet.connector and self._draws_nothing(world, connector, disk):
                del oracle.running[connector]
        now = int((mono + offset) * 1000)
        allowed = max(oracle.limit(outlet.connector, at) for at in (now - EDGE_MS, now, now + EDGE_MS))
        if outlet.offered_amps > float(allowed) + 1e-6:
            self.fail(world, f"{outlet.offered_amps} A offered on {outlet.connector}, allowed are {float(allowed):.2f}")

    def _draws_nothing(self, world: World, connector: int, disk: Disk) -> bool:
        """A fault, or energy that is used up, ends a car's part as soon as its contactor is open."""
        if connector in world.drawing:
            return False
        if any(number == connector and code not in ("reader-lost", "tamper") for number, code in self.faults):
            return True
        rows = (row for row in disk.values() if isinstance(row, Transaction) and row.connector == connector)
        ends = [row.energy_ends_wh for row in rows if row.ended is None and row.energy_ends_wh is not None]
        return any(self.wh.get(connector, end) >= end for end in ends)

    @staticmethod
    def _oracle(world: World, profiles: list[Profile], disk: Disk, offset: float) -> Oracle:
        product = world.setup.product
        oracle = Oracle(product.connectors, product.phases, int(product.volts), int(product.max_amps))
        oracle.profiles = [Installed(row.connector, row.number, json.loads(row.document)) for row in profiles]
        boot = world._boot_id()
        for row in disk.values():
            if isinstance(row, Transaction) and row.ended is None and not row.stopping:
                utc = row.began.mono + offset if row.began.boot == boot else row.began.utc
                began = world.mono + offset if utc is None else utc
                oracle.running[row.connector] = Running(row.number, int(began * 1000))
        return oracle


class ReservedFor(Checker):
    """While a reservation is in force its connector starts only for its card, or one of its group; it is used up so."""

    name = "reserved-for"

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        used = [old for old, new in changes if isinstance(old, Reservation) and new is None]
        for old, new in changes:
            if old is None and isinstance(new, Transaction):
                kept = [row for row in disk.values() if isinstance(row, Reservation)]
                self._judge(world, new, [*kept, *used], disk)
                if new.reservation_id is not None and new.reservation_id not in {r.reservation_id for r in used}:
                    self.fail(world, f"reservation {new.reservation_id} was used and stays")

    def _judge(self, world: World, new: Transaction, rows: list[Reservation], disk: Disk) -> None:
        if world.central.lied:
            return
        for row in rows:
            if row.connector == new.connector and row.expires_utc > EPOCH + world.t + 60.0:
                if not self._fits(world, row, new, disk):
                    self.fail(world, f"{new.id_tag} starts on {row.connector}, kept for {row.id_tag}")
                if new.reservation_id != row.reservation_id:
                    self.fail(world, f"transaction {new.number} does not name reservation {row.reservation_id}")

    @staticmethod
    def _fits(world: World, row: Reservation, new: Transaction, disk: Disk) -> bool:
        tag = new.id_tag.casefold()
        if row.id_tag.casefold() == tag:
            return True
        listed = disk.get(("listed_tag", tag))
        groups = {new.parent_id_tag, world.central.tags.get(new.id_tag, {}).get("parentIdTag")}
        groups.add(listed.parent_id_tag if isinstance(listed, ListedTag) else None)
        known = {group.casefold() for group in groups if group is not None}
        return row.parent_id_tag is not None and row.parent_id_tag.casefold() in known


ENDS = {"Installed": True, "InstallationFailed": False}
FINAL = {"installed": "Installed", "install-failed": "InstallationFailed", "download-failed": "DownloadFailed"}


class TruthfulUpdate(Checker):
    """What is told of an update is what became of its jobs, and every update's end is told in the end."""

    name = "truthful-update"
    CUT = 3
    """So many installations cut by darkness may be given up."""

    def __init__(self) -> None:
        self.last: dict[str, bool] = {}
        """How the last job of each kind ended."""
        self.untold = ""
        self.replaced = ""
        """End of an update that a new one replaced before its answer came: it is told ahead of what is new."""
        self.cut = 0
        self.installing = False

    def life(self, world: World, what: str) -> None:
        match what.split():
            case ["job", kind, "begins"]:
                self.installing = kind == "Install"
            case ["job", kind, end]:
                self.last[kind] = end == "ok"
                self.installing = self.installing and kind != "Install"
            case ["power-off" | "evsed-dead"] if self.installing:
                self.installing, self.cut = False, self.cut + 1

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            if not isinstance(new, FirmwareUpdate):
                continue
            if new.state == "waiting" and not isinstance(old, FirmwareUpdate):
                self.cut = 0
            if not isinstance(old, FirmwareUpdate) or new.state != old.state:
                if new.state == "waiting":
                    self.replaced = FINAL.get(old.state, "") if isinstance(old, FirmwareUpdate) else ""
                self.untold = FINAL.get(new.state, "")

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2 or frame[2] != "FirmwareStatusNotification":
            return
        status = frame[3]["status"]
        if status == self.replaced:
            return
        self.replaced = ""
        if status == "Downloaded" and not self.last.get("Download"):
            self.fail(world, "Downloaded was told, but the download failed")
        if status == "DownloadFailed" and self.last.get("Download", False):
            self.fail(world, "DownloadFailed was told, but it was downloaded")
        if status == "Installed" and not self.last.get("Install"):
            self.fail(world, "Installed was told, but the installer failed")
        if status == "InstallationFailed" and self.last.get("Install", False) and self.cut < self.CUT:
            self.fail(world, "InstallationFailed was told, but it is installed")

    def arrived(self, world: World, frame: list[Any]) -> None:
        if frame[0] == 2 and frame[2] == "FirmwareStatusNotification" and frame[3]["status"] == self.untold:
            self.untold = ""

    def peace(self, world: World, disk: Disk) -> None:
        if self.untold:
            self.fail(world, f"{self.untold} has never arrived")
        row = disk.get(("firmware_update", "update"))
        if row is not None and not world.central.lied:
            self.fail(world, f"an update has no end: {row}")


__all__ = ["ReservedFor", "TruthfulUpdate", "WithinLimits"]
