"""The current that a connector offers: none without a transaction, else the lowest of board, product, cable, profiles.

Derived after every step, never stored (§7.13 Current.Offered).  `profiles/smart_charging/limits.py` computes the limit,
and makes it 0 A below the smallest current that can be signalled (6 A); `step.py` commits a start before it is offered.
"""

from __future__ import annotations

from ocpp16.connector.state import ConnectorState
from ocpp16.events import ConnectorShape
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.limits import ChargingLimits, Hardware

Bound = tuple[float, str]
"""Amperes per phase, and the name of what sets them."""


class OfferedAmps:
    """Board, product, cable and charging profiles, for one connector."""

    def __init__(self, state: ConnectorState, product: Product, limits: ChargingLimits) -> None:
        self._state = state
        self._product = product
        self._limits = limits

    def amps(self) -> float:
        """Amperes per phase that the car may draw now; 0: no energy."""
        transaction = self._state.transaction
        if transaction is None or transaction.stopping:
            return 0.0
        return self._limits.now(self._state.number).amps

    def capability(self) -> Hardware:
        """What the connector can do at this moment, whatever a profile allows; 0 A where nothing can flow."""
        state, shape = self._state, self._state.shape
        if shape is None:
            return Hardware(0.0, ConnectorShape(state.number).min_amps, self._product.phases)
        flows = state.ready and state.operative and not state.faulted and not state.is_spent
        most = min(bound for bound, _ in self.hardware())
        return Hardware(most if flows else 0.0, shape.min_amps, shape.phases, most if state.closed else 0.0)

    def hardware(self) -> list[Bound]:
        """What board, product and cable allow, by name."""
        state = self._state
        if state.shape is None:
            return [(0.0, "no board")]
        bounds = [(state.shape.max_amps, "board"), (self._product.max_amps, "product")]
        if state.cable_amps > 0.0:
            bounds.append((state.cable_amps, "cable"))
        return bounds

    def chain(self) -> list[Bound]:
        """All bounds by name, the charging profile in force included; whatever the state."""
        bounds = self.hardware()
        limit = self._limits.now(self._state.number).bound
        if limit.why:
            bounds.append((limit.amps, limit.why))
        return bounds

    def lowest(self) -> str:
        """What allows least, in words: `0 A TxProfile 5 (level 0, period 1)`; a fault or a spent energy before it."""
        if self._state.faulted:
            return f"fault {self._state.fault_codes()[0]}"
        if self._state.is_spent:
            return "MaxEnergyOnInvalidId is used up"
        amps, name = min(self.chain())
        return f"{amps:g} A {name}"
