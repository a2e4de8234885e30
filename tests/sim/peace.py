"""Faults off, everybody behaves, and time enough: then every queue must be empty and every Wh billed."""

from __future__ import annotations

from ocpp16.events import SelftestAsked, StopAsked
from ocpp16.profiles.firmware_management.firmware import ENDS
from ocpp16.records import FirmwareUpdate, Sample, Transaction
from tests.sim.central_system import CentralSystem
from tests.sim.checkers import Checkers
from tests.sim.world import World

LIMIT_S = 3 * 3600.0
"""The longest wait of a well-behaved station: retries of one message, an interval of a Pending boot, a waiting RCD."""
DARK_S = 20.0


def well_behaved(central: CentralSystem) -> None:
    """No vice any more; what waits for an answer by hand stays unanswered."""
    central.vices = {}
    central.by_hand = set()
    central.open.clear()
    central.boot_status, central.interval_s, central.clock_error_s = "Accepted", 300, 0.0


def waits(world: World) -> bool:
    """Something on disk still waits to be told, or still runs."""
    for row in world.records.values():
        if isinstance(row, Transaction) and (row.start == "waiting" or row.stop == "waiting" or row.ended is None):
            return True
        if isinstance(row, Sample) and row.state == "waiting" and not row.for_stop:
            return True
        if isinstance(row, FirmwareUpdate) and (row.state in ENDS or not world.central.lied):
            return True  # by a wrong clock its date may lie years ahead
    return False


def make_peace(world: World, checkers: Checkers) -> float:
    """Runs until nothing waits any more and asks the checkers; returns how many seconds it took."""
    well_behaved(world.central)
    world.net_up = True
    world.store_breaks = False
    if not world.powered:
        world.run(DARK_S)
        world.power_on()
    began = world.t
    world.run(10.0)
    world.faults_off()
    world.network(True)
    world.store("ok")
    world.run(20.0)
    world.feed_if_alive(SelftestAsked(0, clear_latched=True))
    for connector in range(1, world.setup.product.connectors + 1):
        world.sim("unplug", connector=connector)
    world.run(20.0)
    _stop_all(world)
    while waits(world) and world.t - began < LIMIT_S:
        world.run(30.0)
        _stop_all(world)
    world.run(20.0)
    checkers.peace(world)
    return world.t - began


def _stop_all(world: World) -> None:
    """StopTransactionOnEVSideDisconnect may keep a transaction open: a technician ends it."""
    for row in list(world.records.values()):
        if isinstance(row, Transaction) and row.ended is None:
            world.feed_if_alive(StopAsked(row.connector, row.connector))
