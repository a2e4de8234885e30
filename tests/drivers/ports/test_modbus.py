"""The Modbus master on a line of memory: functions, gaps, silence after errors, echo, and 0 wrong values accepted."""

from __future__ import annotations

import random
from typing import Any

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure, BusFault
from tests.drivers.ports.wire import Piece, Slave, Wire, bus, check_sum, clean, disturber


def registers(address: int) -> dict[int, dict[int, int]]:
    """Each register tells its device, its function and its number: a value in the wrong place is recognised."""
    return {
        function: {number: (address << 12 | function << 9 | number) & 0xFFFF for number in range(64)}
        for function in (3, 4)
    }


def right(address: int, function: int, register: int, count: int) -> tuple[int, ...]:
    return tuple(registers(address)[function][number] for number in range(register, register + count))


def master_of(wire: Wire, **settings: Any) -> ModbusMaster:
    return ModbusMaster(wire, monotonic=wire.monotonic, **settings)


@pytest.fixture
def slave() -> Slave:
    return Slave(1, registers(1))


@pytest.fixture
def wire(slave: Slave) -> Wire:
    return Wire(slave)


@pytest.fixture
def master(wire: Wire) -> ModbusMaster:
    return master_of(wire)


def fault(result: object) -> BusFault | None:
    return result.fault if isinstance(result, BusFailure) else None


# --- functions ------------------------------------------------------------------------------------------------------


def test_functions_3_and_4_read(master: ModbusMaster, wire: Wire) -> None:
    """Holding and input registers, from one to as many as a frame holds."""
    assert master.read(1, 3, 5, 1) == right(1, 3, 5, 1)
    assert master.read(1, 4, 0, 64) == right(1, 4, 0, 64)
    assert master.device == "/dev/wire"
    assert wire.requests[0][1] == b"\x01\x03\x00\x05\x00\x01" + check_sum(b"\x01\x03\x00\x05\x00\x01")


def test_function_6_writes_one_and_16_several(master: ModbusMaster, slave: Slave, wire: Wire) -> None:
    """One register by function 6, several by 16; whether the line echoes is found out first."""
    assert master.write(1, 7, [77]) is None
    assert slave.registers[3][7] == 77
    assert [data[1] for _, data in wire.requests] == [3, 6]
    assert master.write(1, 8, [1, 2, 3]) is None
    assert [slave.registers[3][number] for number in (8, 9, 10)] == [1, 2, 3]
    assert master.write(1, 7, [78]) is None
    assert [data[1] for _, data in wire.requests] == [3, 6, 16, 6]


def test_a_refusal_is_an_answer(master: ModbusMaster, slave: Slave, wire: Wire) -> None:
    """It names the code, and the line stays in step: no second of silence follows."""
    slave.refuses = 2
    result = master.read(1, 3, 0, 10)
    assert isinstance(result, BusFailure)
    assert (result.fault, result.code) == (BusFault.REFUSED, 2)
    before = wire.now
    assert fault(master.read(1, 3, 0, 10)) is BusFault.REFUSED
    assert wire.now - before < 0.1
    assert fault(master.write(1, 0, [1])) is BusFault.REFUSED
    assert fault(master.write(1, 0, [1, 2])) is BusFault.REFUSED


def test_several_devices_share_the_line() -> None:
    """Each answers for itself."""
    wire = Wire(bus(Slave(1, registers(1)), Slave(2, registers(2)), Slave(247, registers(15))))
    master = master_of(wire)
    for address, bits in ((1, 1), (2, 2), (247, 15)):
        assert master.read(address, 4, 3, 4) == right(bits, 4, 3, 4)
    assert fault(master.read(3, 4, 3, 4)) is BusFault.SILENT


