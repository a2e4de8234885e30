"""docs/settings.md has every key that is read, and no other."""

from __future__ import annotations

import ast
from pathlib import Path

from daemon.config.keys import SECTIONS
from tests.reference_settings import BOARD, WHAT, board_tables, page

ROOT = Path(__file__).parent.parent


def used(package: str, tables: tuple[str, ...]) -> set[str]:
    """Names that this package takes out of something: attributes and texts, those of the tables of keys excepted."""
    found: set[str] = set()
    for file in (ROOT / package).rglob("*.py"):
        if file.relative_to(ROOT).as_posix() in tables:
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute):
                found.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_13_the_page_is_up_to_date() -> None:
    """docs/settings.md is what `make docs` would write."""
    assert (ROOT / "docs/settings.md").read_text(encoding="utf-8") == page(), "run `make docs`"


def test_13_every_key_is_documented_and_every_documented_one_exists() -> None:
    """Both ways, for both files."""
    assert set(WHAT) == {f"{section}.{name}" for section, keys in SECTIONS.items() for name in keys}
    assert set(BOARD) == {name for table in board_tables().values() for name in table}
    assert all(WHAT.values()) and all(BOARD.values())


def test_13_every_documented_key_is_read() -> None:
    """Its value is taken somewhere out of the table that was checked."""
    keys = {name for section in SECTIONS.values() for name in section}
    assert keys - used("daemon", ("daemon/config/keys.py", "daemon/config/model.py")) == set()
    assert set(BOARD) - used("drivers", ("drivers/board_file/file_keys.py",)) == set()
