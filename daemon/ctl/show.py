"""Answers as text for a person: 80 columns, plain in a pipe, `rich` in a terminal.  Nothing is asked here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
COLUMNS = 80


def _cell(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(_cell(item) for item in value) if isinstance(value, list) else str(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Aligned columns; the last one is cut where it would pass 80."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in cells), 0) for i, head in enumerate(heads)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in [list(heads), *cells]
    ]
    return "\n".join(line.rstrip()[:COLUMNS] for line in lines)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], empty: str, fancy: bool | None = None) -> None:
    """A table, or the words for an empty one."""
    rows = list(rows)
    if not rows:
        print(empty)
    elif sys.stdout.isatty() if fancy is None else fancy:
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=None, pad_edge=False)
        for head in heads:
            drawn.add_column(head, overflow="fold")
        for row in rows:
            drawn.add_row(*(_cell(value).replace("[", "\\[") for value in row))
        Console().print(drawn)
    else:
        print(table(heads, rows))


def when(utc: float | None, mono: float) -> str:
    """A note's time: UTC, or the monotonic second where UTC was not known."""
    if utc is None:
        return f"+{mono:.1f}s"
    return datetime.fromtimestamp(utc, UTC).strftime("%m-%d %H:%M:%S")


# --- one function per answer ------------------------------------------------------------------------------------------


def status_text(status: Row) -> str:
    """The station at a glance."""
    link = status.get("link") or {}
    since = link.get("since_s")
    age = f" for {since:g} s" if since is not None else ""
    central = f"connected{age}" if status["linked"] else f"not connected{age}"
    failure = link.get("last_failure")
    lines = [
        f"{status['station_id']}: {status['status']}"
        + ("" if status["error"] == "NoError" else f" ({status['error']})"),
        f"  evsed           {status['version']}, product {status['product']}",
        f"  central system  {central}, registration {_cell(status['registration'])}",
    ]
    if failure and not status["linked"]:
        wait = link.get("next_attempt_s")
        lines.append(
            f"                  {failure['stage']}: {failure['cause']}" + (f"; again in {wait:g} s" if wait else "")
        )
    lines += [
        f"  reports         {status['queue']} waiting, {status['parked']} parked",
        f"  clock           {_cell(status['utc'])} ({status['clock']})",
        f"  board           {_cell(status['board'])}",
        f"  store           {_cell(status['store']['state'])}, {status['store']['dir']}",
    ]
    for connector in status["connectors"]:
        lines += _connector_lines(connector)
    return "\n".join(line[:COLUMNS] for line in lines)


def _connector_lines(c: Row) -> list[str]:
    error = "" if c["error"] == "NoError" else f" ({c['error']}: {_cell(c['info'])})"
    contactor = "closed" if c["contactor_closed"] else "open"
    lines = [
        f"connector {c['connector']}: {c['status']}{error}",
        f"  pilot {_cell(c['pilot'])}, contactor {contactor}, offered {c['offered_amps']:g} A, "
        f"signalled {_cell(c['signalled_amps'])} A, register {_cell(c['register_wh'])} Wh",
        f"  {_cell(c['volts'])} V, {_cell(c['amps'])} A, {_cell(c['watts'])} W, SoC {_cell(c['soc'])} %, "
        f"{_cell(c['temperature'])} C",
    ]
    if c["faults"]:
        lines.append(f"  faults: {_cell(c['faults'])}")
    if (t := c["transaction"]) is not None:
        lines.append(
            f"  transaction {t['number']} ({_cell(t['transaction_id'])}), card {t['id_tag']}, {t['energy_wh']} Wh"
        )
    return lines


def why_text(reasons: Sequence[Row]) -> str:
    """One reason each, and what to do."""
    lines = []
    for reason in reasons:
        lines.append(f"connector {reason['connector']}: {reason['text']} {reason['remedy']}")
        if reason["chain"]:
            given = f"offers {reason['amps']:g} A" if reason["amps"] else "offers nothing now"
            lines.append(f"  {given}; the bounds: {', '.join(reason['chain'])}")
    return "\n".join(lines)


def transactions(rows: Sequence[Row]) -> None:
    heads = ("no", "id", "con", "card", "state", "began", "Wh", "reason", "stop")
    print_table(
        heads,
        (
            (
                r["number"],
                r["transaction_id"],
                r["connector"],
                r["id_tag"],
                r["state"],
                r["began"],
                r["energy_wh"],
                r["reason"],
                r["stop"],
            )
            for r in rows
        ),
        "no transaction is kept",
    )


def any_rows(rows: Sequence[Row], empty: str) -> None:
    """Rows whose columns speak for themselves."""
    heads = list(rows[0]) if rows else []
    print_table(heads, ([row.get(head) for head in heads] for row in rows), empty)


def configuration(rows: Sequence[Row]) -> None:
    print_table(
        ("key", "value", ""), ((r["key"], r["value"], "read-only" if r["readonly"] else "") for r in rows), "no key"
    )


def reference(rows: Sequence[Row]) -> None:
    def allowed(row: Row) -> str:
        if row["type"] == "int":
            return f"{row['min']}..{row['max']} {row['unit']}".rstrip()
        return "true, false" if row["type"] == "bool" else f"list, at most {row['max']}"

    print_table(
        ("key", "", "first value", "allowed", "what"),
        ((r["key"], "R" if r["readonly"] else "RW", r["value"], allowed(r), r["what"]) for r in rows),
        "no key",
    )


def log(notes: Sequence[Row]) -> None:
    for note in notes:
        print(f"{when(note['utc'], note['mono'])}  {note['text']}")
    if not notes:
        print("nothing is noted")


def trace_line(line: Row) -> str:
    """A frame or a note, on one line."""
    if "frame" not in line:
        return f"   {line.get('note', {}).get('text', '')}"
    arrow = "->" if line["from"] == "station" else "<-"
    return f"{arrow} {line['frame']}"


def json_line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
