"""The table of status transitions of a connector, and the status to report between two that it does not join (§4.9)."""

from __future__ import annotations

from ocpp16.messages.types import ChargePointStatus as Status

FOLLOWS: dict[Status, frozenset[Status]] = {
    Status.AVAILABLE: frozenset(Status) - {Status.FINISHING},
    Status.PREPARING: frozenset(Status) - {Status.RESERVED, Status.UNAVAILABLE},
    Status.CHARGING: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.SUSPENDED_EV: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.SUSPENDED_EVSE: frozenset(Status) - {Status.PREPARING, Status.RESERVED},
    Status.FINISHING: frozenset({Status.AVAILABLE, Status.PREPARING, Status.UNAVAILABLE, Status.FAULTED}),
    Status.RESERVED: frozenset({Status.AVAILABLE, Status.PREPARING, Status.UNAVAILABLE, Status.FAULTED}),
    Status.UNAVAILABLE: frozenset(Status) - {Status.FINISHING, Status.RESERVED},
    Status.FAULTED: frozenset(Status),
}
"""From a status to those that may follow it.  Faulted may follow any, and lead back to any."""


def bridge(old: Status, new: Status) -> Status | None:
    """The status to report between two that must not follow each other; None where they may."""
    if old is new or new in FOLLOWS[old]:
        return None
    return next(
        (
            way
            for way in (Status.FINISHING, Status.PREPARING, Status.AVAILABLE)  # F2 B3 rather than F1 A3
            if way in FOLLOWS[old] and new in FOLLOWS[way]
        ),
        None,
    )
