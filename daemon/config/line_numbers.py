"""Line numbers of tables and keys in a TOML text, which `tomllib` does not give.  No meaning of any key lives here."""

from __future__ import annotations

import re

_KEY = r"""("[^"]*"|'[^']*'|[A-Za-z0-9_-]+)"""
_HEAD = re.compile(rf"\s*\[{{1,2}}\s*{_KEY}\s*\]{{1,2}}\s*(#.*)?$")
_ENTRY = re.compile(rf"\s*{_KEY}(?:\s*\.\s*{_KEY})?\s*=")


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
