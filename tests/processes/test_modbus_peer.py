"""The Modbus master against an independent server, pymodbus, over a line that disturbs: no wrong value is accepted."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.driver_table import SerialSettings
from drivers.ports.modbus import ModbusMaster
from drivers.ports.modbus_frames import BusFailure, BusFault
from drivers.ports.serial_port import SerialPort
from tests.drivers.ports.wire import Disturb, Piece, clean, disturber
from tests.processes.serial_line import SerialLine

pymodbus_server = pytest.importorskip("pymodbus.server")
pymodbus_data = pytest.importorskip("pymodbus.datastore")

SIZE = 200


def context() -> Any:
    """Two devices; each register tells its device and its number."""
    device = getattr(pymodbus_data, "ModbusDeviceContext", None) or pymodbus_data.ModbusSlaveContext
    devices = {}
    for address in (1, 2):
        numbers = [address * 10_000 + number for number in range(SIZE)]
        block = pymodbus_data.ModbusSequentialDataBlock  # its addresses begin at 1
        devices[address] = device(hr=block(1, numbers), ir=block(1, [each + 5000 for each in numbers]))
    try:
        return pymodbus_data.ModbusServerContext(devices=devices, single=False)
    except TypeError:
        return pymodbus_data.ModbusServerContext(slaves=devices, single=False)


def right(address: int, function: int, register: int, count: int) -> tuple[int, ...]:
    first = address * 10_000 + register + (5000 if function == 4 else 0)
    return tuple(range(first, first + count))


@pytest.fixture
def line(tmp_path: Path) -> Iterator[SerialLine]:
    line = SerialLine(tmp_path)
    loop = asyncio.new_event_loop()
    started = threading.Event()
    servers: list[Any] = []

    async def serve() -> None:
        server = pymodbus_server.ModbusSerialServer(
            context(), port=str(line.b.link), baudrate=19200, ignore_missing_devices=True
        )
        servers.append(server)
        await server.serve_forever(background=True)
        started.set()

    def run() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(10)
    yield line
    asyncio.run_coroutine_threadsafe(servers[0].shutdown(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()
    line.close()


@pytest.fixture
def master(line: SerialLine) -> Iterator[ModbusMaster]:
    master = ModbusMaster(SerialPort(str(line.a.link), SerialSettings(19200)), timeout_s=0.4)
    yield master
    master.close()


def test_functions_3_4_6_and_16(line: SerialLine, master: ModbusMaster) -> None:
    """The server that somebody else wrote understands us, and we it."""
    assert master.read(1, 3, 7, 5) == right(1, 3, 7, 5)
    assert master.read(2, 4, 0, 60) == right(2, 4, 0, 60)
    assert master.write(1, 20, [4711]) is None
    assert master.write(1, 21, [1, 2, 3]) is None
    assert master.read(1, 3, 20, 4) == (4711, 1, 2, 3)
    refused = master.read(1, 3, 5000, 2)
    assert isinstance(refused, BusFailure)
    assert (refused.fault, refused.code) == (BusFault.REFUSED, 2)


def test_a_late_reply_never_becomes_another_registers_value(line: SerialLine, master: ModbusMaster) -> None:
    """0.6 s late with a time-out of 0.4 s, then another register of the same length."""
    master.read(1, 4, 0, 2)
    line.disturb = lambda reply: [Piece(0.6, reply)]
    assert isinstance(master.read(1, 4, 30, 2), BusFailure)
    line.disturb = clean
    assert master.read(1, 4, 100, 2) == right(1, 4, 100, 2)


@pytest.mark.parametrize(
    "disturb",
    [
        pytest.param(lambda reply: [Piece(0.0, reply[:-2])], id="cut"),
        pytest.param(lambda reply: [Piece(0.0, reply), Piece(0.0, reply)], id="doubled"),
        pytest.param(lambda reply: [Piece(0.0, reply[:4]), Piece(0.05, reply[4:])], id="in pieces"),
        pytest.param(lambda reply: [Piece(0.0, reply[:3] + b"\xff" + reply[4:])], id="damaged"),
        pytest.param(lambda reply: [], id="lost"),
        pytest.param(lambda reply: [Piece(0.0, b"\x00\xff" + reply)], id="noise before"),
    ],
)
def test_each_disturbance_ends_with_itself(line: SerialLine, master: ModbusMaster, disturb: Disturb) -> None:
    """During it the right value or none; after it the right one, at the latest when the last piece has come."""
    master.read(1, 3, 0, 3)
    line.disturb = disturb
    for register in (10, 40):
        result = master.read(1, 3, register, 3)
        assert isinstance(result, BusFailure) or result == right(1, 3, register, 3)
    line.disturb = clean
    after = master.read(2, 3, 70, 3)
    if isinstance(after, BusFailure):  # a busy machine brings the second copy late
        after = master.read(2, 3, 70, 3)
    assert after == right(2, 3, 70, 3)


def test_a_line_with_echo(line: SerialLine, master: ModbusMaster) -> None:
    """Our own bytes before each reply."""
    line.echo = True
    assert master.read(1, 3, 7, 5) == right(1, 3, 7, 5)
    assert master.write(1, 20, [99]) is None
    assert master.read(1, 3, 20, 1) == (99,)


def test_a_seeded_mixture(line: SerialLine, master: ModbusMaster) -> None:
    """Some dozen exchanges with everything at once: no wrong value, and most of them right."""
    rng = random.Random(4)
    line.disturb = disturber(rng, 0.4)
    reads = ((1, 4, 0, 14), (1, 4, 50, 6), (2, 4, 0, 14), (2, 4, 50, 6))
    well = 0
    for _ in range(24):
        read = rng.choice(reads)
        result = master.read(*read)
        if not isinstance(result, BusFailure):
            assert result == right(*read)
            well += 1
    assert well >= 6
