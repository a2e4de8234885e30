"""The facts of a transaction: written down before they are told, bounded, settled when the time is known."""

from __future__ import annotations

from datetime import datetime

import pytest
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.profiles.core.transaction_records import (
    CLOSED_CAP,
    CREEP_WH,
    PARKED_CAP,
    UNDELIVERED_CAP,
    VALUES_CAP,
)
from ocpp16.record_checks import last_alive
from ocpp16.records import MeasuredValue, MeterSwap, Record, Sample, Stamp, Transaction, Unit
from tests.ocpp16.rig import NOON, SILENCE, CallError, Station, clock_text, noted

STAMP = Stamp(mono=900.0, boot="boot-1", utc=NOON - 100)
VALUE = (MeasuredValue(value="1", measurand="SoC"),)


def closed(number: int) -> Transaction:
    return Transaction(
        number=number, connector=1, id_tag="A", began=STAMP, meter_start_wh=1, start_seq=number, start="confirmed",
        transaction_id=number, last_wh=1, last=STAMP, ended=STAMP, meter_stop_wh=2, reason="Local",
        stop_seq=number, stop="confirmed",
    )  # fmt: skip


def waiting(seq: int) -> Sample:
    return Sample(seq=seq, connector=1, at=STAMP, context="Sample.Clock", values=VALUE)


def test_numbers_go_on() -> None:
    """Our own numbers go on after a restart."""
    station = Station(records=[closed(41)]).online().charging()
    assert [row.number for row in station.rows(Transaction)] == [41, 42]


def test_closed_transactions_are_bounded() -> None:
    """The last 1,000 closed transactions stay, the oldest goes first."""
    records: list[Record] = [closed(number) for number in range(1, CLOSED_CAP + 1)]
    station = Station(records=records).online().charging()
    station.unplug()
    numbers = sorted(row.number for row in station.rows(Transaction))
    assert (len(numbers), numbers[0], numbers[-1]) == (CLOSED_CAP, 2, CLOSED_CAP + 1)


def test_waiting_values_are_bounded() -> None:
    """§3.7: a full queue gives up every second of its values, never a start or stop; oldest and newest stay."""
    records: list[Record] = [Unit(registered=True), *(waiting(seq) for seq in range(1, VALUES_CAP))]
    station = Station(records=records, AllowOfflineTxForUnknownId=True).started()
    station.charging()
    station.wait(121)
    assert "queue-thinned" in [code for code, _ in station.notes]
    kinds = [row["kind"] for row in station.cp.queue()]
    assert kinds.count("start") == 1
    assert len(kinds) < VALUES_CAP * 0.6
    assert station.cp.queue()[0]["item"] in (1, 2)


def test_parked_values_are_bounded() -> None:
    """Values that were refused for good are kept to be looked at, a thousand of them."""
    parked = [Sample(seq=s, connector=1, at=STAMP, context="Sample.Clock", values=VALUE, state="parked") for s in range(1, PARKED_CAP + 1)]  # noqa: E501  # fmt: skip
    station = Station(records=parked, TransactionMessageAttempts=1, ClockAlignedDataInterval=60).online()
    station.script["MeterValues"] = CallError("InternalError")
    station.wait(61)
    station.wait(2)
    seqs = [row.seq for row in station.rows(Sample)]
    assert (len(seqs), min(seqs)) == (PARKED_CAP, 2)


def test_frequent_values_spare_the_card() -> None:
    """Values that come often are written together, at most a minute late; a restart loses no more than that."""
    station = Station(MeterValueSampleInterval=10).online()
    station.script["MeterValues"] = SILENCE
    station.charging()
    commits = 0
    for _ in range(60):
        station.wait(10)
        commits += bool(station.last.records)
    assert commits <= 20
    assert len(station.rows(Sample)) >= 54


def test_confirmed_values_are_forgotten() -> None:
    """A confirmed value is gone from the store a second later."""
    station = Station().online().charging()
    station.wait(62)
    assert station.rows(Sample) == []


@pytest.mark.parametrize("interval_s", [1, 10, 59, 60, 100])
@pytest.mark.parametrize("after_s", [5, 53, 95, 187])
def test_a5_a_stop_is_never_dated_after_the_lights_went_out(interval_s: int, after_s: int) -> None:
    """It is dated at the last moment on record, at most a minute or one interval before: a bound is no time."""
    station = Station(MeterValueSampleInterval=interval_s).online().charging()
    station.wait(after_s)
    dark = station.cp.parts.context.utc
    assert dark is not None
    station.restart(dark=True).started()
    station.connect()
    stopped = datetime.fromisoformat(station.heard("StopTransaction")[0]["timestamp"]).timestamp()
    assert dark - max(60, interval_s) - 3 <= stopped <= dark


