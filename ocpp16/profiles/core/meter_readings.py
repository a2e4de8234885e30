"""The newest meter reading of each connector, its age, and the rule that its register never falls (§3.16).

A value is never told older than it is: a reading counts for three of the intervals in which the board sends them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from ocpp16.events import ConnectorShape, MeterSampled
from ocpp16.product import Product
from ocpp16.profiles.core.measurands import Offered, Values, values_of
from ocpp16.profiles.core.transaction_records import TransactionRecords
from ocpp16.profiles.core.transaction_time import HORIZON_S
from ocpp16.records import MeterSwap, RegisterSeen, Transaction
from ocpp16.state.context import Context

FRESH_CLOSED_S = 3.0
"""Seconds for which a reading is fresh while the contactor is closed: the board sends one every second."""
FRESH_OPEN_S = 30.0
"""The same while it is open: one every ten seconds."""
UNMETERED = ("Current.Offered", "Power.Offered")
"""Measurands that the station knows without its meter."""


class Contactor(NamedTuple):
    """Whether a contactor is closed, and since when."""

    closed: bool
    since: float


class MeterReadings:
    """Readings as the board reports them, and the measurands that follow from them."""

    def __init__(
        self,
        context: Context,
        transactions: TransactionRecords,
        product: Product,
        *,
        offered_amps: Callable[[int], float],
        contactor: Callable[[int], Contactor],
        on_register_low: Callable[[int, bool, str], None],
    ) -> None:
        self.context = context
        self.transactions = transactions
        self.product = product
        self.readings: dict[int, MeterSampled] = {}
        self.shapes: dict[int, ConnectorShape] = {}
        """What the attached board said about each connector; empty while no board is attached."""
        self.offered_amps = offered_amps
        self.contactor = contactor
        self._left_out: set[int] = set()
        """Connectors whose values were left out since their last reading."""
        self._low: set[int] = set()
        self._foreign: dict[int, int] = {}
        """Our number of the transaction that was open when the meter of a connector was exchanged."""
        self.on_register_low = on_register_low
        """The register of a connector is below what was billed (True, both in words), or no longer so (False, "")."""
        self._highest = self._billed()

    def _billed(self) -> dict[int, int]:
        """Per connector: the highest register on record for the present meter, in Wh."""
        highest = {row.connector: row.wh for row in self.context.facts.of(RegisterSeen).values()}
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
            if connector in self.context.facts.of(RegisterSeen):
                self.context.delete(RegisterSeen, connector)
            self.context.save(MeterSwap(connector=connector, after_number=newest))
            self.context.note("meter-swapped", connector=connector)
            self.on_register_low(connector, False, "")
        self._low.clear()
        self._highest = self._billed()

    def exchanged(self, connector: int) -> None:
        """The meter is another one by its number: its register has nothing to do with earlier bills.

        A transaction that is open was measured by the old one: nothing of the new one is told or billed in it.
        """
        running = self.context.facts.running.get(connector)
        newest = max((int(number) for number in self.context.facts.of(Transaction)), default=0)
        if connector in self.context.facts.of(RegisterSeen):
            self.context.delete(RegisterSeen, connector)
        self.context.save(MeterSwap(connector=connector, after_number=newest))
        if connector in self._low:
            self._low.discard(connector)
            self.on_register_low(connector, False, "")
        self.readings.pop(connector, None)
        self._highest = self._billed()
        if running is not None:
            self._foreign[connector] = running.number

    def is_foreign(self, connector: int) -> bool:
        """Whether the open transaction was begun with another meter than the present one."""
        running = self.context.facts.running.get(connector)
        return running is not None and self._foreign.get(connector) == running.number

    def counts_backwards(self, connector: int) -> None:
        """The board saw the register fall: what it was before is recorded where no bill says it.

        Else a restart of both processes would bill from the lower register, and the difference once the meter is well.
        """
        seen = self._highest.get(connector, 0)
        if seen > self._billed().get(connector, 0):
            self.context.save(RegisterSeen(connector=connector, wh=seen))

    def begin_anew(self) -> None:
        """A board attaches: its meters may be others, so its first readings are checked like those after a start."""
        self.readings.clear()
        self.shapes.clear()
        self._low.clear()

    def register_wh(self, connector: int) -> float | None:
        """The last register known, however old; None while there is no reading."""
        reading = self.readings.get(connector)
        return None if reading is None or self.is_foreign(connector) else reading.wh

    def fresh_register_wh(self, connector: int) -> float | None:
        """The register of the meter at this moment; None where it is not known."""
        return self.register_wh(connector) if self.is_fresh(connector, self.context.now.mono) else None

    def is_fresh(self, connector: int, at: float) -> bool:
        """Whether the newest reading tells what was measured at that monotonic second."""
        reading = self.readings.get(connector)
        if reading is None or connector not in self.shapes or self.is_foreign(connector):
            return False
        contactor = self.contactor(connector)
        if contactor.closed and at - max(reading.at, contactor.since) > FRESH_CLOSED_S:
            return False
        return at - reading.at <= FRESH_OPEN_S

    def is_final(self, connector: int) -> bool:
        """Whether the newest reading is the register with which a transaction ends now.

        A reading that was taken after the contactor opened is, however old: nothing has flowed since.
        """
        reading, contactor = self.readings.get(connector), self.contactor(connector)
        if reading is None or connector not in self.shapes or self.is_foreign(connector):
            return False
        return self.is_fresh(connector, self.context.now.mono) if contactor.closed else reading.at >= contactor.since

    def sampled(self, reading: MeterSampled, decided: bool) -> None:
        """A reading was received.  `decided`: recovery has decided what became of an open transaction.

        A reading below an earlier one is dropped (the board checks its meter).  Where the first reading of a board is
        below what was billed, the meter was exchanged or is broken: a fault, and nothing is billed by it.
        """
        if reading.at > self.context.now.mono:  # a wrong clock of the board must not keep a reading fresh for ever
            reading = replace(reading, at=self.context.now.mono)
        self._left_out.discard(reading.connector)
        low = int(reading.wh) < self._highest.get(reading.connector, 0)
        first = reading.connector not in self.readings
        if low != (reading.connector in self._low) and (first or not low):
            self._low ^= {reading.connector}
            recorded = self._highest.get(reading.connector, 0)
            self.on_register_low(
                reading.connector, low, f"{reading.wh:.0f} Wh, recorded up to {recorded} Wh" if low else ""
            )
        if not low:
            self._highest[reading.connector] = int(reading.wh)
            self.readings[reading.connector] = reading
        transaction = self.context.facts.running.get(reading.connector)
        if decided and transaction is not None and not transaction.stopping and not self.is_foreign(reading.connector):
            last = transaction.last
            if reading.at - last.mono >= HORIZON_S or last.boot != self.context.clock.boot_id:
                at = self.transactions.chronology.own_time(transaction.number, self.context.stamp())
                self.transactions.save_progress(transaction.number, reading.wh, at, HORIZON_S)

    def offered(self, connector: int) -> Offered:
        """What the station offers at this moment, for Current.Offered and Power.Offered."""
        shape = self.shapes.get(connector, ConnectorShape(connector))
        return Offered(self.offered_amps(connector), shape.phases, self.product.volts)

    def values(self, connector: int, wanted: tuple[str, ...], at: float) -> Values:
        """The entries of §7.43 for a list of measurands, as they were at that monotonic second.

        Without a fresh reading only what the station knows without its meter.
        """
        reading = self.readings.get(connector)
        if reading is None or connector not in self.shapes:
            return ()
        if not self.is_fresh(connector, at):
            self._leave_out(connector, at - reading.at)
            wanted = tuple(item for item in wanted if item.startswith(UNMETERED))
        return values_of(reading, self.offered(connector), wanted)

    def _leave_out(self, connector: int, age_s: float) -> None:
        if connector not in self._left_out:
            self._left_out.add(connector)
            self.context.note("values-left-out", connector=connector, age_s=round(age_s, 1))

    def last_values(self, connector: int, wanted: tuple[str, ...]) -> Values:
        """The same of the newest reading, for the end of a transaction; empty where that is not its register."""
        reading = self.readings.get(connector)
        if reading is None or not self.is_final(connector):
            return ()
        return values_of(reading, self.offered(connector), wanted)
