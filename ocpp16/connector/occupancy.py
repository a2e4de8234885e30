"""What stays at a connector after a transaction: the plug, and a cable that is kept for its driver (§4.9, E 3.5).

The row `Occupancy` of a connector is written here alone.
"""

from __future__ import annotations

from msgspec.structs import replace

from ocpp16.connector.state import ConnectorState
from ocpp16.records import Transaction

CLEARED_S = 60.0
"""Seconds for which it may wait for a write that a connector is not Finishing any more: without a plug it never is."""


def set_finishing(state: ConnectorState, finishing: bool) -> None:
    """Whether the car of a transaction that is over is still here."""
    row = state.occupancy
    if row.finishing != finishing:
        state.context.save(replace(row, finishing=finishing), within_s=0.0 if finishing else CLEARED_S)


def hold_cable(state: ConnectorState, transaction: Transaction) -> None:
    """Keep the cable locked in its socket for the driver of a transaction (E 3.5); free vend has no card for it."""
    has_lock = state.shape is not None and state.shape.lock
    if has_lock and not state.is_free_vend(transaction):
        _set_holder(state, transaction.id_tag, transaction.parent_id_tag)


def release_cable(state: ConnectorState) -> None:
    """Nobody's cable is kept locked."""
    _set_holder(state, None, None)


def _set_holder(state: ConnectorState, id_tag: str | None, group: str | None) -> None:
    row = state.occupancy
    if (row.held_for, row.held_group) != (id_tag, group):
        finishing = row.finishing and (state.plugged or id_tag is not None)
        state.context.save(replace(row, held_for=id_tag, held_group=group, finishing=finishing))
