"""Notes -> journal lines: escaped, capped, card numbers masked; to journald where it is available, else to stderr.

The texts are in `catalogue.py`, what may be shown in `redaction.py`; the full record of an incident is the flight
recorder's.  A flood of one kind is written in part and counted.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, TextIO

import msgspec

from daemon.journal.catalogue import CATALOGUE, ERROR, WARNING, Entry
from daemon.journal.failing_again import FailingAgain
from daemon.journal.flood_limit import Allowance, FloodLimit
from daemon.journal.log_queue import LogQueue, Sink, standard_error, to_descriptor
from daemon.journal.redaction import HIDDEN, CardText, masked, note_fields, single_line
from ocpp16.records import Record, Transaction
from ocpp16.step import Note

FIELD_CHARS = 200
"""Longest field in a line."""
KEPT_NOTES = 500
"""Notes kept in memory for `evsectl log`."""
FEW = Allowance(10, 0.1)
"""Of one code: ten lines at once, then one every ten seconds."""
MANY = Allowance(200, 1.0)
"""Of codes that carry money: no more than this many can honestly happen."""
UNHURRIED_S = 10.0
"""After so long the count of what was left out is written, also where no line of its kind follows."""
MONEY = frozenset({"transaction-began", "transaction-ended", "report-parked"})
MOST_LINES = 100
"""Of a traceback."""
VARIANTS = 64
"""Errors that are remembered by what they are about: the first of each is always written."""
VARIANT_S = 600.0
_ABOUT = ("connector", "fault", "table", "kind")
"""Fields that tell one error of a code from another."""

Field = str | int | float | bool | None


def field_text(value: Field) -> str:
    """A field's value as printable ASCII of at most FIELD_CHARS; "-" for None and ""."""
    if isinstance(value, float):
        value = f"{value:.3f}".rstrip("0").rstrip(".")
    return single_line("-" if value is None or value == "" else str(value), FIELD_CHARS)


def message_id(code: str) -> str:
    """The MESSAGE_ID of a code; it never changes."""
    return hashlib.sha256(f"evsed:{code}".encode()).hexdigest()[:32]


def field_name(name: str) -> str:
    """The journal's name of a note's field: `connector` -> `EVSED_CONNECTOR`.

    EVSED_CODE is the code of the line alone, EVSED_TRANSACTION the number of a transaction wherever one is named.
    """
    return f"EVSED_{_RENAMED.get(name, name).upper()}"


_RENAMED = {"code": "error_code", "number": "transaction", "after": "transaction"}


