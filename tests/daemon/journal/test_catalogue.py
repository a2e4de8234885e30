"""The catalogue of notes is complete: every code that is logged has its text, and nothing else is in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

from daemon.journal.catalogue import CATALOGUE, DEBUG, ERROR

ROOT = Path(__file__).parents[3]
LOGGERS = {"note", "Note", "log", "_log", "append"}
COMPOSED = {
    "boot-accepted",
    "boot-pending",
    "boot-rejected",
    "store-ok",
    "store-full",
    "store-unwritable",
    "link-closed",
}
"""Codes that are put together at run time."""


def codes_logged() -> Iterator[str]:
    """The constant codes of all calls that make notes."""
    for folder in ("ocpp16", "daemon"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and node.args and _name(node.func) in LOGGERS:
                    yield from _constants(node.args[0])
                elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[1], ast.Dict):
                    yield from _constants(node.elts[0])


def _name(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _constants(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "-" in node.value and node.value.islower():
        if not node.value.endswith("-") and " " not in node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _constants(node.body)
        yield from _constants(node.orelse)


def test_every_code_that_is_logged_has_a_text() -> None:
    """No note of the contract machine or the daemon is without a text."""
    logged = set(codes_logged())
    assert len(logged) > 30 and logged - set(CATALOGUE) == set()


def test_every_text_belongs_to_a_code_that_is_logged() -> None:
    """The catalogue holds no code that is never logged."""
    source = "\n".join(
        f.read_text() for top in ("ocpp16", "daemon") for f in (ROOT / top).rglob("*.py") if f.stem != "catalogue"
    )
    assert {code for code in CATALOGUE if f'"{code}"' not in source} - COMPOSED == set()


def test_texts_are_one_line_of_plain_words() -> None:
    """Each text is a line of printable ASCII with simple fields and a priority of syslog."""
    for code, entry in CATALOGUE.items():
        assert ERROR <= entry.priority <= DEBUG, code
        for text in (entry.text, entry.failure or entry.text):
            assert text.isascii() and text.isprintable(), code
            fields = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
            assert all(field.isidentifier() for field in fields), code
