"""From a row to a request: each field of StartTransaction, MeterValues, StopTransaction (§6.31, §6.45, §6.49)."""

from __future__ import annotations

from ocpp16.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from ocpp16.messages.types import Location, Measurand, Phase, ReadingContext, Reason, UnitOfMeasure
from ocpp16.profiles.core.transaction_messages import UNKNOWN_ID, TransactionMessages
from ocpp16.records import MeasuredValue, Record, Sample, Stamp, Transaction
from ocpp16.rpc.transaction_queue import QueueKey
from ocpp16.state.context import Context
from ocpp16.state.facts import Facts
from ocpp16.state.utc_clock import Clock
from tests.ocpp16.rig import BUILD, NOON, clock_text

BEGAN = Stamp(mono=1000.0, boot="boot", utc=NOON)
ENDED = Stamp(mono=1060.0, boot="boot", utc=NOON + 60)
CHARGE = Transaction(
    number=7, connector=2, id_tag="CARD", began=BEGAN, meter_start_wh=10, reservation_id=4, start_seq=1, last_wh=10,
    last=BEGAN, transaction_id=55, ended=ENDED, meter_stop_wh=20, reason="Local", stop_id_tag="OTHER", stop_seq=3,
    stop="waiting",
)  # fmt: skip
VALUE = MeasuredValue(value="230.0", measurand="Voltage", unit="V", phase="L1-N", location="EV")
SAMPLE = Sample(seq=2, connector=2, number=7, at=ENDED, context="Sample.Clock", values=(VALUE,))


def telling(*records: Record, offset: float | None = NOON - 1000) -> TransactionMessages:
    return TransactionMessages(Context(Facts(records), Clock("boot", BUILD, offset)))


def test_start() -> None:
    """§6.45: connector, card, register, time, and the reservation that it uses up."""
    report = telling(CHARGE).build(QueueKey(1, "start", 7))
    assert report is not None
    assert report.action == "StartTransaction"
    assert report.request == StartTransactionReq(
        connector_id=2, id_tag="CARD", meter_start=10, timestamp=clock_text(1000), reservation_id=4
    )


def test_values() -> None:
    """§6.31: connector, transaction, and every field of a value in the words of the specification."""
    report = telling(CHARGE, SAMPLE).build(QueueKey(2, "values", 2))
    assert report is not None
    request = report.request
    assert isinstance(request, MeterValuesReq)
    assert (request.connector_id, request.transaction_id) == (2, 55)
    (meter_value,) = request.meter_value
    assert meter_value.timestamp == clock_text(1060)
    (value,) = meter_value.sampled_value
    assert (value.value, value.context, value.measurand, value.unit, value.phase, value.location) == (
        "230.0", ReadingContext("Sample.Clock"), Measurand("Voltage"), UnitOfMeasure("V"), Phase("L1-N"),
        Location("EV"),
    )  # fmt: skip


def test_stop() -> None:
    """§6.49: register, time, transaction, card, reason, and the values gathered for it, in order."""
    data = [Sample(**{**_fields(SAMPLE), "seq": number, "for_stop": True}) for number in (9, 10, 11)]
    report = telling(CHARGE, *reversed(data)).build(QueueKey(3, "stop", 7))
    assert report is not None
    request = report.request
    assert isinstance(request, StopTransactionReq)
    assert (request.meter_stop, request.timestamp, request.transaction_id, request.id_tag, request.reason) == (
        20, clock_text(1060), 55, "OTHER", Reason("Local"),
    )  # fmt: skip
    assert request.transaction_data is not None
    assert len(request.transaction_data) == 3


def test_nothing_left_to_say() -> None:
    """What is gone or confirmed is not told; what is parked can be."""
    desk = telling(CHARGE)
    assert desk.build(QueueKey(2, "values", 2)) is None
    assert desk.build(QueueKey(1, "start", 99)) is None
    assert telling(Sample(**{**_fields(SAMPLE), "state": "confirmed"})).build(QueueKey(2, "values", 2)) is None
    assert telling(Transaction(**{**_fields(CHARGE), "start": "confirmed"})).build(QueueKey(1, "start", 7)) is None
    assert telling(Transaction(**{**_fields(CHARGE), "stop": "none"})).build(QueueKey(3, "stop", 7)) is None
    assert telling(Transaction(**{**_fields(CHARGE), "stop": "parked"})).build(QueueKey(3, "stop", 7)) is not None


def test_transaction_that_nobody_knows() -> None:
    """E 3.18: values of a transaction without an id carry -1, values of none carry no id."""
    report = telling(SAMPLE).build(QueueKey(2, "values", 2))
    assert report is not None
    assert isinstance(report.request, MeterValuesReq)
    assert report.request.transaction_id == UNKNOWN_ID
    alone = Sample(**{**_fields(SAMPLE), "number": None})
    report = telling(alone).build(QueueKey(2, "values", 2))
    assert report is not None
    assert isinstance(report.request, MeterValuesReq)
    assert report.request.transaction_id is None


def test_time_that_nobody_knows() -> None:
    """§3.14: never 1970: without any time the floor."""
    unknown = Transaction(**{**_fields(CHARGE), "began": Stamp(mono=5.0, boot="earlier")})
    report = telling(unknown, offset=None).build(QueueKey(1, "start", 7))
    assert report is not None
    assert isinstance(report.request, StartTransactionReq)
    assert report.request.timestamp == "2025-01-01T00:00:00.000Z"


def _fields(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
