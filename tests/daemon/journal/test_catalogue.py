"""The catalogue of notes is complete: every code that is logged has its text, and nothing else is in it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest

from daemon.journal.catalogue import CATALOGUE, DEBUG, ERROR
from daemon.step_executor import LOGGED_BY_LINK

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


class LiteralNote(NamedTuple):
    """A call that makes a note under a code that is written there."""

    where: str
    code: str
    fields: frozenset[str] | None
    """None: they are not written there."""


NOTERS = frozenset({"note", "Note", "log", "_log", "_log_link"})


def literal_notes(text: str, file: str) -> Iterator[LiteralNote]:
    """Every call `note("code", name=…)`, `Note("code", {…})`, `_log("code", {…})` of a file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and node.args and _name(node.func) in NOTERS:
            for code in _literals(node.args[0]):
                yield LiteralNote(f"{file}:{node.lineno}", code, _fields(node))


def _literals(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*_literals(node.body), *_literals(node.orelse))


def _fields(call: ast.Call) -> frozenset[str] | None:
    named = [keyword.arg for keyword in call.keywords]
    for more in call.args[1:]:
        if not isinstance(more, ast.Dict) or not all(isinstance(key, ast.Constant) for key in more.keys):
            return None
        named += [key.value for key in more.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return None if None in named else frozenset(name for name in named if name is not None)


def flaws(notes: Iterable[LiteralNote]) -> list[str]:
    """What the catalogue does not know, and what its texts would show as "-"."""
    found = []
    for note in notes:
        if note.code in LOGGED_BY_LINK and note.where.startswith("ocpp16/"):
            continue
        entry = CATALOGUE.get(note.code)
        if entry is None:
            found.append(f"{note.where}: {note.code} is not in the catalogue")
        elif note.fields is not None:
            wanted = {name for text in (entry.text, entry.failure) for _, name, _, _ in Formatter().parse(text) if name}
            found += [f"{note.where}: {note.code} without {name}" for name in sorted(wanted - note.fields)]
    return found


def test_b14_each_literal_note_fits_the_catalogue() -> None:
    """Its code is known, whatever its form, and each field of its text is given."""
    files = [file for top in ("ocpp16", "daemon") for file in (ROOT / top).rglob("*.py")]
    notes = [note for file in files for note in literal_notes(file.read_text(), file.relative_to(ROOT).as_posix())]
    assert len(notes) > 80
    assert flaws(notes) == []


@pytest.mark.parametrize(
    "line", ['context.note("unplugd", connector=1)', 'context.note("unlock-failed", connector=1)',
             'Note("plugged" if x else "fault-of", {"connector": 1})', 'self._log("link-up", {"uri": 1})'],
)  # fmt: skip
def test_b14_a_note_that_does_not_fit_is_found(line: str) -> None:
    """A misspelt code, with and without a hyphen; a field that is missing or misspelt."""
    assert len(flaws(literal_notes(line, "x.py"))) == 1


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
