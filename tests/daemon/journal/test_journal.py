"""Notes become lines: escaped, capped, masked."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.journal.catalogue import NOTICE, WARNING
from daemon.journal.journal import (
    FIELD_CHARS,
    KEPT_NOTES,
    MOST_LINES,
    VARIANTS,
    Journal,
    choose,
    field_text,
    is_journald,
    line_of,
    message_id,
    queued,
    to_journald,
    to_stream,
)
from ocpp16.records import Stamp, Transaction
from ocpp16.step import Note
from tests.daemon import fake_systemd


@given(st.text())
def test_no_field_forges_a_line(text: str) -> None:
    """Whatever a field holds, it is printable ASCII on one line, of bounded length."""
    safe = field_text(text)
    assert safe.isascii() and safe.isprintable() and 0 < len(safe) <= FIELD_CHARS


def test_fields_are_written_for_a_person() -> None:
    """Numbers without padding, nothing as a dash, control characters visible, long ones cut."""
    assert [field_text(value) for value in (1.50, 2.0, None, "", True)] == ["1.5", "2", "-", "-", "True"]
    assert field_text("a\n<0>b\x1b[1m") == "a\\n<0>b\\x1b[1m"
    assert field_text("x" * 300) == "x" * 197 + "..."


def test_cards_are_masked() -> None:
    """A card is to be recognised in a log, not to be copied from it."""
    _, text, fields = line_of(Note("card-refused", {"id_tag": "04A2B9C1", "connector": 1, "reason": "Invalid"}))
    assert "04A2B9C1" not in text + str(fields) and "04..C1" in text


def test_a_secret_setting_is_hidden() -> None:
    """The value of AuthorizationKey stands in no line."""
    note = Note("setting-changed", {"key": "authorizationKEY", "value": "deadbeef", "status": "Accepted", "reason": ""})
    _, text, fields = line_of(note)
    assert "deadbeef" not in text + str(fields) and "(hidden)" in text


def test_a_note_has_priority_text_and_fields() -> None:
    """The catalogue gives priority and text, the note its fields; the id of a code never changes."""
    priority, text, fields = line_of(Note("boot-accepted", {"interval": 300}))
    assert (priority, text) == (NOTICE, "central system: registration accepted, interval 300 s")
    assert fields["EVSED_INTERVAL"] == "300" and fields["EVSED_CODE"] == "boot-accepted"
    assert fields["MESSAGE_ID"] == message_id("boot-accepted") and len(message_id("x")) == 32


def test_a_failure_has_its_own_text() -> None:
    """Where a note says how something ended, success and failure are different lines."""
    assert line_of(Note("diagnostics", {"ok": True, "detail": "9 bytes sent"}))[1].endswith("finished: 9 bytes sent")
    assert line_of(Note("diagnostics", {"ok": False, "detail": "TCP: x"}))[1].endswith("failed: TCP: x")


def test_missing_fields_are_dashes() -> None:
    """A note with fewer fields than its text is logged all the same."""
    assert line_of(Note("boot-accepted", {}))[1].endswith("interval - s")


def test_point_14_words_of_the_other_side_are_not_repeated() -> None:
    """What a reason quotes, what an error says, what an unknown key was set to: nothing of it stands in a line."""
    for note in (
        Note("call-refused", {"action": "Reset", "code": "x", "reason": "type: 'S3CRET' is no ResetType"}),
        Note("call-refused", {"action": "S3CRET", "code": "NotImplemented", "reason": "unknown action S3CRET"}),
        Note("call-refused", {"action": "Reset", "code": "x", "reason": "a.S3CRET: unknown property"}),
        Note("report-parked", {"kind": "start", "number": 1, "error": "GenericError: S3CRET"}),
        Note("report-retry", {"action": "StartTransaction", "error": "S3CRET: S3CRET"}),
        Note("boot-unanswered", {"reason": "GenericError: S3CRET", "wait_s": 3}),
        Note("setting-changed", {"key": "Authorization Key", "value": "S3CRET", "status": "NotSupported"}),
        Note("setting-changed", {"key": "Vendor", "value": "S3CRET", "status": "NotSupported"}),
        Note("diagnostics", {"ok": False, "detail": "cannot ftp://u:S3CRET@h/?a=S3CRET"}),
        Note("answer-mended", {"action": "Heartbeat", "what": "S3CRET: unknown property, left out; a: 'S3CRET' taken"}),
    ):
        _, text, fields = line_of(note)
        assert "S3CRET" not in text + str(fields), text


def test_an_unknown_code_is_logged_with_all_its_fields() -> None:
    """Nothing is swallowed because the catalogue does not know it."""
    assert line_of(Note("nonsense", {"a": 1, "b": "x"}))[:2] == (WARNING, "nonsense a=1 b=x")


class Lines:
    """A journal with its lines, and a clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.journal = Journal(lambda priority, text, fields: self.lines.append(text), lambda: self.now)


