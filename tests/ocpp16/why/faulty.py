"""Situations of `evsectl why` in which something is broken: faults of a connector, of the board, of the store."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.rig import Station, clock_text

Play = Callable[[], Station]


def fault(
    code: str, detail: str = "", connector: int | None = 1, charging: bool = False, latched: bool = False
) -> Play:
    def play() -> Station:
        station = Station().online()
        if charging:
            station.charging("04A2B9C1")
            station.meter(800)
        station.happens(ev.FaultChanged(connector, code, True, latched, detail, station.mono))
        if charging and station.offered() == 0.0 and station.cp.parts.connectors[1].state.transaction is not None:
            station.open_contactor()
        station.wait(12)
        return station

    return play


def two_faults() -> Station:
    station = fault("rcd", "residual current", charging=True)()
    station.happens(ev.FaultChanged(1, "weld", True, True, "16.2 A flow although commanded open", station.mono))
    return station


def weld_after_restart() -> Station:
    station = fault("weld", "closed although commanded open", latched=True)()
    station.restart(board_restarts=True).started()
    station.connect()
    return station


def board(reason: str) -> Play:
    def play() -> Station:
        station = Station().online()
        station.happens(ev.BoardLost(reason))
        station.wait(30)
        return station

    return play


def mismatch() -> Station:
    station = Station(Product(fixed_cable=False)).started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, outlet="cable"),))
    station.connect()
    return station


def lower_register() -> Station:
    station = Station().online().charging()
    station.meter(400)
    station.unplug()
    station.restart(board_restarts=True)
    station.wh[1] = 12.0
    station.started().connect()
    return station


def store(state: str, detail: str) -> Play:
    def play() -> Station:
        station = Station().online()
        station.happens(ev.StoreChanged(state, detail))  # type: ignore[arg-type]
        station.wait(5)
        return station

    return play


def queue_is_full() -> Station:
    station = Station().online()
    station.cp.parts.board_events.queue_full(True, "2000 messages wait")
    station.plug()
    return station


def socket_obstructed() -> Station:
    return fault("control-socket", "/run/evsed/control.sock: a folder is in its place; remove it", connector=None)()


def reserved_and_faulted() -> Station:
    station = Station().online()
    expires = clock_text(station.mono + 600)
    station.request("ReserveNow", connectorId=1, expiryDate=expires, idTag="04A2B9C1", reservationId=42)
    station.happens(ev.FaultChanged(None, "undervoltage", True, False, "187 V", station.mono))
    return station


SITUATIONS: tuple[tuple[str, Play], ...] = (
    ("Residual current while it charged", fault("rcd", "residual current", charging=True)),
    ("The contactor is welded", fault("weld", "16.2 A flow although commanded open", latched=True)),
    ("The contactor is welded, since before the last start", weld_after_restart),
    ("The contactor does not close", fault("contactor", "it is open although commanded closed")),
    ("The pilot is shorted", fault("pilot-short", "0.2 V")),
    ("The car's diode is missing", fault("diode", "the negative half-wave is missing")),
    ("The car wants ventilation", fault("ventilation", "state D, and no ventilation here")),
    ("The cable cannot be locked", fault("lock-open", "it does not lock")),
    ("The cable cannot be unlocked", fault("lock-closed", "it does not unlock")),
    ("The car drew too much", fault("overcurrent", "20.1 A drawn, 16 A signalled", charging=True)),
    ("The car did not stop", fault("ev-ignores-stop", "still drawing 6 s after the pilot went steady")),
    ("The meter stands still", fault("meter-frozen", "1034 Wh for 15 s while the car draws")),
    ("The meter does not answer", fault("meter-lost", "meter at /dev/ttyS0, address 1: no answer; check the wiring")),
    ("The meter counts backwards", fault("meter-backwards", "1030 Wh after 1034 Wh")),
    ("Another meter was built in", lower_register),
    ("The card reader does not answer", fault("reader-lost", "reader at /dev/serial0: no answer; check its supply")),
    ("The card reader is lost while a car charges", fault("reader-lost", "no answer", charging=True)),
    ("Too hot, while it charges", fault("overtemperature", "86.5 C", connector=None, charging=True)),
    ("Too little voltage", reserved_and_faulted),
    ("Too much voltage", fault("overvoltage", "261 V", charging=True)),
    ("Protective earth is lost", fault("ground", "no protective earth", charging=True)),
    ("The board's self-test has failed", fault("self-test", "the pilot does not reach -12 V")),
    ("The emergency stop is pressed", fault("emergency-stop", connector=None, charging=True)),
    ("The housing was opened", fault("tamper", connector=None)),
    ("No fail-safe would open the contactor", fault("fail-safe", "persist_gpio_outputs is Y", connector=None)),
    ("Two faults at once", two_faults),
    ("A code that is not known here", fault("gremlin", "teeth")),
    ("The board is gone", board("the board closed the connection")),
    ("The board is refused", board("the peer at the socket is user www-data, not evsed-board")),
    ("Board and product contradict each other", mismatch),
    ("The store is full", store("full", "3 MiB free, 20 MiB are needed")),
    ("The store cannot be written", store("unwritable", "Read-only file system")),
    ("The queue is full", queue_is_full),
    ("The control socket cannot be made", socket_obstructed),
)
