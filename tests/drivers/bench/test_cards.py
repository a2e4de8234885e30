"""`rfid read`: a card as read and as sent, no card, a lost reader, no reader."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.bench import cards
from drivers.devices import DeviceFailure
from drivers.driver_table import Driver
from drivers.readers.card_mailbox import Card
from tests.drivers.bench.stand import Stand


class Reader:
    """Answers `shows`, after `waits` looks."""

    def __init__(self, shows: Card | DeviceFailure | None, waits: int = 3) -> None:
        self.shows, self.waits = shows, waits

    def poll(self) -> float:
        return 3600.0

    def take(self, now: float) -> Card | DeviceFailure | None:
        self.waits -= 1
        return None if self.waits > 0 else self.shows


class Button:
    """A reader without digits of its own."""

    def read(self, now: float) -> str | DeviceFailure | None:
        return "BUTTON"


def with_reader(stand: Stand, reader: Any, connector: bool = False) -> Any:
    board = stand.bench.board
    part = board.station["reader"]._replace(driver="acme", entry=Driver(lambda: reader, {}, {}), values={})
    if not connector:
        return stand.bench._replace(board=board._replace(station={"reader": part}))
    first = board.connectors[0]._replace(parts={"reader": part._replace(where="connector.1.reader")})
    return stand.bench._replace(board=board._replace(station={}, connectors=(first,)))


@pytest.fixture
def stand() -> Stand:
    return Stand()


def test_a_card(stand: Stand) -> None:
    """The fields of the interface; with the connector where the reader is its own."""
    card = Card("04A2B9C1", "04A2B9C1")
    assert cards.read(with_reader(stand, Reader(card)), 5.0) == {
        "id_tag": "04A2B9C1",
        "raw": "04A2B9C1",
        "driver": "acme",
    }
    assert cards.read(with_reader(stand, Reader(card), connector=True), 5.0)["connector"] == 1
    assert cards.read(with_reader(stand, Button()), 5.0)["raw"] == "BUTTON"


def test_the_real_driver_in_its_thread(stand: Stand) -> None:
    """An RDM6300 of the board file; its frames come over the line."""
    from tests.drivers.readers.test_rdm6300 import FRAME

    serial = stand.ports.serial

    def present(path: str, settings: Any, direction: str) -> Any:
        line = serial(path, settings, direction)
        line.put(0.0, FRAME + FRAME)
        return line

    stand.ports.serial = present  # type: ignore[method-assign]
    found = cards.read(stand.bench, 3600.0)
    assert found == {"id_tag": "01026F6C3A", "raw": "01026F6C3A", "driver": "rdm6300"}


def test_a_number_that_makes_no_id_tag(stand: Stand) -> None:
    """What was read is shown, and what to change."""
    found = cards.read(with_reader(stand, Reader(Card("", "0" * 20))), 5.0)
    assert found["raw"] == "0" * 20
    assert "prefix" in found["advice"]


def test_no_card(stand: Stand) -> None:
    """After its time."""
    found = cards.read(with_reader(stand, Reader(None)), 2.0)
    assert found["problem"] == "no card within 2 s"
    assert 2.0 <= stand.clock() < 2.2


@pytest.mark.parametrize(("timeout_s", "ends_s"), [(30.0, 3.0), (1.0, 1.0)])
def test_a_lost_reader(stand: Stand, timeout_s: float, ends_s: float) -> None:
    """It is not waited for longer than it needs to be set up."""
    found = cards.read(with_reader(stand, Reader(DeviceFailure("r", "no answer", "look"))), timeout_s)
    assert found == {"driver": "acme", "problem": "no answer", "advice": "r: look"}
    assert ends_s <= stand.clock() < ends_s + 0.3


def test_no_reader(stand: Stand) -> None:
    """Which section to write."""
    bench = stand.bench._replace(board=stand.bench.board._replace(station={}))
    assert cards.read(bench, 5.0)["advice"] == "write a section [reader]"
