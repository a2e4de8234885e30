"""A meter behind Modbus: failures that say what to do, returns by itself, exchanged meters, 0 wrong readings."""

from __future__ import annotations

import random
import struct
from typing import Any

import pytest

from drivers.devices import DeviceFailure, Reading
from drivers.meters import DRIVERS
from drivers.meters.register_meter import PERIOD_S, MeterValues, RegisterMeter
from drivers.ports.modbus import ModbusMaster
from tests.drivers.meters.stand import Stand
from tests.drivers.ports.wire import Slave, Wire, bus, check_sum, clean, disturber


@pytest.fixture
def stand() -> Stand:
    return Stand("sdm120")


def failure_of(meter: RegisterMeter) -> DeviceFailure:
    assert isinstance(meter.values, DeviceFailure)
    assert meter.latest(0.0).reading == meter.values
    return meter.values


def rewrite(stand: Stand, register: int, words: list[int]) -> None:
    """Other words in the reply that covers a register."""
    for request, reply in stand.replies.items():
        first, length = struct.unpack_from(">HH", request, 2)
        if first <= register < first + length and len(words) <= length:
            at = 3 + 2 * (register - first)
            frame = bytearray(reply[:-2])
            frame[at : at + 2 * len(words)] = struct.pack(f">{len(words)}H", *words)
            stand.replies[request] = bytes(frame) + check_sum(bytes(frame))


def floats(number: float) -> list[int]:
    return list(struct.unpack(">2H", struct.pack(">f", number)))


def test_before_the_first_sample(stand: Stand) -> None:
    """It says so, and is no reading; it changes by its thread alone."""
    assert failure_of(stand.meter).cause == "not read yet"
    assert stand.meter.latest(5.0).at == float("-inf")
    assert stand.meter.wake_at == float("inf")


def test_a_sample_has_the_time_of_its_beginning(stand: Stand) -> None:
    """So that a reading after a switching is really one after it; the next follows in less than a second."""
    before = stand.wire.now
    pause_s = stand.meter.poll()
    assert stand.meter.latest(0.0).at == before
    assert pause_s == pytest.approx(max(0.0, PERIOD_S - (stand.wire.now - before)))
    before = stand.wire.now
    assert stand.wire.now + stand.meter.poll() - before == pytest.approx(PERIOD_S, abs=0.2)


def test_silence_is_a_failure_with_advice(stand: Stand) -> None:
    """And over as soon as the meter answers again; the first read is then one whose value is not used."""
    stand.meter.poll()
    stand.wire.disturb = lambda reply: []
    stand.meter.poll()
    failure = failure_of(stand.meter)
    assert failure.device == "address 1 at /dev/wire"
    assert failure.cause == "no answer"
    assert "A and B" in failure.remedy
    stand.wire.disturb = clean
    stand.asked.clear()
    stand.meter.poll()
    assert stand.meter.values == stand.expected()
    assert [request.hex(" ") for request in stand.asked] == [request for request, _ in stand.exchanges.frames]


def test_unplugged_and_plugged_again(stand: Stand) -> None:
    """The port's own failure, and back by itself."""
    stand.meter.poll()
    stand.wire.plugged = False
    stand.meter.poll()
    assert failure_of(stand.meter).cause == "the device is gone"
    stand.wire.plugged = True
    stand.meter.poll()
    assert stand.meter.values == stand.expected()


def test_unplugged_before_the_first_sample(stand: Stand) -> None:
    """The number is asked for when the port is back."""
    stand.wire.plugged = False
    stand.meter.poll()
    stand.wire.plugged = True
    stand.meter.poll()
    assert stand.meter.serial == stand.exchanges.serial


def test_a_meter_without_a_number(stand: Stand) -> None:
    """It refuses, keeps silent, or shows blanks: it is asked once, and read all the same."""
    asks = bytes.fromhex(stand.exchanges.frames[1][0])
    refusal = b"\x01\x83\x02"
    for reply in (None, refusal + check_sum(refusal), *(_words(blank) for blank in (0, 0xFFFF))):
        stand = Stand("sdm120")
        if reply is None:
            del stand.replies[asks]
            stand.meter.poll()
            failure_of(stand.meter)
        else:
            stand.replies[asks] = reply
        stand.meter.poll()
        stand.meter.poll()
        assert (stand.meter.values, stand.meter.serial) == (stand.expected(), "")
        assert stand.asked.count(asks) == 1


