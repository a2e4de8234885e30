"""The reference page says what the key table says."""

from __future__ import annotations

from pathlib import Path

from ocpp16.product import Product
from ocpp16.profiles.core.keys import core_keys
from tests.reference import page

PAGE = Path(__file__).parent.parent / "docs/configuration-keys.md"


def test_the_page_is_up_to_date() -> None:
    """docs/configuration-keys.md is what `make docs` would write."""
    assert PAGE.read_text(encoding="utf-8") == page(Product()), "run `make docs`"


def test_every_key_has_its_row() -> None:
    """No key of the product is missing from the page."""
    text = PAGE.read_text(encoding="utf-8")
    assert [key.name for key in core_keys(Product()).values() if f"| `{key.name}` |" not in text] == []
