"""What can be read without a step: status, why, transactions, as JSON-able rows.  Nothing is changed here."""

from __future__ import annotations

from collections.abc import Mapping

from ocpp16.connector.connector import Connector
from ocpp16.events import MeterSampled, Now
from ocpp16.messages.datetimes import to_text
from ocpp16.parts import Parts
from ocpp16.records import Equipment, Stamp, Transaction
from ocpp16.state.facts import Facts
from ocpp16.status.connector_status import station_status
from ocpp16.why import connection
from ocpp16.why.headline import headline
from ocpp16.why.why import why as why_of_connector

Row = dict[str, object]


def _time(stamp: Stamp | None) -> str | None:
    return None if stamp is None or stamp.utc is None else to_text(stamp.utc)


def _duration_s(transaction: Transaction, now: Stamp | None) -> float | None:
    """Seconds from the start to the end, or to `now`; None: not known."""
    began, end = transaction.began, transaction.ended or now
    if end is None:
        return None
    if began.boot == end.boot:
        return round(end.mono - began.mono, 1)
    return None if began.utc is None or end.utc is None else round(end.utc - began.utc, 1)


def transaction_row(transaction: Transaction, register_wh: float | None = None, now: Stamp | None = None) -> Row:
    """One transaction with its bill; while it runs, with time and energy up to `now` and `register_wh`."""
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
        "duration_s": _duration_s(transaction, now),
        "meter_start_wh": transaction.meter_start_wh,
        "meter_stop_wh": stop,
        "energy_wh": (last if stop is None else stop) - transaction.meter_start_wh,
        "reason": transaction.reason or None,
        "verdict": transaction.verdict or None,
        "start": transaction.start,
        "stop": transaction.stop,
        "error": transaction.error or transaction.stop_error or None,
        "stop_exact": transaction.stop_exact,
        "time_exact": transaction.began.exact and (transaction.ended is None or transaction.ended.exact),
    }


def transactions(
    facts: Facts, registers: Mapping[int, MeterSampled] | None = None, now: Stamp | None = None
) -> list[Row]:
    """All that are kept, oldest first; `registers`: the meters' present readings, by connector; `now`: the time."""
    read = registers or {}
    rows = sorted(facts.of(Transaction).values(), key=lambda row: row.number)
    return [
        transaction_row(row, read[row.connector].wh if row.connector in read and not row.ended else None, now)
        for row in rows
    ]


def _equipment(parts: Parts, number: int) -> Row:
    """Of the meter (null: not known) and the contactor."""
    row = parts.context.facts.of(Equipment).get(number)
    return {
        "meter_serial": row.meter_serial or None if row else None,
        "meter_model": row.meter_model or None if row else None,
        "switchings_loaded": row.loaded if row else 0,
        "switchings_unloaded": row.unloaded if row else 0,
    }


def _connector(parts: Parts, connector: Connector, now: Now) -> Row:
    state = connector.state
    shown, transaction = connector.status(), state.transaction
    attached = parts.recovery.board is not None  # what a lost board reported last is no longer known
    kept = parts.metering.readings.get(connector.number)
    known = parts.metering.is_fresh(connector.number, now.mono)
    reading = kept if known and not {"meter-lost", "meter-frozen"} & set(state.fault_codes()) else None
    return {
        "connector": connector.number,
        "status": str(shown.status),
        "error": str(shown.error),
        "info": shown.info,
        "pilot": state.pilot if attached else None,
        "plugged": state.plugged,
        "cable_present": state.cable_present,
        "cable_amps": state.cable_amps,
        "locked": state.cable_locked,
        "contactor_closed": state.closed if attached else None,
        "offered_amps": connector.offered.amps(),
        "signalled_amps": state.signalled_amps if attached else None,
        "signalled_why": state.signalled_why or None,
        "operative": state.operative,
        "faults": list(state.fault_codes()),
        "waiting_card": state.token.id_tag if state.token else None,
        "register_wh": None if reading is None else int(reading.wh),
        "volts": [] if reading is None else list(reading.volts),
        "amps": [] if reading is None else list(reading.amps),
        "watts": [] if reading is None else list(reading.watts),
        "soc": None if reading is None else reading.soc,
        "temperature": None if reading is None else reading.temperature,
        **_equipment(parts, connector.number),
        "transaction": None
        if transaction is None
        else transaction_row(transaction, kept.wh if kept else None, parts.context.stamp(now.mono)),
    }


def status(parts: Parts, now: Now) -> Row:
    """The station and its connectors at a glance."""
    utc = parts.context.clock.utc(now.mono)
    station = station_status(parts.station_faults.codes, parts.availability.row(0).operative)
    board = parts.recovery.board
    parked = parts.parked_messages.summary()
    return {
        "vendor": parts.identity.vendor,
        "model": parts.identity.model,
        "product": parts.product.name,
        "headline": headline(parts, now.mono),
        "status": str(station.status),
        "error": str(station.error),
        "registration": str(parts.registration.status) if parts.registration.status else None,
        "linked": parts.session.up,
        "in_flight": parts.session.in_flight,
        "queue": parts.transaction_queue.waiting,
        "parked": parked.messages,
        "parked_since": _time(parked.since),
        "parked_why": parked.error or None,
        "utc": None if utc is None else to_text(utc),
        "clock": "known" if parts.context.clock.known else "unknown until the Central System sends it",
        "board": None if board is None else board.board,
        "fail_safe_layers": [] if board is None else list(board.layers),
        "connection_trial": connection.trial(parts, now.mono),
        "connection_returned": connection.returned(parts, now.mono),
        "certificates_ending": connection.certificates(parts),
        "leaving": parts.shutdown.pending.how if parts.shutdown.pending else None,
        "connectors": [_connector(parts, connector, now) for connector in parts.connectors.values()],
    }


def why(parts: Parts, number: int | None, now: Now) -> list[Row]:
    """Why it does (not) charge: one cause per connector, and the bounds of the offered amperes."""
    return [_why(parts, n, now) for n in parts.connectors if number in (None, n)]


def _why(parts: Parts, number: int, now: Now) -> Row:
    found = why_of_connector(parts, number, now.mono)
    return {"connector": number, **found._asdict(), "cards": [{"id_tag": card} for card in found.cards]}
