"""Where in a valid TOML file each key stands, at any depth: for messages that name the line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

Path = tuple[str, ...]
"""E.g. ("connector", "1", "pilot", "adc", "bus")."""

_PART: Final = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_DOTTED: Final = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEAD: Final = re.compile(rf"\s*\[{{1,2}}\s*({_DOTTED})\s*\]{{1,2}}\s*(#.*)?$")
_ENTRY: Final = re.compile(rf"\s*({_DOTTED})\s*=")
_INLINE: Final = re.compile(rf"[{{,]\s*({_DOTTED})\s*=")
_STRING: Final = re.compile(r'"""|\'\'\'')


class Places:
    """The lines of a text."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Path, int] = {}
        for path, number in _walk(text):
            for depth in range(1, len(path) + 1):
                self._lines.setdefault(path[:depth], number)

    def line(self, *path: str) -> int:
        """Line (from 1) of this key or table, or of the nearest one above it; 0: not found at all."""
        for depth in range(len(path), 0, -1):
            if path[:depth] in self._lines:
                return self._lines[path[:depth]]
        return 0


def _walk(text: str) -> Iterator[tuple[Path, int]]:
    table: Path = ()
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not inside:
            head, entry = _HEAD.match(line), _ENTRY.match(line)
            if head:
                table = _split(head.group(1))
                yield table, number
            elif entry:
                key = (*table, *_split(entry.group(1)))
                yield key, number
                for inner in _INLINE.finditer(line, entry.end()):
                    yield (*key, *_split(inner.group(1))), number
        for quotes in _STRING.findall(line):  # what looks like a key inside a multi-line string is none
            inside = "" if inside == quotes else inside or quotes


def _split(dotted: str) -> Path:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
