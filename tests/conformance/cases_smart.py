"""The cases of Smart Charging, one function an id; what is wanted stands in their lines."""

from __future__ import annotations

import time
from math import floor
from typing import Any

from tests.conformance.judge import VALID, Lab
from tests.conformance.states import charging
from tests.conformance.transcript import Payload, seconds, utc

DEVIATION_S = 5.0
"""How far scheduleStart may be from the request."""
DURATION_S = 300
LONG_S = 86400
Steps = list[tuple[float, float]]


def unit(lab: Lab) -> str:
    return "A" if "Current" in lab.product.rate_units else "W"


def just_now() -> str:
    """A startSchedule that lies behind both clocks: a whole second, the allowed deviation ago."""
    return utc(floor(time.time()) - 1.0 - time.time())


def limit(lab: Lab, amps: float) -> float:
    """A small number of amperes in the unit of the product (as the catalogue does it: W = x 1000)."""
    return amps if unit(lab) == "A" else amps * 1000


def own_limit(lab: Lab) -> float:
    """What the station can give without any profile."""
    return lab.product.max_amps * (1 if unit(lab) == "A" else lab.product.volts * lab.product.phases)


def profile(
    lab: Lab, number: int, purpose: str, steps: Steps, *, level: int = 0, duration: int = DURATION_S, **more: Any
) -> Payload:
    """An Absolute profile that begins now."""
    periods = [
        {"startPeriod": int(at), "limit": limit(lab, amps), "numberPhases": lab.product.phases} for at, amps in steps
    ]
    schedule = {
        "duration": duration, "startSchedule": more.pop("start", just_now()), "chargingRateUnit": unit(lab),
        "chargingSchedulePeriod": periods,
    }  # fmt: skip
    return {
        "chargingProfileId": number, "stackLevel": level, "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute", "chargingSchedule": schedule, **more,
    }  # fmt: skip


async def install(lab: Lab, connector: int, csprofile: Payload, *allowed: str) -> float:
    """SetChargingProfile; when its schedule begins, in seconds since 1970."""
    await lab.ask(
        "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": csprofile}, *(allowed or ("Accepted",))
    )
    return seconds(csprofile["chargingSchedule"]["startSchedule"])


async def composite(lab: Lab, duration: int, steps: Steps, begins: float | None = None) -> None:
    """GetCompositeSchedule must be these periods: (seconds from `begins`, limit), cut at scheduleStart."""
    request = {"connectorId": lab.connector, "duration": duration, "chargingRateUnit": unit(lab)}
    asked_at = seconds(utc())
    told = (await lab.ask("GetCompositeSchedule", request, "Accepted")).payload
    schedule = told.get("chargingSchedule", {})
    lab.require(told.get("connectorId") == lab.connector, f"connectorId is {told.get('connectorId')}")
    lab.require(schedule.get("chargingRateUnit") == unit(lab), f"unit is {schedule.get('chargingRateUnit')}")
    lab.require(schedule.get("duration") == duration, f"duration is {schedule.get('duration')}, wanted {duration}")
    start = seconds(told["scheduleStart"])
    lab.require(abs(start - asked_at) <= DEVIATION_S, f"scheduleStart is {start - asked_at:.1f} s away from now")
    shift = 0.0 if begins is None else start - begins
    wanted: Steps = []
    for at, amount in steps:
        if at - shift <= 0:
            wanted = [(0.0, amount)]
        elif at - shift < duration:
            wanted.append((at - shift, amount))
    got = [(p["startPeriod"], p["limit"]) for p in schedule.get("chargingSchedulePeriod", [])]
    same = len(got) == len(wanted) and all(
        abs(g[0] - w[0]) <= 1.0 and abs(g[1] - w[1]) < 0.11 for g, w in zip(got, wanted, strict=False)
    )
    lab.require(same, f"the periods are {got}, wanted {wanted}")


async def one_profile(lab: Lab, purpose: str, **more: Any) -> None:
    begins = await install(lab, lab.connector, profile(lab, 1, purpose, [(0, 6)], **more))
    await composite(lab, DURATION_S - 60, [(0, limit(lab, 6))], begins)


async def tc_056(lab: Lab) -> None:
    await one_profile(lab, "TxDefaultProfile")


async def tc_057(lab: Lab) -> None:
    transaction = await charging(lab)
    await one_profile(lab, "TxProfile", transactionId=transaction)


async def tc_058_1(lab: Lab) -> None:
    await install(
        lab, lab.connector, profile(lab, 1, "TxProfile", [(0, 6)], transactionId=1), "Rejected",
        "PropertyConstraintViolation",
    )  # fmt: skip