def test_a_write_that_is_answered_for_another_register_is_refused(master: ModbusMaster, wire: Wire) -> None:
    """The echo of the register is part of the answer."""
    master.read(1, 3, 0, 1)
    body = b"\x01\x10\x00\x09\x00\x02"
    wire.answer = lambda request: body + check_sum(body)
    assert fault(master.write(1, 8, [1, 2])) is BusFault.GARBLED


def test_without_an_answer_nothing_is_written(master: ModbusMaster, wire: Wire) -> None:
    """Function 6 on an unknown line first needs one answer."""
    wire.answer = lambda request: None
    assert fault(master.write(1, 7, [1])) is BusFault.SILENT
    assert [data[1] for _, data in wire.requests] == [3]


REFUSAL = b"\x01\x83\x02"

# --- time -----------------------------------------------------------------------------------------------------------


def test_gaps_are_kept(slave: Slave) -> None:
    """3.5 characters between two frames, more where it is set."""
    for baud, gap_s in ((9600, 3.5 * 11 / 9600), (115200, 0.00175)):
        wire = Wire(slave, baud)
        master = master_of(wire)
        master.read(1, 3, 0, 2)
        done = wire.now
        master.read(1, 3, 0, 3)
        assert wire.requests[1][0] - done == pytest.approx(gap_s, abs=1e-6)
    wire = Wire(slave)
    master = master_of(wire, gap_s=0.1)
    master.read(1, 3, 0, 2)
    done = wire.now
    master.read(1, 3, 0, 3)
    assert wire.requests[1][0] - done == pytest.approx(0.1, abs=1e-6)


def test_two_blocks_take_less_than_200_ms(master: ModbusMaster, wire: Wire) -> None:
    """14 and 6 registers at 9600 baud, once the line is in step."""
    master.read(1, 4, 0, 2)
    before = wire.now
    master.read(1, 4, 0, 14)
    master.read(1, 4, 40, 6)
    assert wire.now - before < 0.2


def test_the_first_request_waits_for_silence(master: ModbusMaster, wire: Wire) -> None:
    """Whatever another program left on the line is over before we speak."""
    wire.put(0.0, b"leftover")
    wire.put(0.9, b"more")
    started = wire.now
    assert master.read(1, 3, 0, 2) == right(1, 3, 0, 2)
    assert wire.requests[0][0] - started >= 1.9


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(lambda reply: [], id="silence"),
        pytest.param(lambda reply: [Piece(0.0, reply[:-1])], id="cut"),
        pytest.param(lambda reply: [Piece(0.0, reply[:3])], id="cut short"),
        pytest.param(lambda reply: [Piece(0.0, reply[:-1] + b"\x00")], id="wrong CRC"),
        pytest.param(lambda reply: [Piece(0.0, b"\x00" + reply)], id="noise before"),
        pytest.param(lambda reply: [Piece(0.0, bytes(len(reply)))], id="zeros"),
        pytest.param(lambda reply: [Piece(0.0, b"\x55" * 300)], id="garbage"),
        pytest.param(lambda reply: [Piece(0.7, reply)], id="late"),
        pytest.param(lambda reply: [Piece(0.0, _answer(2, reply))], id="another device"),
        pytest.param(
            lambda reply: [Piece(0.0, b"\x01\x83\x02" + check_sum(b"\x01\x83\x02") + b"x")], id="long refusal"
        ),
    ],
)
def test_after_any_error_the_line_is_silent_for_a_second(master: ModbusMaster, wire: Wire, pieces: Any) -> None:
    """The exchange fails, the next request waits for a second of silence, and then all is well."""
    master.read(1, 3, 0, 2)
    wire.disturb = pieces
    assert isinstance(master.read(1, 3, 0, 4), BusFailure)
    wire.disturb = clean
    ended = wire.now
    assert master.read(1, 3, 30, 4) == right(1, 3, 30, 4)
    assert wire.requests[-1][0] - ended >= 1.0


def _answer(address: int, reply: bytes) -> bytes:
    other = bytes((address,)) + reply[1:-2]
    return other + check_sum(other)


