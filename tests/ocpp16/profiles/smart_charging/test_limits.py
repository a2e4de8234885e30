"""What profiles allow: pilots and composite schedules, one rule at a time, then against an oracle (§3.13, §5.7)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
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


def offers(station: Station) -> list[float]:
    return [station.offered(connector) for connector in station.outlets]


# --- the pilot ------------------------------------------------------------------------------------------------------


def test_offer_changes_in_the_same_step() -> None:
    """§5.16: the step that says Accepted also lowers the offer, and the profile is on disk before anything is said."""
    station = Station().online().charging()
    asked = {"connectorId": 1, "csChargingProfiles": profile(1, (0, 10))}
    answer, step = station.ask("SetChargingProfile", **asked)
    assert answer == {"status": "Accepted"}
    assert [outlet.offered_amps for outlet in step.outlets] == [10.0]
    assert [write.record.table for write in step.records if hasattr(write, "record")] == ["profile"]
    assert step.frames[0].startswith("[3,")


def test_period_begins_at_its_second() -> None:
    """§7.13: the offer changes when the period begins; the station wakes by itself for it."""
    station = Station().online().charging()
    put(station, 1, 1, (0, 16), (60, 10), (120, 20), duration=180)
    seen = [station.offered()]
    for _ in range(3):
        station.wait(59.875)
        seen.append(station.offered())
        station.wait(0.125)
        seen.append(station.offered())
    assert seen == [16, 16, 10, 10, 20, 20, 32]


def test_pause_and_resume() -> None:
    """§4.9, field sequence 16, 0, 5.9, 6, 16 A: below 6 A the transaction pauses, open; never more than was said."""
    station = Station().online().charging()
    seen = []
    for amps in (16, 0, 5.9, 6, 16):
        put(station, 1, 1, (0, amps))
        seen.append((station.offered(), station.status()))
    assert seen == [(16, "Charging"), (0, "SuspendedEVSE"), (0, "SuspendedEVSE"), (6, "Charging"), (16, "Charging")]
    assert station.heard("StopTransaction") == []


def test_car_that_does_not_ask_is_not_the_stations_pause() -> None:
    """§4.9: SuspendedEVSE only while the station offers nothing; an offer that is not taken: SuspendedEV."""
    station = Station().online().charging()
    put(station, 1, 1, (0, 0))
    station.pilot("B")
    station.open_contactor()
    put(station, 1, 1, (0, 8))
    assert (station.status(), station.offered()) == ("SuspendedEV", 8)


def test_offered_is_what_is_told() -> None:
    """§7.31: Current.Offered and Power.Offered are those of the limit in force."""
    product = Product(measurands=("Current.Offered", "Power.Offered"), phases=3)
    station = Station(product, MeterValuesSampledData="Current.Offered,Power.Offered").online().charging()
    put(station, 1, 1, (0, 10))
    station.forget()
    station.wait(60)
    values = station.heard("MeterValues")[0]["meterValue"][0]["sampledValue"]
    assert {value["measurand"]: float(value["value"]) for value in values} == {
        "Current.Offered": 10.0, "Power.Offered": 6900.0,
    }  # fmt: skip


def test_offline() -> None:
    """§3.13.4: without a connection the profiles hold on, and change at their seconds."""
    station = Station().online().charging()
    put(station, 1, 1, (0, 16), (600, 7))
    station.disconnect()
    station.wait(599)
    assert station.offered() == 16
    station.wait(1)
    assert station.offered() == 7


def test_clock_moves() -> None:
    """§3.13: an Absolute profile follows a corrected clock at once; a Relative one counts seconds that went by."""
    for kind, start, limits in (("Absolute", clock_text(START), [8, 16]), ("Relative", None, [8, 8])):
        station = Station().online().charging()
        put(station, 1, 1, (0, 8), (600, 16), chargingProfileKind=kind, **({"startSchedule": start} if start else {}))
        seen = [station.offered()]
        station.script["Heartbeat"] = {"currentTime": to_text(NOON + 900)}
        station.request("TriggerMessage", requestedMessage="Heartbeat")
        assert [*seen, station.offered()] == limits


def test_clock_unknown() -> None:
    """§3.13.4: until a clock tells the hour, a start after darkness gets no more than the lowest period of all."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    put(station, 1, 1, (0, 16), (60, 8), (120, 20), chargingProfileKind="Absolute", startSchedule=clock_text(START))
    station.restart(dark=True).started()
    station.charging()
    assert station.offered() == 8
    assert station.cp.why(station.now())[0]["chain"][0] == "8 A TxDefaultProfile 1 (level 0), clock unknown"
    station.connect()
    station.wait(700)
    assert station.offered() == 20