def test_a5_a_row_of_an_earlier_version_is_dated_as_it_was_lived() -> None:
    """It stands a minute ahead of its time; what was lived stands beside it."""
    station = Station(MeterValueSampleInterval=10).online().charging()
    station.wait(30)
    (row,) = station.rows(Transaction)
    lived, ahead = replace(STAMP, utc=NOON + 20), replace(STAMP, utc=NOON + 80)
    assert last_alive(replace(row, last=ahead, told_utc=NOON + 20)) == lived
    assert last_alive(replace(row, last=lived, told_utc=NOON + 20)) == lived
    assert last_alive(replace(row, last=ahead, told_utc=None)) == ahead


@pytest.mark.parametrize("interval_s", [1, 7, 100])
@pytest.mark.parametrize("after_s", [6, 100, 333])
def test_a5_offline_no_value_is_lost(interval_s: int, after_s: int) -> None:
    """Each is on disk when it was taken, the values of the stop among them: a process that is killed has lost none."""
    station = (
        Station(MeterValueSampleInterval=interval_s, StopTxnSampledData="Energy.Active.Import.Register")
        .online()
        .charging()
    )
    station.disconnect()
    station.wait(after_s)
    due = after_s // interval_s
    assert sum(not row.for_stop for row in station.rows(Sample)) == due
    if 1 < due < 8:  # more than StopTransactionMaxMeterValues are thinned
        assert sum(row.for_stop for row in station.rows(Sample)) >= due
    kept = station.rows(Sample)
    station.restart().started()
    assert all(row in station.rows(Sample) for row in kept)
    station.connect()
    assert len({said["meterValue"][0]["timestamp"] for said in station.heard("MeterValues")}) >= due - 1


def test_a5_what_was_not_confirmed_is_written_when_the_connection_is_lost() -> None:
    """Sent is not delivered: the last value before the loss is on disk, too."""
    station = Station(MeterValueSampleInterval=10).online()
    station.script["MeterValues"] = SILENCE
    station.charging()
    station.wait(11)
    assert station.rows(Sample) == []
    station.disconnect()
    assert len(station.rows(Sample)) == 1


def test_last_register_is_kept() -> None:
    """Without values the register and the time are kept once a minute, so that a dead meter costs no more than that."""
    station = Station(MeterValueSampleInterval=0).online().charging()
    for _ in range(10):
        station.wait(30)
        station.meter(20)
    (row,) = station.rows(Transaction)
    assert row.last_wh >= 1160
    assert row.last.utc is not None
    assert row.last.utc >= NOON + 240


@pytest.mark.parametrize("meter", [True, False])
def test_bill_after_darkness_without_a_meter(meter: bool) -> None:
    """Where the meter cannot be asked after the dark, the bill ends with the last register that was kept."""
    station = Station().online().charging()
    station.wait(50)
    station.meter(30)
    station.wait(11)
    station.restart(dark=True).started(attached=False)
    station.attach(*([station.reading()] if meter else [ev.PilotChanged(1, "A", station.mono)]))
    station.connect()
    assert station.heard("StopTransaction")[0]["meterStop"] == 1030


def test_meter_that_lost_its_register() -> None:
    """meterStop is never below meterStart nor below a value that was kept."""
    station = Station().online().charging()
    station.wait(50)
    station.meter(30)
    station.wait(11)
    station.wh[1] = 3.0
    station.restart(dark=True).started()
    station.connect()
    assert station.heard("StopTransaction")[0]["meterStop"] == 1030


def test_time_comes_later() -> None:
    """§3.14: all that was written down before the time was known is settled when it is."""
    station = Station(AllowOfflineTxForUnknownId=True, StopTxnSampledData="SoC").online()
    station.restart(dark=True).started()
    station.plug()
    station.meter(soc=50.0)
    station.tap("CARD")
    station.draw()
    station.wait(61)
    assert station.rows(Transaction)[0].began.utc is None
    station.connect()
    (row,) = station.rows(Transaction)
    assert row.began.utc is not None
    assert row.last.utc is not None
    assert {sample.at.utc is None for sample in station.rows(Sample)} <= {False}


def test_note_of_begin_and_end() -> None:
    """A person reads when a transaction began and ended, and how much it was."""
    station = Station().online().charging()
    station.meter(40)
    station.unplug()
    ends = [fields for code, fields in station.notes if code == "transaction-ended"]
    assert ends == [{"number": 1, "connector": 1, "reason": "EVDisconnected", "wh": 40}]
    assert "transaction-began" in [code for code, _ in station.notes]
    assert noted(station.last) == []


