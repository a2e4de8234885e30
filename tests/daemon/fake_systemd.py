"""Stands where systemd-python would: remembers what it was told.  No test lives here."""

from __future__ import annotations

sent: list[tuple[str, dict[str, str]]] = []
notified: list[str] = []


def send(text: str, **fields: str) -> None:
    sent.append((text, fields))


def notify(state: str) -> None:
    notified.append(state)
