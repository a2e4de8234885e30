"""The table of transitions of §4.9, cell by cell, and the status between two that must not follow each other."""

from __future__ import annotations

import pytest

from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.status.status_matrix import FOLLOWS, bridge

A, P, C, SEV, SEVSE, F, R, U, X = (
    Status.AVAILABLE, Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE,
    Status.FINISHING, Status.RESERVED, Status.UNAVAILABLE, Status.FAULTED,
)  # fmt: skip
ORDER = (A, P, C, SEV, SEVSE, F, R, U, X)

# §4.9, the table of transitions: a row is from, a column is to, `x` where the table names a code.
MATRIX = {
    A: " xxxx-xxx",
    P: "x xxxx--x",
    C: "x- xxx-xx",
    SEV: "x-x xx-xx",
    SEVSE: "x-xx x-xx",
    F: "xx--- -xx",
    R: "xx---- xx",
    U: "xxxxx-- x",
    X: "xxxxxxxx ",
}


def legal(old: Status, new: Status) -> bool:
    return old is new or MATRIX[old][ORDER.index(new)] == "x"


PAIRS = [(old, new) for old in ORDER for new in ORDER]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_follows_is_the_matrix(old: Status, new: Status) -> None:
    """§4.9: a status follows another exactly where the table of transitions has a code."""
    assert (old is new or new in FOLLOWS[old]) == legal(old, new)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_bridge_walks_the_matrix(old: Status, new: Status) -> None:
    """§4.9: between two statuses that must not follow each other lies one that makes both steps legal."""
    between = bridge(old, new)
    if legal(old, new):
        assert between is None
    else:
        assert between is not None
        assert between not in (old, new)
        assert legal(old, between)
        assert legal(between, new)


@pytest.mark.parametrize(
    ("old", "new", "between"),
    [
        (C, P, F),  # C6, F2
        (F, C, P),  # F2, B3: A3 belongs to a station that asks for no card
        (F, SEVSE, P),
        (R, C, P),  # G2, B3
        (A, F, P),  # A2, B6
        (P, U, F),  # B6, F8
        (C, R, A),  # C1, A7
    ],
)
def test_bridge_that_a_user_would_recognise(old: Status, new: Status, between: Status) -> None:
    """§4.9: the step between is the one that the user's own actions would have made."""
    assert bridge(old, new) is between
