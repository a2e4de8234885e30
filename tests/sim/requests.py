"""What a back-office asks beyond Core: lists, reservations, profiles, updates, triggers, sensible or not, by chance."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Any

TAGS = ("04A2B9", "GROUP1", "GROUP2", "BAD1", "SHORT", "BUSY", "LISTED1", "listed1")
REQUESTS = (
    "CancelReservation",
    "ClearChargingProfile",
    "GetCompositeSchedule",
    "GetDiagnostics",
    "GetLocalListVersion",
    "ReserveNow",
    "ReserveNow",
    "SendLocalList",
    "SendLocalList",
    "SetChargingProfile",
    "SetChargingProfile",
    "SetChargingProfile",
    "TriggerMessage",
    "TriggerMessage",
    "UpdateFirmware",
)
PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxDefaultProfile", "TxProfile")
MESSAGES = (
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
    "NoSuchThing",
)
AMPS = (0, 3.0, 5.9, 6, 6.1, 10, 12.6, 16.0, 24.7, 32, 40)
WATTS = (0, 1000.0, 1380, 2300.5, 3680, 7360.0, 11000)


def _at(utc: float) -> str:
    return datetime.fromtimestamp(int(utc), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def profile_request(rng: Random, action: str, known: list[int], utc: float) -> dict[str, Any] | None:
    """The payload of one of `REQUESTS`; None: no fields.  `known`: transactions; `utc`: what time it is."""
    connector = rng.choice([1, 1, 1, 2, 0, 99])
    match action:
        case "SendLocalList":
            return local_list(rng, utc)
        case "ReserveNow":
            expiry = _at(utc + rng.choice([-60, 300, 1800, 7200]))
            card = rng.choice(TAGS)
            found = {"connectorId": connector, "expiryDate": expiry, "idTag": card, "reservationId": rng.randint(1, 5)}
            return found | ({"parentIdTag": "FLEET"} if card.startswith("GROUP") else {})
        case "CancelReservation":
            return {"reservationId": rng.randint(1, 5)}
        case "SetChargingProfile":
            return {"connectorId": connector, "csChargingProfiles": charging_profile(rng, known, utc)}
        case "ClearChargingProfile":
            return _filter(rng, connector)
        case "GetCompositeSchedule":
            found = {"connectorId": connector, "duration": rng.choice([60, 3600, 86400])}
            return found | rng.choice([{}, {"chargingRateUnit": rng.choice("AW")}])
        case "TriggerMessage":
            return {"requestedMessage": rng.choice(MESSAGES)} | rng.choice([{}, {"connectorId": connector}])
        case "UpdateFirmware":
            place = {
                "location": "https://files.example/image.bin",
                "retrieveDate": _at(utc + rng.choice([-5, 60, 900])),
            }
            return place | rng.choice([{}, {"retries": rng.randint(0, 2), "retryInterval": rng.choice([0, 30, 300])}])
        case "GetDiagnostics":
            return {"location": "ftp://files.example/in/"} | rng.choice([{}, {"retries": 1, "retryInterval": 20}])
        case _:
            return None


def local_list(rng: Random, utc: float) -> dict[str, Any]:
    """Full or differential; now and then too long, a card twice, or an old version."""
    cards = rng.sample(TAGS[:-1], rng.randint(0, 4))
    if rng.random() < 0.1:
        cards += ["LISTED1", "listed1"]
    if rng.random() < 0.1:
        cards += [f"LONG{n}" for n in range(101)]
    full = rng.random() < 0.5
    entries = []
    for card in cards:
        info: dict[str, Any] = {"status": rng.choice(["Accepted", "Accepted", "Accepted", "Blocked", "Expired"])}
        if rng.random() < 0.3:
            info["expiryDate"] = _at(utc + rng.choice([-60, 3600]))
        if card.startswith("GROUP"):
            info["parentIdTag"] = "FLEET"
        entries.append({"idTag": card} | ({"idTagInfo": info} if full or rng.random() < 0.8 else {}))
    kind = "Full" if full else "Differential"
    version = rng.choice([int(utc) % 10**6, int(utc) % 10**6, 1, 0, -1])
    return {"listVersion": version, "updateType": kind, "localAuthorizationList": entries}


def charging_profile(rng: Random, known: list[int], utc: float) -> dict[str, Any]:
    """Every purpose, kind, unit and level; now and then one that must be refused."""
    unit, purpose = rng.choice("AAAW"), rng.choice(PURPOSES)
    kind = rng.choice(["Absolute", "Absolute", "Recurring"] + ["Relative"] * (purpose != "ChargePointMaxProfile"))
    starts = [0, *sorted(rng.sample(range(1, 7200), rng.randint(0, 3)))]
    periods = [{"startPeriod": start, "limit": rng.choice(AMPS if unit == "A" else WATTS)} for start in starts]
    schedule: dict[str, Any] = {"chargingRateUnit": unit, "chargingSchedulePeriod": periods}
    if rng.random() < 0.4:
        schedule["duration"] = rng.choice([600, 7200])
    if kind != "Relative":
        schedule["startSchedule"] = _at(utc - rng.choice([-300, 0, 1800]))
    profile = {
        "chargingProfileId": rng.randint(1, 14),
        "stackLevel": rng.choice([0, 1, 2, 10]),
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": kind,
        "chargingSchedule": schedule,
    }
    if kind == "Recurring":
        profile["recurrencyKind"] = rng.choice(["Daily", "Weekly"])
    if purpose == "TxProfile" and rng.random() < 0.5:
        profile["transactionId"] = rng.choice([*known, 424242])
    if rng.random() < 0.2:
        profile["validTo"] = _at(utc + rng.choice([60, 7200]))
    if rng.random() < 0.15:
        _spoil(rng, profile)
    return profile


def _spoil(rng: Random, profile: dict[str, Any]) -> None:
    schedule = profile["chargingSchedule"]
    match rng.randrange(5):
        case 0:
            profile["stackLevel"] = 11
        case 1:
            schedule["chargingSchedulePeriod"] = []
        case 2:
            schedule["chargingSchedulePeriod"][0]["startPeriod"] = 5
        case 3:
            schedule["chargingSchedulePeriod"][0]["limit"] = -1
        case _:
            profile["chargingProfileKind"] = "Whenever"


def _filter(rng: Random, connector: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if rng.random() < 0.4:
        found["id"] = rng.randint(1, 14)
    if rng.random() < 0.3:
        found["connectorId"] = connector
    if rng.random() < 0.3:
        found["chargingProfilePurpose"] = rng.choice(PURPOSES)
    if rng.random() < 0.3:
        found["stackLevel"] = rng.choice([0, 1, 2, 10])
    return found
