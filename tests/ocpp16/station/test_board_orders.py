"""Orders to the board are answered once, whatever the board does."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import Station

SOCKET = Product(fixed_cable=False)


def test_unlock_and_the_board_is_lost() -> None:
    """§5.18: nobody answers what was ordered: UnlockFailed."""
    station = Station(SOCKET).online()
    station.ask("UnlockConnector", connectorId=1)
    assert '"status":"UnlockFailed"' in station.step(ev.BoardLost("gone")).frames[0]


def test_word_that_nobody_waits_for() -> None:
    """An answer of the board to nothing changes nothing."""
    station = Station().online()
    assert station.step(ev.BoardDone(77, True)).frames == ()


def test_unlock_answered_twice() -> None:
    """An order that was given up and then done after all is answered once."""
    station = Station(SOCKET).online()
    _, step = station.ask("UnlockConnector", connectorId=1)
    station.step(ev.BoardLost("gone"))
    assert station.step(ev.BoardDone(step.orders[0].ref, True)).frames == ()
