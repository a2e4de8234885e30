"""What the installed profiles allow each connector, one rule at a time, at the pilot (§3.13)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from tests.ocpp16.rig import NOON, START, Station, clock_text, profile

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


@pytest.mark.parametrize("why", ["energy", "fault"])
def test_a_part_is_free_when_the_contactor_is_open(why: str) -> None:
    """§3.13: a car that may have no more energy can draw until it is switched off; only then others have its part."""
    settings = {"StopTransactionOnInvalidId": False, "MaxEnergyOnInvalidId": 50}
    station = Station(Product(connectors=2), **settings).online()
    cap(station, 20)
    station.charging("CARD1", 1)
    station.script["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": "Invalid"}}
    station.charging("CARD2", 2)
    assert offers(station) == [10, 10]
    if why == "energy":
        station.meter(50, 2)
    else:
        station.fault("meter-lost", connector=2)
    assert offers(station) == [10, 0]
    station.open_contactor(2)
    assert offers(station) == [20, 0]


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


# --- watts and phases -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phases", [1, 3])
@pytest.mark.parametrize("wished", [None, 1, 2, 3])
@pytest.mark.parametrize("purpose", ["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"])
def test_watts_are_spread_over_the_phases_that_carry_current(phases: int, wished: int | None, purpose: str) -> None:
    """§7.8: a limit in W is the total; numberPhases below those of the connector switches no phase off."""
    station = Station(Product(phases=phases, rate_units=BOTH)).online().charging()
    for watts in (22080.0, 11040.0, 7360.0, 3680.0, 0.0):
        one = profile(1, unit="W", chargingProfilePurpose=purpose)
        period = {"startPeriod": 0, "limit": watts} | ({} if wished is None else {"numberPhases": wished})
        one["chargingSchedule"]["chargingSchedulePeriod"] = [period]
        connector = 0 if purpose == "ChargePointMaxProfile" else 1
        assert station.request("SetChargingProfile", connectorId=connector, csChargingProfiles=one)
        assert station.offered() * 230.0 * phases <= watts
        amps = min(watts / 230.0 / phases, 32.0)
        assert station.offered() == (int(amps * 10 + 1e-6) / 10 if amps >= 6 else 0.0)


def test_phases_of_the_board() -> None:
    """A board with three phases under a product of one: a total of 7,360 W is what all three phases take."""
    station = Station(Product(rate_units=BOTH)).started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, phases=3),))
    station.connect()
    station.meter()
    station.charging()
    put(station, 1, 1, (0, 7360), unit="W")
    assert station.offered() == 10.6


def test_watts_while_no_clock_is_known() -> None:
    """The lowest period in W, over the phases that carry current."""
    station = Station(Product(phases=3, rate_units=BOTH), AllowOfflineTxForUnknownId=True).online()
    put(station, 0, 1, (0, 11040), (60, 5520), unit="W", startSchedule=clock_text(START))
    station.restart(dark=True).started()
    station.charging()
    assert station.offered() == 8


# --- boards of other minima -------------------------------------------------------------------------------------------


def of_board(*shapes: tuple[float, float], **more: Any) -> Station:
    """A station with a transaction at each connector, by (min_amps, max_amps); the first began first."""
    station = Station(Product(connectors=len(shapes), **more)).started(attached=False)
    station.attach(
        *(station.reading(number) for number in station.wh),
        shapes=tuple(
            ev.ConnectorShape(number, min_amps=least, max_amps=most) for number, (least, most) in enumerate(shapes, 1)
        ),
    )
    station.connect()
    for number in range(1, len(shapes) + 1):
        station.charging(f"CARD{number}", number)
    return station


@pytest.mark.parametrize(
    ("shapes", "total", "given"),
    [
        (((10, 32), (10, 32)), 16, [16, 0]),
        (((10, 32), (10, 32)), 20, [10, 10]),
        (((10, 32), (10, 32)), 9.9, [0, 0]),
        (((10, 32), (6, 32)), 16, [10, 6]),
        (((10, 32), (6, 32)), 26, [13, 13]),
        (((6, 32), (10, 32)), 15, [15, 0]),
        (((10, 32), (6, 32)), 8, [0, 8]),
        (((13, 32), (6, 32), (6, 32)), 20, [13, 7, 0]),
        (((13, 32), (6, 32), (6, 32)), 27, [13, 7, 7]),
        (((16, 13), (6, 32)), 12, [0, 12]),  # the first can never run: its cable carries less than its minimum
    ],
)
def test_as_many_run_as_can_have_their_minimum(
    shapes: tuple[tuple[float, float], ...], total: float, given: list[float]
) -> None:
    """§3.13.1: oldest first; nobody waits for a part that is too small to be signalled."""
    station = of_board(*shapes)
    cap(station, total)
    assert offers(station) == given
    for connector, amps in enumerate(given, 1):
        assert schedule(station, connector, 60) == [(0, amps)]
    assert schedule(station, 0, 60) == [(0, sum(given) or min(total, 0.0))]


def test_who_pauses_by_a_limit_of_its_own_leaves_its_part() -> None:
    """§3.13: a transaction whose own limit is a pause keeps nobody else from charging."""
    station = of_board((6, 32), (6, 32))
    cap(station, 10)
    put(station, 1, 1, (0, 0), (60, 16), chargingProfilePurpose="TxProfile")
    assert offers(station) == [0, 10]
    assert schedule(station, 2, 120) == [(0, 10), (60, 0)]
    station.wait(60)
    assert offers(station) == [10, 0]


def test_why_tells_the_smallest_current_of_the_board() -> None:
    """`why`: the number is the board's own, not that of the norm."""
    station = of_board((10, 32))
    put(station, 1, 1, (0, 8))
    found = reasons(station)
    assert found["text"] == ("TxDefaultProfile 1 (level 0, period 1) allows 8 A; below 10 A nothing can be signalled.")


@pytest.mark.parametrize("what", ["fault", "unavailable"])
def test_nothing_is_promised_where_nothing_can_flow(what: str) -> None:
    """§5.7: what keeps the pilot at 0 A keeps the schedule there, too."""
    station = Station().online()
    if what == "fault":
        station.fault("overtemperature")
    else:
        station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert schedule(station, 1, 60) == [(0, 0.0)]