def test_a_late_reply_is_never_the_next_answer(master: ModbusMaster, wire: Wire) -> None:
    """The trap of RTU: 0.7 s late with a time-out of 0.6 s, then another register of the same length."""
    master.read(1, 4, 0, 2)
    wire.disturb = lambda reply: [Piece(0.7, reply)]
    assert fault(master.read(1, 4, 10, 2)) is BusFault.SILENT
    wire.disturb = clean
    assert master.read(1, 4, 20, 2) == right(1, 4, 20, 2)


def test_a_reply_that_is_very_late_does_not_fit_another_length(master: ModbusMaster, wire: Wire) -> None:
    """After the second of silence only its length tells it from the next answer."""
    master.read(1, 4, 0, 2)
    wire.disturb = lambda reply: [Piece(2.5, reply)]
    assert fault(master.read(1, 4, 10, 2)) is BusFault.SILENT
    wire.disturb = clean
    results = [master.read(1, 4, 20, 3) for _ in range(3)]
    assert fault(results[0]) is not None
    assert results[-1] == right(1, 4, 20, 3)


def test_a_doubled_reply_is_seen_before_the_next_request(master: ModbusMaster, wire: Wire) -> None:
    """The first copy counts; the second one makes us wait."""
    master.read(1, 4, 0, 2)
    wire.disturb = lambda reply: [Piece(0.0, reply), Piece(0.0, reply)]
    assert master.read(1, 4, 10, 2) == right(1, 4, 10, 2)
    wire.disturb = clean
    ended = wire.now
    assert master.read(1, 4, 20, 2) == right(1, 4, 20, 2)
    assert wire.requests[-1][0] - ended >= 1.0


def test_a_line_that_never_falls_silent(master: ModbusMaster, wire: Wire) -> None:
    """It is given up after some seconds, with a word about A and B; and is tried again."""
    for tenth in range(100):
        wire.put(tenth / 10, b"\x00")
    started = wire.now
    result = master.read(1, 3, 0, 2)
    assert isinstance(result, BusFailure)
    assert (result.failure.cause, wire.requests) == ("the line never falls silent", [])
    assert "A and B" in result.failure.remedy
    assert 5.0 <= wire.now - started <= 6.0
    assert master.read(1, 3, 0, 2) == right(1, 3, 0, 2)


# --- echo and unplugging --------------------------------------------------------------------------------------------


def test_an_adapter_that_hears_us(slave: Slave) -> None:
    """Its echo is dropped, for reads of every length, writes and refusals; function 6 waits for the second copy."""
    wire = Wire(slave, echo=True)
    master = master_of(wire)
    for count in (1, 2, 3, 20):
        assert master.read(1, 3, 4, count) == right(1, 3, 4, count)
    assert fault(master.read(1, 4, 60, 10)) is BusFault.REFUSED
    assert fault(master.read(1, 4, 60, 5)) is BusFault.REFUSED
    assert master.write(1, 9, [900]) is None
    assert master.write(1, 10, [1, 2, 3, 4]) is None
    assert slave.registers[3][9] == 900
    slave.address = 2
    assert fault(master.write(1, 9, [901])) is BusFault.SILENT
    assert slave.registers[3][9] == 900


def test_an_echo_alone_is_no_answer(slave: Slave) -> None:
    """Nobody is there but ourselves, and that is said; a write is not taken for done."""
    wire = Wire(lambda request: None, echo=True)
    master = master_of(wire)
    result = master.read(1, 3, 4, 2)
    assert isinstance(result, BusFailure)
    assert result.failure.cause == "no answer, only our own echo"
    assert fault(master.write(1, 4, [5])) is BusFault.SILENT
    assert fault(master_of(Wire(lambda request: None, echo=True)).write(1, 4, [5])) is BusFault.SILENT
    assert fault(master.write(1, 4, [5, 6])) is BusFault.SILENT


