"""Cards between thread and loop: once per presentation, proved by two sightings, and a reader that hangs is lost."""

from __future__ import annotations

import pytest

from drivers.devices import DeviceFailure
from drivers.readers.card_mailbox import Card, CardMailbox
from drivers.readers.id_tags import IdFormat

LOST = DeviceFailure("reader", "no answer", "look")


@pytest.fixture
def mailbox() -> CardMailbox:
    return CardMailbox("reader", IdFormat(prefix="P"))


def test_two_sightings_make_a_card(mailbox: CardMailbox) -> None:
    """The first asks for another; then it is there, once."""
    assert mailbox.saw(1.0, "0a") is True
    assert mailbox.read(1.0) is None
    assert mailbox.saw(1.1, "0a") is False
    assert mailbox.read(1.2) == "P0A"
    assert mailbox.read(1.2) is None
    assert mailbox.wake_at == pytest.approx(1.22)


def test_sightings_that_differ_or_are_far_apart_prove_nothing(mailbox: CardMailbox) -> None:
    """A damaged number is not seen twice in half a second."""
    for at, raw in ((1.0, "0a"), (1.1, "0b"), (1.2, "0a"), (1.8, "0a")):
        assert mailbox.saw(at, raw) is True
    assert mailbox.read(2.0) is None


def test_a_card_that_stays_is_one_presentation(mailbox: CardMailbox) -> None:
    """Away for 0.8 s, it is a new one; another card in between does not make it new."""
    for tenth in range(30):
        mailbox.saw(1.0 + tenth / 10, "0a")
    mailbox.saw(3.95, "0b")
    mailbox.saw(4.0, "0b")
    mailbox.saw(4.05, "0a")
    assert [mailbox.read(5.0) for _ in range(3)] == ["P0A", "P0B", None]
    mailbox.saw(4.9, "0a")
    mailbox.saw(5.0, "0a")
    assert mailbox.read(5.0) == "P0A"


def test_without_need_of_proof() -> None:
    """One sighting is enough where the line has check sums of its own."""
    mailbox = CardMailbox("reader", IdFormat(), sightings=1)
    assert mailbox.saw(1.0, "0a") is False
    assert mailbox.take(1.0) == Card("0A", "0A")


def test_a_number_that_becomes_no_id_tag(mailbox: CardMailbox) -> None:
    """The bench sees what was read; the host nothing."""
    long = "0" * 20
    mailbox.saw(1.0, long)
    mailbox.saw(1.1, long)
    assert mailbox.take(1.1) == Card("", long)
    mailbox.saw(3.0, long)
    mailbox.saw(3.1, long)
    assert mailbox.read(3.1) is None


def test_failures_last_until_it_works(mailbox: CardMailbox) -> None:
    """A card that was read before is told first."""
    mailbox.saw(1.0, "0a")
    mailbox.saw(1.1, "0a")
    mailbox.failed(1.2, LOST)
    assert mailbox.read(1.3) == "P0A"
    assert mailbox.read(1.3) == LOST
    mailbox.works(2.0)
    assert mailbox.read(2.0) is None


def test_a_thread_that_hangs_is_a_lost_reader(mailbox: CardMailbox) -> None:
    """Ten seconds without a sign of life; none is awaited before it began."""
    assert mailbox.read(100.0) is None
    mailbox.works(100.0)
    assert mailbox.read(110.0) is None
    failure = mailbox.read(110.1)
    assert isinstance(failure, DeviceFailure)
    assert failure.cause == "it hangs"


def test_cards_that_nobody_fetches_are_bounded(mailbox: CardMailbox) -> None:
    """The oldest are dropped."""
    for number in range(20):
        mailbox.saw(float(number), f"{number:02x}")
        mailbox.saw(number + 0.1, f"{number:02x}")
    assert [mailbox.read(20.0) for _ in range(9)] == [*(f"P{number:02X}" for number in range(12, 20)), None]
