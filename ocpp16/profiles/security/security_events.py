"""Security events (W A04): their names, which of them the Central System must hear of, and their rows.

One row a cause and day, with a count: a flood costs one row, and in the security log one line per power of ten.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace

from ocpp16.messages.datetimes import to_text
from ocpp16.records import SecurityLogState, SecurityOccurrence, Stamp
from ocpp16.state.context import Context

TECH_INFO_LONGEST = 255
"""Characters of `techInfo` (W SecurityEventNotification.req)."""
MOST_ROWS = 1000
"""Rows that are kept; beyond it those go first of which the Central System need not hear (any more)."""
REPEAT_S = 60.0
"""The count of an event that repeats itself may be written so much later."""
DAY_S = 86400.0


class SecurityEvent(StrEnum):
    """The security events by their exact names (W, list of security events), then those of our own."""

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
    TOO_MANY_CARDS = "TooManyRefusedCards"
    TOO_MANY_RESETS = "TooManyResets"
    TOO_MANY_MESSAGES = "TooManyMessages"
    SECOND_CONNECTION = "SecondConnectionSuspected"


NOTIFIED = frozenset(
    {
        SecurityEvent.FIRMWARE_UPDATED,
        SecurityEvent.SETTING_SYSTEM_TIME,
        SecurityEvent.STARTUP,
        SecurityEvent.RESET_OR_REBOOT,
        SecurityEvent.LOG_CLEARED,
        SecurityEvent.MEMORY_EXHAUSTION,
        SecurityEvent.TAMPER,
        SecurityEvent.INVALID_FIRMWARE_SIGNATURE,
        SecurityEvent.INVALID_SIGNING_CERTIFICATE,
        SecurityEvent.INVALID_CENTRAL_SYSTEM_CERTIFICATE,
        SecurityEvent.INVALID_STATION_CERTIFICATE,
    }
)
"""The critical ones (W A04), and four more that the Central System waits for (W L01)."""

EACH_START = frozenset({SecurityEvent.SETTING_SYSTEM_TIME, SecurityEvent.STARTUP, SecurityEvent.RESET_OR_REBOOT})


class SecurityEvents:
    """Takes each security event at the moment in which it happens.

    Without the security extension (`Product.security_extension`) nothing is recorded.
    """

    def __init__(self, context: Context, switched_on: bool) -> None:
        self._context = context
        self._switched_on = switched_on
        self._day: int | None = None
        self._untold = {row.number for row in self._rows().values() if _is_untold(row)}
        """Numbers of the rows of which the Central System must hear: looked at in every step."""

    def record(self, event: SecurityEvent, tech_info: str = "") -> None:
        """The event has happened now; `tech_info`: its cause in plain words, at most 255 characters, never a secret.

        The words must come from a bounded set: each cause has a row of its own.
        """
        if not self._switched_on:
            return
        cause, now = tech_info[:TECH_INFO_LONGEST], self._context.stamp()
        row = self._of_today(event, cause, now)
        if row is None:
            self._make_room()
            number = 1 + max(map(int, self._rows()), default=0)
            row = SecurityOccurrence(
                number=number, type=str(event), tech_info=cause, began=now, last=now, notify=event in NOTIFIED
            )
            self._save(self._logged(row))
            return
        row = replace(row, count=row.count + 1, last=now, began=now if row.told == row.count else row.began)
        power_of_ten = str(row.count).rstrip("0") == "1"
        self._save(self._logged(row) if power_of_ten else row)

    # --- for those who tell of them ---------------------------------------------------------------------------------

    def waiting(self) -> list[SecurityOccurrence]:
        """Those of which the Central System must hear, oldest first, as far as their time is known."""
        found = [self.settled(self._rows()[number]) for number in sorted(self._untold)]
        return [row for row in found if row.began.utc is not None]

    def settled(self, row: SecurityOccurrence) -> SecurityOccurrence:
        """With UTC, if it has become known since."""
        clock = self._context.clock
        return replace(row, began=clock.settle(row.began), last=clock.settle(row.last))

    def told(self, number: int, count: int) -> None:
        """The Central System has confirmed the row with that number, when its count was `count`."""
        row = self._rows().get(number)
        if row is not None:
            began = row.last if row.count > count else row.began
            self._save(replace(row, told=max(row.told, count), began=began))

    # --- rows -------------------------------------------------------------------------------------------------------

    def _rows(self) -> Mapping[int | str, SecurityOccurrence]:
        return self._context.facts.of(SecurityOccurrence)

    def _save(self, row: SecurityOccurrence) -> None:
        self._context.save(row, within_s=self._within_s(row))
        (self._untold.add if _is_untold(row) else self._untold.discard)(row.number)

    def _delete(self, row: SecurityOccurrence) -> None:
        self._context.delete(SecurityOccurrence, row.number)
        self._untold.discard(row.number)

    def _of_today(self, event: SecurityEvent, cause: str, now: Stamp) -> SecurityOccurrence | None:
        same = [row for row in self._rows().values() if row.type == event and row.tech_info == cause]
        today = [row for row in same if _day(self.settled(row).last) == _day(now)]
        return max(today, key=lambda row: row.number) if today else None

    def _make_room(self) -> None:
        rows = sorted(self._rows().values(), key=lambda row: (_is_untold(row), row.number))
        for row in rows[: max(0, len(rows) - MOST_ROWS + 1)]:
            self._delete(row)

    def _logged(self, row: SecurityOccurrence) -> SecurityOccurrence:
        """Write it into the security log: the first of its day, the tenth …, and at the end of the day how many."""
        log = self.log
        log = replace(log, entries=log.entries + 1)
        self._context.save(log, within_s=self._within_s(row))
        row = replace(row, logged=log.entries, logged_count=row.count)
        self.tell_again(row)
        return row

    @property
    def log(self) -> SecurityLogState:
        """How far the security log has come."""
        return self._context.facts.of(SecurityLogState).get("log") or SecurityLogState()

    def _within_s(self, row: SecurityOccurrence) -> float:
        """What each start says again may wait for another commit, and so may the counts of a flood."""
        if row.type in EACH_START:
            return 1.0
        return REPEAT_S if row.count > row.logged_count > 0 and not row.notify else 0.0

    def tell_again(self, row: SecurityOccurrence) -> None:
        """The newest entry of the row, for the security log: also one that a power cut kept out of it."""
        last = self.settled(row).last
        self._context.note(
            "security-event",
            event=row.type,
            detail=row.tech_info or "-",
            times=row.logged_count,
            number=row.logged,
            boot=last.boot,
            mono=round(last.mono, 3),
            at=None if last.utc is None else to_text(last.utc),
        )

    def tidy(self) -> None:
        """After each step: once a day is over, its rows are closed, and those that nobody waits for are removed."""
        utc = self._context.utc
        today = None if utc is None else int(utc // DAY_S)
        if today is None or today == self._day:
            return
        past = [row for row in self._rows().values() if _day(self.settled(row).last) != today]
        unlogged = [row for row in past if row.count > row.logged_count]
        for row in unlogged:
            self._save(self._logged(row))
        if unlogged:  # their rows go in a later step: after a power cut the entries are written again
            return
        self._day = today
        for row in past:
            if not _is_untold(row):
                self._delete(row)


def _is_untold(row: SecurityOccurrence) -> bool:
    return row.notify and row.told < row.count


def _day(stamp: Stamp) -> int | str:
    """Of UTC; of a boot, while UTC is not known."""
    return stamp.boot if stamp.utc is None else int(stamp.utc // DAY_S)
