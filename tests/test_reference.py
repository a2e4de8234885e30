"""The reference pages say what the tables say that the station reads."""

from __future__ import annotations

from pathlib import Path

from drivers.board_protocol import FROM_BOARD, MEASURANDS, TO_BOARD, check
from ocpp16.configuration.keys import core_keys
from ocpp16.messages.types import Measurand
from ocpp16.product import Product
from tests import reference_board, reference_journal
from tests.reference import page

DOCS = Path(__file__).parent.parent / "docs"
PAGE = DOCS / "configuration-keys.md"


def test_the_page_is_up_to_date() -> None:
    """docs/configuration-keys.md is what `make docs` would write."""
    assert PAGE.read_text(encoding="utf-8") == page(Product()), "run `make docs`"


def test_every_key_has_its_row() -> None:
    """No key of the product is missing from the page."""
    text = PAGE.read_text(encoding="utf-8")
    assert [key.name for key in core_keys(Product()).values() if f"| `{key.name}` |" not in text] == []


def test_the_board_socket_page_knows_every_word() -> None:
    """docs/board-socket.md names each message in its direction, and each of its fields."""
    rows = [line.split("|") for line in (DOCS / "board-socket.md").read_text(encoding="utf-8").splitlines()]
    page_rows = {(row[1].strip(), row[2].strip().strip("`")): row[3] for row in rows if len(row) > 4}
    for direction, table in (("board →", FROM_BOARD), ("→ board", TO_BOARD)):
        for message, fields in table.items():
            assert (direction, message) in page_rows, message
            assert [name for name in fields if name not in page_rows[direction, message]] == [], message


def test_16_the_packets_are_up_to_date() -> None:
    """docs/board-socket.md has each packet as the tables of the protocol have it."""
    text = (DOCS / "board-socket.md").read_text(encoding="utf-8")
    assert text == reference_board.into(text), "run `make docs`"
    assert text.count("### board → ") == len(FROM_BOARD) and text.count("### → board ") == len(TO_BOARD)


def test_16_each_example_is_a_packet() -> None:
    """Both sides would take it, and it shows every field that there is."""
    for _, direction, table in reference_board.TABLES:
        assert table.keys() == reference_board.EXAMPLES[direction].keys()
        for kind, example in reference_board.EXAMPLES[direction].items():
            assert check({"type": kind, **example}, direction)["type"] == kind
            assert example.keys() == table[kind].keys(), kind


def test_16_measurands_are_those_of_ocpp() -> None:
    """§7.31: the board's words are the Central System's."""
    assert set(MEASURANDS) == {str(measurand) for measurand in Measurand}


def test_16_the_peer_is_short() -> None:
    """A board to begin with, on one page."""
    assert len((DOCS / "board_peer.py").read_text(encoding="utf-8").splitlines()) <= 60


def test_13_the_journal_pages_are_up_to_date() -> None:
    """The catalog and the table of docs/journal.md are what `make docs` would write."""
    text = (DOCS / "journal.md").read_text(encoding="utf-8")
    assert text == reference_journal.into(text), "run `make docs`"
    assert (DOCS.parent / "systemd/evsed.catalog").read_text(encoding="utf-8") == reference_journal.catalog_file()
