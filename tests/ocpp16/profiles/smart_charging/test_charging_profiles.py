"""Charging profiles: each verdict, clearing, composite schedules, and what the pilot is offered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.events import StoreChanged
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.records import Profile
from tests.ocpp16.rig import NOON, SILENCE, CallError, Station


def profile(
    number: int = 1, purpose: str = "TxDefaultProfile", *periods: tuple[int, float], **more: Any
) -> dict[str, Any]:
    """An absolute profile in A that begins at the time of the bench."""
    schedule = {
        "chargingRateUnit": more.pop("unit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": at, "limit": limit} for at, limit in periods or ((0, 10.0),)],
        "startSchedule": more.pop("start", to_text(NOON)),
    }
    if "duration" in more:
        schedule["duration"] = more.pop("duration")
    if schedule["startSchedule"] is None:
        del schedule["startSchedule"]
    return {
        "chargingProfileId": number,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule,
        **more,
    }


def install(station: Station, connector: int, what: dict[str, Any]) -> Any:
    answer = station.request("SetChargingProfile", connectorId=connector, csChargingProfiles=what)
    return answer["status"] if isinstance(answer, dict) else answer


def schedule(station: Station, connector: int = 1, duration: int = 400, **more: Any) -> list[tuple[int, float]]:
    answer = station.request("GetCompositeSchedule", connectorId=connector, duration=duration, **more)
    assert isinstance(answer, dict) and answer["status"] == "Accepted", answer
    assert "startSchedule" not in answer["chargingSchedule"], "E 3.57"
    periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
    return [(period["startPeriod"], period["limit"]) for period in periods]


REFUSED = {
    "max on a connector": (1, profile(1, "ChargePointMaxProfile")),
    "tx on connector 0": (0, profile(1, "TxProfile")),
    "tx without a transaction": (1, profile(1, "TxProfile")),
    "transactionId elsewhere": (1, profile(1, transactionId=5)),
    "level too high": (1, profile(1, stackLevel=11)),
    "level below 0": (1, profile(1, stackLevel=-1)),
    "unit not offered": (1, profile(1, unit="W")),
    "recurring without kind": (1, profile(1, chargingProfileKind="Recurring")),
    "recurring without start": (1, profile(1, chargingProfileKind="Recurring", recurrencyKind="Daily", start=None)),
    "first period not 0": (1, profile(1, "TxDefaultProfile", (5, 10.0))),
    "periods fall": (1, profile(1, "TxDefaultProfile", (0, 10.0), (60, 8.0), (60, 9.0))),
    "limit below 0": (1, profile(1, "TxDefaultProfile", (0, -1.0))),
    "already over": (1, profile(1, validTo=to_text(NOON - 1))),
    "ends before it begins": (1, profile(1, validFrom=to_text(NOON + 60), validTo=to_text(NOON + 60))),
    "no length": (1, profile(1, duration=0)),
    "too many periods": (1, profile(1, "TxDefaultProfile", *((n, 8.0) for n in range(101)))),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_had_is_rejected(case: str) -> None:
    """§5.16: a profile that this station cannot follow is Rejected, and nothing is kept."""
    station = Station().online()
    assert install(station, *REFUSED[case]) == "Rejected"
    assert station.rows(Profile) == []


@pytest.mark.parametrize("bad", [{"connector": 9}, {"chargingProfileKind": "Odd"}, {"unit": "V"}])
def test_what_is_not_ocpp_is_a_callerror(bad: dict[str, Any]) -> None:
    """E 3.38, E 3.39: an unknown connector or enum value: PropertyConstraintViolation."""
    bad = dict(bad)
    answer = install(Station().online(), bad.pop("connector", 1), profile(1, **bad))
    assert isinstance(answer, CallError) and answer.code == "PropertyConstraintViolation"


def test_accepted_is_at_the_pilot_at_once() -> None:
    """§5.16: Accepted: the limit is offered in the same step; removed, the hardware's limit is back (E 3.8)."""
    station = Station().online().charging()
    assert station.offered() == 32.0
    assert install(station, 1, profile()) == "Accepted" and station.offered() == 10.0
    assert install(station, 0, profile(2, "ChargePointMaxProfile", (0, 8.1))) == "Accepted" and station.offered() == 8.1
    station.request("ClearChargingProfile")
    assert station.offered() == 32.0