def test_clock_unknown_and_shared() -> None:
    """§3.13.1: the station's limit is shared even while no clock tells which of its periods is in force."""
    station = Station(Product(connectors=3), AllowOfflineTxForUnknownId=True).online()
    cap(station, 18)
    put(station, 0, 1, (0, 32))
    station.restart(dark=True).started()
    for connector in (1, 2, 3):
        station.charging(f"CARD{connector}", connector)
    assert offers(station) == [6, 6, 6]


def test_clock_unknown_and_nothing_for_this_connector() -> None:
    """A profile of another connector holds nobody down here."""
    station = Station(Product(connectors=2), AllowOfflineTxForUnknownId=True).online()
    put(station, 2, 1, (0, 8))
    station.restart(dark=True).started()
    for connector in (1, 2):
        station.charging(f"CARD{connector}", connector)
    assert offers(station) == [32, 8]


def test_default_changes_during_a_transaction() -> None:
    """E 3.8 (TC_082): a new TxDefaultProfile holds at once, unless a TxProfile is in force; removed: no default."""
    station = Station().online().charging()
    put(station, 1, 1, (0, 10))
    put(station, 1, 2, (0, 20), chargingProfilePurpose="TxProfile", duration=60)
    put(station, 1, 1, (0, 12))
    seen = [station.offered()]
    station.wait(60)
    seen.append(station.offered())
    station.request("ClearChargingProfile", id=1)
    assert [*seen, station.offered()] == [20, 12, 32]


def test_connectors_own_default() -> None:
    """§5.16: a connector's own TxDefaultProfile takes the place of connector 0's there, even while it is silent."""
    station = Station(Product(connectors=2)).online()
    put(station, 0, 1, (0, 10))
    put(station, 2, 2, (0, 16), duration=60)
    for connector in (1, 2):
        station.charging(f"CARD{connector}", connector)
    assert offers(station) == [10, 16]
    station.wait(60)
    assert offers(station) == [10, 32]


# --- connector 0's limit is shared ----------------------------------------------------------------------------------


