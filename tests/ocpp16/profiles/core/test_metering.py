"""Meter values: when one is due, with exactly which time (§3.16, §4.7, §6.51)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Sample
from tests.ocpp16.rig import NOON, SILENCE, START, Station, clock_text

REGISTER = "Energy.Active.Import.Register"
ALL = "Energy.Active.Import.Register,Voltage,Current.Import,Power.Active.Import,SoC,Temperature"
THREE = Product(phases=3, measurands=(*Product().measurands, "Current.Offered", "Power.Offered"))


def values(station: Station) -> list[dict[str, Any]]:
    """Each MeterValues.req, flat: connector, transaction, and its one MeterValue."""
    return [
        {"connector": said["connectorId"], "transaction": said.get("transactionId"), **said["meterValue"][0]}
        for said in station.heard("MeterValues")
    ]


def contexts(meter_value: dict[str, Any]) -> set[str]:
    return {value.get("context", "Sample.Periodic") for value in meter_value["sampledValue"]}


# --- sampled --------------------------------------------------------------------------------------------------------


def test_sampled_values() -> None:
    """§4.7: the first at start + interval, then every interval, with the transaction's id, Sample.Periodic."""
    station = Station(MeterValueSampleInterval=30).online().charging()
    station.wait(15)
    station.meter(40)
    station.wait(20)
    station.meter(60)
    station.wait(30)
    sampled = [{"value": "1040", "context": "Sample.Periodic", "measurand": REGISTER, "unit": "Wh"}]
    assert values(station) == [
        {"connector": 1, "transaction": 101, "timestamp": clock_text(1030), "sampledValue": sampled},
        {
            "connector": 1, "transaction": 101, "timestamp": clock_text(1060),
            "sampledValue": [sampled[0] | {"value": "1100"}],
        },
    ]  # fmt: skip


def test_one_message_for_one_instant() -> None:
    """§7.33: all values of one instant stand in one MeterValue, in the order of the list."""
    station = Station(MeterValuesSampledData=ALL).online().charging()
    station.meter(0, volts=(230.0,), amps=(16.0,), watts=(3680.0,), soc=40.0, temperature=30.0)
    station.wait(60)
    (message,) = values(station)
    assert [value["measurand"] for value in message["sampledValue"]] == ALL.split(",")
    assert contexts(message) == {"Sample.Periodic"}


def test_no_drift() -> None:
    """§4.7: the instants count from the start, however late the unit was at the last one."""
    station = Station(MeterValueSampleInterval=10).online().charging()
    station.wait(9)
    station.mono += 3  # nobody came for three seconds
    station.happens(ev.Tick())
    station.wait(20)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1000 + n) for n in (10, 20, 30)]


def test_too_late_is_left_out() -> None:
    """§4.7: a value that could only be told with the wrong time is left out, the next one is on time."""
    station = Station(MeterValueSampleInterval=10).online().charging()
    station.mono += 27
    station.happens(ev.Tick())
    station.wait(5)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1030)]


def test_only_in_a_transaction() -> None:
    """§4.7: sampled values belong to a transaction."""
    station = Station(MeterValueSampleInterval=10).online()
    station.plug()
    station.wait(100)
    assert values(station) == []


def test_none_after_the_end() -> None:
    """§4.7: and they end with it."""
    station = Station(MeterValueSampleInterval=10).online().charging()
    station.wait(15)
    station.tap("CARD")
    station.wait(5)
    station.open_contactor()
    station.wait(60)
    assert len(values(station)) == 1


def test_sampled_across_a_power_cut_of_ours() -> None:
    """§4.7: where the start lies in another boot the instants count from now."""
    station = Station().online().charging()
    station.cp.parts.context.clock.boot_id = "another"
    station.wait(10)
    station.request("ChangeConfiguration", key="MeterValueSampleInterval", value="20")
    station.wait(25)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1030)]


def test_interval_0_is_off() -> None:
    """E 3.15: 0 switches the kind off."""
    station = Station(MeterValueSampleInterval=0).online().charging()
    station.wait(1000)
    assert values(station) == []


