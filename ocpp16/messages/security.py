"""Messages of the security whitepaper, with its limits.  No behaviour."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from ocpp16.messages.types import (
    CertificateSignedStatus,
    CertificateUse,
    DateTime,
    DateTimeText,
    DeleteCertificateStatus,
    GenericStatus,
    GetInstalledCertificateStatus,
    HashAlgorithm,
    InstallCertificateStatus,
    Integer,
    LogStatus,
    LogType,
    Message,
    SignedFirmwareStatus,
    SignedUpdateFirmwareStatus,
    Text40,
    Text50,
    Text128,
    Text255,
    Text512,
    Text800,
    Text5500,
    Text10000,
    TriggerMessageStatus,
    UploadLogStatus,
    WireStruct,
)


class CertificateHashData(WireStruct, frozen=True):
    hash_algorithm: HashAlgorithm
    issuer_name_hash: Text128
    issuer_key_hash: Text128
    serial_number: Text40
    """Hexadecimal like the two hashes, without leading zeros and 0x."""


class LogParameters(WireStruct, frozen=True):
    remote_location: Text512
    oldest_timestamp: DateTime | None = None
    latest_timestamp: DateTime | None = None


class Firmware(WireStruct, frozen=True):
    location: Text512
    retrieve_date_time: DateTime
    signing_certificate: Text5500
    """PEM."""
    signature: Text800
    """Base64."""
    install_date_time: DateTime | None = None


# --- sent by the Charge Point ---------------------------------------------------------------------------------------


class LogStatusNotificationReq(Message, frozen=True):
    status: UploadLogStatus
    request_id: Integer | None = None


class LogStatusNotificationConf(Message, frozen=True):
    pass


class SecurityEventNotificationReq(Message, frozen=True):
    type: Text50
    timestamp: DateTimeText
    """When it happened, not when it is sent."""
    tech_info: Text255 | None = None


class SecurityEventNotificationConf(Message, frozen=True):
    pass


class SignCertificateReq(Message, frozen=True):
    csr: Text5500
    """PKCS#10 in PEM."""


class SignCertificateConf(Message, frozen=True):
    status: GenericStatus


class SignedFirmwareStatusNotificationReq(Message, frozen=True):
    status: SignedFirmwareStatus
    request_id: Integer | None = None


class SignedFirmwareStatusNotificationConf(Message, frozen=True):
    pass


# --- sent by the Central System -------------------------------------------------------------------------------------


class CertificateSignedReq(Message, frozen=True):
    certificate_chain: Text10000
    """PEM."""


class CertificateSignedConf(Message, frozen=True):
    status: CertificateSignedStatus


class DeleteCertificateReq(Message, frozen=True):
    certificate_hash_data: CertificateHashData


class DeleteCertificateConf(Message, frozen=True):
    status: DeleteCertificateStatus


class ExtendedTriggerMessageReq(Message, frozen=True):
    requested_message: str
    """An `ExtendedMessageTrigger`; any other text is answered NotImplemented, not with a CALLERROR."""
    connector_id: Integer | None = None


class ExtendedTriggerMessageConf(Message, frozen=True):
    status: TriggerMessageStatus


class GetInstalledCertificateIdsReq(Message, frozen=True):
    certificate_type: CertificateUse


class GetInstalledCertificateIdsConf(Message, frozen=True):
    status: GetInstalledCertificateStatus
    certificate_hash_data: Annotated[tuple[CertificateHashData, ...], Meta(min_length=1)] | None = None


class GetLogReq(Message, frozen=True):
    log: LogParameters
    log_type: LogType
    request_id: Integer
    retries: Integer | None = None
    retry_interval: Integer | None = None
    """Seconds."""


class GetLogConf(Message, frozen=True):
    status: LogStatus
    filename: Text255 | None = None


class InstallCertificateReq(Message, frozen=True):
    certificate_type: CertificateUse
    certificate: Text5500
    """PEM, one root certificate."""


class InstallCertificateConf(Message, frozen=True):
    status: InstallCertificateStatus


class SignedUpdateFirmwareReq(Message, frozen=True):
    request_id: Integer
    firmware: Firmware
    retries: Integer | None = None
    retry_interval: Integer | None = None
    """Seconds."""


class SignedUpdateFirmwareConf(Message, frozen=True):
    status: SignedUpdateFirmwareStatus


# --- who sends what: request and its confirmation, by action --------------------------------------------------------

OUTGOING: dict[str, tuple[type[Message], type[Message]]] = {
    "LogStatusNotification": (LogStatusNotificationReq, LogStatusNotificationConf),
    "SecurityEventNotification": (SecurityEventNotificationReq, SecurityEventNotificationConf),
    "SignCertificate": (SignCertificateReq, SignCertificateConf),
    "SignedFirmwareStatusNotification": (SignedFirmwareStatusNotificationReq, SignedFirmwareStatusNotificationConf),
}

INCOMING: dict[str, tuple[type[Message], type[Message]]] = {
    "CertificateSigned": (CertificateSignedReq, CertificateSignedConf),
    "DeleteCertificate": (DeleteCertificateReq, DeleteCertificateConf),
    "ExtendedTriggerMessage": (ExtendedTriggerMessageReq, ExtendedTriggerMessageConf),
    "GetInstalledCertificateIds": (GetInstalledCertificateIdsReq, GetInstalledCertificateIdsConf),
    "GetLog": (GetLogReq, GetLogConf),
    "InstallCertificate": (InstallCertificateReq, InstallCertificateConf),
    "SignedUpdateFirmware": (SignedUpdateFirmwareReq, SignedUpdateFirmwareConf),
}