def test_notes_are_kept_up_to_a_cap() -> None:
    """The newest notes are kept for who asks, the oldest go."""
    kept = Lines()
    for number in range(KEPT_NOTES + 5):
        kept.now += 10.0
        kept.journal.note(Note("boot-accepted", {"interval": number}), float(number), None)
    assert len(kept.lines) == KEPT_NOTES + 5 and len(kept.journal.newest) == KEPT_NOTES
    assert kept.journal.newest[0].mono == 5.0
    row = kept.journal.newest[0].row()
    assert row["code"] == "boot-accepted" and row["priority"] == NOTICE and row["text"] == kept.lines[5]


def test_point_17_a_flood_is_counted() -> None:
    """Of 1,000 lines of a code ten are written at once, then one every ten seconds, and how many were left out."""
    flood = Lines()
    for _ in range(1000):
        flood.journal.log("store-ok")
    assert len(flood.lines) == 10
    flood.journal.log("clock-known")
    flood.now = 10.0
    assert flood.journal.log("store-ok") is not None
    left_out = "990 more messages of the kind store-ok in the last 10 s were left out"
    assert flood.lines[10:] == ["time taken from the central system", left_out, "store: recovered"]
    assert len(flood.journal.newest) == 12


def test_point_17_alternating_junk_is_one_flood_each() -> None:
    """Neighbours that differ, texts that differ: the code counts."""
    flood = Lines()
    for number in range(5000):
        flood.journal.log("frame-ignored", reason=f"no array {number}")
        flood.journal.note(Note("frame-refused", {"code": "FormationViolation", "reason": f"{number}"}))
        flood.journal.note(Note("call-refused", {"action": f"Foo{number}", "code": "NotImplemented"}))
    assert len(flood.lines) == 30
    flood.journal.end()
    assert len(flood.lines) == 33 and "4990 more" in flood.lines[-1]


def test_point_17_the_first_error_of_its_kind_is_always_written() -> None:
    """A flood of one fault does not hide another one, nor the same at another connector."""
    flood = Lines()
    for _ in range(100):
        flood.journal.log("fault-on", connector=1, fault="rcd")
    assert flood.journal.log("fault-on", connector=2, fault="rcd") is not None
    assert flood.journal.log("fault-on", connector=1, fault="weld") is not None
    assert flood.journal.log("fault-on", connector=1, fault="weld") is None
    for number in range(VARIANTS):
        flood.journal.log("fault-on", connector=3, fault=f"made-up {number}")
    assert len(flood.journal._variants) == VARIANTS


def test_money_is_told_more_often() -> None:
    """Transactions of a busy station are no flood."""
    busy = Lines()
    for number in range(100):
        busy.journal.log("transaction-began", number=number, connector=1, id_tag="04A2B9C1", wh=0)
    assert len(busy.lines) == 100


def test_a_broken_journal_stops_nobody() -> None:
    """Whatever a journal raises, the station continues."""

    def broken(priority: int, text: str, fields: Mapping[str, str]) -> None:
        raise RuntimeError("no space")

    journal = Journal(broken)
    assert journal.log("boot-accepted", interval=1) is None
    journal.lines(3, ["Traceback"])
    for _ in range(20):
        journal.log("store-ok")
    journal.end()


def test_a_traceback_is_bounded_lines() -> None:
    """An internal error is told in full, each line of it printable."""
    told = Lines()
    told.journal.lines(3, ["a\x1b", *["x"] * 500])
    assert told.lines[0] == "a\\x1b" and len(told.lines) == MOST_LINES


def test_point_9_no_note_is_too_large() -> None:
    """Texts of any length and numbers of any size are cut to what a line can show."""
    told = Lines()
    told.journal.log("frame-ignored", reason="x" * 60_000)
    told.journal.log("made-up", id_tag="z" * 60_000, action="Foo\n" * 9, size=9**9000)
    assert max(map(len, told.lines)) < 400 and max(len(str(note.note.fields)) for note in told.journal.newest) < 20_000


def test_a_queue_tells_what_it_lost() -> None:
    """The line about lost lines is one of the catalogue."""
    seen: list[str] = []
    queue = queued(lambda priority, text, fields: seen.append(text))
    queue.lost = 3
    queue(5, "text", {})
    queue.close()
    assert "3 lines of this log were lost" in seen[0] and seen[1] == "text"


