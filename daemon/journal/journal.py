"""Notes -> journal lines: escaped, capped, card numbers masked; to journald where it is there, else to stderr.

What a line says stands in `note_texts.py`; who replays an incident reads the flight recorder.
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
from ocpp16.step import Note

FIELD_CHARS = 200
"""No field is longer in a line."""
EQUAL_LINES = 10
"""So many equal lines in a row are written; further ones are counted."""
REMEMBERED = 500
"""Notes kept in memory for `evsectl log`."""

Field = str | int | float | bool | None
Sink = Callable[[int, str, Mapping[str, str]], None]
"""Takes a priority, the line, and the fields of a structured journal."""


def plain(value: Field) -> str:
    """Printable ASCII on one line, at most FIELD_CHARS: what comes from outside forges no line and moves no cursor."""
    if isinstance(value, float):
        value = f"{value:.3f}".rstrip("0").rstrip(".")
    text = "-" if value is None or value == "" else str(value)
    safe = text if text.isascii() and text.isprintable() else ascii(text)[1:-1]
    return safe if len(safe) <= FIELD_CHARS else safe[: FIELD_CHARS - 3] + "..."


def masked(id_tag: str) -> str:
    """A card's number as it may stand in a log: enough to recognise it, too little to copy it."""
    return f"{id_tag[:2]}..{id_tag[-2:]}" if len(id_tag) > 5 else f"{id_tag[:1]}.."


def message_id(code: str) -> str:
    """The MESSAGE_ID of a code, for ever the same."""
    return hashlib.sha256(f"evsed:{code}".encode()).hexdigest()[:32]


def without_secret_value(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a note about a setting, without the value where that is a secret."""
    if str(fields.get("key", "")).lower() == "authorizationkey":
        return {**fields, "value": "(hidden)"}
    return fields


class _Fields(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "-"


def line_of(note: Note) -> tuple[int, str, dict[str, str]]:
    """Priority, text and structured fields of a note.  A code outside of the catalogue is told with all it carries."""
    fields = {
        name: plain(masked(value) if name.endswith("id_tag") and isinstance(value, str) and value else value)
        for name, value in without_secret_value(note.fields).items()
    }
    row = CATALOGUE.get(note.code)
    if row is None:
        row = Entry(WARNING, note.code + "".join(f" {name}={{{name}}}" for name in fields))
    text = row.text.format_map(_Fields(fields))
    structured = {f"EVSED_{name.upper()}": value for name, value in fields.items()}
    return row.priority, text, {"MESSAGE_ID": message_id(note.code), "EVSED_CODE": note.code, **structured}


class Journal:
    """Where all notes go: one line each, the newest also remembered."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.newest: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._last, self._times = "", 0

    def note(self, note: Note, mono: float = 0.0, utc: float | None = None) -> int:
        """Writes it and returns its priority.  Never raises: a journal that is gone stops no station."""
        priority, text, structured = line_of(note)
        if self._again(text):
            return priority
        self.newest.append({"mono": mono, "utc": utc, "code": note.code, "priority": priority, "text": text})
        with suppress(OSError):
            self._sink(priority, text, structured)
        return priority

    def _again(self, text: str) -> bool:
        """Whether it is one too many of a flood of equal lines; what follows a flood first tells how many they were."""
        unsaid, self._times = self._times - EQUAL_LINES, self._times + 1 if text == self._last else 1
        if text != self._last:
            self._last = text
            if unsaid > 0:
                with suppress(OSError):
                    self._sink(*line_of(Note("repeated", {"times": unsaid})))
        return self._times > EQUAL_LINES

    def say(self, code: str, **fields: Field) -> int:
        """A note of the hall's own."""
        return self.note(Note(code, fields))


def to_stream(stream: TextIO, prefixes: bool = False) -> Sink:
    """Plain lines; `prefixes`: with the `<N>` that systemd reads a priority from."""

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
