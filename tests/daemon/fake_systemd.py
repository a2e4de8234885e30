"""Stands in for systemd-python and records its calls.  It holds no test."""

from __future__ import annotations

sent: list[tuple[str, dict[str, str]]] = []
notified: list[str] = []


def send(text: str, **fields: str) -> None:
    sent.append((text, fields))


def notify(state: str) -> None:
    notified.append(state)
