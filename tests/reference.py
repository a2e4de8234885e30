"""`make docs`: writes what is generated: configuration keys, board-socket packets, the rooms, drawings of boards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from daemon.ctl.offline import NO_ANSWER, stored_text
from drivers.board_file.drawing import drawing
from drivers.process.config import read
from ocpp16.configuration.keys import KeyRow, core_keys
from ocpp16.product import Product
from tests import reference_board, reference_journal, reference_programs, reference_settings, rooms

HEAD = """# OCPP configuration keys

Written by `make docs` from the table in `ocpp16/configuration/keys.py`; do not edit. Defaults and
ranges are those of the product profile `{name}`; other products have other limits. First values stand in
`evsed.toml` under `[ocpp]`, as TOML values or as text; what the Central System changes later wins. A read-only key
may be set in the file, not by the Central System.

| key | type | first value | range | access | what it does |
| --- | --- | --- | --- | --- | --- |"""

TYPES = {"bool": "boolean", "int": "integer", "csl": "list", "phases": "list", "text": "text"}


def page(product: Product) -> str:
    """The whole page."""
    rows = (row(key) for key in core_keys(product).values())
    return "\n".join([HEAD.format(name=product.name), *rows, "", *lists(product), ""])


def row(key: KeyRow) -> str:
    """One key, one line."""
    first = f"`{key.default}`" if key.default else "(empty)"
    access = "R" if key.read_only else "RW, after a reboot" if key.reboot else "W" if key.write_only else "RW"
    return f"| `{key.name}` | {TYPES[key.kind]} | {first} | {span(key)} | {access} | {key.what} |"


def span(key: KeyRow) -> str:
    """What values are allowed, briefly."""
    if key.kind == "bool":
        return "true, false"
    if key.kind == "int":
        only = f"{key.lowest}" if key.lowest == key.highest else f"{key.lowest}–{key.highest}"
        return f"{only} {key.unit}".strip()
    return f"at most {key.highest} {'characters' if key.kind == 'text' else 'items'}"


def lists(product: Product) -> Iterator[str]:
    """What may stand in the keys that are lists."""
    yield "## Measurands"
    yield ""
    yield "The keys that list measurands take any of these; voltage, current and power also for one phase that"
    yield "there is (`Voltage.L1-N`, `Current.Import.L2`):"
    yield ""
    yield from (f"* `{measurand}`" for measurand in product.measurands)


def boards(text: str, root: Path) -> str:
    """docs/boards.md with the drawing of each board made anew from its file."""

    def drawn(found: re.Match[str]) -> str:
        parts = read(root / f"etc/boards/{found[1]}.toml").parts
        assert parts is not None
        return f"<!-- board: {found[1]} -->\n```\n{drawing(parts)}```\n<!-- end of board -->"

    return re.sub(r"<!-- board: (\S+) -->\n.*?<!-- end of board -->", drawn, text, flags=re.DOTALL)


WHY_HEAD = """# What `evsectl why` says

Written by `make docs` from the situations in `tests/ocpp16/why/`, each of which is played against the program; do not
edit. `evsectl why` answers with the one cause that matters most, what else explains it, and what to do about it; while
a car is plugged in or charges, the bounds of the current follow on a second line. What happened some time ago (a
refused card, an ended transaction) is told for five minutes. With `--json` each answer has a `code`, `text`, `remedy`,
`amps`, `chain` and `cards`; the codes are those of the tables below."""


def why_page() -> str:
    """docs/why.md: situation, code and exact first line, group by group."""
    from tests.ocpp16.why.situations import GROUPS  # late: it plays the whole station

    parts = [WHY_HEAD]
    for group, situations in GROUPS.items():
        parts += [f"\n## {group}\n", "| situation | code | `evsectl why` |", "| --- | --- | --- |"]
        parts += [f"| {one.title} | `{one.row()['code']}` | {one.line().replace('|', '/')} |" for one in situations]
    parts += ["\n## evsed gives no answer\n", "| situation | code | `evsectl why` |", "| --- | --- | --- |"]
    return "\n".join([*parts, *_unanswered(), ""])


def _unanswered() -> Iterator[str]:
    """What evsectl says from the store."""
    row = {
        "number": 1, "began": "2025-04-14T12:00:00.000Z", "id_tag": "04A2B9C1", "energy_wh": 1240, "connector": 1,
    }  # fmt: skip
    titles = {"down": "It does not run", "hangs": "It hangs", "closed": "You may not open its socket"}
    for state, title in titles.items():
        code, text, remedy = NO_ANSWER[state]  # type: ignore[index]
        for more, running in (("", []), ("; a transaction is open in its store", [row])):
            yield f"| {title}{more} | `{code}` | {text}; {stored_text(running)}. {remedy} |"


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    (root / "docs/configuration-keys.md").write_text(page(Product()), encoding="utf-8")
    board = root / "docs/board-socket.md"
    board.write_text(reference_board.into(board.read_text(encoding="utf-8")), encoding="utf-8")
    design = root / "docs/design.md"
    design.write_text(rooms.into(design.read_text(encoding="utf-8"), root), encoding="utf-8")
    page_of_boards = root / "docs/boards.md"
    page_of_boards.write_text(boards(page_of_boards.read_text(encoding="utf-8"), root), encoding="utf-8")
    (root / "docs/why.md").write_text(why_page(), encoding="utf-8")
    journal = root / "docs/journal.md"
    journal.write_text(reference_journal.into(journal.read_text(encoding="utf-8")), encoding="utf-8")
    (root / "systemd/evsed.catalog").write_text(reference_journal.catalog_file(), encoding="utf-8")
    for path, text in reference_programs.pages().items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "docs/settings.md").write_text(reference_settings.page(), encoding="utf-8")
