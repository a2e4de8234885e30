"""A TOML file with the lines on which its keys stand, and the known name that a misspelt one may have meant.

The board reads its configuration without any code of evsed; both answer alike, which a test compares.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, NamedTuple

from drivers.board_file import toml_words

_KEY: Final = r"""("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_HEAD: Final = re.compile(rf"\s*\[{{1,2}}\s*{_KEY}\s*\]{{1,2}}\s*(#.*)?$")
_ENTRY: Final = re.compile(rf"\s*{_KEY}(?:\s*\.\s*{_KEY})?\s*=")


class TomlRefused(Exception):
    """Not valid TOML: where and why."""

    def __init__(self, mistake: toml_words.Mistake) -> None:
        super().__init__(f"not valid TOML: {mistake.what[:200]}")
        self.line = mistake.line
        """From 1; 0: not known."""


class Toml(NamedTuple):
    """A file that was read."""

    content: dict[str, Any]
    lines: dict[tuple[str, str], int]
    """See `line_numbers`."""
    text: str = ""

    def line(self, section: str, name: str) -> int:
        """Line (from 1) of a key in a section, or with section "" of a key or section outside of any; 0: not found."""
        return self.lines.get((section, name) if section else (name, ""), 0)


def _content(path: Path) -> bytes:
    """Nobody waits for the writer of a FIFO, and a device has no end.  Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "is not a regular file", str(path))
        return file.read()


def read_toml(path: Path) -> Toml:
    """OSError where it cannot be read; TomlRefused where it is not valid TOML."""
    text = ""
    try:
        text = _content(path).decode()
        return Toml(tomllib.loads(text), line_numbers(text), text)
    except UnicodeDecodeError as error:
        mistake = toml_words.of_bytes(error)
    except ValueError as error:
        mistake = toml_words.of_text(text, str(error))
    except RecursionError:
        mistake = toml_words.Mistake(0, "nested too deeply")
    raise TomlRefused(mistake)


def line_numbers(text: str) -> dict[tuple[str, str], int]:
    """Line (from 1) of each `[table]` as (table, "") and of each key as (table, key), in valid TOML.

    A key outside of any table is (key, ""); `a.b = 1` there is (a, b).  Deeper nesting is not reported.  Of a name that
    occurs twice the first line counts.
    """
    lines: dict[tuple[str, str], int] = {}
    table, inside = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        head, entry = (None, None) if inside else (_HEAD.match(line), _ENTRY.match(line))
        if head:
            table = _bare(head.group(1))
            lines.setdefault((table, ""), number)
        elif entry:
            first, second = _bare(entry.group(1)), _bare(entry.group(2) or "")
            lines.setdefault((table, first) if table else (first, second), number)
            lines.setdefault((table or first, ""), number)
        for quotes in re.findall(r'"""|\'\'\'', line):  # what looks like a key inside a multi-line string is none
            inside = "" if inside == quotes else inside or quotes
    return lines


def _bare(name: str) -> str:
    return name.strip("\"'")


def nearest(name: str, known: Iterable[str]) -> str:
    """The entry of `known` that is most similar to `name`, upper and lower case being equal; "" if none is similar."""
    folded = {entry.lower(): entry for entry in known}
    found = get_close_matches(name.lower(), list(folded), n=1)
    return folded[found[0]] if found else ""