def test_a_reply_that_begins_like_its_request_is_no_echo() -> None:
    """Register 0x0200 with the value 0: address, function, 02 00 00 on both ways."""
    wire = Wire(Slave(1, {3: {0x0200: 0}}))
    assert master_of(wire).read(1, 3, 0x0200, 1) == (0,)


def test_a_damaged_echo_is_an_error(slave: Slave) -> None:
    """Half an echo, then silence."""
    wire = Wire(lambda request: request[:6])
    assert fault(master_of(wire).read(1, 3, 4, 1)) is BusFault.GARBLED


def test_unplugged_and_plugged_again(master: ModbusMaster, wire: Wire) -> None:
    """The failure is the port's own, at every moment; afterwards the line is in step again by itself."""
    master.read(1, 3, 0, 2)
    wire.plugged = False
    result = master.read(1, 3, 0, 2)
    assert isinstance(result, BusFailure)
    assert (result.fault, result.failure.cause) == (BusFault.PORT, "the device is gone")
    wire.plugged = True
    assert master.read(1, 3, 0, 2) == right(1, 3, 0, 2)


class Dying:
    """A line that dies at the nth call."""

    def __init__(self, wire: Wire, calls: int) -> None:
        self.device, self.baud, self.wire, self.calls = wire.device, wire.baud, wire, calls

    def _count(self) -> None:
        self.calls -= 1
        self.wire.plugged = self.calls > 0

    def write(self, data: bytes) -> DeviceFailure | None:
        self._count()
        return self.wire.write(data)

    def read(self, most: int, within_s: float) -> bytes | DeviceFailure:
        self._count()
        return self.wire.read(most, within_s)

    def close(self) -> None:
        self.wire.close()


@pytest.mark.parametrize("echo", [False, True])
@pytest.mark.parametrize("calls", range(1, 12))
def test_it_may_die_at_any_moment(slave: Slave, calls: int, echo: bool) -> None:
    """A failure or a right value, never another one."""
    wire = Wire(slave, echo=echo)
    wire.put(0.0, b"x")
    dying = Dying(wire, calls)
    result = ModbusMaster(dying, monotonic=wire.monotonic).read(1, 3, 4, 2)
    assert fault(result) is BusFault.PORT or result == right(1, 3, 4, 2)


# --- disturbed ------------------------------------------------------------------------------------------------------

READS = ((1, 4, 0, 14), (1, 4, 40, 6), (1, 3, 20, 2), (2, 4, 0, 14), (2, 4, 40, 6), (2, 4, 6, 1))
"""Each of a device and a function has another length."""


def disturbed(seed: int, exchanges: int, echo: bool = False, **settings: Any) -> tuple[int, int]:
    """Right and wrong values accepted."""
    rng = random.Random(seed)
    wire = Wire(bus(Slave(1, registers(1)), Slave(2, registers(2))), echo=echo)
    wire.disturb = disturber(rng)
    reads = settings.pop("reads", READS)
    master = master_of(wire, **settings)
    well = wrong = 0
    for _ in range(exchanges):
        read = rng.choice(reads)
        result = master.read(*read)
        if not isinstance(result, BusFailure):
            well += result == right(*read)
            wrong += result != right(*read)
    return well, wrong


@pytest.mark.parametrize("echo", [False, True])
def test_no_wrong_value_in_2_000_disturbed_exchanges(echo: bool) -> None:
    """Cut, flipped, doubled, late, lost, prefixed, replaced: a value is right or there is none."""
    well, wrong = disturbed(1, 2000, echo)
    assert wrong == 0
    assert well > 600


def test_the_judge_sees_wrong_values() -> None:
    """Without the silence, and with reads of one length, the same wire does give wrong values."""
    alike = ((1, 4, 0, 2), (1, 4, 10, 2), (1, 4, 20, 2))
    _, wrong = disturbed(1, 2000, quiet_s=0.001, reads=alike)
    assert wrong > 0
