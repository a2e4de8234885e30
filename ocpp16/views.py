"""What those see who only look: pure functions of the state, JSON-able.  Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ocpp16.connector.why import why as why_of_place
from ocpp16.events import MeterSampled, Now
from ocpp16.messages.datetimes import to_text
from ocpp16.records import Stamp, Transaction
from ocpp16.state.facts import Facts
from ocpp16.status.connector_status import connector_status, station_status

if TYPE_CHECKING:
    from ocpp16.charge_point import ChargePoint
    from ocpp16.connector.connector import Connector

Row = dict[str, object]


def _time(stamp: Stamp | None) -> str | None:
    return None if stamp is None or stamp.utc is None else to_text(stamp.utc)


def transaction_row(transaction: Transaction, register_wh: float | None = None) -> Row:
    """One transaction with its bill; while it runs, with the energy up to the register's present reading."""
    stop = transaction.meter_stop_wh
    last = transaction.last_wh if register_wh is None else max(int(register_wh), transaction.last_wh)
    return {
        "number": transaction.number,
        "transaction_id": transaction.transaction_id,
        "connector": transaction.connector,
        "id_tag": transaction.id_tag,
        "state": "ended" if transaction.ended else "stopping" if transaction.stopping else "running",
        "began": _time(transaction.began),
        "ended": _time(transaction.ended),
        "meter_start_wh": transaction.meter_start_wh,
        "meter_stop_wh": stop,
        "energy_wh": (last if stop is None else stop) - transaction.meter_start_wh,
        "reason": transaction.reason or None,
        "verdict": transaction.verdict or None,
        "start": transaction.start,
        "stop": transaction.stop,
        "error": transaction.error or transaction.stop_error or None,
        "time_exact": transaction.began.exact and (transaction.ended is None or transaction.ended.exact),
    }


def transactions(facts: Facts, registers: Mapping[int, MeterSampled] | None = None) -> list[Row]:
    """All that are kept, oldest first; `registers`: the meters' present readings, by connector."""
    now = registers or {}
    rows = sorted(facts.of(Transaction).values(), key=lambda row: row.number)
    return [
        transaction_row(row, now[row.connector].wh if row.connector in now and not row.ended else None) for row in rows
    ]


def _connector(cp: ChargePoint, connector: Connector) -> Row:
    shown = connector_status(connector.view())
    transaction = connector.transaction
    seen = cp.attachment.board is not None  # what a lost board told last is no longer known
    kept = cp.metering.readings.get(connector.number)
    reading = kept if seen and not {"meter-lost", "meter-frozen"} & set(connector.fault_codes()) else None
    return {
        "connector": connector.number,
        "status": str(shown.status),
        "error": str(shown.error),
        "info": shown.info,
        "pilot": connector.pilot if seen else None,
        "plugged": connector.plugged,
        "cable_present": connector.cable_present,
        "cable_amps": connector.cable_amps,
        "locked": connector.cable_locked,
        "contactor_closed": connector.closed if seen else None,
        "offered_amps": connector.offered_amps(),
        "signalled_amps": connector.signalled_amps if seen else None,
        "signalled_why": connector.signalled_why or None,
        "operative": connector.operative,
        "faults": list(connector.fault_codes()),
        "waiting_card": connector.token.id_tag if connector.token else None,
        "register_wh": None if reading is None else int(reading.wh),
        "volts": [] if reading is None else list(reading.volts),
        "amps": [] if reading is None else list(reading.amps),
        "watts": [] if reading is None else list(reading.watts),
        "soc": None if reading is None else reading.soc,
        "temperature": None if reading is None else reading.temperature,
        "transaction": None if transaction is None else transaction_row(transaction, kept.wh if kept else None),
    }


def status(cp: ChargePoint, now: Now) -> Row:
    """The station at a glance."""
    utc = cp.context.clock.utc(now.mono)
    station = station_status(tuple(cp.station_faults), cp.availability.row(0).operative)
    board = cp.attachment.board
    return {
        "vendor": cp.identity.vendor,
        "model": cp.identity.model,
        "product": cp.product.name,
        "status": str(station.status),
        "error": str(station.error),
        "registration": str(cp.registration.status) if cp.registration.status else None,
        "linked": cp.session.up,
        "in_flight": cp.session.in_flight,
        "queue": cp.reports.waiting,
        "parked": len(cp.transactions.parked_keys()),
        "utc": None if utc is None else to_text(utc),
        "clock": "known" if cp.context.clock.known else "unknown until the Central System tells it",
        "board": None if board is None else board.board,
        "fail_safe_layers": [] if board is None else list(board.layers),
        "leaving": cp.remote.leaving.how if cp.remote.leaving else None,
        "connectors": [_connector(cp, connector) for connector in cp.connectors.values()],
    }


def why(cp: ChargePoint, number: int | None) -> list[Row]:
    """Why it does (not) charge: one reason per connector, and how the amperes came about."""
    return [
        {"connector": n, **why_of_place(connector)._asdict()}
        for n, connector in cp.connectors.items()
        if number in (None, n)
    ]
