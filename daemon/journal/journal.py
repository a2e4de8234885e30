"""Notes -> journal lines: escaped, capped, card numbers masked; to journald where it is available, else to stderr.

The texts are in `catalogue.py`; the full record of an incident is the flight recorder's.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, TextIO

from daemon.journal.catalogue import CATALOGUE, WARNING, Entry
from daemon.journal.redaction import holds_id_tag, masked, single_line, without_secret_value
from ocpp16.step import Note

FIELD_CHARS = 200
"""Longest field in a line."""
EQUAL_LINES = 10
"""So many equal lines in a row are written; further ones are counted."""
KEPT_NOTES = 500
"""Notes kept in memory for `evsectl log`."""

Field = str | int | float | bool | None
Sink = Callable[[int, str, Mapping[str, str]], None]
"""Takes a priority, the line, and the fields of a structured journal."""


def field_text(value: Field) -> str:
    """A field's value as printable ASCII of at most FIELD_CHARS; "-" for None and ""."""
    if isinstance(value, float):
        value = f"{value:.3f}".rstrip("0").rstrip(".")
    return single_line("-" if value is None or value == "" else str(value), FIELD_CHARS)


def message_id(code: str) -> str:
    """The MESSAGE_ID of a code; it never changes."""
    return hashlib.sha256(f"evsed:{code}".encode()).hexdigest()[:32]


class _Fields(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "-"


def line_of(note: Note) -> tuple[int, str, dict[str, str]]:
    """Priority, text and structured fields of a note.  An unknown code is logged with all its fields."""
    fields = {
        name: field_text(masked(value) if holds_id_tag(name) and isinstance(value, str) and value else value)
        for name, value in without_secret_value(note.fields).items()
    }
    row = CATALOGUE.get(note.code)
    if row is None:
        row = Entry(WARNING, note.code + "".join(f" {name}={{{name}}}" for name in fields))
    text = row.failure if row.failure and note.fields.get("ok") is False else row.text
    text = text.format_map(_Fields(fields))
    structured = {f"EVSED_{name.upper()}": value for name, value in fields.items()}
    return row.priority, text, {"MESSAGE_ID": message_id(note.code), "EVSED_CODE": note.code, **structured}


class Journal:
    """Receives all notes: one line each, the newest also kept in `newest`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.newest: deque[dict[str, Any]] = deque(maxlen=KEPT_NOTES)
        self._last, self._times = "", 0

    def note(self, note: Note, mono: float = 0.0, utc: float | None = None) -> int:
        """Writes it and returns its priority.  Never raises: without a journal the station continues."""
        priority, text, structured = line_of(note)
        if self._is_repetition(text):
            return priority
        self.newest.append({"mono": mono, "utc": utc, "code": note.code, "priority": priority, "text": text})
        with suppress(OSError):
            self._sink(priority, text, structured)
        return priority

    def _is_repetition(self, text: str) -> bool:
        """Whether the line is left out as one of many equal ones; the next other line is preceded by their number."""
        left_out, self._times = self._times - EQUAL_LINES, self._times + 1 if text == self._last else 1
        if text != self._last:
            self._last = text
            if left_out > 0:
                with suppress(OSError):
                    self._sink(*line_of(Note("repeated", {"times": left_out})))
        return self._times > EQUAL_LINES

    def log(self, code: str, **fields: Field) -> int:
        """A note of the daemon's own."""
        return self.note(Note(code, fields))


def to_stream(stream: TextIO, prefixes: bool = False) -> Sink:
    """Plain lines; `prefixes`: each begins with `<N>`, the priority as systemd reads it from stderr."""

    def write(priority: int, text: str, _: Mapping[str, str]) -> None:
        stream.write(f"<{priority}>{text}\n" if prefixes else f"{text}\n")
        stream.flush()

    return write


def choose(
    environ: Mapping[str, str] = os.environ, stream: TextIO | None = None, module: str = "systemd.journal"
) -> Sink:
    """journald with its fields under systemd where systemd-python is installed, else stderr."""
    if "JOURNAL_STREAM" in environ:
        with suppress(ImportError):
            return to_journald(import_module(module).send)
    return to_stream(stream or sys.stderr)


def to_journald(send: Callable[..., object]) -> Sink:
    """The native protocol: fields stay fields."""

    def write(priority: int, text: str, fields: Mapping[str, str]) -> None:
        send(text, PRIORITY=str(priority), SYSLOG_IDENTIFIER="evsed", **fields)

    return write
