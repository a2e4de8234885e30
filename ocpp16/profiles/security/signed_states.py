"""The states of a signed firmware update (W L01): what is told of each, and what follows from it.  No behaviour."""

from __future__ import annotations

from collections.abc import Mapping

from ocpp16.messages.types import FirmwareStatus, SignedFirmwareStatus
from ocpp16.records import SignedUpdateState

STATUS: Mapping[SignedUpdateState, SignedFirmwareStatus] = {
    "scheduled": SignedFirmwareStatus.DOWNLOAD_SCHEDULED,
    "downloading": SignedFirmwareStatus.DOWNLOADING,
    "paused": SignedFirmwareStatus.DOWNLOAD_PAUSED,
    "downloaded": SignedFirmwareStatus.DOWNLOADED,
    "verified": SignedFirmwareStatus.SIGNATURE_VERIFIED,
    "install-scheduled": SignedFirmwareStatus.INSTALL_SCHEDULED,
    "installing": SignedFirmwareStatus.INSTALLING,
    "rebooting": SignedFirmwareStatus.INSTALL_REBOOTING,
    "installed": SignedFirmwareStatus.INSTALLED,
    "download-failed": SignedFirmwareStatus.DOWNLOAD_FAILED,
    "invalid-signature": SignedFirmwareStatus.INVALID_SIGNATURE,
    "verification-failed": SignedFirmwareStatus.INSTALL_VERIFICATION_FAILED,
    "install-failed": SignedFirmwareStatus.INSTALLATION_FAILED,
}
"""The status that is sent in each state; the others have none."""
PLAIN: Mapping[SignedFirmwareStatus, FirmwareStatus] = {
    SignedFirmwareStatus.DOWNLOADING: FirmwareStatus.DOWNLOADING,
    SignedFirmwareStatus.DOWNLOAD_PAUSED: FirmwareStatus.DOWNLOADING,
    SignedFirmwareStatus.DOWNLOADED: FirmwareStatus.DOWNLOADED,
    SignedFirmwareStatus.SIGNATURE_VERIFIED: FirmwareStatus.DOWNLOADED,
    SignedFirmwareStatus.INSTALL_SCHEDULED: FirmwareStatus.DOWNLOADED,
    SignedFirmwareStatus.INSTALLING: FirmwareStatus.INSTALLING,
    SignedFirmwareStatus.INSTALL_REBOOTING: FirmwareStatus.INSTALLING,
    SignedFirmwareStatus.DOWNLOAD_FAILED: FirmwareStatus.DOWNLOAD_FAILED,
    SignedFirmwareStatus.INVALID_SIGNATURE: FirmwareStatus.INSTALLATION_FAILED,
    SignedFirmwareStatus.INSTALL_VERIFICATION_FAILED: FirmwareStatus.INSTALLATION_FAILED,
    SignedFirmwareStatus.INSTALLATION_FAILED: FirmwareStatus.INSTALLATION_FAILED,
}
"""The nearest word of FirmwareStatusNotification, for a TriggerMessage that asks in the old way (else Idle)."""
STATE_WORDS: Mapping[SignedUpdateState, str] = {
    "scheduled": "download from {at} on, when no car charges",
    "downloading": "download begins",
    "paused": "the download failed and goes on later",
    "downloaded": "image received; its signature is verified",
    "verified": "the signature is good",
    "install-scheduled": "it is installed from {install} on",
    "install-waiting": "its time has come: it is installed when no car charges",
    "installing": "installation begins",
    "rebooting": "installed; the unit restarts",
    "trial": "the new version runs on trial: it is kept once the board and the Central System are there",
    "going-back": "the new version is not healthy: the unit goes back to the one before",
    "installed": "the new version runs and is kept",
    "download-failed": "given up, the download failed",
    "invalid-signature": "given up, the signature is not good",
    "verification-failed": "given up, the image or the new version did not pass",
    "install-failed": "given up, the installation failed",
}
"""Of each state, what a technician reads."""
ENDS: frozenset[SignedUpdateState] = frozenset(
    {"installed", "download-failed", "invalid-signature", "verification-failed", "install-failed"}
)
CLOSED: frozenset[SignedUpdateState] = frozenset(
    {"verified", "install-waiting", "installing", "rebooting", "trial", "going-back"}
)
"""No new transaction begins."""
FIXED: frozenset[SignedUpdateState] = frozenset({"installing", "rebooting", "trial", "going-back"})
"""The update cannot be cancelled any more."""
