"""The board host: a `BoardHost` for real and simulated devices alike; it greets, receives offers and orders, advances.

No clock, no thread, no randomness, no file: times are arguments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, NamedTuple

from drivers.board_protocol import MAX_LEASE_S, VERSION, Packet
from drivers.devices import StationDevices
from drivers.host.connector import ConnectorSetup, HostConnector
from drivers.host.orders import BoardOrder, BoardOrders
from drivers.host.station import HostStation
from drivers.reflex.faults import STATION
from drivers.reflex.state_machine import Evse

ROUNDS: Final = 100
"""A device that is due again and again without time passing does not stop the loop: it goes on with the next call."""
NO_STATION_DEVICES: Final = StationDevices()


class BoardIdentity(NamedTuple):
    """Who a board is; each text has 1 to 64 characters."""

    board: str
    boot_id: str
    """Changes with each boot of the unit."""
    session_id: str
    """Changes with each start of the board process."""
    layers: tuple[str, ...] = ("lease", "reflex")
    """Fail-safes that this board has."""


class Host:
    """A `BoardHost`.  Nothing is sent before the first `greet`, nor between a client's `hello` and the next `greet`.

    lease_s  the longest lease granted; above `MAX_LEASE_S` (simulated time) it is not announced
    forbidden  why this board may energise nothing at all; empty: it may
    orders   orders beyond those that every board knows, by name
    """

    def __init__(
        self,
        identity: BoardIdentity,
        connectors: Sequence[ConnectorSetup],
        station: StationDevices = NO_STATION_DEVICES,
        *,
        lease_s: float = 20.0,
        orders: Mapping[str, BoardOrder] | None = None,
        forbidden: str = "",
    ) -> None:
        self._identity = identity
        self._lease_s = lease_s
        self._out: list[Packet] = []
        self._station = HostStation(station, self._out, forbidden)
        self._connectors = [HostConnector(number, setup, self._out) for number, setup in enumerate(connectors, 1)]
        self._orders = BoardOrders(self._connectors, self._station.faults, orders or {})
        self._now = -inf
        self._wake_at = 0.0
        self._muted = True
        self._ended: list[Packet] = []
        """Faults on record that ended before a client had been greeted."""

    # --- BoardHost --------------------------------------------------------------------------------------------------

    def greet(self, now: float) -> list[Packet]:
        """`hello`, each `connector`, then each one's present states and the station's faults."""
        self._advance(now)
        self._take()  # contained in the present states
        self._out.append(self._hello())
        self._out += [connector.shape(now) for connector in self._connectors]
        for connector in self._connectors:
            connector.present(now)
        self._station.present(now)
        self._plan()
        self._out += self._ended
        self._ended, self._muted = [], False
        return self._take()

    def receive(self, now: float, message: Packet) -> list[Packet]:
        """Act on a checked message; ProtocolError where it names a connector that is not there."""
        self._advance(now)
        match message["type"]:
            case "hello":
                self._muted = True
            case "offer":
                self._orders.connector(message["connector"]).offer(now, message)
            case "latched":
                self._relatch(now, message["connector"] or 1, message["code"])
            case "do":
                done = self._orders.carry_out(now, message)
                self._look(now)  # devices may have changed
                if done is not None:
                    self._out.append(done)
        self._plan()
        return self._take()

    def advance(self, now: float) -> list[Packet]:
        """Everything that is due by now, each thing at its own second."""
        if now < self._wake_at:
            return []
        self._advance(now)
        return self._take()

    def look(self, now: float) -> list[Packet]:
        """After a device has changed by itself, earlier than its `wake_at` had promised."""
        self._look(now)
        return self._take()

    def open_all(self, now: float) -> None:
        for connector in self._connectors:
            connector.open_at_once(now)

    def is_live(self) -> bool:
        return any(connector.evse.closed for connector in self._connectors)

    def wake_at(self) -> float:
        return self._wake_at

    @property
    def evses(self) -> list[Evse]:
        """The reflex of each connector."""
        return [connector.evse for connector in self._connectors]

    # --- time -------------------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        if self._now == -inf:
            self._begin(now)
        rounds = 0
        while self._wake_at <= now and rounds < ROUNDS:
            rounds = rounds + 1 if self._wake_at <= self._now else 0
            self._now = max(self._now, self._wake_at)
            self._run(self._now)
        self._now = max(self._now, now)

    def _begin(self, now: float) -> None:
        """Look at everything once."""
        self._now = now
        self._look_at_station(now)
        for connector in self._connectors:
            connector.poll(now)
            connector.settle(now)
        self._plan()

    def _run(self, now: float) -> None:
        """Everything that is due at this second."""
        if now >= self._station.wake_at:
            self._look_at_station(now)
        for connector in self._connectors:
            if connector.wake_at <= now:
                connector.run(now)
        self._plan()

    def _look(self, now: float) -> None:
        self._station.plan()
        for connector in self._connectors:
            connector.plan()
        self._plan()
        self._advance(now)

    def _look_at_station(self, now: float) -> None:
        """Read the station's devices; each connector follows."""
        station = self._station
        station.look(now)
        hold = station.hold()
        for connector in self._connectors:
            limits = connector.evse.limits
            cap = station.cap_amps(limits.min_amps, limits.max_amps)
            connector.surroundings(now, hold, cap, station.celsius)
        station.report()

    def _plan(self) -> None:
        wake_at = self._station.wake_at
        for connector in self._connectors:
            if connector.wake_at < wake_at:
                wake_at = connector.wake_at
        self._wake_at = wake_at

    # --- messages ---------------------------------------------------------------------------------------------------

    def _hello(self) -> Packet:
        identity = self._identity
        hello: Packet = {
            "type": "hello",
            "version": VERSION,
            "boot_id": identity.boot_id,
            "session_id": identity.session_id,
            "board": identity.board,
            "connectors": len(self._connectors),
            "layers": list(identity.layers),
        }
        return hello | {"lease_s": self._lease_s} if self._lease_s <= MAX_LEASE_S else hello

    def _take(self) -> list[Packet]:
        """What has to be sent; while muted only the ends of faults are kept, for the greeting."""
        taken = self._out[:]
        self._out.clear()
        if not self._muted:
            return taken
        self._ended += [message for message in taken if message["type"] == "fault" and not message["on"]]
        return []

    def _relatch(self, now: float, number: int, code: str) -> None:
        """A fault on record is on again until its rule ends it; those of the station are found anew by themselves."""
        if code not in STATION and number <= len(self._connectors):
            connector = self._orders.connector(number)
            connector.evse.faults.relatch(now, code)
            connector.apply_faults(now)
