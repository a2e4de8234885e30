"""Security events (W A04): their names, which of them the Central System must hear of, and where each is recorded."""

from __future__ import annotations

from enum import StrEnum

from ocpp16.state.context import Context

TECH_INFO_LONGEST = 255
"""Characters of `techInfo` (W SecurityEventNotification.req)."""


class SecurityEvent(StrEnum):
    """The security events by their exact names (W, list of security events)."""

    FIRMWARE_UPDATED = "FirmwareUpdated"
    FAILED_TO_AUTHENTICATE = "FailedToAuthenticateAtCentralSystem"
    CENTRAL_SYSTEM_FAILED = "CentralSystemFailedToAuthenticate"
    SETTING_SYSTEM_TIME = "SettingSystemTime"
    STARTUP = "StartupOfTheDevice"
    RESET_OR_REBOOT = "ResetOrReboot"
    LOG_CLEARED = "SecurityLogWasCleared"
    RECONFIGURED = "ReconfigurationOfSecurityParameters"
    MEMORY_EXHAUSTION = "MemoryExhaustion"
    INVALID_MESSAGES = "InvalidMessages"
    REPLAY = "AttemptedReplayAttacks"
    TAMPER = "TamperDetectionActivated"
    INVALID_FIRMWARE_SIGNATURE = "InvalidFirmwareSignature"
    INVALID_SIGNING_CERTIFICATE = "InvalidFirmwareSigningCertificate"
    INVALID_CENTRAL_SYSTEM_CERTIFICATE = "InvalidCentralSystemCertificate"
    INVALID_STATION_CERTIFICATE = "InvalidChargePointCertificate"
    INVALID_TLS_VERSION = "InvalidTLSVersion"
    INVALID_TLS_CIPHER_SUITE = "InvalidTLSCipherSuite"


class SecurityEvents:
    """Takes each security event at the moment in which it happens.

    Without the security extension (`Product.security_extension`) nothing is recorded.
    """

    def __init__(self, context: Context, switched_on: bool) -> None:
        self._context = context
        self._switched_on = switched_on

    def record(self, event: SecurityEvent, tech_info: str = "") -> None:
        """The event has happened now; `tech_info`: its cause in plain words, at most 255 characters, never a secret."""
        if self._switched_on:
            self._context.note("security-event", event=str(event), detail=tech_info[:TECH_INFO_LONGEST] or "-")
