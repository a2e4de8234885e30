"""`meter read`: exactly the fields that the meter has, and where it keeps silent what to change."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.bench import meters
from drivers.bench.findings import Bench
from drivers.devices import DeviceFailure, MeterSample, Reading
from drivers.driver_table import Driver, SerialSettings
from tests.drivers.bench.stand import BOARD, Stand
from tests.drivers.meters.exchanges import EXCHANGES, SDM120, SDM120_AS_JSON
from tests.drivers.ports.wire import Piece


@pytest.fixture
def stand() -> Stand:
    stand = Stand()
    stand.ports.answer = SDM120.get
    return stand


def test_a_reading(stand: Stand) -> None:
    """The fields of the interface, in its order."""
    assert list(meters.read(stand.bench)) == [SDM120_AS_JSON]


def test_what_the_meter_has_not_is_absent() -> None:
    """The first SDM72 has energy and power only."""
    stand = Stand(BOARD.replace('"sdm120"', '"sdm72"'))
    frames = EXCHANGES["sdm72"].frames
    stand.ports.answer = {bytes.fromhex(request): bytes.fromhex(reply) for request, reply in frames}.get
    (found,) = meters.read(stand.bench)
    assert found == {"connector": 1, "driver": "sdm72", "wh": 77100, "watts": [7412.0], "serial": "19000001"}


def test_silence(stand: Stand) -> None:
    """No answer with any settings: address, wires, supply."""
    stand.ports.answer = lambda request: None
    (found,) = meters.read(stand.bench)
    assert (found["connector"], found["problem"]) == (1, "no answer")
    assert "A and B" in found["advice"]
    assert found["expected"] == "a sdm120 at address 1 of /dev/serial/by-id/usb-x, 9600 baud, parity N"
    assert "wh" not in found
    assert {settings.baud for _, settings in stand.ports.lines} == {2400, 4800, 9600}


@pytest.mark.parametrize(("baud", "parity"), [(2400, "N"), (9600, "E"), (4800, "O")])
def test_wrong_settings_are_found(stand: Stand, baud: int, parity: str) -> None:
    """It says with which baud and parity the meter does answer, and where to write them."""
    stand.ports.speaks = SerialSettings(baud, parity, 1)
    (found,) = meters.read(stand.bench)
    assert found["problem"] == "no answer"
    assert f"it answers at {baud} baud, parity {parity}" in found["advice"]
    assert f'baud = {baud} and parity = "{parity}" into [bus.rs485]' in found["advice"]


def test_damage_is_tried_again(stand: Stand) -> None:
    """One bad reply is no finding; a line that damages everything is, and says so."""
    damages = iter([True] + [False] * 100)

    def once(reply: bytes) -> list[Piece]:
        return [Piece(0.0, reply[:-1] if next(damages) else reply)]

    serial = stand.ports.serial

    def damaging(path: str, settings: SerialSettings, direction: str) -> Any:
        line = serial(path, settings, direction)
        line.disturb = once
        return line

    stand.ports.serial = damaging  # type: ignore[method-assign]
    assert "wh" in next(iter(meters.read(stand.bench)))
    damages = iter([True] * 100)
    (found,) = meters.read(stand.bench)
    assert "a damaged answer" in found["problem"]
    assert "baud and parity" in found["advice"]


def test_no_meter_in_the_file() -> None:
    """Which section to write."""
    text = BOARD.replace('[connector.1.meter]\ndriver = "sdm120"\nbus = "rs485"\naddress = 1\n', "")
    from drivers.board_file.model import PartsBoard

    board = Stand().bench.board
    bare: PartsBoard = board._replace(connectors=tuple(each._replace(parts={}) for each in board.connectors))
    assert text != BOARD
    stand = Stand()
    (found,) = meters.read(stand.bench._replace(board=bare))
    assert found["problem"] == "there is no meter in the board file"


class Foreign:
    """A meter of another make."""

    polls = 0
    serial = "77"

    def __init__(self, reading: Reading | DeviceFailure) -> None:
        self.reading = reading

    def poll(self) -> float:
        self.polls += 1
        return 1.0

    def latest(self, now: float) -> MeterSample:
        return MeterSample(now, self.reading)


@pytest.mark.parametrize("silent", [True, False])
def test_a_meter_from_elsewhere(stand: Stand, silent: bool) -> None:
    """What every meter promises."""
    reading: Reading | DeviceFailure = DeviceFailure("m", "no answer", "look") if silent else Reading(12.4, (230.0,))
    connector = stand.bench.board.connectors[0]
    part = connector.parts["meter"]._replace(driver="acme", entry=Driver(lambda: Foreign(reading), {}, {}), values={})
    board = stand.bench.board._replace(
        connectors=(connector._replace(parts={**connector.parts, "meter": part}),),
    )
    bench: Bench = stand.bench._replace(board=board)
    (found,) = meters.read(bench)
    if silent:
        assert found == {"connector": 1, "expected": "a acme", "problem": "no answer", "advice": "m: look"}
    else:
        assert found == {"connector": 1, "driver": "acme", "wh": 12, "volts": [230.0], "serial": "77"}
