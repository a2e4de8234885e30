"""The orders that a board carries out: unlock, selftest, clear-latched, meter-read, and those of one kind of board."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from drivers.board_protocol import Packet, ProtocolError
from drivers.host.connector import HostConnector
from drivers.reflex.faults import ActiveFaults

BoardOrder = Callable[[float, list[str], int | None], tuple[bool, str]]
"""An order that only one kind of board knows: (now, words, connector or None) -> done, detail."""

DETAIL_LENGTH: Final = 400


class BoardOrders:
    """`extra`: orders beyond those that every board knows, by name."""

    def __init__(
        self, connectors: Sequence[HostConnector], station: ActiveFaults, extra: Mapping[str, BoardOrder]
    ) -> None:
        self._connectors = connectors
        self._station = station
        self._extra = extra

    def connector(self, number: int | None) -> HostConnector:
        """The connector that was named, or the first.  ProtocolError where it is not there."""
        if number is not None and number > len(self._connectors):
            raise ProtocolError(f"connector {number}: this board has {len(self._connectors)}")
        return self._connectors[(number or 1) - 1]

    def carry_out(self, now: float, message: Packet) -> Packet | None:
        """Carry out a `do`: its `done`; None where that comes later."""
        try:
            answer = self._answer(now, message)
        except ProtocolError as error:
            answer = (False, str(error))
        if answer is None:
            return None
        ok, detail = answer
        return {"type": "done", "seq": message["seq"], "ok": ok, "detail": detail[:DETAIL_LENGTH]}

    def _answer(self, now: float, message: Packet) -> tuple[bool, str] | None:
        what, number = message["what"], message["connector"]
        match what:
            case "unlock":
                refused = self.connector(number).unlock(now, message["seq"])
                return (False, refused) if refused else None
            case "selftest":
                return self._selftest(now, number)
            case "clear-latched":
                return self._clear_latched(now, number)
            case "meter-read":  # evsed never sends it; version 1 of the board socket promises it to any client
                return self._read_meters(now, number)
            case _ if what in self._extra:
                self.connector(number)
                return self._extra[what](now, message["words"], number)
            case _:
                return False, f"this board has no order {what}"

    def _read_meters(self, now: float, number: int | None) -> tuple[bool, str]:
        """A fresh reading of the connectors asked for."""
        lost = [connector.number for connector in self._asked(number) if not connector.read_meter(now)]
        return not lost, f"no valid reading of connector {lost[0]}" if lost else "read"

    def _selftest(self, now: float, number: int | None) -> tuple[bool, str]:
        """Contactor, residual-current device, pilot, meter, lock, reader: passed where nothing is wrong by now."""
        asked = self._asked(number)
        for connector in asked:
            if connector.evse.closed:
                return False, f"connector {connector.number} is charging"
        wrong = self._station.codes()
        for connector in asked:
            wrong += [f"{connector.number}: {code}" for code in connector.evse.faults.tested(now)]
            connector.apply_faults(now)
        return not wrong, "wrong: " + ", ".join(wrong) if wrong else "passed"

    def _clear_latched(self, now: float, number: int | None) -> tuple[bool, str]:
        left = []
        for connector in self._asked(number):
            left += [f"{connector.number}: {code}" for code in connector.evse.faults.serviced(now)]
            connector.apply_faults(now)
        return not left, "still there: " + ", ".join(left) if left else "cleared"

    def _asked(self, number: int | None) -> Sequence[HostConnector]:
        """The connector that was named, or all."""
        return self._connectors if number is None else [self.connector(number)]