@pytest.mark.parametrize("connectors", range(1, 9))
def test_shared(connectors: int) -> None:
    """§3.13.1: 1 to 8 connectors never draw more than ChargePointMaxProfile; as many charge as can have 6 A each."""
    station = Station(Product(connectors=connectors), MeterValueSampleInterval=0).online()
    for connector in range(1, connectors + 1):
        station.charging(f"CARD{connector}", connector)
    for amps in (100, 63.9, 48, 40.5, 32, 18.6, 18, 17.9, 12.1, 12, 11.9, 6, 5.9, 0):
        cap(station, amps)
        served = min(connectors, int(amps // 6))
        assert sum(offers(station)) <= amps + 1e-9
        assert [offer >= 6 for offer in offers(station)] == [n < served for n in range(connectors)]
        assert len({offer for offer in offers(station) if offer}) <= 1


def test_shares_in_decimals() -> None:
    """Equal parts in tenths, without binary remainders: a third of 18.6 A is 6.2 A."""
    station = Station(Product(connectors=3)).online()
    for connector in (1, 2, 3):
        station.charging(f"CARD{connector}", connector)
    cap(station, 18.6)
    assert offers(station) == [6.2, 6.2, 6.2]


def test_shares_when_one_ends() -> None:
    """A transaction that ends leaves its part to the others; who waited is served by the age of the transaction."""
    station = Station(Product(connectors=3)).online()
    cap(station, 12)
    for connector in (3, 1, 2):
        station.charging(f"CARD{connector}", connector)
    assert offers(station) == [6, 0, 6]
    assert station.status(2) == "SuspendedEVSE"
    station.tap("CARD3", 3)
    assert offers(station) == [6, 0, 0], "the car may draw its part until the contactor is open"
    station.open_contactor(3)
    assert offers(station) == [6, 6, 0]


def test_station_relative_counts_from_the_oldest() -> None:
    """A Relative ChargePointMaxProfile counts from the oldest transaction: one limit for all, not one for each."""
    station = Station(Product(connectors=2)).online()
    cap_periods = ((0, 20), (60, 40))
    put(station, 0, 9, *cap_periods, chargingProfilePurpose="ChargePointMaxProfile")
    station.charging("CARD1", 1)
    station.wait(30)
    station.charging("CARD2", 2)
    assert offers(station) == [10, 10]
    station.wait(30)
    assert offers(station) == [20, 20]


# --- the composite schedule -----------------------------------------------------------------------------------------


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


def test_number_phases_are_told_where_they_were_given() -> None:
    """E 3.57, §7.14: numberPhases comes back as it was given, and the watts are those of the given phases."""
    station = Station(Product(phases=3, rate_units=BOTH)).online()
    one = profile(1, unit="W")
    one["chargingSchedule"]["chargingSchedulePeriod"] = [{"startPeriod": 0, "limit": 3680.0, "numberPhases": 1}]
    station.request("SetChargingProfile", connectorId=1, csChargingProfiles=one)
    answer: Any = station.request("GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit="W")
    told = {"startPeriod": 0, "limit": 3680.0, "numberPhases": 1}
    assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [told]


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


# --- why ------------------------------------------------------------------------------------------------------------


def reasons(station: Station, connector: int = 1) -> Any:
    return next(row for row in station.cp.why(station.now()) if row["connector"] == connector)


@pytest.mark.parametrize(
    ("purpose", "connector"), [("ChargePointMaxProfile", 0), ("TxDefaultProfile", 0), ("TxProfile", 1)]
)
def test_why_names_the_profile(purpose: str, connector: int) -> None:
    """A technician learns which profile holds the limit down: purpose, id, level, and until when."""
    station = Station().online().charging()
    put(station, connector, 7, (0, 10), (300, 16), chargingProfilePurpose=purpose, stackLevel=2, duration=600)
    wanted = f"10 A {purpose} 7 (level 2, period 1) until {clock_text(START + 300)}"
    assert reasons(station)["chain"] == (wanted, "32 A board", "32 A product")
    assert (reasons(station)["code"], reasons(station)["amps"]) == ("charging", 10.0)


def test_why_it_pauses() -> None:
    """A limit below 6 A is told as the reason, the profile that sets it first; without an end none is told."""
    station = Station().online().charging()
    put(station, 1, 3, (0, 5.9))
    assert (reasons(station)["code"], reasons(station)["chain"][0]) == (
        "limit",
        "5.9 A TxDefaultProfile 3 (level 0, period 1)",
    )


def test_why_one_waits_for_the_others() -> None:
    """Who gets no part of the station's limit learns that, too."""
    station = Station(Product(connectors=2)).online()
    cap(station, 10)
    for connector in (1, 2):
        station.charging(f"CARD{connector}", connector)
    assert reasons(station, 1)["chain"][0] == "10 A ChargePointMaxProfile 99 (level 0, period 1)"
    assert reasons(station, 2)["chain"][0] == "0 A ChargePointMaxProfile 99 (level 0, period 1)"


# --- after darkness -------------------------------------------------------------------------------------------------


def test_restart_while_it_charges() -> None:
    """A Relative profile counts the seconds since the start of the transaction, whatever evsed did meanwhile."""
    station = Station().online().charging()
    put(station, 1, 1, (0, 8), (60, 12))
    station.restart(after_s=100.0).happens(ev.Started())
    car = (ev.PilotChanged(1, "C", station.mono), ev.ContactorChanged(1, True, True, station.mono))
    station.attach(*car, station.reading())
    assert station.offered() == 12


@pytest.mark.parametrize("online", [True, False])
def test_transaction_of_an_earlier_boot(online: bool) -> None:
    """Until its bill is closed, a transaction of an earlier boot began at its UTC; where it has none, at the floor."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    put(station, 1, 1, (0, 8), (60, 12))
    if not online:
        station.restart(dark=True).started()
    station.charging()
    station.restart(dark=True).happens(ev.Started())
    station.boot_answer["currentTime"] = to_text(NOON + 30)
    station.connect()
    assert f"8 A TxDefaultProfile 1 (level 0, period 1) until {to_text(NOON + 60)}" in reasons(station)["chain"]