@pytest.mark.parametrize(
    ("limit", "offered", "status"), [(0.0, 0.0, "SuspendedEVSE"), (5.9, 0.0, "SuspendedEVSE"), (6.0, 6.0, "Charging")]
)
def test_below_six_ampere_the_station_pauses(limit: float, offered: float, status: str) -> None:
    """IEC 61851-1, §4.9: 0 < limit < 6 A cannot be signalled: SuspendedEVSE, the transaction stays open."""
    station = Station().online().charging()
    install(station, 1, profile(1, "TxDefaultProfile", (0, limit)))
    assert (station.offered(), station.transaction() is not None) == (offered, True)
    if not offered:
        station.open_contactor()
        (why,) = station.cp.why(station.now())
        assert why["code"] == "limit" and "TxDefaultProfile 1 (level 0, period 1)" in str(why["chain"])
    assert station.status() == status


def test_the_schedule_moves_the_offer() -> None:
    """§3.13: at each period's start the offer changes by itself."""
    station = Station().online().charging()
    began = station.cp.parts.context.utc
    assert began is not None
    install(station, 1, profile(1, "TxDefaultProfile", (0, 10.0), (60, 16.0), start=to_text(began)))
    station.wait(59)
    assert station.offered() == 10.0
    station.wait(2)
    assert station.offered() == 16.0


def test_golden_vector_of_the_merge() -> None:
    """§5.7: TxProfile before TxDefault, both below ChargePointMax; equal neighbours are one period."""
    station = Station().online().charging()
    now = station.cp.parts.context.utc
    assert now is not None
    start = to_text(float(int(now)))
    default = ((0, 6.0), (60, 10.0), (120, 8.0), (180, 25.0), (260, 8.0))
    own = ((0, 8.0), (50, 11.0), (140, 16.0), (200, 6.0), (240, 12.0))
    install(station, 0, profile(1, "ChargePointMaxProfile", (0, 10.0), start=start, duration=86400))
    install(station, 1, profile(2, "TxDefaultProfile", *default, start=start, duration=300))
    install(station, 1, profile(3, "TxProfile", *own, start=start, duration=260))
    assert schedule(station) == [(0, 8.0), (50, 10.0), (200, 6.0), (240, 10.0), (260, 8.0), (300, 10.0)]


def test_golden_vector_of_the_stack() -> None:
    """§3.13.2: when the higher level runs out, the lower one shows through; idle, the default counts."""
    station = Station().online()
    start = to_text(float(int(station.cp.parts.context.utc or 0)))
    install(
        station,
        1,
        profile(1, "TxDefaultProfile", (0, 6.0), (50, 5.0), (100, 8.0), (200, 10.0), start=start, duration=400),
    )
    high = ((0, 7.0), (100, 9.0))
    install(station, 1, profile(2, "TxDefaultProfile", *high, start=start, duration=150, stackLevel=1))
    assert schedule(station, duration=350) == [(0, 7.0), (100, 9.0), (150, 8.0), (200, 10.0)]


def test_composite_schedule_without_profiles() -> None:
    """§5.7: one period with the hardware's limit, for a connector and for the station; nonsense is Rejected."""
    station = Station().online()
    assert schedule(station) == [(0, 32.0)] == schedule(station, 0)
    for fields in ({"connectorId": 5, "duration": 60}, {"connectorId": 1, "duration": 0}):
        answer = station.request("GetCompositeSchedule", **fields)
        assert isinstance(answer, dict) and answer["status"] == "Rejected"
    answer = station.request("GetCompositeSchedule", connectorId=1, duration=60, chargingRateUnit="W")
    assert isinstance(answer, dict) and answer["status"] == "Rejected"


def test_clearing() -> None:
    """E 3.25, E 3.26: an id alone decides, other fields are ANDed, zeroes count, none clears all."""
    station = Station().online()
    install(station, 1, profile(1, stackLevel=1))
    install(station, 1, profile(2))
    install(station, 0, profile(3, "ChargePointMaxProfile"))

    def clear(**fields: Any) -> Any:
        answer = station.request("ClearChargingProfile", **fields)
        assert isinstance(answer, dict)
        return answer["status"], sorted(row.profile_id for row in station.rows(Profile))

    assert clear(id=9) == ("Unknown", [1, 2, 3])
    assert clear(id=1, chargingProfilePurpose="ChargePointMaxProfile") == ("Accepted", [2, 3])
    assert clear(connectorId=1, stackLevel=1) == ("Unknown", [2, 3])
    assert clear(connectorId=0, stackLevel=0) == ("Accepted", [2])
    assert clear() == ("Accepted", [])


