"""What is to be known of the connection beside its state: a trial, one that failed, the ends of certificates."""

from __future__ import annotations

from math import ceil

from ocpp16.parts import Parts
from ocpp16.profiles.security.root_trial import CHANGED
from ocpp16.why.reason import joined, sentence, span

Row = dict[str, object]


def trial(parts: Parts, mono: float) -> Row | None:
    """The trial under way: `state` `waiting` or `trial`, `changed`, `ends_in_s` (None: with the next connection)."""
    sets, roots = parts.security.connection_sets, parts.security.certificates.roots.trial
    row = sets.candidate
    if row is not None and row.state != "doubted":
        ends = sets.trial_ends if row.state == "trial" else None
        return {"state": row.state, "changed": row.changed, "ends_in_s": None if ends is None else ceil(ends - mono)}
    return {"state": "trial", "changed": CHANGED, "ends_in_s": None} if roots.tried else None


def returned(parts: Parts, mono: float) -> Row | None:
    """The change that was taken back last since the start: `changed`, `stage`, `failure`, `ago_s`."""
    found = [parts.security.connection_sets.returned, parts.security.certificates.roots.trial.returned]
    newest = max((one for one in found if one is not None), key=lambda one: one.mono, default=None)
    if newest is None:
        return None
    ago_s = round(mono - newest.mono)
    return {"changed": newest.changed, "stage": newest.stage, "failure": newest.failure, "ago_s": ago_s}


def certificates(parts: Parts) -> list[Row]:
    """Certificates that end within 60, 30 or 7 days, or have ended: `what`, `subject`, `days_left` (below 0: ended)."""
    return [dict(row) for row in parts.security.certificates.warnings()]


def remark(parts: Parts, mono: float) -> tuple[str, str]:
    """Sentences and remedies of all that; "" where there is nothing."""
    told = [_trial(parts, mono), _returned(parts, mono), *map(_certificate, certificates(parts))]
    return joined(*(text for text, _ in told)), joined(*dict.fromkeys(remedy for _, remedy in told))


def _trial(parts: Parts, mono: float) -> tuple[str, str]:
    row = trial(parts, mono)
    if row is None:
        return "", ""
    if row["state"] == "waiting":
        return f"A new {row['changed']} waits for its trial.", ""
    ends = row["ends_in_s"]
    if ends is None:
        return f"A new {row['changed']} is on trial until a CALL was answered on a new connection.", ""
    return f"A new {row['changed']} is on trial for {span(float(str(ends)))} at most.", ""


def _returned(parts: Parts, mono: float) -> tuple[str, str]:
    row = returned(parts, mono)
    if row is None:
        return "", ""
    ago = span(float(str(row["ago_s"])))
    text = f"The new {row['changed']} was taken back {ago} ago: {row['stage'] or 'no answer'} ({row['failure']})"
    return sentence(text), "Mend what failed, then repeat the change."


def _certificate(row: Row) -> tuple[str, str]:
    days = int(str(row["days_left"]))
    end = "has ended" if days < 0 else "ends today" if days == 0 else f"ends in {days} day{'s' if days > 1 else ''}"
    return f"The {row['what']} ({row['subject']}) {end}.", "Have the back-office renew it; see evsectl certs."
