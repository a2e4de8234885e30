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


def connection_lines(status: Mapping[str, Any]) -> list[str]:
    """For `evsectl status`: a trial, one that was taken back, certificates that end."""
    lines = []
    if trial := status.get("connection_trial"):
        ends = trial["ends_in_s"]
        how = "waits for its trial" if trial["state"] == "waiting" else "is on trial"
        lines.append(
            f"  on trial        new {trial['changed']} {how}" + (f", {ends} s left" if ends is not None else "")
        )
    if back := status.get("connection_returned"):
        what = f"{back['stage'] or 'no answer'}: {back['failure']}"
        lines.append(f"  taken back      new {back['changed']}, {back['ago_s']} s ago ({what})")
    for row in status.get("certificates_ending", ()):
        days = row["days_left"]
        end = "has ended" if days < 0 else f"ends in {days} days"
        lines.append(f"  certificate     {row['what']}, {row['subject']}: {end}")
    return lines


def entry_line(row: Mapping[str, Any]) -> str:
    """Number, time, event, cause, how often."""
    at = row.get("at") or f"(time unknown, {row['mono']:.0f} s after the boot)"
    times = f" ({row['times']} times)" if row["times"] > 1 else ""
    detail = "" if row["detail"] == "-" else f": {row['detail']}"
    return f"{row['number']:>6}  {at}  {row['event']}{detail}{times}"
