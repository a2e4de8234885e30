"""What was said and done in a case, line by line, and how a frame reads to a person.  Nothing is judged here."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

BRIEF = {
    "StatusNotification": ("connectorId", "status", "errorCode", "info"),
    "StartTransaction": ("connectorId", "idTag", "meterStart", "reservationId"),
    "StopTransaction": ("transactionId", "reason", "idTag", "meterStop"),
    "Authorize": ("idTag",),
    "MeterValues": ("connectorId", "transactionId"),
    "BootNotification": ("chargePointModel", "firmwareVersion"),
}
"""The fields that tell a frame's story; other messages are shown whole."""


@dataclass(frozen=True)
class Line:
    """`who`: CP> CP= (station), CS> CS= (Central System), [M] (by hand), judge."""

    at: float
    who: str
    what: str
    payload: Any = None

    def text(self, began: float) -> str:
        words = brief_answer if self.who == "CS=" else brief
        tail = "" if self.payload is None else f" {words(self.what, self.payload)}"
        return f"{self.at - began:8.3f}  {self.who:4} {self.what}{tail}"


def brief(action: str, payload: Any) -> str:
    """The payload in a few words; `NO ERROR` of a StatusNotification says nothing."""
    if isinstance(payload, dict) and action in BRIEF:
        wanted = {k: payload[k] for k in BRIEF[action] if k in payload and payload[k] != "NoError"}
        return " ".join(str(v) if k in ("status", "idTag") else f"{k}={v}" for k, v in wanted.items())
    text = json.dumps(payload, ensure_ascii=False, default=str)
    return text if len(text) <= 400 else text[:400] + " …"


def brief_answer(action: str, payload: Any) -> str:
    """What the Central System answered: the words that decide, else `{}`."""
    if not isinstance(payload, dict) or not payload:
        return "{}"
    info = payload.get("idTagInfo")
    said = [str(payload["status"])] if "status" in payload else []
    if isinstance(info, dict):
        said += [str(info.get("status")), *(f"{k}={v}" for k, v in info.items() if k != "status")]
    said += [f"{k}={v}" for k, v in payload.items() if k not in ("status", "idTagInfo")]
    text = " ".join(said)
    return text if len(text) <= 400 else text[:400] + " …"


@dataclass
class Transcript:
    """All lines of one case, in the order in which they happened."""

    lines: list[Line] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    began_utc: str = field(default_factory=lambda: utc())

    def add(self, who: str, what: str, payload: Any = None) -> Line:
        line = Line(time.monotonic(), who, what, payload)
        self.lines.append(line)
        return line

    def texts(self) -> list[str]:
        return [line.text(self.began) for line in self.lines]


def utc(offset_s: float = 0.0) -> str:
    """Now (or so many seconds away) as OCPP writes it."""
    return datetime.fromtimestamp(time.time() + offset_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """An OCPP dateTime as seconds since 1970."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
