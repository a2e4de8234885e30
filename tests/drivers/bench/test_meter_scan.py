"""`meter scan`: who answers at a bus and what spoke for it, within its time; nobody, noise, no bus."""

from __future__ import annotations

import struct

from drivers.bench import meter_scan
from tests.drivers.bench.stand import BOARD, Stand
from tests.drivers.ports.wire import Piece, Slave, bus, clean


def floats(*numbers: float) -> list[int]:
    return [word for number in numbers for word in struct.unpack(">2H", struct.pack(">f", number))]


def registers(first: int, words: list[int]) -> dict[int, int]:
    return dict(enumerate(words, first))


def test_devices_are_found_in_time() -> None:
    """Three kinds of answer, each with its reason; all 247 addresses in less than 400 s."""
    stand = Stand()
    sdm = Slave(1, {4: registers(0, floats(230.2, *[0.0] * 8)), 3: registers(0xFC02, [0x0020])})
    unknown = Slave(9, {3: registers(0, [1, 2])})
    stand.ports.answer = bus(sdm, unknown)
    began = stand.clock()
    found = list(meter_scan.scan(stand.bench))
    assert stand.clock() - began < 400
    assert found == [
        {"bus": "rs485", "address": 1, "driver": "sdm120", "because": "register FC02 says 0020"},
        {"bus": "rs485", "address": 9, "driver": None, "because": "it answers, and is no meter that is known"},
    ]


def test_nobody() -> None:
    """It says with which settings."""
    stand = Stand()
    (found,) = meter_scan.scan(stand.bench, "rs485")
    assert found["problem"] == "nobody answers at 9600 baud, parity N"
    assert "A and B" in found["advice"]


def test_noise_only() -> None:
    """What came is told, with what it means."""
    stand = Stand()
    stand.ports.answer = lambda request: bytes(7) if request[0] == 5 else None
    (found,) = meter_scan.scan(stand.bench)
    assert "damaged" in found["problem"]
    assert "A and B are swapped" in found["advice"]


def test_a_damaged_answer_is_asked_for_again() -> None:
    """The device is found all the same."""
    stand = Stand()
    stand.ports.answer = bus(Slave(3, {3: registers(0, [1, 2])}))
    serial = stand.ports.serial
    damages = iter([True] + [False] * 1000)

    def damaging(path, settings, direction):  # type: ignore[no-untyped-def]
        line = serial(path, settings, direction)
        line.disturb = lambda reply: [Piece(0.0, reply[:-1])] if next(damages) else clean(reply)
        return line

    stand.ports.serial = damaging  # type: ignore[method-assign]
    assert [found["address"] for found in meter_scan.scan(stand.bench)] == [3]


def test_the_port_itself_fails() -> None:
    """One finding, at once."""
    stand = Stand()
    serial = stand.ports.serial

    def unplugged(path, settings, direction):  # type: ignore[no-untyped-def]
        line = serial(path, settings, direction)
        line.plugged = False
        return line

    stand.ports.serial = unplugged  # type: ignore[method-assign]
    (found,) = meter_scan.scan(stand.bench)
    assert found["problem"] == "the device is gone"


def test_no_such_bus() -> None:
    """By name, or none at all."""
    (found,) = meter_scan.scan(Stand().bench, "rs232")
    assert found["problem"] == "there is no serial bus rs232 in the board file"
    assert BOARD
    stand = Stand()
    board = stand.bench.board._replace(buses={})
    (found,) = meter_scan.scan(stand.bench._replace(board=board))
    assert found["problem"] == "there is no serial bus in the board file"
