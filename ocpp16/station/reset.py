"""Reset: soft or hard, by the Central System or a technician, and a reset that failed (§5.14, §9.1 ResetRetries).

How running transactions are ended before it: `shutdown.py`.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.messages.core import ResetConf, ResetReq
from ocpp16.messages.types import ChargePointErrorCode, ResetStatus, ResetType
from ocpp16.profiles.core.status_notification import Notifications
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.state.context import Context
from ocpp16.station.shutdown import RESET_S, Shutdown

HARD_RESETS = 3
"""So many hard resets an hour are carried out: each one interrupts every charge, and wears the contactors."""
HOUR_S = 3600.0


class Reset:
    """A soft reset restarts the process, a hard one the whole unit."""

    def __init__(
        self, context: Context, shutdown: Shutdown, notifications: Notifications, events: SecurityEvents
    ) -> None:
        self._context = context
        self._events = events
        self.shutdown = shutdown
        self.notifications = notifications
        self._failed = False

    def on_reset(self, request: ResetReq) -> ResetConf:
        """Rejected while the station goes down already, and the fourth hard reset within an hour."""
        hard = request.type is ResetType.HARD
        if self.shutdown.pending is not None or (hard and not self._one_more()):
            return ResetConf(status=ResetStatus.REJECTED)
        self.shutdown.begin("HardReset" if hard else "SoftReset", RESET_S)
        return ResetConf(status=ResetStatus.ACCEPTED)

    def _one_more(self) -> bool:
        """Whether the hour has room for another hard reset, which is counted across the reboot."""
        utc = self._context.utc
        if utc is None:
            return True
        log = self._events.log
        recent = [at for at in map(int, filter(str.isdecimal, log.hard_resets.split())) if 0.0 <= utc - at < HOUR_S]
        if len(recent) >= HARD_RESETS:
            self._events.record(SecurityEvent.TOO_MANY_RESETS, f"a hard reset after {HARD_RESETS} within an hour")
            return False
        self._context.save(replace(log, hard_resets=" ".join(map(str, [*recent, int(utc)]))))
        return True

    def started(self, failed: bool) -> None:
        """The process starts; `failed`: its predecessor could not reboot the unit."""
        self._failed = failed

    def report_failure(self) -> None:
        """Registration is accepted and the statuses are sent: report ResetFailure of connector 0, once."""
        if self._failed:
            self._failed = False
            self.notifications.warn(ChargePointErrorCode.RESET_FAILURE, "the unit could not be rebooted")
