"""What a connector remembers of its last offer."""

from __future__ import annotations

from drivers.host.last_offer import LastOffer


def test_nothing_is_known_before_a_client_says_it() -> None:
    """No offer, or offers of a client of version 1."""
    last = LastOffer()
    assert last.told(10.0) == {}
    last.offered(10.0, 20.0, None)
    assert last.told(11.0) == {}


def test_kept_lapsed_withdrawn() -> None:
    """By its lease, and by whether a transaction stands behind it; the time is that of the last such change."""
    last = LastOffer()
    last.offered(10.0, 20.0, True)
    last.offered(15.0, 20.0, True)
    assert last.told(34.9) == {"offer": "kept", "offer_at": 10.0}
    assert last.told(35.0) == {"offer": "lapsed", "offer_at": 10.0}
    last.offered(40.0, 20.0, False)
    assert last.told(90.0) == {"offer": "withdrawn", "offer_at": 40.0}
    last.offered(95.0, 20.0, True)
    assert last.told(95.0) == {"offer": "kept", "offer_at": 95.0}
