"""Answers as text for a person: nothing is truncated, a terminal gets lines folded between words.  Sends nothing."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from daemon.ctl.output_security import connection_lines

Row = dict[str, Any]
SHORT = 24
"""Characters; a column of cells up to this width (times, numbers, states, cards) is never folded."""
NARROWEST = 20
"""Characters; where folded columns would be narrower, each cell gets a line of its own."""


def _cell(value: Any) -> str:
    if value is None or value == "" or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(_cell(item) for item in value) if isinstance(value, list) else str(value)


def terminal_columns() -> int | None:
    """Width of the terminal; None: standard output is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def folded(text: str, columns: int | None) -> str:
    """`text` with lines longer than `columns` wrapped and indented; None: unchanged."""
    if columns is None:
        return text
    lines = []
    for line in text.splitlines():
        indent = " " * min(len(line) - len(line.lstrip()) + 2, columns // 2)
        fold = textwrap.wrap(
            line, columns, subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True, tabsize=1
        )
        lines += fold or [""]
    return "\n".join(lines)


def print_folded(text: str) -> None:
    """Prints `text`, folded in a terminal."""
    print(folded(text, terminal_columns()))


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], columns: int | None = None) -> str:
    """Aligned columns, as wide as their cells.

    Wider than `columns`: one blank between them; then long cells are folded; where these would be too narrow, each cell
    gets a line of its own.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(head), *(len(row[i]) for row in cells), 0) for i, head in enumerate(heads)]
    if columns is not None and sum(widths) + len(widths) - 1 <= columns < sum(widths) + 2 * (len(widths) - 1):
        return _aligned(heads, cells, widths, " ")
    if columns is not None and sum(widths) + 2 * (len(widths) - 1) > columns:
        short = [width for width in widths if width <= SHORT]
        room = columns - sum(short) - 2 * (len(widths) - 1)
        if len(short) == len(widths) or room < NARROWEST * (len(widths) - len(short)):
            return _blocks(heads, cells, columns)
        return _folded_table(heads, cells, [width <= SHORT for width in widths], columns)
    return _aligned(heads, cells, widths, "  ")


def _aligned(heads: Sequence[str], cells: Sequence[Sequence[str]], widths: Sequence[int], gap: str) -> str:
    lines = [gap.join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in [heads, *cells]]
    return "\n".join(line.rstrip() for line in lines)


def _folded_table(heads: Sequence[str], cells: Sequence[Sequence[str]], is_short: Sequence[bool], columns: int) -> str:
    """Short columns as they are, the others folded into the remaining width."""
    from rich.console import Console  # imported late: takes longer than all the rest
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head, short in zip(heads, is_short, strict=True):
        made.add_column(head, overflow="fold", no_wrap=short)
    for row in cells:
        made.add_row(*(Text(text) for text in row))
    console = Console(width=columns, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        console.print(made)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def _blocks(heads: Sequence[str], cells: Sequence[Sequence[str]], columns: int) -> str:
    """One line per cell, an empty line between rows."""
    indent = max(map(len, heads))
    rows = [
        "\n".join(
            textwrap.fill(
                text,
                max(columns, indent + NARROWEST),
                initial_indent=f"{head:{indent}}  ",
                subsequent_indent=" " * (indent + 2),
                break_on_hyphens=False,
            )
            for head, text in zip(heads, row, strict=True)
        )
        for row in cells
    ]
    return "\n\n".join(rows)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """Prints a table, or `empty` where there are no rows."""
    rows = list(rows)
    print(table(heads, rows, terminal_columns()) if rows else empty)


def when(utc: float | None, mono: float) -> str:
    """The time of a log message: UTC, or the seconds since boot where UTC was not known."""
    if utc is None:
        return f"+{mono:.1f}s"
    return datetime.fromtimestamp(utc, UTC).strftime("%m-%d %H:%M:%S")


def _parked_since(status: Row) -> str:
    if not status["parked"]:
        return ""
    return f" (the oldest of {status.get('parked_since') or 'a time not known'}: {status.get('parked_why') or '-'})"


# --- one function per answer ------------------------------------------------------------------------------------------


def status_text(status: Row) -> str:
    """The status on a few lines; "unknown": only a running daemon could say."""
    lines = [
        f"{status['station_id']}: {_known(status['headline'])}",
        f"  evsed           {status['version']}, product {status['product']}",
        *_link_lines(status),
        f"  queue           {status['queue']} waiting, {status['parked']} parked{_parked_since(status)}",
        *connection_lines(status),
        f"  clock           {_cell(status['utc'])} ({status['clock']})",
        f"  board           {_cell(status['board'])}",
        f"  store           {_cell(status['store']['state'])}, {status['store']['dir']}",
    ]
    for connector in status["connectors"]:
        lines += _connector_lines(connector)
    return "\n".join(lines)


def _known(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _state(row: Row) -> str:
    """The OCPP status, with error code and info."""
    if row["error"] in (None, "NoError"):
        return _known(row["status"])
    info = f": {_cell(row['info'])}" if "info" in row else ""
    return f"{row['status']} ({row['error']}{info})"


def _link_lines(status: Row) -> list[str]:
    link = status.get("link") or {}
    since, failure, wait = link.get("since_s"), link.get("last_failure"), link.get("next_attempt_s")
    age = f" for {since:g} s" if since is not None else ""
    up = {True: "connected", False: "not connected", None: "unknown"}[status["linked"]]
    lines = [f"  central system  {up}{age}, registration {_cell(status['registration'])}"]
    if failure and not status["linked"]:
        again = f"; again in {wait:g} s" if wait else ""
        lines.append(f"                  {failure['stage']}: {failure['cause']}{again}")
    return lines


def _connector_lines(c: Row) -> list[str]:
    contactor = {True: "closed", False: "open", None: "unknown"}[c["contactor_closed"]]
    lines = [
        f"connector {c['connector']}: {_state(c)}",
        f"  pilot {_known(c['pilot'])}, contactor {contactor}, offered {_cell(c['offered_amps'])} A, "
        f"signalled {_cell(c['signalled_amps'])} A, register {_cell(c['register_wh'])} Wh",
        f"  {_cell(c['volts'])} V, {_cell(c['amps'])} A, {_cell(c['watts'])} W, SoC {_cell(c['soc'])} %, "
        f"{_cell(c['temperature'])} C",
    ]
    lines += _equipment_lines(c)
    if c["faults"]:
        lines.append(f"  faults: {_cell(c['faults'])}")
    if (t := c["transaction"]) is not None:
        lines.append(
            f"  transaction {t['number']} ({_cell(t['transaction_id'])}), card {t['id_tag']}, {t['energy_wh']} Wh"
        )
    return lines


def _equipment_lines(c: Row) -> list[str]:
    """Which meter, and how often the contactor has switched; a daemon of before does not say."""
    said = []
    if c.get("meter_model") or c.get("meter_serial"):
        number = f"no. {c['meter_serial']}" if c.get("meter_serial") else ""
        said.append(" ".join(word for word in ("meter", c.get("meter_model") or "", number) if word))
    if c.get("switchings_loaded") is not None:
        said.append(
            f"contactor switched {c['switchings_loaded']} times under load, {c['switchings_unloaded']} without load"
        )
    return [f"  {', '.join(said)}"] if said else []


def why_text(reasons: Sequence[Row]) -> str:
    """One reason and its remedy per connector, with the chain of current limits."""
    lines = []
    for reason in reasons:
        lines.append(f"connector {reason['connector']}: {reason['text']} {reason['remedy']}")
        if reason["chain"]:
            given = f"offers {reason['amps']:g} A" if reason["amps"] else "offers no current now"
            lines.append(f"  {given}; limits: {', '.join(reason['chain'])}")
    return "\n".join(lines)


def print_transactions(rows: Sequence[Row]) -> None:
    print(transactions_text(rows, terminal_columns()) if rows else "no transactions")


def transactions_text(rows: Sequence[Row], columns: int | None) -> str:
    """Within 80 columns; the connector only where there are several, the day of an end only where it is another one."""
    several = len({row["connector"] for row in rows}) > 1
    heads = ["no", "id", *(["con"] if several else []), "card", "began", "ended", "lasted", "Wh", "reason", "sent"]
    return table(heads, [[*_transaction_cells(row, several)] for row in rows], columns)


def _transaction_cells(row: Row, several: bool) -> Iterable[Any]:
    began, ended = _minute(row["began"]), _minute(row["ended"])
    yield from (row["number"], row["transaction_id"], *([row["connector"]] if several else []), row["id_tag"])
    yield from (began, ended[6:] if ended[:5] == began[:5] else ended, _lasted(row["duration_s"]), row["energy_wh"])
    yield row["reason"] if row["state"] == "ended" else row["state"]
    states = {row["start"], row["stop"]} - {"none"}
    yield "parked" if "parked" in states else "no" if "waiting" in states else "yes"


def _minute(time: str | None) -> str:
    """`04-14 12:10` of an ISO text."""
    return "-" if time is None else time[5:16].replace("T", " ")


def _lasted(seconds: float | None) -> str:
    """`0:41:12`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def print_rows(rows: Sequence[Row], empty: str) -> None:
    """Prints rows with their field names as heads."""
    heads = list(rows[0]) if rows else []
    print_table(heads, ([row.get(head) for head in heads] for row in rows), empty)


