"""Where things stand in a TOML text, and what a mistyped name may have meant.  No meaning of any key lives here."""

from __future__ import annotations

import re
from collections.abc import Sequence

_KEY = r"""("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_HEAD = re.compile(rf"\s*\[{{1,2}}\s*{_KEY}\s*\]{{1,2}}\s*(#.*)?$")
_ENTRY = re.compile(rf"\s*{_KEY}(?:\s*\.\s*{_KEY})?\s*=")


def line_numbers(text: str) -> dict[tuple[str, str], int]:
    """Line (from 1) of each `[table]` as (table, "") and of each key as (table, key), in a TOML text that parses.

    A key outside of any table is (key, ""); `a.b = 1` there is (a, b).  Depth beyond that is not looked for.
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
        for quotes in re.findall(r'"""|\'\'\'', line):  # a text over several lines hides what looks like keys
            inside = "" if inside == quotes else inside or quotes
    return lines


def _bare(word: str) -> str:
    return word.strip("\"'")


def nearest(word: str, known: Sequence[str]) -> str:
    """The known name that the writer may have meant, or ""."""
    from difflib import get_close_matches  # late: only a mistake needs it

    folded = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), list(folded), n=1)
    return folded[found[0]] if found else ""
