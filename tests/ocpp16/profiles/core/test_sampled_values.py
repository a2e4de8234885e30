"""Sampled values: every interval from the start of the transaction (§4.7, §9.1)."""

from __future__ import annotations

from ocpp16 import events as ev
from tests.ocpp16.profiles.core.metered import REGISTER, values
from tests.ocpp16.rig import Station, clock_text


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


def test_no_drift() -> None:
    """§4.7: the instants count from the start, however late the unit was at the last one."""
    station = Station(MeterValueSampleInterval=10).online().charging()
    station.wait(9)
    station.mono += 3  # no tick for three seconds
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


def test_suspended_values_go_on() -> None:
    """§4.7: sampled values go on while the car draws nothing, for the transaction goes on."""
    station = Station().online().charging()
    station.pilot("B")
    station.open_contactor()
    station.wait(61)
    assert len(values(station)) == 1


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