def test_replacing_and_room() -> None:
    """§3.13.2: same id, or same purpose and level at one place, replaces; else MaxChargingProfilesInstalled counts."""
    station = Station(product=Product(max_profiles=2)).online()
    install(station, 1, profile(1))
    assert install(station, 1, profile(2)) == "Accepted" and [r.profile_id for r in station.rows(Profile)] == [2]
    assert install(station, 1, profile(3, stackLevel=1)) == "Accepted"
    assert install(station, 1, profile(4, stackLevel=2)) == "Rejected"
    assert install(station, 1, profile(3, stackLevel=2)) == "Accepted"


def test_a_tx_profile_belongs_to_its_transaction() -> None:
    """§5.16: it needs the running transaction (its id may be left out) and goes with it."""
    station = Station().online().charging()
    running = station.transaction()
    assert running is not None
    assert install(station, 1, profile(1, "TxProfile", transactionId=(running.transaction_id or 0) + 1)) == "Rejected"
    assert install(station, 1, profile(1, "TxProfile", transactionId=running.transaction_id)) == "Accepted"
    assert station.offered() == 10.0
    station.tap("CARD")
    station.open_contactor()
    assert station.rows(Profile) == []


def test_with_a_remote_start() -> None:
    """§5.11: a TxProfile of a remote start binds the transaction that follows; another purpose is Rejected."""
    station = Station().online()
    station.plug()
    fields = {"idTag": "CARD", "connectorId": 1}
    assert station.request("RemoteStartTransaction", **fields, chargingProfile=profile()) == {"status": "Rejected"}
    own = profile(5, "TxProfile")
    assert station.request("RemoteStartTransaction", **fields, chargingProfile=own) == {"status": "Accepted"}
    assert station.offered() == 10.0


def test_profiles_survive_the_dark() -> None:
    """E 3.37: profiles are kept over reboots and power cuts."""
    station = Station().online()
    install(station, 1, profile())
    station.restart(dark=True).online().charging()
    assert station.offered() == 10.0


def test_a_flood_writes_once() -> None:
    """1,000 equal commands write one row once."""
    station = Station().online()
    writes = 0
    for _ in range(1000):
        _, step = station.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile())
        writes += len(step.records)
    assert writes <= 2


