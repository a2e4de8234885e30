"""What is read about lists, reservations, charging profiles and updates on the right side of a transcript."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ocpp16.records import (
    Certificate,
    FirmwareUpdate,
    ListedTag,
    ListVersion,
    Profile,
    Record,
    Reservation,
    SignedFirmwareUpdate,
)


def record_words(new: Record, clock: Callable[[float], str]) -> str | None:
    """A row of the five profiles; None: it is none of theirs."""
    match new:
        case ListedTag():
            words = f"listed {new.id_tag} {new.status}"
            words += f" group {new.parent_id_tag}" if new.parent_id_tag else ""
            return words + (f" until {clock(new.expires_utc)}" if new.expires_utc is not None else "")
        case ListVersion():
            return f"list version {new.version}"
        case Reservation():
            where = f"connector {new.connector}" if new.connector else "the station"
            group = f" or group {new.parent_id_tag}" if new.parent_id_tag else ""
            return f"reservation {new.reservation_id}: {where} for {new.id_tag}{group} until {clock(new.expires_utc)}"
        case Profile():
            purpose = json.loads(new.document)["chargingProfilePurpose"]
            whose = f" of transaction {new.number}" if new.number is not None else ""
            return f"profile {new.profile_id}: {purpose} on connector {new.connector}{whose}"
        case FirmwareUpdate():
            told = f", {new.told} told" if new.told else ""
            return f"update {new.state}{told}"
        case SignedFirmwareUpdate():
            told = f", {new.told} {'confirmed' if new.confirmed else 'told'}" if new.told else ""
            return f"signed update {new.request_id} {new.state}{told}"
        case Certificate():
            return f"certificate {new.name}: {new.role} {new.state}"
        case _:
            return None


def schedule_words(payload: dict[str, Any]) -> str | None:
    """A composite schedule in one line; None: the payload has none."""
    schedule = payload.get("chargingSchedule")
    if schedule is None:
        return None
    periods = " ".join(_period(period) for period in schedule["chargingSchedulePeriod"])
    start = payload["scheduleStart"].partition("T")[2].removesuffix(".000Z")
    unit = schedule["chargingRateUnit"]
    return f"{payload['status']} connector {payload['connectorId']} {start} {schedule['duration']} s {unit} {periods}"


def _period(period: dict[str, Any]) -> str:
    phases = f"/{period['numberPhases']}" if "numberPhases" in period else ""
    return f"{period['startPeriod']}:{period['limit']:g}{phases}"