def test_interval_bites_now() -> None:
    """§9.1.21: a new MeterValueSampleInterval counts at once, also in a running transaction, from its start."""
    station = Station().online().charging()
    station.wait(25)
    station.request("ChangeConfiguration", key="MeterValueSampleInterval", value="10")
    station.wait(20)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1030), clock_text(1040)]
    station.request("ChangeConfiguration", key="MeterValueSampleInterval", value="0")
    station.wait(100)
    assert len(values(station)) == 2


def test_list_bites_on_the_next_sample() -> None:
    """§9.1.19: a new MeterValuesSampledData counts from the next sample."""
    station = Station().online().charging()
    station.meter(volts=(231.0,))
    station.request("ChangeConfiguration", key="MeterValuesSampledData", value="Voltage")
    station.wait(60)
    assert [value["measurand"] for value in values(station)[0]["sampledValue"]] == ["Voltage"]


def test_empty_list_means_the_register() -> None:
    """§9.1.19: an empty MeterValuesSampledData means the register."""
    station = Station(MeterValuesSampledData="").online().charging()
    station.wait(60)
    assert [value["measurand"] for value in values(station)[0]["sampledValue"]] == [REGISTER]


def test_nothing_measured_nothing_said() -> None:
    """§6.31: MeterValues.req holds one value or more: where nothing was measured there is none."""
    station = Station(MeterValuesSampledData="SoC").online().charging()
    station.wait(60)
    assert values(station) == []


def test_register_never_goes_down() -> None:
    """§3.16: the register is monotone: a lower reading is left out."""
    station = Station().online().charging()
    station.meter(100)
    station.happens(ev.MeterSampled(1, station.mono, 900.0))
    station.wait(60)
    assert values(station)[0]["sampledValue"][0]["value"] == "1100"


def test_register_lower_than_billed() -> None:
    """§3.16: a meter that counts less than was billed before is a fault; service can accept it as a new one."""
    station = Station().online().charging()
    station.meter(100)
    station.tap("CARD")
    station.open_contactor()
    billed = station.heard("StopTransaction")[-1]["meterStop"]
    station.unplug()
    station.restart(dark=True)
    station.wh[1] = billed - 50.0
    station.online()
    assert station.status() == "Faulted"
    assert station.tap("CARD").frames == ()
    order = station.happens(ev.SelftestAsked(1, clear_latched=True)).orders[0]
    station.happens(ev.BoardDone(order.ref, True))
    station.meter()
    assert station.status() == "Available"
    station.charging()
    assert station.heard("StartTransaction")[-1]["meterStart"] == billed - 50


def test_meter_register_not_a_counter() -> None:
    """E 3.9: the value is the meter's register, not a counter of the transaction."""
    station = Station()
    station.wh[1] = 123_456.0
    station.online().charging()
    station.wait(60)
    assert values(station)[0]["sampledValue"][0]["value"] == "123456"


def test_suspended_values_go_on() -> None:
    """§4.7: sampled values go on while nobody draws, for the transaction goes on."""
    station = Station().online().charging()
    station.pilot("B")
    station.open_contactor()
    station.wait(61)
    assert len(values(station)) == 1


# --- clock-aligned --------------------------------------------------------------------------------------------------


def at(station: Station, text: str) -> Station:
    """Wait until the Central System's clock shows this time of 2025-04-14 (or -15)."""
    day, clock = text.split("T")
    hours, minutes, seconds = map(float, clock.split(":"))
    target = NOON - 43200 + (int(day) - 14) * 86400 + hours * 3600 + minutes * 60 + seconds
    station.wait(target - NOON + START - station.mono)
    return station


def test_aligned_exactly() -> None:
    """§4.7: clock-aligned values bear exactly the aligned instant, whenever the unit came to it."""
    station = Station(ClockAlignedDataInterval=900).online()
    at(station, "14T12:14:58")
    station.mono += 3.7  # nobody came for some seconds
    station.happens(ev.Tick())
    assert [value["timestamp"] for value in values(station)] == ["2025-04-14T12:15:00.000Z"]
    assert contexts(values(station)[0]) == {"Sample.Clock"}


