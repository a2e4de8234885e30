"""The text of `evsectl security-log`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def text(content: Mapping[str, Sequence[Any]], verify: bool) -> str:
    """One line an entry; what is wrong with the log; with `verify` also that nothing is."""
    lines = [entry_line(row) for row in content["security_log"]] or ["no security events"]
    lines += [f"NOT WHOLE: {problem}" for problem in content["problems"]]
    if verify and not content["problems"]:
        lines.append("the log is whole: nothing was changed, removed or inserted since its oldest entry")
    return "\n".join(lines)


def entry_line(row: Mapping[str, Any]) -> str:
    """Number, time, event, cause, how often."""
    at = row.get("at") or f"(time unknown, {row['mono']:.0f} s after the boot)"
    times = f" ({row['times']} times)" if row["times"] > 1 else ""
    detail = "" if row["detail"] == "-" else f": {row['detail']}"
    return f"{row['number']:>6}  {at}  {row['event']}{detail}{times}"
