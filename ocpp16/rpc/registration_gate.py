"""The registration gate: which messages may be sent before and after the Central System accepted the station (§4.2)."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Gate(StrEnum):
    """What may be sent, by the status of the last BootNotification.conf."""

    BOOT = "only BootNotification"
    PENDING = "only BootNotification and what the Central System triggers"
    SILENT = "nothing, and no answer either"
    OPEN = "everything"

    @property
    def answers(self) -> bool:
        """Whether received CALLs are answered: not while Rejected and its interval is not over (§4.2)."""
        return self is not Gate.SILENT

    def may_send(self, *, boot: bool = False, triggered: bool = False) -> bool:
        """Whether a CALL may be sent: `boot`, a BootNotification; `triggered`, by TriggerMessage (§4.2, §5.17)."""
        if self is Gate.SILENT:
            return False
        return self is Gate.OPEN or boot or triggered
