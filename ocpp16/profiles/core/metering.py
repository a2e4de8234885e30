"""Meter values: what a reading becomes in the words of §7.43, and when one is due (§3.16, §4.7).

One entry per measurand and phase; the register never goes down; clock-aligned values bear exactly the aligned instant.
"""

from __future__ import annotations

from collections.abc import Callable

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import DAY, REGISTER
from ocpp16.configuration.values import items_of
from ocpp16.events import ConnectorShape, MeterSampled
from ocpp16.messages.core import MeterValuesReq
from ocpp16.product import Product
from ocpp16.profiles.core.measurands import Offered, Values, values_of
from ocpp16.profiles.core.transactions import HORIZON_S, Transactions
from ocpp16.records import MeterSwap, Sample, Stamp, Transaction
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

LATE_S = 5.0
"""A sample that comes later than this (the unit was busy, the clock moved) is left out; the next one is on time."""


class Metering:
    """Keeps the newest reading of each connector and makes samples when they are due."""

    def __init__(
        self, context: Context, configuration: Configuration, transactions: Transactions, product: Product
    ) -> None:
        self.context = context
        self.configuration = configuration
        self.transactions = transactions
        self.product = product
        self.readings: dict[int, MeterSampled] = {}
        self.shapes: dict[int, ConnectorShape] = {}
        self.offered_amps: Callable[[int], float] = lambda connector: 0.0
        self._low: set[int] = set()
        self.on_register_low: Callable[[int, bool], None]
        """The register is below what was billed already (or is so no longer)."""
        self._highest = self._billed()
        configuration.on_change.append(self._interval_changed)

    def _billed(self) -> dict[int, int]:
        """Per connector: the highest register that was ever told."""
        highest: dict[int, int] = {}
        swaps = self.context.facts.of(MeterSwap)
        for transaction in self.context.facts.of(Transaction).values():
            swap = swaps.get(transaction.connector)
            if swap is None or transaction.number > swap.after_number:
                told = max(transaction.last_wh, transaction.meter_stop_wh or 0)
                highest[transaction.connector] = max(told, highest.get(transaction.connector, 0))
        return highest

    def accept_registers(self) -> None:
        """Service says so: meters that count less than was billed are new ones."""
        newest = max((int(number) for number in self.context.facts.of(Transaction)), default=0)
        for connector in self._low:
            self.context.save(MeterSwap(connector=connector, after_number=newest))
            self.context.note("meter-swapped", connector=connector)
            self.on_register_low(connector, False)
        self._low.clear()
        self._highest = self._billed()

    def begin_anew(self) -> None:
        """A board attaches: its first readings are judged like those of a new life, for its meters may be others."""
        self.readings.clear()
        self.shapes.clear()
        self._low.clear()

    def register_wh(self, connector: int) -> float | None:
        """The meter's own register, None while no reading has come."""
        reading = self.readings.get(connector)
        return None if reading is None else reading.wh

    def sampled(self, reading: MeterSampled, decided: bool) -> None:
        """A reading came (`decided`: it is known, too, what happened while we were away).

        The register is monotone: a lower reading is left out (the board judges its meter); but where the very first
        one of a board is below what was billed, the meter was exchanged or worse: a fault, and nothing is billed by it.
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
                self.transactions.lived_until(transaction.number, reading.wh, self.context.stamp(), HORIZON_S)

    def offered(self, connector: int) -> Offered:
        shape = self.shapes.get(connector, ConnectorShape(connector))
        return Offered(self.offered_amps(connector), min(shape.phases, self.product.phases), self.product.volts)

    def values(self, connector: int, wanted: tuple[str, ...]) -> Values:
        reading = self.readings.get(connector)
        return () if reading is None else values_of(reading, self.offered(connector), wanted)

    # --- sampled ----------------------------------------------------------------------------------------------------

    def transaction_began(self, transaction: Transaction) -> None:
        self._begin_or_end(transaction, transaction.began, "Transaction.Begin")
        self.arm_samples(transaction)

    def transaction_ends(self, transaction: Transaction, at: Stamp) -> None:
        self._begin_or_end(transaction, at, "Transaction.End")
        self.context.timers.clear(Timer.SAMPLE, transaction.connector)

    def _begin_or_end(self, transaction: Transaction, at: Stamp, context: str) -> None:
        """They hold every measurand that either list asks for (E 3.14)."""
        wanted = items_of(transaction.stop_sampled) + items_of(transaction.stop_aligned)
        self._stop_data(transaction, at, context, tuple(dict.fromkeys(wanted)))

    def arm_samples(self, transaction: Transaction) -> None:
        """The first at start + interval, then every interval, counted from the start: no drift."""
        interval = self.configuration.number(Key.MeterValueSampleInterval)
        if interval <= 0:
            self.context.timers.clear(Timer.SAMPLE, transaction.connector)
            return
        began = transaction.began.mono
        if transaction.began.boot != self.context.clock.boot_id:
            began = self.context.now.mono
        periods = int((self.context.now.mono - began) / interval + 1e-6) + 1  # the due second itself counts as reached
        self.context.timers.set(Timer.SAMPLE, began + periods * interval, transaction.connector)

    def sample_due(self, connector: int, due: float) -> None:
        transaction = self.context.facts.running.get(connector)
        if transaction is None:
            return
        self.arm_samples(transaction)
        if transaction.stopping or self.context.now.mono - due > LATE_S:
            return
        interval = self.configuration.number(Key.MeterValueSampleInterval)
        at = self.transactions.chronology.in_order(transaction.number, self.context.clock.at(due))
        self._sample(connector, transaction, at, "Sample.Periodic", Key.MeterValuesSampledData, interval)
        self._stop_data(transaction, at, "Sample.Periodic", items_of(transaction.stop_sampled))

    # --- clock-aligned ----------------------------------------------------------------------------------------------

    def arm_aligned(self) -> None:
        """The next multiple of the interval since midnight UTC; none while UTC is unknown."""
        interval = self.configuration.number(Key.ClockAlignedDataInterval)
        utc = self.context.utc
        if interval <= 0 or utc is None:
            self.context.timers.clear(Timer.ALIGNED)
            return
        into = utc % DAY
        boundary = min((into // interval + 1) * interval, DAY)
        self.context.timers.set(Timer.ALIGNED, self.context.now.mono + boundary - into)

    def aligned_due(self, due: float) -> None:
        interval = self.configuration.number(Key.ClockAlignedDataInterval)
        utc = self.context.clock.utc(due)
        late = self.context.now.mono - due > LATE_S
        if interval > 0 and utc is not None and not late:
            at = Stamp(mono=due, boot=self.context.clock.boot_id, utc=float(round(utc)))
            for connector in sorted(self.readings):
                if not self.context.clock.went_back(float(round(utc))):
                    self._aligned(connector, at, interval)
        self.arm_aligned()

    def _aligned(self, connector: int, at: Stamp, interval: int) -> None:
        transaction = self.context.facts.running.get(connector)
        if transaction is not None and transaction.began.mono > at.mono:
            transaction = None
        if transaction is not None and self.transactions.chronology.in_order(transaction.number, at) != at:
            return  # the clock went back a little: this instant has passed for the transaction
        self._sample(connector, transaction, at, "Sample.Clock", Key.MeterValuesAlignedData, interval)
        if transaction is not None:
            self._stop_data(transaction, at, "Sample.Clock", items_of(transaction.stop_aligned))

    # --- triggered --------------------------------------------------------------------------------------------------

    def triggered(self, connector: int) -> MeterValuesReq | None:
        """§5.17: the newest values, not queued; None: there is no reading."""
        values = self.values(connector, self.configuration.items(Key.MeterValuesSampledData) or (REGISTER,))
        if not values:
            return None
        transaction = self.context.facts.running.get(connector)
        at = self.context.stamp()
        sample = Sample(seq=0, connector=connector, at=at, context="Trigger", values=values)
        known = transaction is not None and transaction.start == "confirmed"
        return MeterValuesReq(
            connector_id=connector,
            meter_value=(self.transactions.telling.meter_value(sample),),
            transaction_id=transaction.transaction_id if known and transaction is not None else None,
        )

    # --- both -------------------------------------------------------------------------------------------------------

    def _sample(
        self, connector: int, transaction: Transaction | None, at: Stamp, context: str, key: Key, interval: int
    ) -> None:
        if connector not in self.shapes:  # the board is lost: nothing is measured at this instant
            return
        wanted = self.configuration.items(key)
        if not wanted and key == Key.MeterValuesSampledData:
            wanted = (REGISTER,)
        values = self.values(connector, wanted)
        if not values:
            return
        if transaction is not None:
            self.transactions.lived_until(transaction.number, self.register_wh(connector) or 0.0, at, interval)
        self.transactions.add_sample(connector, transaction, at, context, values, interval)

    def _stop_data(self, transaction: Transaction, at: Stamp, context: str, wanted: tuple[str, ...]) -> None:
        values = self.values(transaction.connector, wanted)
        if values:
            cap = self.configuration.number(Key.StopTransactionMaxMeterValues)
            self.transactions.add_stop_data(transaction, at, context, values, cap)

    def _interval_changed(self, name: str) -> None:
        if name == Key.ClockAlignedDataInterval:
            self.arm_aligned()
        elif name == Key.MeterValueSampleInterval:
            for transaction in self.context.facts.running.values():
                self.arm_samples(transaction)