def test_aligned_with_an_odd_offset() -> None:
    """§4.7: also where our clock stands between two milliseconds."""
    station = Station(ClockAlignedDataInterval=60)
    station.boot_answer = {"status": "Accepted", "interval": 300, "currentTime": "2025-04-14T12:00:00.123Z"}
    station.online()
    station.wait(130)
    assert [value["timestamp"] for value in values(station)] == [f"2025-04-14T12:0{n}:00.000Z" for n in (1, 2)]


def test_aligned_without_transaction() -> None:
    """§4.7: outside a transaction they carry no transactionId (E 3.16)."""
    station = Station(ClockAlignedDataInterval=60).online()
    station.wait(60)
    assert "transactionId" not in station.heard("MeterValues")[0]


def test_aligned_in_a_transaction() -> None:
    """E 3.16: the transactionId is that of the transaction running at that instant."""
    station = Station(ClockAlignedDataInterval=60, MeterValueSampleInterval=0).online()
    station.wait(30)
    station.charging()
    station.wait(60)
    station.tap("CARD")
    station.open_contactor()
    station.wait(60)
    assert [value["transaction"] for value in values(station)] == [101, None]


def test_aligned_while_the_transaction_stops() -> None:
    """E 3.16: a transaction whose end is under way still runs."""
    station = Station(ClockAlignedDataInterval=60, MeterValueSampleInterval=0).online().charging()
    station.wait(58)
    station.tap("CARD")
    station.wait(3)
    station.open_contactor()
    assert [value["transaction"] for value in values(station)] == [101]
    assert station.actions()[-3:] == ["MeterValues", "StatusNotification", "StopTransaction"]


def test_aligned_instant_before_the_start() -> None:
    """E 3.16: an instant that lies before the start belongs to no transaction, though it is told after it."""
    station = Station(ClockAlignedDataInterval=60, MeterValueSampleInterval=0).online()
    station.plug()
    station.wait(59)
    station.mono += 2
    station.tap("CARD")
    assert station.actions()[-3:] == ["Authorize", "MeterValues", "StartTransaction"]
    assert [value["transaction"] for value in values(station)] == [None]
    metering = station.cp.parts.metering
    transaction = station.transaction()
    assert transaction is not None
    metering._aligned(1, replace(transaction.began, mono=transaction.began.mono - 1), 60)
    station.happens(ev.Tick())
    assert [value["transaction"] for value in values(station)] == [None, None]


def test_aligned_every_connector() -> None:
    """§4.7: every connector with a meter is told, each with its own."""
    station = Station(Product(connectors=3), ClockAlignedDataInterval=60).online().charging(connector=2)
    station.forget()
    station.wait(60)
    clock = [
        (value["connector"], value["transaction"]) for value in values(station) if contexts(value) == {"Sample.Clock"}
    ]
    assert clock == [(1, None), (2, 101), (3, None)]


def test_aligned_begins_anew_at_midnight() -> None:
    """§9.1.6: an interval that does not divide the day begins anew at 00:00:00."""
    station = Station(ClockAlignedDataInterval=25000).online()
    at(station, "15T08:00:00")
    times = [value["timestamp"][8:19] for value in values(station)]
    assert times == ["14T13:53:20", "14T20:50:00", "15T00:00:00", "15T06:56:40"]


def test_aligned_realigns_when_the_interval_changes() -> None:
    """§9.1.6: a new ClockAlignedDataInterval counts at once; 0 switches it off."""
    station = Station(ClockAlignedDataInterval=3600).online()
    station.request("ChangeConfiguration", key="ClockAlignedDataInterval", value="60")
    station.wait(61)
    station.request("ChangeConfiguration", key="ClockAlignedDataInterval", value="0")
    station.wait(200)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1060)]


def test_aligned_realigns_when_the_clock_steps() -> None:
    """§4.7: after a step of the clock the next instant is the next aligned one of the new time."""
    station = Station(ClockAlignedDataInterval=600, HeartbeatInterval=100).online()
    station.boot_answer = {}
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono + 200)}
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="100")
    station.wait(420)
    assert [value["timestamp"] for value in values(station)] == ["2025-04-14T12:10:00.000Z"]
    assert station.said[-1].at <= 1420


