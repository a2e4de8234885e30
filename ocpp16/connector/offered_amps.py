"""The current that a connector offers: the lowest of all bounds, and 0 A below the smallest that can be signalled.

Derived after every step, never stored (§7.13 Current.Offered; IEC 61851-1: 6 A at least).
"""

from __future__ import annotations

from ocpp16.connector.state import ConnectorState
from ocpp16.product import Product
from ocpp16.profiles.smart_charging.limits import ChargingLimits

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
        state = self._state
        transaction, shape = state.transaction, state.shape
        if transaction is None or transaction.stopping or shape is None or not state.ready or state.faulted:
            return 0.0
        if state.is_spent:
            return 0.0
        limit, why = self._limits.limit(state.number)
        amps = min(self.hardware_amps(), limit) if why else self.hardware_amps()
        return amps if amps >= shape.min_amps else 0.0

    def hardware_amps(self) -> float:
        """Amperes that board, product and cable allow, without any charging profile."""
        state = self._state
        if state.shape is None:
            return 0.0
        amps = min(state.shape.max_amps, self._product.max_amps)
        return min(amps, state.cable_amps) if state.cable_amps > 0.0 else amps

    def hardware(self) -> list[Bound]:
        """The bounds of `hardware_amps` by name."""
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
        limit, why = self._limits.limit(self._state.number)
        if why:
            bounds.append((limit, why))
        return bounds

    def lowest(self) -> str:
        """What allows least, in words: `0 A TxProfile 5 (level 0, period 1)`; a fault or a spent energy before it."""
        if self._state.faulted:
            return f"fault {self._state.fault_codes()[0]}"
        if self._state.is_spent:
            return "MaxEnergyOnInvalidId is used up"
        amps, name = min(self.chain())
        return f"{amps:g} A {name}"
