"""GetCompositeSchedule: golden schedules, merging and cutting, the station's own, and what is rejected (§5.7)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from tests.ocpp16.rig import NOON, SILENCE, START, Station, clock_text, profile, refused

BOTH = ("Current", "Power")


def put(station: Station, connector: int, profile_id: int, *periods: tuple[int, float], **more: Any) -> Any:
    """SetChargingProfile; its status, or the CALLERROR."""
    asked = {"connectorId": connector, "csChargingProfiles": profile(profile_id, *periods, **more)}
    answer = station.request("SetChargingProfile", **asked)
    return answer["status"] if isinstance(answer, dict) else answer


def cap(station: Station, amps: float, **more: Any) -> None:
    """ChargePointMaxProfile of so many amperes."""
    assert put(station, 0, 99, (0, amps), chargingProfilePurpose="ChargePointMaxProfile", **more) == "Accepted"


def schedule(station: Station, connector: int, duration: int, **more: Any) -> list[tuple[int, float]]:
    """The periods of a composite schedule."""
    answer: Any = station.request("GetCompositeSchedule", connectorId=connector, duration=duration, **more)
    return [(p["startPeriod"], p["limit"]) for p in answer["chargingSchedule"]["chargingSchedulePeriod"]]


def golden(station: Station, level: int, profile_id: int, purpose: str, duration: int, *periods: Any) -> None:
    start = clock_text(station.mono)
    assert put(
        station, 0 if "Max" in purpose else 1, profile_id, *periods, chargingProfilePurpose=purpose, stackLevel=level,
        chargingProfileKind="Absolute", startSchedule=start, duration=duration,
    ) == "Accepted"  # fmt: skip


def test_golden_merge() -> None:
    """§3.13.3 (TC_066): ChargePointMax, TxDefault and TxProfile in one schedule, and the pilot does just that."""
    station = Station().online().charging()
    golden(station, 0, 1, "ChargePointMaxProfile", 86400, (0, 10))
    golden(station, 0, 2, "TxDefaultProfile", 300, (0, 6), (60, 10), (120, 8), (180, 25), (260, 8))
    golden(station, 0, 3, "TxProfile", 260, (0, 8), (50, 11), (140, 16), (200, 6), (240, 12))
    found = schedule(station, 1, 400, chargingRateUnit="A")
    assert found == [(0, 8), (50, 10), (200, 6), (240, 10), (260, 8), (300, 10)]
    for second in range(400):
        assert station.offered() == [amps for start, amps in found if start <= second][-1]
        station.wait(1)


def test_golden_stack() -> None:
    """§3.13.2 (TC_072): two levels of TxDefaultProfile."""
    station = Station().online().charging()
    golden(station, 0, 1, "TxDefaultProfile", 400, (0, 6), (50, 5), (100, 8), (200, 10))
    golden(station, 1, 2, "TxDefaultProfile", 150, (0, 7), (100, 9))
    assert schedule(station, 1, 350) == [(0, 7), (100, 9), (150, 8), (200, 10)]
    station.wait(20)
    assert schedule(station, 1, 350) == [(0, 7), (80, 9), (130, 8), (180, 10)]


def test_nothing_installed() -> None:
    """§5.7: without a profile one period tells what the hardware can; it is never empty, and never -1."""
    assert schedule(Station().online(), 1, 3600) == [(0, 32.0)]
    assert schedule(Station(Product(connectors=2)).online(), 0, 3600) == [(0, 64.0)]


def test_fields_of_the_answer() -> None:
    """§6.22, E 3.29, E 3.57: connector, the moment of the question, duration, unit, periods; no startSchedule."""
    station = Station().online()
    put(station, 1, 1, (0, 10), (60, 12))
    station.mono += 0.5
    assert station.request("GetCompositeSchedule", connectorId=1, duration=100) == {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": "2025-04-14T12:00:00.500Z",
        "chargingSchedule": {
            "duration": 100,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}, {"startPeriod": 60, "limit": 12.0}],
        },
    }


@pytest.mark.parametrize(
    ("product", "asked"),
    [
        (Product(), {"connectorId": 2, "duration": 60}),
        (Product(), {"connectorId": -1, "duration": 60}),
        (Product(), {"connectorId": 1, "duration": 0}),
        (Product(), {"connectorId": 1, "duration": -5}),
        (Product(), {"connectorId": 1, "duration": 60, "chargingRateUnit": "W"}),
        (Product(rate_units=("Power",)), {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}),
    ],
)
def test_composite_rejected(product: Product, asked: dict[str, Any]) -> None:
    """§5.7: an unknown connector, no span, or a unit that the product has not: Rejected, and nothing else is told."""
    assert Station(product).online().request("GetCompositeSchedule", **asked) == {"status": "Rejected"}


def test_composite_unit_unknown() -> None:
    """E 3.24: a unit that OCPP does not know: PropertyConstraintViolation."""
    answer: Any = Station().online().request("GetCompositeSchedule", connectorId=1, duration=9, chargingRateUnit="VA")
    assert answer.code == "PropertyConstraintViolation"


def test_composite_without_a_clock() -> None:
    """§5.7: while the hour is unknown nothing can be promised: Rejected."""
    station = Station().started()
    station.script["BootNotification"] = SILENCE
    station.connect()
    assert station.request("GetCompositeSchedule", connectorId=1, duration=60) == {"status": "Rejected"}


def test_watts() -> None:
    """§5.7, §7.14: in W the sum of the phases; without a unit A where the product has it, else W."""
    both = Station(Product(phases=3, rate_units=BOTH)).online()
    put(both, 1, 1, (0, 11040), (60, 12.5 * 690), unit="W")
    assert schedule(both, 1, 120) == [(0, 16.0), (60, 12.5)]
    assert schedule(both, 1, 120, chargingRateUnit="W") == [(0, 11040.0), (60, 8625.0)]
    watts = Station(Product(rate_units=("Power",))).online()
    put(watts, 1, 1, (0, 3680), unit="W")
    assert schedule(watts, 1, 120) == [(0, 3680.0)]


@pytest.mark.parametrize(
    ("unit", "asked", "limit", "phases", "told"),
    [
        ("W", "W", 3680.0, 1, (3680.0, 3)),
        ("W", "A", 3680.0, 1, (5.3, 1)),
        ("W", "A", 11040.0, 2, (16.0, 2)),
        ("A", "A", 16.0, 1, (16.0, 1)),
        ("A", "W", 16.0, 1, (11040.0, 3)),
        ("A", "W", 16.0, None, (11040.0, None)),
    ],
)
def test_number_phases_are_told_where_they_were_given(
    unit: str, asked: str, limit: float, phases: int | None, told: tuple[float, int | None]
) -> None:
    """E 3.57, §7.14: watts are those of all phases that carry current; a profile switches none of them off."""
    station = Station(Product(phases=3, rate_units=BOTH)).online()
    one = profile(1, unit=unit)
    period = {"startPeriod": 0, "limit": limit} | ({} if phases is None else {"numberPhases": phases})
    one["chargingSchedule"]["chargingSchedulePeriod"] = [period]
    station.request("SetChargingProfile", connectorId=1, csChargingProfiles=one)
    answer: Any = station.request("GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit=asked)
    found = answer["chargingSchedule"]["chargingSchedulePeriod"][0]
    assert (found["limit"], found.get("numberPhases")) == told


def test_equal_neighbours_are_one() -> None:
    """§5.7: a period begins only where the limit really changes."""
    station = Station().online()
    put(station, 1, 1, (0, 40), (10, 50), (20, 10), (30, 10))
    assert schedule(station, 1, 60) == [(0, 32.0), (20, 10.0)]


def test_change_within_a_second() -> None:
    """§7.13: periods begin at whole seconds; what lasts less is not told, what holds at the second is."""
    station = Station().online()
    put(station, 1, 1, (0, 8), (1, 9), (2, 10), chargingProfileKind="Absolute", startSchedule=clock_text(START - 0.5))
    put(station, 1, 2, (0, 16), stackLevel=1, validTo=to_text(NOON + 0.75), chargingProfileKind="Absolute")
    assert schedule(station, 1, 60) == [(0, 16.0), (1, 9.0), (2, 10.0)]
    station.mono += 0.25
    assert schedule(station, 1, 60)[0] == (0, 16.0)


@pytest.mark.parametrize("ahead", [0.05, 0.4, 0.9])
def test_two_clocks_less_than_a_second_apart(ahead: float) -> None:
    """§7.13: what the Central System calls now begins at once, though our clock, left alone, is a little behind."""
    station = Station().online()
    now = clock_text(START + ahead)
    put(station, 1, 1, (0, 8), (50, 11), chargingProfileKind="Absolute", startSchedule=now, validFrom=now)
    assert schedule(station, 1, 60) == [(0, 8.0), (50, 11.0)]


def test_what_cannot_flow_is_not_told() -> None:
    """§5.7: out of service, or when an invalid card has had its energy, nothing is drawn, whatever profiles allow."""
    station = Station(Product(connectors=2), StopTransactionOnInvalidId=False).online()
    station.request("ChangeAvailability", connectorId=2, type="Inoperative")
    station.script["StartTransaction"] = {"transactionId": 1, **refused()}
    station.charging()
    assert station.offered() == 0.0
    assert [schedule(station, connector, 60) for connector in (0, 1, 2)] == [[(0, 0.0)]] * 3


def test_schedule_is_cut_at_its_most_periods() -> None:
    """§9.4.3: no more than ChargingScheduleMaxPeriods; the duration tells how far they reach."""
    station = Station(Product(schedule_max_periods=3)).online()
    put(station, 1, 1, (0, 10), (10, 11), (20, 12))
    put(station, 1, 2, (0, 7), (5, 8), stackLevel=1, duration=15)
    answer: Any = station.request("GetCompositeSchedule", connectorId=1, duration=100)
    assert answer["chargingSchedule"]["duration"] == 20
    assert schedule(station, 1, 100) == [(0, 7.0), (5, 8.0), (15, 11.0)]


@pytest.mark.parametrize("duration", [2**31 - 1, 2**63 - 1])
def test_endless_schedule_is_cut(duration: int) -> None:
    """A span of centuries over a daily profile ends after so many changes, whatever they amount to."""
    station = Station().online()
    daily = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily", "startSchedule": clock_text(START)}
    put(station, 1, 1, (0, 40), (3600, 50), **daily)
    answer: Any = station.request("GetCompositeSchedule", connectorId=1, duration=duration)
    assert answer["chargingSchedule"]["duration"] == 2500 * 86400
    assert schedule(station, 1, duration) == [(0, 32.0)]


def test_schedule_of_the_station() -> None:
    """§5.7: connector 0 is what all may draw from the grid, at most ChargePointMaxProfile; who pauses draws nothing."""
    station = Station(Product(connectors=2)).online()
    cap(station, 20)
    assert schedule(station, 0, 60) == [(0, 20.0)]
    put(station, 1, 1, (0, 7))
    put(station, 2, 2, (0, 5))
    assert schedule(station, 0, 60) == [(0, 7.0)]
    station.charging("CARD1", 1)
    assert schedule(station, 0, 60) == [(0, 7.0)]


def test_station_of_one_connector() -> None:
    """§5.7: with one connector the schedule of the station is that of connector 1."""
    station = Station().online()
    put(station, 0, 1, (0, 5), (60, 16))
    assert schedule(station, 0, 100) == schedule(station, 1, 100) == [(0, 5.0), (60, 16.0)]


def test_hardware_is_in_the_schedule() -> None:
    """§3.13.3: a cable that can bear 20 A bounds what is told, as it bounds the pilot."""
    station = Station(Product(fixed_cable=False)).online()
    station.cable(locked=True, max_amps=20.0)
    station.charging()
    put(station, 1, 1, (0, 30), (60, 10))
    assert (schedule(station, 1, 100), station.offered()) == ([(0, 20.0), (60, 10.0)], 20.0)
