"""Which request this product answers, how it refuses the others, and which messages can be triggered."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.call_routing import answers, triggered_messages
from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, smart_charging
from ocpp16.product import Product
from tests.ocpp16.rig import Station

WORDS = {
    "Core": core,
    "LocalAuthListManagement": local_list,
    "Reservation": reservation,
    "SmartCharging": smart_charging,
    "RemoteTrigger": remote_trigger,
    "FirmwareManagement": firmware,
}


@pytest.mark.parametrize("profile", WORDS)
def test_every_message_of_a_profile_has_its_row(profile: str) -> None:
    """§4: each request of the Central System has somebody who answers it (UnlockConnector is answered later)."""
    assert set(answers(Station().cp.parts)[profile]) | {"UnlockConnector"} >= set(WORDS[profile].INCOMING)


CALLS = {
    "SetChargingProfile": {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
            },
        },
    },
    "ClearChargingProfile": {},
    "GetCompositeSchedule": {"connectorId": 1, "duration": 60},
    "TriggerMessage": {"requestedMessage": "Heartbeat"},
    "GetDiagnostics": {"location": "http://127.0.0.1/"},
    "CancelReservation": {"reservationId": 1},
}


@pytest.mark.parametrize("action", CALLS)
def test_a_profile_that_is_missing_is_not_supported(action: str) -> None:
    """J 4.2.3, E 3.23: a message of a profile that the product lacks is refused with NotSupported."""
    station = Station(product=Product(profiles=("Core",))).online()
    answer = station.request(action, **CALLS[action])
    assert getattr(answer, "code", None) == "NotSupported"


def test_lists_and_reservations_have_words_of_their_own_for_it() -> None:
    """§5.10, §5.13, §5.15: -1, NotSupported and Rejected instead of a CALLERROR."""
    station = Station(product=Product(profiles=("Core",))).online()
    assert station.request("GetLocalListVersion") == {"listVersion": -1}
    assert station.request("SendLocalList", listVersion=1, updateType="Full") == {"status": "NotSupported"}
    soon = "2100-01-01T00:00:00Z"
    answer = station.request("ReserveNow", connectorId=1, expiryDate=soon, idTag="A", reservationId=1)
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("ClearCache", {}, ("command-taken", "-", "Accepted")),
        ("Reset", {"type": "Soft"}, ("command-taken", "type Soft", "Accepted")),
        ("TriggerMessage", {"requestedMessage": "X"}, ("command-refused", "requested_message X", "NotImplemented")),
        ("TriggerMessage", {"requestedMessage": "04A2"},
         ("command-refused", "requested_message (4 characters)", "NotImplemented")),
        ("CancelReservation", {"reservationId": 3}, ("command-refused", "reservation_id 3", "Rejected")),
        ("ClearChargingProfile", {"id": 3}, ("command-refused", "id 3", "Unknown")),
        ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"},
         ("command-taken", "connector_id 1, type Inoperative", "Accepted")),
    ],
)  # fmt: skip
def test_what_is_refused_or_changed_is_noted(action: str, fields: dict[str, Any], told: tuple[str, str, str]) -> None:
    """The journal has a line for each command that was refused, and for each that changed what the station does."""
    station = Station().online()
    station.request(action, **fields)
    code, what, status = told
    assert (code, {"action": action, "what": what, "status": status}) in station.notes


def test_a_refused_call_is_noted() -> None:
    """A CALLERROR of ours has its line, too."""
    station = Station().online()
    station.request("UpdateFirmware", location="http://h/i", retrieveDate="2026-01-01T00:00:00Z")
    reason = "this station only takes signed firmware"
    assert ("call-refused", {"action": "UpdateFirmware", "code": "NotSupported", "reason": reason}) in station.notes


# --- TriggerMessage -------------------------------------------------------------------------------------------------

CORE_TRIGGERS = {"BootNotification", "Heartbeat", "MeterValues", "StatusNotification"}


def test_the_table_follows_the_product() -> None:
    """§5.17: without FirmwareManagement its two statuses are not there to be triggered."""
    firmware = {"DiagnosticsStatusNotification", "FirmwareStatusNotification"}
    assert set(triggered_messages(Station().cp.parts)) == CORE_TRIGGERS | firmware
    small = Station(product=Product(profiles=("Core", "RemoteTrigger")))
    assert set(triggered_messages(small.cp.parts)) == CORE_TRIGGERS


def test_without_a_reading_there_are_no_values() -> None:
    """§5.17: what cannot be told now is Rejected."""
    station = Station().started(attached=False)
    station.connect()
    answer = station.request("TriggerMessage", requestedMessage="MeterValues")
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(("connector", "status"), [(None, "Accepted"), (0, "Accepted"), (1, "Rejected")])
def test_before_the_board_has_told_its_states(connector: int | None, status: str) -> None:
    """§5.17: a status that is not known yet is not told: Rejected for that connector, left out where all are asked."""
    station = Station().online()
    station.restart().happens(ev.Started())
    station.connect()
    station.forget()
    where = {} if connector is None else {"connectorId": connector}
    answer = station.request("TriggerMessage", requestedMessage="StatusNotification", **where)
    assert answer == {"status": status}
    assert {said["connectorId"] for said in station.heard("StatusNotification")} == (
        {0} if status == "Accepted" else set()
    )


def test_minimum_duration_does_not_apply() -> None:
    """§5.17: a triggered status is that of now, however short it has lasted; the others wait their time."""
    station = Station(MinimumStatusDuration=60).online()
    station.plug()
    assert station.statuses() == []
    station.request("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
    assert station.statuses() == ["Preparing"]
