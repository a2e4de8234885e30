"""The newest meter reading of each connector, and the rule that its register never falls (§3.16)."""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.events import ConnectorShape, MeterSampled
from ocpp16.product import Product
from ocpp16.profiles.core.measurands import Offered, Values, values_of
from ocpp16.profiles.core.transaction_records import HORIZON_S, TransactionRecords
from ocpp16.records import MeterSwap, Transaction
from ocpp16.state.context import Context


class MeterReadings:
    """Readings as the board reports them, and the measurands that follow from them."""

    def __init__(
        self,
        context: Context,
        transactions: TransactionRecords,
        product: Product,
        *,
        offered_amps: Callable[[int], float],
        on_register_low: Callable[[int, bool], None],
    ) -> None:
        self.context = context
        self.transactions = transactions
        self.product = product
        self.readings: dict[int, MeterSampled] = {}
        self.shapes: dict[int, ConnectorShape] = {}
        """What the attached board said about each connector; empty while no board is attached."""
        self.offered_amps = offered_amps
        self._low: set[int] = set()
        self.on_register_low = on_register_low
        """The register of a connector is below what was billed (True), or no longer so (False)."""
        self._highest = self._billed()

    def _billed(self) -> dict[int, int]:
        """Per connector: the highest register that a transaction recorded for the present meter, in Wh."""
        highest: dict[int, int] = {}
        swaps = self.context.facts.of(MeterSwap)
        for transaction in self.context.facts.of(Transaction).values():
            swap = swaps.get(transaction.connector)
            if swap is None or transaction.number > swap.after_number:
                recorded = max(transaction.last_wh, transaction.meter_stop_wh or 0)
                highest[transaction.connector] = max(recorded, highest.get(transaction.connector, 0))
        return highest

    def accept_registers(self) -> None:
        """A technician confirms that meters below their billed register were exchanged."""
        newest = max((int(number) for number in self.context.facts.of(Transaction)), default=0)
        for connector in self._low:
            self.context.save(MeterSwap(connector=connector, after_number=newest))
            self.context.note("meter-swapped", connector=connector)
            self.on_register_low(connector, False)
        self._low.clear()
        self._highest = self._billed()

    def begin_anew(self) -> None:
        """A board attaches: its meters may be others, so its first readings are checked like those after a start."""
        self.readings.clear()
        self.shapes.clear()
        self._low.clear()

    def register_wh(self, connector: int) -> float | None:
        """The register of the meter; None while there is no reading."""
        reading = self.readings.get(connector)
        return None if reading is None else reading.wh

    def sampled(self, reading: MeterSampled, decided: bool) -> None:
        """A reading was received.  `decided`: recovery has decided what became of an open transaction.

        A reading below an earlier one is dropped (the board checks its meter).  Where the first reading of a board is
        below what was billed, the meter was exchanged or is broken: a fault, and nothing is billed by it.
        """
        low = int(reading.wh) < self._highest.get(reading.connector, 0)
        first = reading.connector not in self.readings
        if low != (reading.connector in self._low) and (first or not low):
            self._low ^= {reading.connector}
            self.on_register_low(reading.connector, low)
        if not low:
            self._highest[reading.connector] = int(reading.wh)
            self.readings[reading.connector] = reading
        transaction = self.context.facts.running.get(reading.connector)
        if decided and transaction is not None and not transaction.stopping:
            last = transaction.last
            if reading.at - last.mono >= HORIZON_S or last.boot != self.context.clock.boot_id:
                self.transactions.save_progress(transaction.number, reading.wh, self.context.stamp(), HORIZON_S)

    def offered(self, connector: int) -> Offered:
        """What the station offers at this moment, for Current.Offered and Power.Offered."""
        shape = self.shapes.get(connector, ConnectorShape(connector))
        return Offered(self.offered_amps(connector), min(shape.phases, self.product.phases), self.product.volts)

    def values(self, connector: int, wanted: tuple[str, ...]) -> Values:
        """The entries of §7.43 for a list of measurands; empty while there is no reading."""
        reading = self.readings.get(connector)
        return () if reading is None else values_of(reading, self.offered(connector), wanted)
