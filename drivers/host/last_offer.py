"""A connector's last offer, remembered for a client that was away: kept, run out, or withdrawn."""

from __future__ import annotations

from math import inf

from drivers.board_protocol import Packet


class LastOffer:
    """`told` goes into the `connector` packet of a greeting."""

    __slots__ = ("_lease_until", "_since", "_transaction")

    def __init__(self) -> None:
        self._transaction: bool | None = None
        """Whether a transaction stands behind the offer; None: never said."""
        self._since = -inf
        """When that was said first."""
        self._lease_until = -inf

    def offered(self, now: float, lease_s: float, transaction: bool | None) -> None:
        """An offer has come."""
        if transaction != self._transaction:
            self._transaction, self._since = transaction, now
        self._lease_until = now + lease_s

    def told(self, now: float) -> Packet:
        """The fields `offer` and `offer_at`; none where nothing is known."""
        if self._transaction is None:
            return {}
        alive = "kept" if now < self._lease_until else "lapsed"
        return {"offer": alive if self._transaction else "withdrawn", "offer_at": self._since}
