"""The form of an answer to "why": one cause, one remedy, and the words for times and cards in it.  Decides nothing."""

from __future__ import annotations

from typing import NamedTuple

from ocpp16.connector.connector import Connector
from ocpp16.connector.state import ConnectorState
from ocpp16.messages.datetimes import to_text
from ocpp16.parts import Parts

REMEMBERED_S = 300.0
"""Seconds for which a refused card, a start that was given up and the like are told."""


class Why(NamedTuple):
    """The one cause that matters most, and what to do about it."""

    code: str
    text: str
    """One or more sentences."""
    remedy: str
    amps: float = 0.0
    chain: tuple[str, ...] = ()
    """The bounds of the offered amperes by name, the lowest first."""
    cards: tuple[str, ...] = ()
    """The card numbers that the sentences name: who only looks sees them masked."""


class View(NamedTuple):
    """One connector of a station at a monotonic second."""

    parts: Parts
    connector: Connector
    mono: float

    @property
    def state(self) -> ConnectorState:
        return self.connector.state

    @property
    def number(self) -> int:
        return self.connector.number

    def ago(self, mono: float) -> str:
        """`9 s ago`, `3 min ago`, `5 h ago`."""
        return f"{span(self.mono - mono)} ago"

    def left(self, due: float | None, least_s: float = 0.0) -> str:
        """The time to a monotonic second: `43 s`."""
        return span(max(least_s, (due or self.mono) - self.mono))

    def is_recent(self, mono: float) -> bool:
        return self.mono < mono + REMEMBERED_S

    def utc(self, mono: float) -> float | None:
        """Seconds since 1970 of a monotonic second of this boot; None while UTC is unknown."""
        return self.parts.context.clock.utc(mono)


def span(seconds: float) -> str:
    """Seconds, rounded up; from three of them on the nearest minutes or hours."""
    whole = max(0, int(seconds + 0.999))
    if whole < 180:
        return f"{whole} s"
    return f"{round(whole / 60)} min" if whole < 3 * 3600 else f"{round(whole / 3600)} h"


def at(utc: float) -> str:
    """A time to the second: `2025-04-14T12:10:00Z`."""
    return to_text(utc)[:19] + "Z"


def sentence(text: str) -> str:
    """`text` with a capital letter and one full stop."""
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def joined(*sentences: str) -> str:
    """Those that are not empty, one after the other."""
    return " ".join(filter(None, sentences))
