"""`evsectl certs` as a table: every certificate with its use, names, dates and key.  Sends nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from daemon.ctl.output import Row, table

HEADS = ("use", "state", "subject", "issuer", "valid from", "to", "days", "key", "from")
WARN_DAYS = 60
UNKNOWN_TIME = (
    "the time is not known yet, so no days are counted: it comes from the Central System or a synchronised clock"
)


def certificates_text(rows: Sequence[Row], columns: int | None) -> str:
    """The table, and below it what a person should do; `columns`: of the terminal, None: unlimited."""
    if not rows:
        return "no certificates: none is configured, and the Central System has installed none"
    lines = [table(HEADS, [_cells(row) for row in rows], columns)]
    if any("days_left" in row and row["days_left"] is None for row in rows):
        lines.append(UNKNOWN_TIME)
    lines += [advice for row in rows if (advice := _advice(row))]
    return "\n".join(lines)


def _cells(row: Row) -> list[Any]:
    if "subject" not in row:
        return [row["use"], row["state"], "-", "-", _day(row["since_utc"]), "-", "-", "-", "-"]
    return [
        *(row["use"], row["state"], row["subject"], row["issuer"]),
        *(_day(row["not_before_utc"]), _day(row["not_after_utc"]), row["days_left"], row["key_kind"], row["source"]),
    ]


def _day(utc: float) -> str:
    try:
        return datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "-"


def _advice(row: Row) -> str:
    days = row.get("days_left")
    if days is None or row["state"] not in ("in-force", "waiting") or days > WARN_DAYS:
        return ""
    ends = f"has expired {-days:g} days ago" if days < 0 else f"ends in {days:g} days"
    return f"{row['use']}, {row['subject']}: {ends}; the back-office must renew it"
