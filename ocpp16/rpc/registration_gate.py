"""The registration gate: which CALLs may be sent before and after the Central System accepted the station (§4.2)."""

from __future__ import annotations

from enum import StrEnum, unique


@unique
class Gate(StrEnum):
    """What may be sent, by the status of the last BootNotification.conf."""

    BOOT = "only BootNotification"
    PENDING = "only what the Central System triggers"
    SILENT = "nothing, and no answer either"
    OPEN = "everything"
