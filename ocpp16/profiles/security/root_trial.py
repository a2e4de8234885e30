"""The trial of a new root of the Central System: beside the ones before until a CALL was answered on a new connection.

A root that is added can still lock the station out: one of the same name hides the right one from the verification.
So a connection whose chain does not verify three times with the new root is tried without it.  Where that one is
answered, the new root is given up; where it is not, both ways are tried in turn.  An outage judges nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.events import LinkDown
from ocpp16.profiles.security.certificate_records import CertificateRecords
from ocpp16.profiles.security.security_events import SecurityEvent
from ocpp16.records import Certificate

TRIES = 3
CHANGED = "CA certificate"
CHAIN_CODES = frozenset(
    {
        "tls-unknown-issuer",
        "tls-self-signed",
        "tls-bad-signature",
        "tls-weak-key",
        "tls-wrong-purpose",
        "tls-not-an-authority",
        "tls-chain",
        "tls-no-root",
    }
)
"""Codes of connections whose chain leads to no root; names and dates are no matter of the roots."""


class Returned(NamedTuple):
    """A change that was taken back: what failed at which stage, and when (monotonic)."""

    changed: str
    stage: str
    failure: str
    mono: float


class RootTrial:
    """Which roots are on trial stands in their rows; how far the trial is, is known to this process alone."""

    def __init__(
        self,
        records: CertificateRecords,
        configuration: Configuration,
        record: Callable[[SecurityEvent, str], None],
    ) -> None:
        self._records = records
        self._configuration = configuration
        self._record = record
        self._failures = 0
        self._failed = ""
        """Stage and code of the failure for which the new roots were left out; "": they are not."""
        self._dialled: tuple[str, ...] = ()
        """Names of the roots on trial that the open connection was made with."""
        self._told = False
        self.returned: Returned | None = None
        """Until a root is kept."""

    @property
    def tried(self) -> list[Certificate]:
        """The roots on trial, oldest first."""
        return [row for row in self._records.of("central-system-root", "in-force") if not row.proved]

    @property
    def needed(self) -> bool:
        """Whether a root that is installed now is to be tried: TLS is in use, and something else verifies it."""
        others = self._records.system or self._records.of("central-system-root", "in-force", "fallback")
        return bool(others) and self._configuration.number(Key.SecurityProfile) >= 2

    def link_up(self) -> None:
        self._failures = 0
        self._dialled = () if self._failed else tuple(row.name for row in self.tried)

    def link_down(self, event: LinkDown) -> None:
        """An attempt has failed: three whose chain leads to no root, and the other way is tried."""
        self._dialled = ()
        if event.code not in CHAIN_CODES or not self.tried:
            return
        self._failures += 1
        if self._failures < TRIES:
            return
        self._failures = 0
        if self._failed:
            self._failed = ""
        else:
            self._failed = f"{event.stage}: {event.code}"
            self._say(event.stage, event.code)
        self._records.left_out = frozenset(row.name for row in self.tried) if self._failed else frozenset()
        self._records.use()

    def _say(self, stage: str, code: str) -> None:
        if not self._told:
            self._told = True
            self.returned = Returned(CHANGED, stage, code, self._records.context.now.mono)
            self._records.context.note("connection-returned", changed=CHANGED, stage=stage, failure=code)
            self._record(SecurityEvent.RECONFIGURED, f"{CHANGED}: taken back ({self._failed})")

    def answered(self) -> None:
        """A CALL was answered: the roots that the connection was made with are kept, those left out are given up."""
        tried = self.tried
        if not tried:
            return
        if self._failed:
            self._give_up(tried)
        elif kept := [row for row in tried if row.name in self._dialled]:
            for row in kept:
                self._records.change(row, proved=True)
            self._records.context.note("connection-kept", changed=CHANGED)
            self._told, self.returned = False, None

    def _give_up(self, tried: Sequence[Certificate]) -> None:
        for row in tried:
            self._records.drop(row)
            detail = f"{row.subject}: taken back ({self._failed})"
            self._records.context.note(
                "certificate", what="install", status="Failed", role="central-system-root", detail=detail
            )
        for before in self._records.of("central-system-root", "fallback"):
            self._records.change(before, state="in-force")
        self._failed, self._told, self._records.left_out = "", False, frozenset()
        self._records.use()