def test_aligned_never_twice_for_one_instant() -> None:
    """§4.7: a clock that goes back does not repeat an instant that was told."""
    station = Station(ClockAlignedDataInterval=60, HeartbeatInterval=100).online()
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="100")
    station.wait(59)
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono - 45)}
    station.wait(300)
    times = [value["timestamp"] for value in values(station)]
    assert times == sorted(set(times))


def test_aligned_needs_the_time() -> None:
    """§4.7: while the time is unknown nothing is aligned to it."""
    station = Station(ClockAlignedDataInterval=60).started()
    station.wait(300)
    assert station.rows(Sample) == []


def test_aligned_too_late_is_left_out() -> None:
    """§4.7: an instant that the unit slept through is left out."""
    station = Station(ClockAlignedDataInterval=60).online()
    station.mono += 80
    station.happens(ev.Tick())
    station.wait(45)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1120)]


def test_empty_aligned_list() -> None:
    """§9.1.17: an empty MeterValuesAlignedData means nothing."""
    station = Station(ClockAlignedDataInterval=60, MeterValuesAlignedData="").online()
    station.wait(130)
    assert values(station) == []


def test_both_timers_together() -> None:
    """§4.7: where both kinds are due together there are two messages, each with its own context."""
    station = Station(ClockAlignedDataInterval=60).online().charging()
    station.wait(60)
    assert [contexts(value) for value in values(station)] == [{"Sample.Periodic"}, {"Sample.Clock"}] or [
        contexts(value) for value in values(station)
    ] == [{"Sample.Clock"}, {"Sample.Periodic"}]
    assert {value["timestamp"] for value in values(station)} == {clock_text(1060)}


# --- offline --------------------------------------------------------------------------------------------------------


def test_offline_values_keep_their_time() -> None:
    """§3.7, §4.7: offline all values are queued with the time at which they were taken, and the gap is filled."""
    station = Station(ClockAlignedDataInterval=100).online().charging()
    station.disconnect()
    station.wait(200)
    station.connect()
    assert [value["timestamp"] for value in values(station)] == [clock_text(1000 + n) for n in (60, 100, 120, 180, 200)]
    assert {value["transaction"] for value in values(station)} == {101}


def test_values_survive_a_restart() -> None:
    """§3.7: queued values survive our own restart."""
    station = Station().online()
    station.script["MeterValues"] = SILENCE
    station.charging()
    station.wait(125)
    station.disconnect()
    station.restart().started()
    station.script.clear()
    station.connect()
    assert sorted({value["timestamp"] for value in values(station)}) == [clock_text(1060), clock_text(1120)]


# --- transactionData ------------------------------------------------------------------------------------------------


def stop_data(station: Station) -> list[tuple[str, str, list[str]]]:
    """(time, context, measurands) of each MeterValue in StopTransaction.req."""
    (stop,) = station.heard("StopTransaction")
    return [
        (value["timestamp"], contexts(value).pop(), [entry["measurand"] for entry in value["sampledValue"]])
        for value in stop.get("transactionData", [])
    ]


def stopped(station: Station, after_s: float) -> Station:
    station.charging()
    station.meter(0, volts=(230.0,))
    station.wait(after_s)
    station.tap("CARD")
    station.open_contactor()
    return station


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


def test_offered_measurands() -> None:
    """§7.34: Current.Offered and Power.Offered are what the station offers at that moment, over its phases."""
    station = Station(THREE, MeterValuesSampledData="Current.Offered,Power.Offered").online().charging()
    station.wait(60)
    assert [(value["measurand"], value["value"]) for value in values(station)[0]["sampledValue"]] == [
        ("Current.Offered", "32.0"), ("Power.Offered", "22080.0"),
    ]  # fmt: skip


def test_restart_goes_on_from_the_start() -> None:
    """§4.7: after our own restart the instants go on as before."""
    station = Station().online().charging()
    station.wait(50)
    station.restart(after_s=5).started(attached=False)
    station.attach(
        ev.PilotChanged(1, "C", station.mono), ev.ContactorChanged(1, True, True, station.mono), station.reading()
    )
    station.connect()
    station.wait(60)
    assert [value["timestamp"] for value in values(station)] == [clock_text(1060)]


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