def _words(word: int) -> bytes:
    frame = struct.pack(">BBB2H", 1, 3, 4, word, word)
    return frame + check_sum(frame)


def test_an_exchanged_meter_is_not_taken_for_the_old_one(stand: Stand) -> None:
    """Its number differs after it was away: no reading until somebody restarts the process."""
    stand.meter.poll()
    stand.wire.plugged = False
    stand.meter.poll()
    stand.wire.plugged = True
    rewrite(stand, 0xFC00, [0x0104, 0x0BC4])
    for _ in range(3):
        stand.meter.poll()
        failure = failure_of(stand.meter)
        assert failure.cause == "it is the meter 17042372, no longer 17042371"
        assert "restart evsed-board" in failure.remedy
    assert stand.meter.serial == "17042371"


def test_the_number_is_waited_for_after_a_failure(stand: Stand) -> None:
    """A meter that had one and does not tell it is not read; one that refuses it is."""
    stand.meter.poll()
    stand.wire.plugged = False
    stand.meter.poll()
    stand.wire.plugged = True
    asks = bytes.fromhex(stand.exchanges.frames[1][0])
    reply = stand.replies.pop(asks)
    stand.meter.poll()
    assert failure_of(stand.meter).cause == "no answer"
    stand.replies[asks] = reply
    stand.meter.poll()
    assert stand.meter.values == stand.expected()


def test_a_meter_without_the_registers(stand: Stand) -> None:
    """The wrong driver: the meter refuses, and that is said."""
    for request in stand.replies:
        refusal = bytes((1, request[1] | 0x80, 2))
        stand.replies[request] = refusal + check_sum(refusal)
    stand.meter.poll()
    failure = failure_of(stand.meter)
    assert failure.cause == "refused: it does not have these registers"
    assert "driver fits" in failure.remedy


@pytest.mark.parametrize(
    ("name", "register", "words", "says"),
    [
        ("sdm120", 0x0000, floats(float("nan")), "no value for the voltage"),
        ("sdm120", 0x0048, floats(float("inf")), "no value for the energy"),
        ("sdm120", 0x0006, floats(400.0), "400 A behind a fuse of 100 A"),
        ("abb-b23", 0x5B0E, [0xFFFF, 0xFFFF], "no value for the current"),
        ("em340", 0x0014, [0xFFFF, 0x7FFF], "no value for the power"),
        ("orno-514", 0x0140, [0, 16010], "contradict"),
        ("pzem-004t", 0x0000, [9000], "900 V"),
    ],
)
def test_no_value_and_nonsense_are_faults(name: str, register: int, words: list[int], says: str) -> None:
    """Not numbers to bill."""
    stand = Stand(name)
    rewrite(stand, register, words)
    stand.meter.poll()
    assert says in failure_of(stand.meter).cause


def test_a_frequency_without_value_is_left_out() -> None:
    """The rest of the sample counts."""
    stand = Stand("em340")
    rewrite(stand, 0x0033, [0x7FFF])
    stand.meter.poll()
    assert isinstance(stand.meter.values, MeterValues)
    assert stand.meter.values.hertz is None


def test_a_register_that_jumps_is_refused(stand: Stand) -> None:
    """An exchanged meter without a number is an event that somebody must confirm."""
    stand.meter.poll()
    rewrite(stand, 0x0048, floats(23456.789))
    stand.meter.poll()
    failure = failure_of(stand.meter)
    assert "its register jumped" in failure.cause
    assert "restart evsed-board" in failure.remedy


# --- disturbed ------------------------------------------------------------------------------------------------------


class Growing:
    """A bus with two meters whose every value moves on before each sample of its meter."""

    def __init__(self, name: str, seed: int, often: float = 0.25) -> None:
        self.rng = random.Random(seed)
        self.step = {1: 0, 2: 0}
        self.slaves = {address: Slave(address, {}) for address in (1, 2)}
        self.wire = Wire(bus(*self.slaves.values()))
        self.wire.disturb = disturber(self.rng, often)
        master = ModbusMaster(self.wire, monotonic=self.wire.monotonic)
        self.meters: dict[int, RegisterMeter] = {
            address: DRIVERS[name].make(bus=master, address=address, monotonic=self.wire.monotonic)
            for address in self.slaves
        }
        self.shown: dict[int, list[Reading]] = {1: [], 2: []}

    def sample(self, address: int) -> Any:
        """The next sample of a meter, after its values have moved on."""
        self.step[address] += 1
        reading = reading_of(address, self.step[address], self.meters[address])
        self.shown[address] = [*self.shown[address][-7:], reading]
        self.slaves[address].registers = registers_of(self.meters[address], address, reading)
        self.wire.now += 0.8
        self.meters[address].poll()
        return self.meters[address].values