ACCEPTED = {
    "absolute without start": (1, profile(1, start=None)),
    "relative": (1, profile(1, chargingProfileKind="Relative", start=None)),
    "relative for the station": (0, profile(1, "ChargePointMaxProfile", chargingProfileKind="Relative", start=None)),
    "recurrency of another kind": (1, profile(1, recurrencyKind="Weekly")),
    "highest level": (1, profile(1, stackLevel=10)),
    "most periods": (1, profile(1, "TxDefaultProfile", *((n, 8.0) for n in range(100)))),
    "one decimal": (1, profile(1, "TxDefaultProfile", (0, 8.1))),
    "beyond the hardware": (1, profile(1, "TxDefaultProfile", (0, 500.0))),
    "not valid yet": (1, profile(1, validFrom=to_text(NOON + 60))),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_what_back_offices_send_is_accepted(case: str) -> None:
    """§5.16, §7.8: the shapes that are right, at the edge of what is allowed."""
    station = Station().online()
    assert install(station, *ACCEPTED[case]) == "Accepted"
    assert len(station.rows(Profile)) == 1


def test_the_station_limit_needs_its_start() -> None:
    """§7.13: an Absolute ChargePointMaxProfile without startSchedule counts from nothing: Rejected."""
    assert install(Station().online(), 0, profile(1, "ChargePointMaxProfile", start=None)) == "Rejected"


@pytest.mark.parametrize(("phases", "verdict"), [(0, "Rejected"), (1, "Accepted"), (3, "Accepted"), (4, "Rejected")])
def test_number_phases(phases: int, verdict: str) -> None:
    """§7.14: numberPhases is 1 to 3; more than the station has changes nothing (E 3.34)."""
    what = profile()
    what["chargingSchedule"]["chargingSchedulePeriod"][0]["numberPhases"] = phases
    station = Station().online()
    assert install(station, 1, what) == verdict
    station.charging()
    assert station.offered() == (10.0 if verdict == "Accepted" else 32.0)


@pytest.mark.parametrize(
    ("sent", "offered"), [(7.199999999999999, 7.1), (8.15, 8.1), (6.0000001, 6.0), (5.999999, 0.0), (0.04, 0.0)]
)
def test_more_than_one_decimal(sent: float, offered: float) -> None:
    """§7.14: a limit that cannot be read exactly becomes less, never none: the tenth below it holds."""
    station = Station().online().charging()
    assert install(station, 1, profile(1, "TxDefaultProfile", (0, sent))) == "Accepted"
    assert station.offered() == offered
    station.restart().happens(ev.Started())
    station.attach(ev.PilotChanged(1, "C", station.mono), station.reading())
    assert station.offered() == offered, "from the store, too"


def test_refused_with_its_reason() -> None:
    """What is Rejected is told to a person, with the reason."""
    station = Station().online()
    install(station, 1, profile(9, stackLevel=11))
    assert ("profile-refused", {"id": 9, "reason": "stackLevel is out of range"}) in station.notes


def test_a_refused_profile_leaves_the_old_one() -> None:
    """§5.16: the old profile holds until a new one is stored."""
    station = Station().online().charging()
    install(station, 1, profile())
    assert install(station, 1, profile(1, unit="W")) == "Rejected"
    assert station.offered() == 10.0


def test_a_replaced_profile_is_gone_before_the_new_one_is_valid() -> None:
    """§3.13.2: a profile that is valid later has replaced its predecessor already."""
    station = Station().online().charging()
    install(station, 1, profile())
    install(station, 1, profile(2, "TxDefaultProfile", (0, 8.0), validFrom=to_text(NOON + 60)))
    assert station.offered() == 32.0
    station.wait(60)
    assert station.offered() == 8.0


def test_the_same_id_elsewhere() -> None:
    """§3.13.2: an id stands once, wherever it was: it moves with its new purpose and place."""
    station = Station(Product(connectors=2)).online()
    install(station, 1, profile(5))
    install(station, 0, profile(5, "ChargePointMaxProfile", (0, 20.0)))
    assert [(row.profile_id, row.connector) for row in station.rows(Profile)] == [(5, 0)]


def test_transaction_id_that_is_not_known_yet() -> None:
    """§5.16: while StartTransaction is unanswered no transactionId can be meant; without one the profile is taken."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.plug()
    station.tap("CARD")
    answer, _ = station.ask(
        "SetChargingProfile", connectorId=1, csChargingProfiles=profile(1, "TxProfile", transactionId=0)
    )
    assert answer == {"status": "Rejected"}
    answer, _ = station.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile(1, "TxProfile"))
    assert answer == {"status": "Accepted"} and station.offered() == 10.0


def test_a_remote_profile_is_replaced_and_stacked() -> None:
    """§5.16: a TxProfile of the same level replaces the one that came with the remote start; another level stacks."""
    station = Station().online()
    station.plug()
    station.request("RemoteStartTransaction", idTag="CARD", connectorId=1, chargingProfile=profile(5, "TxProfile"))
    running = station.transaction()
    assert running is not None
    install(station, 1, profile(6, "TxProfile", (0, 12.0), transactionId=running.transaction_id))
    assert station.offered() == 12.0
    install(station, 1, profile(7, "TxProfile", (0, 14.0), stackLevel=1, duration=60))
    assert station.offered() == 14.0
    station.wait(60)
    assert (station.offered(), [row.profile_id for row in station.rows(Profile)]) == (12.0, [6, 7])


@pytest.mark.parametrize(
    "wrong",
    [profile(5), profile(5, "ChargePointMaxProfile"), profile(5, "TxProfile", transactionId=1),
     profile(5, "TxProfile", stackLevel=99), profile(5, "TxProfile", unit="W")],
)  # fmt: skip
def test_remote_start_with_a_wrong_profile(wrong: dict[str, Any]) -> None:
    """§5.11 (TC_060): only a TxProfile without transactionId that the station can follow: else nothing starts."""
    station = Station().online()
    station.plug()
    asked = {"idTag": "CARD", "connectorId": 1, "chargingProfile": wrong}
    assert station.request("RemoteStartTransaction", **asked) == {"status": "Rejected"}
    assert station.transaction() is None


def test_remote_start_when_the_store_is_full_of_profiles() -> None:
    """§9.4: a remote start with a profile for which there is no room is Rejected; one that replaces is not."""
    station = Station(Product(max_profiles=1)).online()
    install(station, 1, profile(1))
    asked = {"idTag": "CARD", "connectorId": 1}
    own = profile(5, "TxProfile")
    assert station.request("RemoteStartTransaction", **asked, chargingProfile=own) == {"status": "Rejected"}
    same = profile(1, "TxProfile")
    assert station.request("RemoteStartTransaction", **asked, chargingProfile=same) == {"status": "Accepted"}


def test_a_profile_of_a_start_that_came_to_nothing() -> None:
    """§5.11: with the start that is given up its profile is, too."""
    station = Station().online()
    asked = {"idTag": "CARD", "connectorId": 1, "chargingProfile": profile(5, "TxProfile")}
    station.request("RemoteStartTransaction", **asked)
    station.wait(61)
    station.charging()
    assert (station.offered(), station.rows(Profile)) == (32.0, [])


@pytest.mark.parametrize("purpose", ["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"])
@pytest.mark.parametrize("connector", [None, 0, 1])
@pytest.mark.parametrize("level", [None, 0, 1])
def test_every_filter(purpose: str, connector: int | None, level: int | None) -> None:
    """E 3.26: connector, purpose and level are ANDed; whatever fits goes, 0 is a value like any other."""
    station = Station().online().charging()
    held = []
    for number, (one, at) in enumerate([("ChargePointMaxProfile", 0), ("TxDefaultProfile", 0), ("TxDefaultProfile", 1),
                                        ("TxProfile", 1)]):  # fmt: skip
        for height in (0, 1):
            held.append((10 * number + height, one, at, height))
            assert install(station, at, profile(10 * number + height, one, stackLevel=height)) == "Accepted"
    fields: dict[str, Any] = {"chargingProfilePurpose": purpose}
    fields |= {} if connector is None else {"connectorId": connector}
    fields |= {} if level is None else {"stackLevel": level}
    goes = [n for n, one, at, height in held if one == purpose and connector in (None, at) and level in (None, height)]
    assert station.request("ClearChargingProfile", **fields) == {"status": "Accepted" if goes else "Unknown"}
    assert [row.profile_id for row in station.rows(Profile)] == [n for n, *_ in held if n not in goes]


def test_nothing_to_clear() -> None:
    """§5.5: without any profile: Unknown."""
    assert Station().online().request("ClearChargingProfile") == {"status": "Unknown"}


def test_tx_profiles_go_in_the_dark() -> None:
    """E 3.37: a TxProfile whose transaction ended in the dark is gone at boot; the others are kept."""
    station = Station().online().charging()
    install(station, 1, profile(1))
    install(station, 1, profile(2, "TxProfile"))
    station.restart(dark=True).online()
    assert [row.profile_id for row in station.rows(Profile)] == [1]


def test_tx_profile_whose_transaction_nobody_knows() -> None:
    """E 3.37: at boot a TxProfile without its transaction is removed."""
    row = Profile(profile_id=1, connector=1, number=77, document=json.dumps(profile(1, "TxProfile")))
    station = Station(records=[row]).online()
    assert station.rows(Profile) == []


def test_a_profile_that_cannot_be_read() -> None:
    """A stored profile that this version cannot read is dropped with its reason; the others serve."""
    bad = Profile(profile_id=1, connector=1, document='{"odd": true}')
    good = Profile(profile_id=2, connector=1, document=json.dumps(profile(2)))
    station = Station(records=[bad, good]).online().charging()
    assert (station.offered(), [row.profile_id for row in station.rows(Profile)]) == (10.0, [2])
    assert "profile-dropped" in [code for code, _ in station.notes]


def test_expired_in_the_dark() -> None:
    """§7.8: what became invalid while the unit was dark holds nobody down afterwards."""
    station = Station().online()
    install(station, 1, profile(1, validTo=to_text(NOON + 3600)))
    station.restart(dark=True).started()
    station.boot_answer["currentTime"] = to_text(NOON + 3600)
    station.connect()
    station.charging()
    assert station.offered() == 32.0


def test_nothing_can_be_recorded() -> None:
    """A store without room takes no profile: Rejected."""
    station = Station().online()
    station.happens(StoreChanged("full", "no room"))
    assert install(station, 1, profile()) == "Rejected"


def test_a_flood_of_refused_ones_writes_nothing() -> None:
    """1,000 commands that are Rejected or Unknown write nothing."""
    station, writes = Station().online(), 0
    for _ in range(500):
        _, step = station.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile(1, stackLevel=99))
        writes += len(step.records)
        _, step = station.ask("ClearChargingProfile", id=3)
        writes += len(step.records)
    assert writes == 0


def test_profile_of_a_remote_start_that_waits() -> None:
    """§7.4, §5.5: it takes its place among those that may be installed, and can be cleared like them."""
    station = Station(Product(max_profiles=2)).online()
    tx = profile(6, "TxProfile", (0, 9))
    started = station.request("RemoteStartTransaction", idTag="A", connectorId=1, chargingProfile=tx)
    assert started == {"status": "Accepted"}
    for number, status in ((1, "Accepted"), (2, "Rejected")):
        other = profile(number, "TxDefaultProfile", (0, 16), stackLevel=number)
        asked = station.request("SetChargingProfile", connectorId=1, csChargingProfiles=other)
        assert asked == {"status": status}
    assert station.request("ClearChargingProfile", id=6) == {"status": "Accepted"}
    assert station.request("ClearChargingProfile", id=6) == {"status": "Unknown"}
    station.plug()
    assert station.offered() == 16.0
