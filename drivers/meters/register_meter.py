"""An energy meter behind Modbus: read by a thread, block by block, and judged before anybody sees the values."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Final, NamedTuple

from drivers.devices import DeviceFailure, MeterIdentity, MeterSample, Reading
from drivers.meters.plausibility import Plausibility
from drivers.meters.registers import Block, MeterTable, Quantity, Registers, number_of, text_of
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure, BusFault

PERIOD_S: Final = 0.8
"""So the host, which asks every second, never sees a sample older than two."""
WRONG_DRIVER: Final = "check that the driver fits the meter"
EXCHANGED: Final = "if the meter was exchanged, restart evsed-board; else "


class MeterValues(NamedTuple):
    """Everything that one sample shows."""

    reading: Reading
    hertz: float | None = None


class RegisterMeter:
    """A `Meter`; `poll` belongs to the thread of its bus.

    fuse_amps  of the fuse before the meter, per phase
    """

    def __init__(
        self,
        table: MeterTable,
        bus: ModbusMaster,
        address: int,
        fuse_amps: float = 100.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.table = table
        self.device = f"meter at {bus.device}, address {address}"
        self.wake_at = inf
        self.serial = ""
        """The meter's own number; empty while it is not known, or where it has none."""
        self.values: MeterValues | DeviceFailure = DeviceFailure(self.device, "not read yet", "wait")
        self._sample = MeterSample(-inf, self.values)
        self._bus = bus
        self._address = address
        self._monotonic = monotonic
        phases = max(len(table.volts), len(table.watts))
        self._plausibility = Plausibility(fuse_amps, phases if table.volts else 3, table.ends_at_wh, table.alike)
        self._in_step = False
        self._serial_asked = False
        self._exchanged = ""
        """It is another meter than before."""
        self._low_word_first = table.low_word_first

    def latest(self, now: float) -> MeterSample:
        return self._sample

    def poll(self) -> float:
        """One sample."""
        at = self._monotonic()
        self.values = values = self._values(at)
        reading = values if isinstance(values, DeviceFailure) else values.reading
        self._sample = MeterSample(at, reading, MeterIdentity(self.serial, self.table.model))
        return max(0.0, PERIOD_S - (self._monotonic() - at))

    def release(self) -> None:
        """Give the line back, for a program of the bench; the next `poll` opens it again."""
        self._bus.close()

    # --- in the thread ----------------------------------------------------------------------------------------------

    def _values(self, at: float) -> MeterValues | DeviceFailure:
        registers: Registers = {}
        failure = self._begin()
        for block in self.table.blocks:
            words = failure or self._read(block)
            if isinstance(words, BusFailure):
                self._in_step = False
                self._serial_asked = self._serial_asked and not self.serial
                return words.failure
            registers.update(enumerate(words, block.register))
        if self._exchanged:
            return DeviceFailure(self.device, self._exchanged, EXCHANGED + "check the wiring")
        return self._judged(at, registers)

    def _begin(self) -> BusFailure | None:
        """After a failure: one read of another length, whose reply proves that no older one is under way."""
        if not self._in_step:
            probe = self._read(self.table.probe)
            if isinstance(probe, BusFailure):
                if probe.fault is not BusFault.REFUSED:
                    return probe
            elif self.table.high_word_first_ids:
                self._low_word_first = probe[0] not in self.table.high_word_first_ids
            self._in_step = True
        return self._ask_serial()

    def _ask_serial(self) -> BusFailure | None:
        """Once, and again after a failure; a meter that does not know it may say so, or keep silent for ever."""
        where = self.table.serial
        if where is None or self._serial_asked:
            return None
        words = self._bus.read(self._address, where.function, *where.block)
        if isinstance(words, BusFailure):
            self._serial_asked = words.fault is BusFault.REFUSED or (
                words.fault is not BusFault.PORT and not self.serial
            )
            return None if words.fault is BusFault.REFUSED else words
        self._serial_asked = True
        blank = len(set(words)) == 1 and words[0] in (0, 0xFFFF)
        serial = "" if blank else text_of(words) if where.text else str(words[0] << 16 | words[1])
        if self.serial and serial != self.serial:
            self._exchanged = f"it is the meter {serial or 'without a number'}, no longer {self.serial}"
        self.serial = self.serial or serial
        return None

    def _read(self, block: Block) -> tuple[int, ...] | BusFailure:
        return self._bus.read(self._address, self.table.function, *block)

    def _judged(self, at: float, registers: Registers) -> MeterValues | DeviceFailure:
        table = self.table
        wh = self._number(registers, table.wh)
        if wh is None:
            return DeviceFailure(self.device, "it shows no value for the energy", WRONG_DRIVER)
        listed = []
        for name, quantities in (("voltage", table.volts), ("current", table.amps), ("power", table.watts)):
            numbers = [self._number(registers, quantity) for quantity in quantities]
            if None in numbers:
                return DeviceFailure(self.device, f"it shows no value for the {name}", WRONG_DRIVER)
            listed.append(tuple(round(number, 3) for number in numbers if number is not None))
        hertz = self._hertz(registers)
        verdict = self._plausibility.judge(at, Reading(round(wh), *listed), hertz)
        if isinstance(verdict, str):
            return DeviceFailure(self.device, verdict, EXCHANGED + WRONG_DRIVER)
        return MeterValues(verdict, hertz)

    def _hertz(self, registers: Registers) -> float | None:
        """Some firmware shows ten times as much."""
        hertz = self._number(registers, self.table.hertz) if self.table.hertz else None
        return None if hertz is None else round(hertz / 10 if hertz > 400 else hertz, 2)

    def _number(self, registers: Registers, quantity: Quantity) -> float | None:
        return number_of(registers, quantity, self._low_word_first)
