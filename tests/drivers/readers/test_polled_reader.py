"""One reader of any chip: what its search finds in the thread, the loop takes."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.readers.card_mailbox import CardMailbox
from drivers.readers.id_tags import IdFormat
from drivers.readers.polled_reader import PolledReader


class Chip:
    """Sees what stands in `sees`, at the second `now`."""

    device = "chip at /dev/x"

    def __init__(self) -> None:
        self.now = 1.0
        self.sees: str | DeviceFailure = "0a"

    def search(self, mailbox: CardMailbox) -> float:
        if isinstance(self.sees, DeviceFailure):
            mailbox.failed(self.now, self.sees)
            return 1.0
        return 0.0 if mailbox.saw(self.now, self.sees) else 0.5


def test_a_card_is_searched_for_in_the_thread_and_taken_by_the_loop() -> None:
    """Twice seen it is a card; `take` has its digits beside the idTag, and `wake_at` says when to look again."""
    reader = PolledReader(Chip(), IdFormat(prefix="P"))
    assert reader.poll() == 0.0
    assert reader.read(1.0) is None
    assert reader.poll() == 0.5
    assert reader.take(1.1) == ("P0A", "0A")
    assert reader.wake_at == pytest.approx(1.12)
    assert reader.read(1.2) is None


def test_one_sighting_is_enough_where_the_line_is_sure() -> None:
    """A chip whose numbers cannot be damaged on their way."""
    reader = PolledReader(Chip(), IdFormat(), sightings=1)
    assert reader.poll() == 0.5
    assert reader.read(1.0) == "0A"


def test_it_is_lost_under_the_name_of_its_chip() -> None:
    """What the search reports, and a thread that hangs."""
    chip = Chip()
    reader = PolledReader(chip, IdFormat())
    assert reader.device == chip.device
    chip.sees = DeviceFailure(chip.device, "no answer", "check its wiring")
    assert reader.poll() == 1.0
    assert reader.read(1.0) == chip.sees
    chip.sees = "0a"
    reader.poll()
    hangs = reader.read(20.0)
    assert isinstance(hangs, DeviceFailure)
    assert (hangs.device, hangs.cause) == (chip.device, "it hangs")
