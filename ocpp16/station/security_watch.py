"""What happens at the station and is a security event (W A04): start, reset, clock, store, housing, connection."""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import FaultChanged, LinkDown, SecuritySeen, Started, StoreChanged
from ocpp16.profiles.security.security_events import SecurityEvent, SecurityEvents
from ocpp16.records import FirmwareUpdate, SecurityOccurrence
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context

CLOCK_STEP_S = 60.0
"""A correction of the clock above this is an event."""
MOST_LOST = 2
"""So many entries of the security log a power cut may take: those of the last commit."""
KNOWN_EVENTS = {str(event): event for event in SecurityEvent}
CERTIFICATE = SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE


class SecurityWatch:
    """Hears of an event beside the part that acts on it, and records what it means for security."""

    def __init__(
        self, context: Context, session: Session, configuration: Configuration, events: SecurityEvents
    ) -> None:
        self._context = context
        self._session = session
        self._configuration = configuration
        self._record = events.record
        self._events = events
        self._full = False

    def in_use(self) -> bool:
        """Whether the Central System is to be told: from security profile 1 on, or once it has used the extension."""
        return self._configuration.number(Key.SecurityProfile) > 0 or self._session.extension_used

    # --- the unit ---------------------------------------------------------------------------------------------------

    def started(self, event: Started) -> None:
        """The process has started; called before anything is changed in the records."""
        context = self._context
        if event.log_last is not None:
            self._log_found(event.log_last)
        unit, update = context.facts.unit, context.facts.of(FirmwareUpdate).get("update")
        rebooted = unit.boot_id != context.clock.boot_id
        if unit.shutdown:
            self._record(SecurityEvent.RESET_OR_REBOOT, f"planned: {unit.shutdown}")
        elif unit.boot_id and rebooted:
            self._record(SecurityEvent.RESET_OR_REBOOT, "the unit was rebooted, or lost its power")
        elif unit.boot_id:
            self._record(SecurityEvent.RESET_OR_REBOOT, "evsed was restarted")
        self._record(SecurityEvent.STARTUP, "the unit has booted" if rebooted else "evsed has started again")
        if update is not None and update.state == "rebooting" and not event.reset_failed:
            self._record(SecurityEvent.FIRMWARE_UPDATED, "the update is installed and runs")

    def _log_found(self, last: int) -> None:
        """The security log ends with that entry: those that a power cut kept out of it are written again."""
        told, rows = self._events.log.entries, self._context.facts.of(SecurityOccurrence).values()
        lost = sorted((row for row in rows if row.logged > last), key=lambda row: row.logged)
        missing = max(0, told - last)
        if last > told:
            self._context.save(replace(self._events.log, entries=last), within_s=1.0)
        for row in lost:
            self._events.tell_again(row)
        if missing > min(len(lost), MOST_LOST):
            self._record(SecurityEvent.LOG_CLEARED, f"{missing} entries are missing at the end of the security log")

    def clock_moved(self, moved_s: float) -> None:
        """The Central System has set the clock, by so many seconds (inf: for the first time)."""
        if moved_s == float("inf"):
            self._record(SecurityEvent.SETTING_SYSTEM_TIME, "the time is known for the first time since the start")
        elif abs(moved_s) > CLOCK_STEP_S:
            way = "forward" if moved_s > 0 else "back"
            self._record(SecurityEvent.SETTING_SYSTEM_TIME, f"the Central System has set the clock {way}")

    def store_changed(self, event: StoreChanged) -> None:
        """Full, or not writable."""
        full = event.state != "ok"
        if full and not self._full:
            what = "almost full" if event.state == "full" else "not writable"
            self._record(SecurityEvent.MEMORY_EXHAUSTION, f"the store is {what}")
        self._full = full

    def fault_changed(self, event: FaultChanged) -> None:
        """The contact of the housing."""
        if event.code == "tamper" and event.on:
            self._record(SecurityEvent.TAMPER, "the housing was opened")

    # --- the Central System -----------------------------------------------------------------------------------------

    def link_down(self, event: LinkDown) -> None:
        """A connection failed, or was ended, for a reason that is a security event."""
        found = KNOWN_EVENTS.get(event.security_event)
        if found is None:
            return
        cause = f"{event.stage}: {event.code}"
        self._record(found, cause)
        if found is CERTIFICATE:
            self._record(SecurityEvent.CENTRAL_SYSTEM_FAILED, cause)

    def seen(self, event: SecuritySeen) -> None:
        """The daemon has seen one that only it can see."""
        if (found := KNOWN_EVENTS.get(event.event)) is not None:
            self._record(found, event.detail)