def print_configuration(rows: Sequence[Row]) -> None:
    print_table(
        ("key", "value", "access"),
        ((r["key"], r["value"], "read-only" if r["readonly"] else "") for r in rows),
        "no keys",
    )


def print_reference(rows: Sequence[Row]) -> None:
    def allowed(row: Row) -> str:
        if row["type"] == "int":
            return f"{row['min']}..{row['max']} {row['unit']}".rstrip()
        return "true, false" if row["type"] == "bool" else f"list, at most {row['max']}"

    print_table(
        ("key", "access", "default", "allowed", "purpose"),
        ((r["key"], "R" if r["readonly"] else "RW", r["value"], allowed(r), r["what"]) for r in rows),
        "no keys",
    )


def print_log(notes: Sequence[Row], empty: str = "no messages") -> None:
    for note in notes:
        print_folded(note_line(note))
    if not notes and empty:
        print(empty)


def note_line(note: Row) -> str:
    return f"{when(note['utc'], note['mono'])}  {note['text']}"


def trace_line(line: Row) -> str:
    """An OCPP frame or a log message with its time, on one line."""
    at = line.get("note", line)
    when_ = when(at.get("utc"), at.get("mono", 0.0))
    if "frame" not in line:
        return f"{when_}     {at.get('text', '')}"
    return f"{when_}  {'->' if line['from'] == 'station' else '<-'} {line['frame']}"


def json_line(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
