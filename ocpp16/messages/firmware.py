"""Messages of the profile FirmwareManagement, with the spec's limits.  No behaviour."""

from __future__ import annotations

from ocpp16.messages.types import DateTime, DiagnosticsStatus, FirmwareStatus, Integer, Message, Text255

# --- sent by the Charge Point ---------------------------------------------------------------------------------------


class DiagnosticsStatusNotificationReq(Message, frozen=True):
    status: DiagnosticsStatus


class DiagnosticsStatusNotificationConf(Message, frozen=True):
    pass


class FirmwareStatusNotificationReq(Message, frozen=True):
    status: FirmwareStatus


class FirmwareStatusNotificationConf(Message, frozen=True):
    pass


# --- sent by the Central System -------------------------------------------------------------------------------------


class GetDiagnosticsReq(Message, frozen=True):
    location: str
    retries: Integer | None = None
    retry_interval: Integer | None = None
    """Seconds."""
    start_time: DateTime | None = None
    stop_time: DateTime | None = None


class GetDiagnosticsConf(Message, frozen=True):
    file_name: Text255 | None = None


class UpdateFirmwareReq(Message, frozen=True):
    location: str
    retrieve_date: DateTime
    retries: Integer | None = None
    retry_interval: Integer | None = None
    """Seconds."""


class UpdateFirmwareConf(Message, frozen=True):
    pass


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {
    "DiagnosticsStatusNotification": (DiagnosticsStatusNotificationReq, DiagnosticsStatusNotificationConf),
    "FirmwareStatusNotification": (FirmwareStatusNotificationReq, FirmwareStatusNotificationConf),
}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "GetDiagnostics": (GetDiagnosticsReq, GetDiagnosticsConf),
    "UpdateFirmware": (UpdateFirmwareReq, UpdateFirmwareConf),
}
