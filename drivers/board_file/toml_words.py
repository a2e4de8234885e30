"""What is wrong with a TOML file, in the words of a person with an editor: the line, the mistake, the remedy.

For `evsed.toml`, product profiles and `board.toml` alike.  No value is ever repeated: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

BYTE_ORDER_MARK: Final = "it begins with a byte order mark, as some Windows editors write it: save it as UTF-8 without"
NOT_UTF_8: Final = "not UTF-8: save it as UTF-8 in your editor"
UTF_16: Final = "it is UTF-16: save it as UTF-8 in your editor"

_PLACE: Final = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)$")
_ENTRY: Final = re.compile(r"""\s*([A-Za-z0-9_.-]+|"[^"]*"|'[^']*')\s*=(.*)$""")
_HEAD: Final = re.compile(r"""\s*\[{1,2}\s*([A-Za-z0-9_.'" -]+?)\s*\]{1,2}\s*(?:#.*)?$""")
_CURLY: Final = "“”„‟‘’‚‛«»″"
_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9_]*(\.[0-9_]+)?$")


class Mistake(NamedTuple):
    """Where and what; the line counts from 1."""

    line: int
    what: str


def of_bytes(error: UnicodeDecodeError) -> Mistake:
    """Of a file that is not UTF-8."""
    data = bytes(error.object)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Mistake(1, UTF_16)
    return Mistake(data[: error.start].count(b"\n") + 1, NOT_UTF_8)


def of_text(text: str, reason: str) -> Mistake:
    """Of a text that `tomllib` refused with `reason`."""
    if text.startswith("\ufeff"):
        return Mistake(1, BYTE_ORDER_MARK)
    lines = text.splitlines()
    found = _PLACE.search(reason)
    line = int(found.group(1)) if found and found.group(1) else max(len(lines), 1)
    row = lines[line - 1] if line <= len(lines) else ""
    bare = _PLACE.sub("", reason).strip()
    for mistake in _twice(lines, line, bare), _unclosed(lines, line, bare), _of_row(line, row, bare):
        if mistake is not None:
            return mistake
    return Mistake(line, bare[:1].lower() + bare[1:])


# --- twice ------------------------------------------------------------------------------------------------------------


def _twice(lines: list[str], line: int, reason: str) -> Mistake | None:
    if not reason.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate", "Cannot redefine", "Duplicate")):
        return None
    seen: dict[tuple[str, str], int] = {}
    for number, table, key in _names(lines[:line]):
        first = seen.setdefault((table, key), number)
        if first != number:
            name = key or f"[{table}]"
            remedy = "remove one of the two" if key else "put its keys together below one"
            return Mistake(number, f"{name} stands twice, first on line {first}: {remedy}")
    return Mistake(line, "this name stands twice in the file: once as a key, once as a section; remove one of the two")