def test_6_undelivered_transactions_outlive_the_cap_of_closed_ones() -> None:
    """A start that was refused for good is undelivered for good: 1,000 later transactions do not drop it."""
    station = Station(Product(), TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = CallError("InternalError")
    station.charging()
    station.unplug()
    records: list[Record] = [closed(number) for number in range(2, CLOSED_CAP + 2)]
    station.disk |= {(row.table, row.key): row for row in records}
    station.restart().online()
    station.script.clear()
    station.charging()
    station.unplug()
    numbers = [row.number for row in station.rows(Transaction)]
    assert (len(numbers), numbers[:2]) == (CLOSED_CAP + 1, [1, 3])


def test_6_a_bound_of_what_is_undelivered() -> None:
    """As many transactions as may be kept are undelivered: nothing new begins, and `why` says so."""
    station = Station(TransactionMessageAttempts=1).online()
    station.cp.parts.transactions.check_room = lambda: station.cp.parts.transactions.on_full(True)  # type: ignore[method-assign]
    station.charging()
    station.unplug()
    assert station.rows(Transaction)[0].ended is not None, "a running one is not touched"
    station.plug()
    station.tap("CARD")
    assert len(station.rows(Transaction)) == 1
    assert station.cp.why(station.now())[0]["code"] == "queue-full"
    station.attach()
    assert station.cp.why(station.now())[0]["code"] == "queue-full"
    station.cp.parts.transactions.on_full(False)
    assert station.cp.why(station.now())[0]["code"] != "queue-full"


def test_6_the_bound_is_counted() -> None:
    """Closed ones do not count."""
    records: list[Record] = [closed(number) for number in range(1, 4)]
    station = Station(records=records).online().charging()
    transactions = station.cp.parts.transactions
    full: list[bool] = []
    transactions.on_full = full.append
    transactions.check_room()
    assert full == [False] and UNDELIVERED_CAP > 10 * CLOSED_CAP
    assert len(transactions.context.facts.of(Transaction)) - len(transactions._closed) == 1


def test_retried_stop_opens_it_again() -> None:
    """A parked stop is not closed, nor one that is tried again by hand."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StopTransaction"] = CallError("InternalError")
    station.charging()
    station.unplug()
    assert station.cp.parts.transactions._closed == []
    station.script["StopTransaction"] = SILENCE
    station.happens(ev.QueueAsked(1, "retry"))
    assert station.cp.parts.transactions._closed == []
    station.script.clear()
    station.settle()
    assert station.cp.parts.transactions._closed == [1]
    assert station.heard("StopTransaction")[0]["timestamp"] == clock_text(1000)


# --- 2: energy that is on no bill -------------------------------------------------------------------------------------


def unbilled(station: Station) -> list[dict[str, object]]:
    return [dict(fields) for code, fields in station.notes if code == "energy-unbilled"]


def session(station: Station) -> None:
    station.charging()
    station.meter(100)
    station.unplug()


def test_2_energy_between_two_bills_is_noted() -> None:
    """The next start lies above the last bill's end: the difference is logged, with connector and transaction."""
    station = Station().online()
    session(station)
    station.meter(37)
    session(station)
    assert unbilled(station) == [{"connector": 1, "wh": 37, "after": 1, "why": ""}]


def test_2_a_creeping_register_is_no_alarm() -> None:
    """One step of a coarse meter, or its own standby, is nothing to report."""
    station = Station().online()
    session(station)
    station.meter(CREEP_WH)
    session(station)
    assert unbilled(station) == []


def test_2_after_an_inexact_bill_each_watt_hour_is_noted() -> None:
    """What the last bill could not know comes to light at the next start, and is expected there."""
    station = Station().online().charging()
    station.reads = False
    station.wait(5)
    station.tap("CARD")
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.wait(3)
    station.unplug()
    station.reads = True
    station.meter(3)
    session(station)
    ((note,),) = (unbilled(station),)
    assert (note["wh"], note["after"]) == (3, 1) and "could not be read" in str(note["why"])


def test_2_the_last_bill_is_known_after_a_restart() -> None:
    """It is read off the records."""
    station = Station().online()
    session(station)
    station.meter(500)
    station.restart().online()
    session(station)
    assert [note["wh"] for note in unbilled(station)] == [500]


def test_2_another_meter_is_no_alarm() -> None:
    """A register that was accepted as that of another meter has nothing to do with earlier bills."""
    records: list[Record] = [closed(1), MeterSwap(connector=1, after_number=1)]
    station = Station(records=records).online()
    station.meter(9000)
    session(station)
    assert unbilled(station) == []
