"""Random worlds of stalls: evsed stands still while cars, cards, the disk and the Central System go on."""

from __future__ import annotations

from functools import partial
from typing import Any

from ocpp16.records import Transaction
from tests.sim.chaos import Chaos

LENGTHS_S = (0.5, 1.0, 3.0, 5.0, 10.0, 20.0, 60.0)


class StalledWorld(Chaos):
    """As `Chaos`, with a stall at every other thing, and up to five things that happen in it."""

    def _act(self) -> None:
        if self.rng.random() < 0.3:
            self._evsed_stalls(self.rng.randint(1, self.product.connectors))
        else:
            super()._act()

    def _evsed_stalls(self, connector: int) -> None:
        self._strike("stall with company")
        self._company(connector)
        self.world.run(self.rng.uniform(0.0, 3.0))
        self.world.stall(self.rng.choice(LENGTHS_S))
        for _ in range(self.rng.randint(0, 5)):
            self.world.run(self.rng.choice([0.05, 0.5, 2.0, 5.0, 10.0]))
            self._company(connector)

    def _company(self, connector: int) -> None:
        """Something that begins or ends a charge, or that wants it to end."""
        does: Any = self.rng.choice(
            [
                *(self._unplug, self._tap, self._ask, self._car_pauses, self._car_charges, self._store_full),
                *(self._board_fault, self._remote_stop, partial(self.world.sim, "plug")),
            ]
        )
        if isinstance(does, partial):
            does(connector=connector)
        else:
            does(connector)

    def _remote_stop(self, _: int) -> None:
        for row in list(self.world.records.values()):
            if isinstance(row, Transaction) and row.ended is None and row.transaction_id is not None:
                self.world.ask("RemoteStopTransaction", transactionId=row.transaction_id)
