"""Free vend, `[station] free_vend`: a car that is plugged in charges under that idTag, by every rule a card follows."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.connector.connector import Connector
from ocpp16.messages.types import Reason
from ocpp16.profiles.core.authorization import Authorization
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.reservation import Reservations
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.station.shutdown import Shutdown

OUTAGES = frozenset({Reason.POWER_LOSS, Reason.REBOOT, Reason.SOFT_RESET, Reason.HARD_RESET})
"""The station's own ends of a transaction: its car did nothing, and charges again after the next start."""

AGAIN_S = 60.0
"""Seconds after which the idTag is asked about again where the Central System gave no answer."""


class FreeVend:
    """`id_tag`: "" where cards or the Central System start.  `list_version()`: of the Local Authorization List.

    The idTag is tried once for each plug: again only when what hindered it has gone (fault, reservation, Inoperative),
    or when it may be judged otherwise (the connection came or went, another list, no answer).
    After a transaction the car has to be unplugged first, so that no stop is followed by a start.
    """

    def __init__(
        self,
        context: Context,
        authorization: Authorization,
        reservations: Reservations,
        transactions: TransactionRecords,
        connectors: dict[int, Connector],
        shutdown: Shutdown,
        id_tag: str,
        list_version: Callable[[], int],
    ) -> None:
        self.context = context
        self.authorization = authorization
        self.reservations = reservations
        self.transactions = transactions
        self.connectors = connectors
        self.shutdown = shutdown
        self.id_tag = id_tag
        self.list_version = list_version
        self._tried: dict[int, tuple[bool, int]] = {}
        """By connector: whether the Central System could be asked, and the list's version, when it was tried."""
        self._first_board = True

    def start_waiting_cars(self) -> bool:
        """After every step: try the idTag wherever a car waits and nothing hinders; whether it was tried anywhere."""
        if not self.id_tag or self.shutdown.pending is not None or not self.context.facts.unit.registered:
            return False
        tried = False
        situation = (self.authorization.online, self.list_version())
        for number, connector in self.connectors.items():
            state = connector.state
            if not state.plugged or self._is_hindered(connector):
                self._tried.pop(number, None)
            elif self._waits(connector) and (self._tried.get(number) != situation or self._may_ask_again(connector)):
                self._tried[number], tried = situation, True
                connector.free_vend(self.id_tag)
        return tried

    @staticmethod
    def _waits(connector: Connector) -> bool:
        state = connector.state
        return state.free and state.asking is None and not state.served

    def _may_ask_again(self, connector: Connector) -> bool:
        """No verdict came although there is a connection: a minute later it is asked once more."""
        refused = connector.state.refused
        if refused is None or not refused.free_vend or refused.by_central_system or not self.authorization.online:
            return False
        due = refused.mono + AGAIN_S
        if self.context.now.mono < due:
            self.context.timers.set(Timer.FREE_VEND, due, connector.number)
        return self.context.now.mono >= due

    def _is_hindered(self, connector: Connector) -> bool:
        state = connector.state
        usable = state.ready and state.operative and not state.faulted
        return not usable or not self.reservations.open_to(connector.number, self.id_tag)

    def board_ready(self) -> None:
        """A car that came meanwhile has had no transaction; one that the station's own outage cut off may go on."""
        for number, connector in self.connectors.items():
            state, last = connector.state, self.transactions.last_bill(number)
            if last is None or last.ended is None:
                continue
            same_boot = last.ended.boot == self.context.clock.boot_id
            if self._first_board:  # what the station remembers of the plug, and what the board does
                stayed = same_boot and 0.0 < state.unplugged_at <= last.ended.mono
                connector.set_served((state.finishing or stayed) and last.reason not in OUTAGES)
            if same_boot and state.unplugged_at > last.ended.mono:
                connector.set_served(False)
        self._first_board = False