class _Fields(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "-"


def line_of(note: Note, cards: CardText = masked) -> tuple[int, str, dict[str, str]]:
    """Priority, text and structured fields of a note.  An unknown code is logged with all its fields."""
    fields = {name: field_text(value) for name, value in note_fields(note.code, note.fields, cards).items()}
    row = CATALOGUE.get(note.code)
    if row is None:
        row = Entry(WARNING, note.code + "".join(f" {name}={{{name}}}" for name in fields))
    text = row.failure if row.failure and note.fields.get("ok") is False else row.text
    text = text.format_map(_Fields(fields))
    structured = {field_name(name): value for name, value in fields.items()}
    return row.priority, text, {**structured, **identity(note.code)}


def identity(code: str) -> dict[str, str]:
    """The fields by which a line is found: its code, and the id under which the catalog explains it."""
    return {"MESSAGE_ID": message_id(code), "EVSED_CODE": code}


def priority_of(code: str) -> int:
    """Syslog's."""
    row = CATALOGUE.get(code)
    return WARNING if row is None else row.priority


class LoggedNote(msgspec.Struct, frozen=True):
    """A note that was written, and when."""

    mono: float
    utc: float | None
    note: Note

    def row(self, cards: CardText = masked) -> dict[str, Any]:
        """As `evsectl log` and a support bundle show it."""
        priority, text, _ = line_of(self.note, cards)
        return {"mono": self.mono, "utc": self.utc, "code": self.note.code, "priority": priority, "text": text}


class Journal:
    """Receives all notes: one line each, the newest also kept in `newest`."""

    def __init__(self, sink: Sink, clock: Callable[[], float] = time.monotonic) -> None:
        self._sink = sink
        self._clock = clock
        self._limit = FloodLimit()
        self._failing_again = FailingAgain()
        self._variants: OrderedDict[str, float] = OrderedDict()
        self._open: dict[object, str] = {}
        self.newest: deque[LoggedNote] = deque(maxlen=KEPT_NOTES)

    def know_transactions(self, records: Iterable[Record]) -> None:
        """All lines about the connector of an open transaction name it, until its end was logged."""
        for row in records:
            if isinstance(row, Transaction) and row.ended is None:
                self._open[row.connector] = field_text(row.number)

    def note(self, note: Note, mono: float = 0.0, utc: float | None = None) -> LoggedNote | None:
        """Write it; None: left out as one of many.  Never raises: without a journal the station continues."""
        try:
            now = self._clock()
            self._write_counts(now, UNHURRIED_S)
            again = self._failing_again.judge(note.code, note.fields, now)
            if not again.shown or not self._admits(note, now):
                return None
            if again.left_out:
                self._repeated(again.left_out, note.code, again.seconds)
            note = _bounded(note)
            priority, text, structured = line_of(note)
            logged = LoggedNote(mono, utc, note)
            self.newest.append(logged)
            self._sink(priority, text, self._with_transaction(note, structured))
        except Exception:
            return None
        return logged

    def _with_transaction(self, note: Note, structured: dict[str, str]) -> dict[str, str]:
        connector, number = note.fields.get("connector"), structured.get("EVSED_TRANSACTION")
        if number is None and connector in self._open:
            structured["EVSED_TRANSACTION"] = self._open[connector]
        elif number is not None and note.code == "transaction-began":
            self._open[connector] = number
        elif number is not None and self._open.get(connector) == number and note.code == "transaction-ended":
            del self._open[connector]
        return structured

    def _admits(self, note: Note, now: float) -> bool:
        """Within the rate of its code; an error that was not seen for a while always is."""
        is_new = priority_of(note.code) <= ERROR and self._is_new(note, now)
        if self._limit.admits(note.code, now, MANY if note.code in MONEY else FEW):
            return True
        if is_new:
            self._limit.pardon(note.code)
        return is_new

    def _is_new(self, note: Note, now: float) -> bool:
        about = f"{note.code}:{[str(note.fields.get(name))[:40] for name in _ABOUT]}"
        seen = self._variants.pop(about, None)
        self._variants[about] = now
        if len(self._variants) > VARIANTS:
            self._variants.popitem(last=False)
        return seen is None or now - seen > VARIANT_S

    def _write_counts(self, now: float, quiet_s: float) -> None:
        for left in self._limit.take_left_out(now, quiet_s):
            self._repeated(left.times, left.kind, left.seconds)

    def _repeated(self, times: int, code: str, seconds: float) -> None:
        fields: dict[str, Field] = {"times": times, "code": code, "seconds": round(seconds)}
        self._sink(*line_of(Note("repeated", fields)))

    def end(self) -> None:
        """Write how many lines were left out: nothing follows."""
        with suppress(Exception):
            self._write_counts(self._clock(), 0.0)

    def log(self, code: str, **fields: Field) -> LoggedNote | None:
        """A note of the daemon's own."""
        return self.note(Note(code, fields))

    def lines(self, priority: int, texts: list[str]) -> None:
        """Lines that no code stands for: the traceback of an internal error."""
        with suppress(Exception):
            for text in texts[:MOST_LINES]:
                self._sink(priority, single_line(text), identity("internal-error"))


def _bounded(note: Note) -> Note:
    """A note may be kept for days: none of its texts is longer than a line can show."""
    return Note(note.code, {name: _short(value) for name, value in note.fields.items()})


def _short(value: Field) -> Field:
    if isinstance(value, int) and abs(value) >= 1 << 64:
        return HIDDEN
    return value[: 4 * FIELD_CHARS] if isinstance(value, str) else value


def to_stream(stream: TextIO, prefixes: bool = False) -> Sink:
    """Plain lines; `prefixes`: each begins with `<N>`, the priority as systemd reads it from stderr."""

    def write(priority: int, text: str, _: Mapping[str, str]) -> None:
        stream.write(f"<{priority}>{text}\n" if prefixes else f"{text}\n")
        stream.flush()

    return write


def is_journald(environ: Mapping[str, str], descriptor: int) -> bool:
    """Whether this descriptor leads to journald (man 5 systemd.exec, $JOURNAL_STREAM).

    The variable alone proves nothing: a terminal that a service started hands it down to its shell.
    """
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def choose(
    environ: Mapping[str, str] = os.environ,
    descriptor: int | None = None,
    module: str = "systemd.journal",
    program: str = "evsed",
) -> Sink:
    """journald with its fields under systemd where systemd-python is installed, else lines at standard error.

    Without systemd-python journald reads the priority at the beginning of each line.
    """
    descriptor = standard_error() if descriptor is None else descriptor
    under_systemd = is_journald(environ, descriptor)
    if under_systemd:
        with suppress(ImportError):
            return to_journald(import_module(module).send, program)
    return to_descriptor(descriptor, prefixes=under_systemd)


def queued(sink: Sink) -> LogQueue:
    """The sink behind a queue: for a process that must not wait for the reader of its log."""
    return LogQueue(sink, lambda lost: line_of(Note("log-lost", {"lines": lost})))


def to_journald(send: Callable[..., object], program: str = "evsed") -> Sink:
    """The native protocol: fields stay fields."""

    def write(priority: int, text: str, fields: Mapping[str, str]) -> None:
        send(text, PRIORITY=str(priority), SYSLOG_IDENTIFIER=program, **fields)

    return write
