"""MeterValues.req: one message for one instant, queued with its time (§3.7, §4.7, §7.33)."""

from __future__ import annotations

from tests.ocpp16.profiles.core.metered import ALL, REGISTER, contexts, values
from tests.ocpp16.rig import SILENCE, Station, clock_text


def test_one_message_for_one_instant() -> None:
    """§7.33: all values of one instant stand in one MeterValue, in the order of the list."""
    station = Station(MeterValuesSampledData=ALL).online().charging()
    station.meter(0, volts=(230.0,), amps=(16.0,), watts=(3680.0,), soc=40.0, temperature=30.0)
    station.wait(60)
    (message,) = values(station)
    assert [value["measurand"] for value in message["sampledValue"]] == ALL.split(",")
    assert contexts(message) == {"Sample.Periodic"}


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


def test_both_timers_together() -> None:
    """§4.7: where both kinds are due together there are two messages, each with its own context."""
    station = Station(ClockAlignedDataInterval=60).online().charging()
    station.wait(60)
    assert [contexts(value) for value in values(station)] == [{"Sample.Periodic"}, {"Sample.Clock"}] or [
        contexts(value) for value in values(station)
    ] == [{"Sample.Clock"}, {"Sample.Periodic"}]
    assert {value["timestamp"] for value in values(station)} == {clock_text(1060)}


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