def reading_of(address: int, step: int, meter: RegisterMeter) -> Reading:
    """Values that tell device, step and phase, in steps that every coding can hold."""
    table, turn = meter.table, step % 50
    amps = [round(address * 4 + turn * 0.1 + phase * 0.01, 2) for phase in range(len(table.amps))]
    volts = [220 + address * 5 + phase for phase in range(len(table.volts))]
    watts = [round(volts[at] * amps[at]) if volts else 5000 + turn for at in range(len(table.watts))]
    wh = address * 1_000_000 + step * 4 // 100 * 100
    return Reading(wh, tuple(map(float, volts)), tuple(amps), tuple(map(float, watts)))


def registers_of(meter: RegisterMeter, address: int, reading: Reading) -> dict[int, dict[int, int]]:
    """A meter's registers that show this."""
    table = meter.table
    words: dict[int, int] = {}
    for block in (*table.blocks, table.probe):
        words.update(dict.fromkeys(range(block.register, block.register + block.length), 0))

    def put(quantity: Any, number: float) -> None:
        coded = number * quantity.over / quantity.times
        form = {"u16": ">H", "s16": ">h", "u32": ">I", "s32": ">i", "u64": ">Q", "f32": ">f"}[quantity.code]
        data = struct.pack(form, coded if quantity.code == "f32" else round(coded))
        listed = list(struct.unpack(f">{len(data) // 2}H", data))
        words.update(enumerate(reversed(listed) if table.low_word_first else listed, quantity.register))

    put(table.wh, reading.wh)
    for quantities, numbers in ((table.volts, reading.volts), (table.amps, reading.amps), (table.watts, reading.watts)):
        for quantity, number in zip(quantities, numbers, strict=True):
            put(quantity, number)
    if table.hertz:
        put(table.hertz, 50)
    registers = {table.function: words}
    if table.serial:
        block = table.serial.block
        numbers = {block.register + at: 0x4130 + address for at in range(block.length)}
        registers[table.serial.function] = {**registers.get(table.serial.function, {}), **numbers}
    return registers


def is_right(seen: Reading, shown: list[Reading]) -> bool:
    """Each value is one of those that the meter showed a moment ago."""
    for name in ("volts", "amps", "watts"):
        for phase, number in enumerate(getattr(seen, name)):
            if not any(abs(number - getattr(reading, name)[phase]) < 0.006 for reading in shown):
                return False
    return any(abs(seen.wh - reading.wh) < 1 for reading in shown)


def disturbed(name: str, seed: int, exchanges: int) -> tuple[int, int]:
    """Readings accepted, right and wrong ones, in so many exchanges on the wire."""
    growing = Growing(name, seed)
    right = wrong = 0
    while len(growing.wire.requests) < exchanges:
        address = growing.rng.choice((1, 2))
        values = growing.sample(address)
        if isinstance(values, MeterValues):
            well = is_right(values.reading, growing.shown[address])
            right, wrong = right + well, wrong + (not well)
    return right, wrong


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_an_undisturbed_bus_is_read_rightly(name: str) -> None:
    """The judge itself: without disturbance every sample counts, and every one is right."""
    growing = Growing(name, 1)
    growing.wire.disturb = clean
    for step in range(60):
        address = step % 2 + 1
        values = growing.sample(address)
        assert isinstance(values, MeterValues), values
        assert is_right(values.reading, growing.shown[address][-1:]), (values.reading, growing.shown[address][-1])


@pytest.mark.parametrize("name", sorted(DRIVERS))
def test_no_wrong_reading_on_a_disturbed_bus(name: str) -> None:
    """Two meters of one kind, a quarter of all replies disturbed."""
    right, wrong = disturbed(name, 7, 1000)
    assert wrong == 0
    assert right > 30
