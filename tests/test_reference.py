"""The reference pages say what the tables say that the station reads."""

from __future__ import annotations

from pathlib import Path

from drivers.board_protocol import FROM_BOARD, TO_BOARD
from ocpp16.configuration.keys import core_keys
from ocpp16.product import Product
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
