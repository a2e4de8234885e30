"""Messages of the profile Core, with the spec's limits.  No behaviour."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ocpp16.messages.types import (
    AvailabilityStatus,
    AvailabilityType,
    ChargePointErrorCode,
    ChargePointStatus,
    ChargingProfile,
    ClearCacheStatus,
    ConfigurationStatus,
    DataTransferStatus,
    DateTime,
    DateTimeText,
    IdTagInfo,
    Integer,
    KeyValue,
    Message,
    MeterValue,
    Reason,
    RegistrationStatus,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    Text20,
    Text25,
    Text50,
    Text255,
    Text500,
    UnlockStatus,
)

# --- sent by the Charge Point ---------------------------------------------------------------------------------------


class AuthorizeReq(Message, frozen=True):
    id_tag: Text20


class AuthorizeConf(Message, frozen=True):
    id_tag_info: IdTagInfo


class BootNotificationReq(Message, frozen=True):
    charge_point_vendor: Text20
    charge_point_model: Text20
    charge_point_serial_number: Text25 | None = None
    charge_box_serial_number: Text25 | None = None
    firmware_version: Text50 | None = None
    iccid: Text20 | None = None
    imsi: Text20 | None = None
    meter_type: Text25 | None = None
    meter_serial_number: Text25 | None = None


class BootNotificationConf(Message, frozen=True):
    status: RegistrationStatus
    current_time: DateTime | None = None
    """None, here and below: missing or unreadable, which does not spoil the rest of the answer."""
    interval: Integer | None = None
    """Seconds.  Accepted: HeartbeatInterval; else the least wait before the next BootNotification; 0: we choose."""


class HeartbeatReq(Message, frozen=True):
    pass


class HeartbeatConf(Message, frozen=True):
    current_time: DateTime | None = None


class MeterValuesReq(Message, frozen=True):
    connector_id: Integer
    meter_value: Annotated[tuple[MeterValue, ...], Meta(min_length=1)]
    transaction_id: Integer | None = None


class MeterValuesConf(Message, frozen=True):
    pass


class StartTransactionReq(Message, frozen=True):
    connector_id: Integer
    id_tag: Text20
    meter_start: Integer
    """Wh."""
    timestamp: DateTimeText
    reservation_id: Integer | None = None


class StartTransactionConf(Message, frozen=True):
    transaction_id: Integer
    id_tag_info: IdTagInfo | None = None
    """None: no verdict about the card came; the one known before holds."""


class StatusNotificationReq(Message, frozen=True):
    connector_id: Integer
    error_code: ChargePointErrorCode
    status: ChargePointStatus
    info: Text50 | None = None
    timestamp: DateTimeText | None = None
    vendor_id: Text255 | None = None
    vendor_error_code: Text50 | None = None


class StatusNotificationConf(Message, frozen=True):
    pass


class StopTransactionReq(Message, frozen=True):
    meter_stop: Integer
    """Wh."""
    timestamp: DateTimeText
    transaction_id: Integer
    id_tag: Text20 | None = None
    reason: Reason | None = None
    transaction_data: tuple[MeterValue, ...] | None = None


class StopTransactionConf(Message, frozen=True):
    id_tag_info: IdTagInfo | None = None


# --- sent by either -------------------------------------------------------------------------------------------------


class DataTransferReq(Message, frozen=True):
    vendor_id: Text255
    message_id: Text50 | None = None
    data: str | None = None


class DataTransferConf(Message, frozen=True):
    status: DataTransferStatus
    data: str | None = None


# --- sent by the Central System -------------------------------------------------------------------------------------


class ChangeAvailabilityReq(Message, frozen=True):
    connector_id: Integer
    type: AvailabilityType


class ChangeAvailabilityConf(Message, frozen=True):
    status: AvailabilityStatus


class ChangeConfigurationReq(Message, frozen=True):
    key: Text50
    value: Text500


class ChangeConfigurationConf(Message, frozen=True):
    status: ConfigurationStatus


class ClearCacheReq(Message, frozen=True):
    pass


class ClearCacheConf(Message, frozen=True):
    status: ClearCacheStatus


class GetConfigurationReq(Message, frozen=True):
    key: tuple[Text50, ...] | None = None


class GetConfigurationConf(Message, frozen=True):
    configuration_key: tuple[KeyValue, ...] | None = None
    unknown_key: tuple[Text50, ...] | None = None


class RemoteStartTransactionReq(Message, frozen=True):
    id_tag: Text20
    connector_id: Integer | None = None
    charging_profile: ChargingProfile | None = None


class RemoteStartTransactionConf(Message, frozen=True):
    status: RemoteStartStopStatus


class RemoteStopTransactionReq(Message, frozen=True):
    transaction_id: Integer


class RemoteStopTransactionConf(Message, frozen=True):
    status: RemoteStartStopStatus


class ResetReq(Message, frozen=True):
    type: ResetType


class ResetConf(Message, frozen=True):
    status: ResetStatus


class UnlockConnectorReq(Message, frozen=True):
    connector_id: Integer


class UnlockConnectorConf(Message, frozen=True):
    status: UnlockStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {
    "Authorize": (AuthorizeReq, AuthorizeConf),
    "BootNotification": (BootNotificationReq, BootNotificationConf),
    "DataTransfer": (DataTransferReq, DataTransferConf),
    "Heartbeat": (HeartbeatReq, HeartbeatConf),
    "MeterValues": (MeterValuesReq, MeterValuesConf),
    "StartTransaction": (StartTransactionReq, StartTransactionConf),
    "StatusNotification": (StatusNotificationReq, StatusNotificationConf),
    "StopTransaction": (StopTransactionReq, StopTransactionConf),
}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "ChangeAvailability": (ChangeAvailabilityReq, ChangeAvailabilityConf),
    "ChangeConfiguration": (ChangeConfigurationReq, ChangeConfigurationConf),
    "ClearCache": (ClearCacheReq, ClearCacheConf),
    "DataTransfer": (DataTransferReq, DataTransferConf),
    "GetConfiguration": (GetConfigurationReq, GetConfigurationConf),
    "RemoteStartTransaction": (RemoteStartTransactionReq, RemoteStartTransactionConf),
    "RemoteStopTransaction": (RemoteStopTransactionReq, RemoteStopTransactionConf),
    "Reset": (ResetReq, ResetConf),
    "UnlockConnector": (UnlockConnectorReq, UnlockConnectorConf),
}
