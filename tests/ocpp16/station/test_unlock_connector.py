"""UnlockConnector: the transaction, the held cable, the lock, and the answer that follows (§5.18)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import Station

SOCKET = Product(fixed_cable=False)


def test_unlock_without_a_lock() -> None:
    """§5.18: a fixed cable: NotSupported, and a running transaction is not touched."""
    station = Station().online()
    assert station.request("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    station.charging()
    assert station.request("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    assert station.status() == "Charging"


@pytest.mark.parametrize("connector", [0, 2, -1])
def test_unlock_on_no_connector(connector: int) -> None:
    """E 3.87: a connector that is not there: NotSupported."""
    assert Station(SOCKET).online().request("UnlockConnector", connectorId=connector) == {"status": "NotSupported"}


@pytest.mark.parametrize(("ok", "status"), [(True, "Unlocked"), (False, "UnlockFailed")])
def test_unlock(ok: bool, status: str) -> None:
    """§5.18: the lock is opened by the board, and the answer is what came of it."""
    station = Station(SOCKET).online()
    answer, step = station.ask("UnlockConnector", connectorId=1)
    assert answer is None
    (order,) = step.orders
    assert (order.what, order.connector) == ("unlock", 1)
    step = station.happens(ev.BoardDone(order.ref, ok, "stuck"))
    assert f'"status":"{status}"' in step.frames[0]


def charging_socket() -> Station:
    station = Station(SOCKET).online()
    station.cable(locked=True)
    return station.charging().forget()


def test_unlock_while_charging() -> None:
    """§5.18: the transaction ends first, with reason UnlockCommand; then the lock, then the answer."""
    station = charging_socket()
    answer, step = station.ask("UnlockConnector", connectorId=1)
    assert (answer, step.orders) == (None, ())
    step = station.open_contactor()
    (order,) = step.orders
    assert station.heard("StopTransaction")[0]["reason"] == "UnlockCommand"
    assert '"status":"Unlocked"' in station.happens(ev.BoardDone(order.ref, True)).frames[0]
    assert not station.outlets[1].locked


def test_unlock_twice() -> None:
    """§5.18: while one is under way a second fails."""
    station = charging_socket()
    station.ask("UnlockConnector", connectorId=1)
    assert station.ask("UnlockConnector", connectorId=1)[0] == {"status": "UnlockFailed"}


def test_unlock_releases_a_held_cable() -> None:
    """§5.18: a cable that stayed locked for its owner is released, too."""
    station = Station(SOCKET, UnlockConnectorOnEVSideDisconnect=False).online()
    station.cable(locked=True)
    station.charging().unplug()
    assert station.outlets[1].locked
    station.ask("UnlockConnector", connectorId=1)
    assert not station.outlets[1].locked


def test_order_is_answered_once() -> None:
    """§5.18: an unlock whose answer was given needs no other."""
    station = Station(SOCKET).online()
    _, step = station.ask("UnlockConnector", connectorId=1)
    station.step(ev.BoardDone(step.orders[0].ref, True))
    assert station.step(ev.BoardDone(step.orders[0].ref, True)).frames == ()
    station.cp.parts.unlock_connector._unlocked(1, True, "")
    assert station.step(ev.Tick()).frames == ()


def test_2_board_lost_before_the_unlock_was_ordered() -> None:
    """§5.18: the transaction still ends when the board falls silent: the answer does not wait for another board."""
    station = charging_socket()
    _, step = station.ask("UnlockConnector", connectorId=1)
    assert step.orders == ()
    assert '"status":"UnlockFailed"' in station.happens(ev.BoardLost("the board does not answer")).frames[0]
    assert station.step(ev.Tick()).frames == ()
