"""Messages of the profile SmartCharging, with the spec's limits.  No behaviour."""

from __future__ import annotations

from ocpp16.messages.types import (
    ChargingProfile,
    ChargingProfilePurpose,
    ChargingProfileStatus,
    ChargingRateUnit,
    ChargingSchedule,
    ClearChargingProfileStatus,
    DateTimeText,
    GetCompositeScheduleStatus,
    Integer,
    Message,
)

# --- sent by the Central System -------------------------------------------------------------------------------------


class ClearChargingProfileReq(Message, frozen=True):
    """No field: every profile; `id` alone decides where it is given, else the fields are ANDed (E 3.25, 3.26)."""

    id: Integer | None = None
    connector_id: Integer | None = None
    charging_profile_purpose: ChargingProfilePurpose | None = None
    stack_level: Integer | None = None


class ClearChargingProfileConf(Message, frozen=True):
    status: ClearChargingProfileStatus


class GetCompositeScheduleReq(Message, frozen=True):
    connector_id: Integer
    duration: Integer
    """Seconds."""
    charging_rate_unit: ChargingRateUnit | None = None


class GetCompositeScheduleConf(Message, frozen=True):
    status: GetCompositeScheduleStatus
    connector_id: Integer | None = None
    schedule_start: DateTimeText | None = None
    charging_schedule: ChargingSchedule | None = None
    """Without `start_schedule` (E 3.57)."""


class SetChargingProfileReq(Message, frozen=True):
    connector_id: Integer
    cs_charging_profiles: ChargingProfile


class SetChargingProfileConf(Message, frozen=True):
    status: ChargingProfileStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "ClearChargingProfile": (ClearChargingProfileReq, ClearChargingProfileConf),
    "GetCompositeSchedule": (GetCompositeScheduleReq, GetCompositeScheduleConf),
    "SetChargingProfile": (SetChargingProfileReq, SetChargingProfileConf),
}
