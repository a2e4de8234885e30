"""Clock-aligned values: exactly at each multiple of the interval since midnight (§4.7, §9.1, E 3.16)."""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Sample
from tests.ocpp16.profiles.core.metered import contexts, values
from tests.ocpp16.rig import NOON, START, Station, clock_text


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
    station.mono += 3.7  # no tick for some seconds
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
    aligned = station.cp.parts.aligned_values
    transaction = station.transaction()
    assert transaction is not None
    aligned.take(1, replace(transaction.began, mono=transaction.began.mono - 1), 60)
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
