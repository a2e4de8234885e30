"""What a technician asks for at the control socket: each question gets exactly one reply."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.step import Step
from tests.ocpp16.rig import Station, hows


def reply(step: Step, ref: int) -> tuple[bool, str]:
    (found,) = step.replies
    assert found.ref == ref
    return found.ok, found.text


def test_stop() -> None:
    """`evsectl stop-transaction` ends the only transaction that runs, or the one that is named."""
    station = Station(Product(connectors=2)).online()
    assert reply(station.happens(ev.StopAsked(1)), 1) == (False, "no transaction runs")
    assert reply(station.happens(ev.StopAsked(2, 2)), 2) == (False, "no transaction runs on connector 2")
    station.charging("A", 1)
    assert reply(station.happens(ev.StopAsked(3)), 3) == (True, "stopping the transaction on connector 1")
    station.open_contactor(1)
    assert [(stop["reason"], "idTag" in stop) for stop in station.heard("StopTransaction")] == [("Local", False)]


def test_stop_of_several() -> None:
    """Where several run, one must be named."""
    station = Station(Product(connectors=2)).online().charging("A", 1).charging("B", 2)
    several = "transactions run on connectors 1, 2: name one with --connector N"
    assert reply(station.happens(ev.StopAsked(1)), 1) == (False, several)
    assert reply(station.happens(ev.StopAsked(2, 2)), 2)[0] is True
    assert (station.offered(1), station.offered(2)) == (32.0, 0.0)


def test_reset() -> None:
    """`evsectl reset` is a Reset of the Central System without the Central System."""
    station = Station().started()
    step = station.happens(ev.ResetAsked(1, "Hard"))
    assert reply(step, 1) == (True, "resetting")
    assert hows(step) == ["HardReset"]


def test_second_reset() -> None:
    """A reset that is under way is not begun again."""
    station = Station().online().charging()
    station.happens(ev.ResetAsked(1, "Soft"))
    assert reply(station.happens(ev.ResetAsked(2, "Soft")), 2) == (False, "a reset is under way already")


def test_selftest() -> None:
    """`evsectl selftest` is the board's work; the reply is what came of it."""
    station = Station().online()
    for event, what in ((ev.SelftestAsked(1), "selftest"), (ev.SelftestAsked(2, clear_latched=True), "clear-latched")):
        step = station.happens(event)
        (order,) = step.orders
        assert (order.what, order.connector, step.replies) == (what, None, ())
        done = station.happens(ev.BoardDone(order.ref, True, "" if event.ref == 1 else "weld cleared"))
        assert reply(done, event.ref) == (True, "passed" if event.ref == 1 else "weld cleared")


def test_clearing_that_failed() -> None:
    """A latched fault that the board would not clear stays."""
    station = Station().online()
    station.fault("weld", latched=True)
    (order,) = station.happens(ev.SelftestAsked(1, clear_latched=True)).orders
    assert reply(station.happens(ev.BoardDone(order.ref, False, "still welded")), 1) == (False, "still welded")
    assert station.status() == "Faulted"


def test_selftest_failed() -> None:
    """A selftest that failed says so, one that was cut off by the loss of the board, too."""
    station = Station().online()
    (order,) = station.happens(ev.SelftestAsked(1)).orders
    assert reply(station.happens(ev.BoardDone(order.ref, False)), 1) == (False, "failed")
    station.happens(ev.SelftestAsked(2))
    assert reply(station.happens(ev.BoardLost("gone")), 2) == (False, "the board is lost")
    assert reply(station.happens(ev.SelftestAsked(3)), 3) == (False, "the board does not answer")
