"""The limits of a connection."""

from __future__ import annotations

import msgspec

from daemon.csms.limits import ConnectionLimits


def test_every_limit_is_positive() -> None:
    """Each limit bounds something: none is 0, none is infinite."""
    assert all(0 < limit < 1_000_000 for limit in msgspec.structs.astuple(ConnectionLimits()))