async def tc_058_2(lab: Lab) -> None:
    transaction = await charging(lab)
    await install(
        lab, lab.connector, profile(lab, 1, "TxProfile", [(0, 6)], transactionId=transaction + 99), "Rejected"
    )


async def tc_082(lab: Lab) -> None:
    await charging(lab)
    await one_profile(lab, "TxDefaultProfile")


async def tc_066(lab: Lab) -> None:
    transaction = await charging(lab)
    until = utc(401)
    station = profile(lab, 1, "ChargePointMaxProfile", [(0, 10)], duration=LONG_S)
    await install(lab, 0, station)
    steps: Steps = [(0, 6), (60, 10), (120, 8), (180, 15), (260, 8)]
    default = profile(lab, 2, "TxDefaultProfile", steps, duration=300, validTo=until)
    await install(lab, lab.connector, default)
    own: Steps = [(0, 8), (50, 11), (140, 16), (200, 6), (240, 12)]
    begins = await install(
        lab, lab.connector,
        profile(lab, 3, "TxProfile", own, duration=260, validTo=until, transactionId=transaction,
                start=default["chargingSchedule"]["startSchedule"]),
    )  # fmt: skip
    # after 260 s the default shows through again, after 300 s only the station's: the strict reading
    wanted = [(0, 8), (50, 10), (200, 6), (240, 10), (260, 8), (300, 10)]
    await composite(lab, 400, [(at, limit(lab, amps)) for at, amps in wanted], begins)
    await composite(lab, 235, [(at, limit(lab, amps)) for at, amps in wanted], begins)


async def tc_067(lab: Lab) -> None:
    at = just_now()
    begins = seconds(at)
    a = profile(lab, 1, "TxDefaultProfile", [(0, 6), (60, 8), (200, 10)], level=1, duration=400, start=at)
    b = profile(lab, 2, "TxDefaultProfile", [(0, 7), (100, 9)], level=0, duration=400, start=at)
    c = profile(lab, 3, "ChargePointMaxProfile", [(0, 11), (200, 12)], level=0, duration=LONG_S, start=at)
    await install(lab, lab.connector, a)
    await install(lab, lab.connector, b)
    await install(lab, 0, c)
    await lab.ask("ClearChargingProfile", {"id": 1}, "Accepted")
    await composite(lab, 350, [(0, limit(lab, 7)), (100, limit(lab, 9))], begins)
    request = {"chargingProfilePurpose": "TxDefaultProfile", "stackLevel": 0}
    await lab.ask("ClearChargingProfile", request, "Accepted")
    await composite(lab, 350, [(0, limit(lab, 11)), (200, limit(lab, 12))], begins)
    await lab.ask("ClearChargingProfile", {}, "Accepted")
    await composite(lab, 350, [(0, own_limit(lab))])


async def tc_072(lab: Lab) -> None:
    at, until = just_now(), utc(401)
    begins = seconds(at)
    low = profile(lab, 1, "TxDefaultProfile", [(0, 6), (100, 8), (200, 10)], duration=400, start=at, validTo=until)
    high = profile(lab, 2, "TxDefaultProfile", [(0, 7), (100, 9)], level=1, duration=150, start=at, validTo=until)
    await install(lab, lab.connector, low)
    await install(lab, lab.connector, high)
    wanted = [(0, 7), (100, 9), (150, 8), (200, 10)]
    await composite(lab, 350, [(s, limit(lab, amps)) for s, amps in wanted], begins)


async def tc_059(lab: Lab) -> None:
    own = profile(lab, 1, "TxProfile", [(0, 6)])
    transaction = await charging(lab, VALID, profile=own)
    await composite(lab, DURATION_S - 60, [(0, limit(lab, 6))], seconds(own["chargingSchedule"]["startSchedule"]))
    again = profile(lab, 2, "TxProfile", [(0, 7)], transactionId=transaction)  # it belongs to this very transaction
    begins = await install(lab, lab.connector, again)
    await composite(lab, DURATION_S - 60, [(0, limit(lab, 7))], begins)


async def tc_060(lab: Lab) -> None:
    request = {
        "connectorId": lab.connector, "idTag": VALID, "chargingProfile": profile(lab, 1, "TxDefaultProfile", [(0, 6)]),
    }  # fmt: skip
    await lab.ask("RemoteStartTransaction", request, "Rejected", "PropertyConstraintViolation")
    await lab.quiet()
