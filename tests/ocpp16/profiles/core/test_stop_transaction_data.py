"""StopTransaction.transactionData: what it holds, and how it is thinned (§4.10, E 3.14, E 3.91)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.records import Sample
from tests.ocpp16.profiles.core.metered import REGISTER, stop_data, stopped
from tests.ocpp16.rig import Station, clock_text


def test_no_stop_data_by_default() -> None:
    """§9.1.26, §9.1.28: with both lists empty there is no transactionData."""
    station = stopped(Station().online(), 130)
    assert "transactionData" not in station.heard("StopTransaction")[0]


def test_sampled_stop_data() -> None:
    """E 3.14, §9.1.28: Transaction.Begin, Sample.Periodic each interval, Transaction.End, of each measurand."""
    station = stopped(Station(StopTxnSampledData=f"{REGISTER},Voltage").online(), 130)
    both = [REGISTER, "Voltage"]
    assert stop_data(station) == [
        (clock_text(1000), "Transaction.Begin", [REGISTER]),  # no voltage had been measured yet
        (clock_text(1060), "Sample.Periodic", both),
        (clock_text(1120), "Sample.Periodic", both),
        (clock_text(1130), "Transaction.End", [REGISTER]),
    ]


def test_aligned_stop_data() -> None:
    """§9.1.26: Transaction.Begin, Sample.Clock each aligned interval, Transaction.End."""
    station = stopped(Station(StopTxnAlignedData=REGISTER, ClockAlignedDataInterval=60).online(), 130)
    assert [(time, context) for time, context, _ in stop_data(station)] == [
        (clock_text(1000), "Transaction.Begin"),
        (clock_text(1060), "Sample.Clock"),
        (clock_text(1120), "Sample.Clock"),
        (clock_text(1130), "Transaction.End"),
    ]


def test_begin_and_end_of_both_lists() -> None:
    """E 3.14: Begin and End hold every measurand that either list names, once."""
    station = Station(StopTxnSampledData=REGISTER, StopTxnAlignedData=f"{REGISTER},SoC").online()
    station.plug()
    station.meter(0, soc=50.0)
    station.tap("CARD")
    station.draw()
    station.meter(5, soc=51.0)
    station.tap("CARD")
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.meter(0, soc=51.0)
    assert [names for _, _, names in stop_data(station)] == [[REGISTER, "SoC"]] * 2


@pytest.mark.parametrize(("cap", "after_s"), [(10, 600), (10, 6000), (5, 6000), (3, 1000), (2, 1000)])
def test_stop_data_is_thinned(cap: int, after_s: float) -> None:
    """E 3.91: StopTransactionMaxMeterValues is kept: intermediate values go, Begin and End stay."""
    station = Station(StopTxnSampledData=REGISTER, StopTransactionMaxMeterValues=cap).online()
    data = stop_data(stopped(station, after_s))
    assert len(data) <= cap
    assert (data[0][1], data[-1][1]) == ("Transaction.Begin", "Transaction.End")
    assert {context for _, context, _ in data[1:-1]} <= {"Sample.Periodic"}
    assert [time for time, _, _ in data] == sorted(time for time, _, _ in data)


def test_every_second_goes() -> None:
    """E 3.91: the 1st, 3rd, 5th … intermediate value goes, so that the rest still spans the transaction."""
    station = Station(StopTxnSampledData=REGISTER, StopTransactionMaxMeterValues=6).online()
    data = stop_data(stopped(station, 310))
    assert [time for time, _, _ in data] == [clock_text(1000 + n) for n in (0, 120, 240, 300, 310)]


def test_stop_lists_bite_on_the_next_transaction() -> None:
    """§9.1.28: a StopTxnSampledData that is set during a transaction counts from the next one."""
    station = Station().online().charging()
    station.request("ChangeConfiguration", key="StopTxnSampledData", value=REGISTER)
    station.wait(70)
    station.tap("CARD")
    station.open_contactor()
    assert "transactionData" not in station.heard("StopTransaction")[0]
    station.forget()
    station.tap("CARD")
    station.draw()
    station.tap("CARD")
    station.open_contactor()
    assert [context for _, context, _ in stop_data(station)] == ["Transaction.Begin", "Transaction.End"]


def test_stop_list_emptied_during_a_transaction() -> None:
    """E 3.14: what began with Transaction.Begin ends with Transaction.End."""
    station = Station(StopTxnSampledData=REGISTER).online().charging()
    station.request("ChangeConfiguration", key="StopTxnSampledData", value="")
    station.tap("CARD")
    station.open_contactor()
    assert [context for _, context, _ in stop_data(station)] == ["Transaction.Begin", "Transaction.End"]


def test_stop_data_survives_a_restart() -> None:
    """§4.10: what was gathered for the stop survives our own restart."""
    station = Station(StopTxnSampledData=REGISTER).online().charging()
    station.wait(130)
    station.restart().started(attached=False)
    station.attach(
        ev.PilotChanged(1, "C", station.mono), ev.ContactorChanged(1, True, True, station.mono), station.reading()
    )
    station.connect()
    station.tap("CARD")
    station.open_contactor()
    assert [context for _, context, _ in stop_data(station)] == [
        "Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End",
    ]  # fmt: skip


def test_stop_data_is_gone_after_the_stop() -> None:
    """The store keeps no values of a bill that was confirmed."""
    station = stopped(Station(StopTxnSampledData=REGISTER).online(), 130)
    station.wait(61)
    assert station.rows(Sample) == []


def test_stop_lists_of_the_start_survive_a_restart() -> None:
    """§9.1.28: a list changed in a transaction counts from the next one, also where evsed was restarted meanwhile."""
    station = Station(StopTxnSampledData=f"{REGISTER},Voltage").online()
    station.plug()
    station.tap("CARD")
    station.meter(volts=(230.0,))
    station.request("ChangeConfiguration", key="StopTxnSampledData", value="SoC")
    station.restart().started(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono), station.reading(volts=(231.0,)))
    station.connect()
    station.tap("CARD")
    (stop,) = station.heard("StopTransaction")
    end = [value["measurand"] for value in stop["transactionData"][-1]["sampledValue"]]
    assert end == [REGISTER, "Voltage"]