def test_lines_on_a_stream_are_field_text() -> None:
    """In the foreground a line is its text; where a priority is wanted it stands before it."""
    stream = io.StringIO()
    to_stream(stream)(3, "text", {})
    to_stream(stream, prefixes=True)(3, "text", {})
    assert stream.getvalue() == "text\n<3>text\n"


def test_journald_gets_fields() -> None:
    """In the journal, fields stay fields."""
    sent: list[tuple[str, dict[str, str]]] = []
    to_journald(lambda text, **fields: sent.append((text, fields)))(3, "text", {"EVSED_CODE": "x"})
    assert sent == [("text", {"PRIORITY": "3", "SYSLOG_IDENTIFIER": "evsed", "EVSED_CODE": "x"})]


def _stream(file: TextIO) -> str:
    """$JOURNAL_STREAM of this file."""
    found = os.fstat(file.fileno())
    return f"{found.st_dev}:{found.st_ino}"


def test_without_systemd_python_lines_go_to_stderr(tmp_path: Path) -> None:
    """The same events, with and without a journal; journald reads the priority at the beginning of the line."""
    with open(tmp_path / "log", "w", encoding="ascii") as file:
        for environ in ({}, {"JOURNAL_STREAM": _stream(file)}):
            choose(environ, file.fileno(), "systemd.not_installed_here")(3, "text", {})
    assert (tmp_path / "log").read_text() == "text\n<3>text\n"


def test_with_systemd_python_they_go_to_the_journal(tmp_path: Path) -> None:
    """Under systemd, where the module can be imported, its `send` is used."""
    with open(tmp_path / "log", "w", encoding="ascii") as file:
        choose({"JOURNAL_STREAM": _stream(file)}, file.fileno(), "tests.daemon.fake_systemd")(3, "text", {})
    assert fake_systemd.sent[-1] == ("text", {"PRIORITY": "3", "SYSLOG_IDENTIFIER": "evsed"})


def test_point_5_a_terminal_that_a_service_started_is_no_journal(tmp_path: Path) -> None:
    """The variable of another stream, or a descriptor that is closed: the lines stay in the foreground."""
    with open(tmp_path / "log", "w", encoding="ascii") as file:
        choose({"JOURNAL_STREAM": "1:2"}, file.fileno(), "tests.daemon.fake_systemd")(3, "here", {})
        number = file.fileno()
    assert (tmp_path / "log").read_text() == "here\n"
    assert not is_journald({"JOURNAL_STREAM": "1:2"}, number)


def test_point_5_each_line_names_connector_transaction_and_code() -> None:
    """Also a line about the connector whose note does not say that there is a transaction; and no field takes the
    place of the code."""
    fields_seen: list[Mapping[str, str]] = []
    journal = Journal(lambda priority, text, fields: fields_seen.append(fields), lambda: 0.0)
    journal.log("plugged", connector=1)
    journal.log("transaction-began", number=7, connector=1, id_tag="04A2B9C1", wh=1)
    journal.log("suspended", connector=1, who="the car", reason="-")
    journal.log("suspended", connector=2, who="the car", reason="-")
    journal.log("transaction-ended", number=7, connector=1, reason="Local", wh=2)
    journal.log("unplugged", connector=1)
    numbers = [fields.get("EVSED_TRANSACTION") for fields in fields_seen]
    assert numbers == [None, "7", "7", None, "7", None]
    assert [fields["EVSED_CONNECTOR"] for fields in fields_seen] == ["1", "1", "1", "2", "1", "1"]
    journal.note(Note("call-refused", {"action": "Reset", "code": "NotSupported", "reason": "x"}))
    assert fields_seen[-1]["EVSED_CODE"] == "call-refused"
    assert fields_seen[-1]["EVSED_ERROR_CODE"] == "NotSupported"
    journal.lines(3, ["Traceback"])
    assert fields_seen[-1]["MESSAGE_ID"] == message_id("internal-error")


def test_point_5_a_transaction_of_an_earlier_life_is_named() -> None:
    """The records of the store tell which one is open; an ended one is not."""
    stamp = Stamp("boot", 1.0, 1.7e9)
    row = Transaction(
        number=9, connector=1, id_tag="A", began=stamp, meter_start_wh=0, start_seq=1, last_wh=0, last=stamp
    )
    fields_seen: list[Mapping[str, str]] = []
    journal = Journal(lambda priority, text, fields: fields_seen.append(fields), lambda: 0.0)
    journal.know_transactions([row, replace(row, number=3, connector=2, ended=stamp)])
    journal.log("resumed", connector=1, amps=6)
    journal.log("resumed", connector=2, amps=6)
    assert [fields.get("EVSED_TRANSACTION") for fields in fields_seen] == ["9", None]
