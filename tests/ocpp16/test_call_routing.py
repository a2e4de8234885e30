"""Which message this product answers, and how it says that it does not."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.call_routing import tables
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
    assert set(tables(Station().cp)[profile]) | {"UnlockConnector"} >= set(WORDS[profile].INCOMING)


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
    """§5.13, §5.14, §5.15: -1, NotSupported and Rejected instead of a CALLERROR."""
    station = Station(product=Product(profiles=("Core",))).online()
    assert station.request("GetLocalListVersion") == {"listVersion": -1}
    assert station.request("SendLocalList", listVersion=1, updateType="Full") == {"status": "NotSupported"}
    soon = "2100-01-01T00:00:00Z"
    answer = station.request("ReserveNow", connectorId=1, expiryDate=soon, idTag="A", reservationId=1)
    assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("action", "fields", "told"),
    [
        ("RemoteStopTransaction", {"transactionId": 9}, ("command-refused", "transaction_id 9", "Rejected")),
        ("TriggerMessage", {"requestedMessage": "X"}, ("command-refused", "requested_message X", "NotImplemented")),
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