def _names(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """Line, table and key of each head (its key is "") and each key; keys of `[[table]]` count for that one entry."""
    table, entries, inside = "", 0, ""
    for number, row in enumerate(lines, 1):
        head, entry = (None, None) if inside else (_HEAD.match(row), _ENTRY.match(row))
        if head:
            name, entries = _plain(head.group(1)), entries + 1
            many = row.lstrip().startswith("[[")
            table = f"{name}#{entries}" if many else name
            if not many:
                yield number, table, ""
        elif entry:
            yield number, table, _plain(entry.group(1))
        for quotes in re.findall(r'"""|\'\'\'', row):
            inside = "" if inside == quotes else inside or quotes


def _plain(name: str) -> str:
    return name.strip().strip("\"'")


# --- what is not closed -----------------------------------------------------------------------------------------------


def _unclosed(lines: list[str], line: int, reason: str) -> Mistake | None:
    """Quotes and brackets: the line on which they were opened."""
    if reason.startswith("Unterminated string"):
        opened = next((n for n in range(len(lines), 0, -1) if re.search(r'"""|\'\'\'', lines[n - 1])), 0)
        return Mistake(opened, "the three quotes that begin a long text are not closed") if opened else None
    if reason.startswith(('Expected "\'"', "Illegal character '\\n'", "Found invalid character '\\n'")):
        return _open_quotes(lines[:line])
    if not reason.startswith(("Unclosed array", "Unclosed inline table")):
        return None
    sign = "]" if "array" in reason else "}"
    for number in range(min(line, len(lines)), 0, -1):
        entry = _ENTRY.match(lines[number - 1])
        if entry and entry.group(2).lstrip()[:1] in ("[", "{"):
            return Mistake(number, f"{_plain(entry.group(1))}: a comma or the closing {sign} is missing")
    return Mistake(line, f"a comma or the closing {sign} is missing")


def _open_quotes(lines: list[str]) -> Mistake | None:
    """The first line whose text in single quotes does not end there."""
    for number, row in enumerate(lines, 1):
        entry = _ENTRY.match(row)
        if entry and re.match(r"\s*'[^']*$", entry.group(2)):
            return Mistake(number, _no_closing(_plain(entry.group(1)), "'"))
    return None


# --- one line ---------------------------------------------------------------------------------------------------------


def _of_row(line: int, row: str, reason: str) -> Mistake | None:
    entry, start = _ENTRY.match(row), row.strip()
    if entry:
        what = _of_value(_plain(entry.group(1)), entry.group(2).strip(), reason)
    elif start.startswith("["):
        name = re.split(r"[\]#]", start.lstrip("["))[0].strip()
        rest = "nothing but a comment may follow" if "]" in start and name else "write"
        what = f"not a section: {rest} [{name or 'name'}]" if rest == "write" else f"after [{name}] {rest} on its line"
    elif start.startswith(("//", ";", "--", "/*")):
        what = "a comment begins with #"
    elif colon := re.match(r"""["']?([A-Za-z0-9_-]+)["']?\s*:""", start):
        what = f'an equals sign stands after the name, not a colon: {colon.group(1)} = "…"'
    elif name := re.match(r"([A-Za-z0-9_-]+)", start):
        what = f"there is no equals sign after {name.group(1)}: {name.group(1)} = …"
    else:
        return None
    return Mistake(line, what) if what else None


def _of_value(name: str, value: str, reason: str) -> str:
    """What is wrong with a value; "": not known."""
    quoted = f'{name} = "…"'
    if not value or value.startswith("#"):
        return f"a value is missing after {name} ="
    if value[0] in _CURLY:
        return f"{name}: the quotes are those of a word processor; write straight ones: {quoted}"
    if value.startswith("="):
        return f"{name}: one equals sign is too many"
    if value[0] in "\"'":
        return _of_quoted(name, value, reason)
    if value[0] in "[{":
        return f'{name}: each text in a list stands in quotes: {name} = ["…", "…"]' if reason == "Invalid value" else ""
    word = value.partition("#")[0].strip()
    if word.lower() in ("true", "false", "yes", "no", "on", "off"):
        return f"{name}: write true or false, in small letters and without quotes"
    if _NUMBER.match(word):
        return f"{name}: a number has no zeros in front; a text of digits stands in quotes: {quoted}"
    return f"{name}: the quotes are missing: {quoted}"


def _of_quoted(name: str, value: str, reason: str) -> str:
    mark = value[0]
    if reason.startswith(("Invalid hex", "Unescaped '\\\\'", "Unescaped", "Invalid unicode", "Escaped character")):
        return f"{name}: a backslash in double quotes is written twice (\\\\), or the text stands in single quotes"
    if (
        reason.startswith(("Illegal character", "Found invalid character"))
        and "\\n" not in reason
        and "\\r" not in reason
    ):
        return f"{name}: it contains a control character"
    if mark in value[1:]:
        return f"{name}: something follows the closing quote; quotes inside a text: put it into {_other(mark)} ones"
    if reason.startswith(("Illegal character", "Found invalid character", "Expected", "Unterminated")):
        return _no_closing(name, mark)
    return ""


def _no_closing(name: str, mark: str) -> str:
    return f"{name}: the closing quote is missing: {name} = {mark}…{mark}"


def _other(mark: str) -> str:
    return "single" if mark == '"' else "double"
