"""Reset: soft or hard, by the Central System or a technician, and a reset that failed (§5.14, §9.1 ResetRetries).

How running transactions are ended before it: `shutdown.py`.
"""

from __future__ import annotations

from ocpp16.messages.core import ResetConf, ResetReq
from ocpp16.messages.types import ChargePointErrorCode, ResetStatus, ResetType
from ocpp16.profiles.core.status_notification import Notifications
from ocpp16.station.shutdown import RESET_S, Shutdown


class Reset:
    """A soft reset restarts the process, a hard one the whole unit."""

    def __init__(self, shutdown: Shutdown, notifications: Notifications) -> None:
        self.shutdown = shutdown
        self.notifications = notifications
        self._failed = False

    def on_reset(self, request: ResetReq) -> ResetConf:
        """Rejected while the station goes down already."""
        if self.shutdown.pending is not None:
            return ResetConf(status=ResetStatus.REJECTED)
        self.shutdown.begin("SoftReset" if request.type is ResetType.SOFT else "HardReset", RESET_S)
        return ResetConf(status=ResetStatus.ACCEPTED)

    def started(self, failed: bool) -> None:
        """The process starts; `failed`: its predecessor could not reboot the unit."""
        self._failed = failed

    def report_failure(self) -> None:
        """Registration is accepted and the statuses are sent: report ResetFailure of connector 0, once."""
        if self._failed:
            self._failed = False
            self.notifications.warn(ChargePointErrorCode.RESET_FAILURE, "the unit could not be rebooted")
