"""Notes become lines: escaped, capped, masked."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.journal.catalogue import ERROR, NOTICE, WARNING
from daemon.journal.journal import (
    EQUAL_LINES,
    FIELD_CHARS,
    KEPT_NOTES,
    Journal,
    choose,
    field_text,
    line_of,
    message_id,
    to_journald,
    to_stream,
)
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


def test_an_unknown_code_is_logged_with_all_its_fields() -> None:
    """Nothing is swallowed because the catalogue does not know it."""
    assert line_of(Note("nonsense", {"a": 1, "b": "x"}))[:2] == (WARNING, "nonsense a=1 b=x")


def test_notes_are_kept_up_to_a_cap() -> None:
    """The newest notes are kept for who asks, the oldest go."""
    lines: list[str] = []
    journal = Journal(lambda priority, text, fields: lines.append(text))
    for number in range(KEPT_NOTES + 5):
        journal.note(Note("boot-accepted", {"interval": number}), float(number), None)
    assert len(lines) == KEPT_NOTES + 5 and len(journal.newest) == KEPT_NOTES
    assert journal.newest[0]["mono"] == 5.0 and journal.log("internal-error", error="x") == ERROR


def test_a_flood_of_equal_lines_is_counted() -> None:
    """Of 1,000 equal lines ten are written, and one with their number; others are written as they come."""
    lines: list[str] = []
    journal = Journal(lambda priority, text, fields: lines.append(text))
    for _ in range(1000):
        journal.log("store-ok")
    journal.log("clock-known")
    journal.log("store-ok")
    assert len(lines) == EQUAL_LINES + 3 and lines[EQUAL_LINES] == "the previous line was repeated 990 more times"
    assert len(journal.newest) == EQUAL_LINES + 2


def test_a_broken_journal_stops_nobody() -> None:
    """Where the journal cannot be written, the station continues."""

    def broken(priority: int, text: str, fields: Mapping[str, str]) -> None:
        raise OSError("no space")

    assert Journal(broken).log("boot-accepted", interval=1) == NOTICE


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


@pytest.mark.parametrize("environ", [{}, {"JOURNAL_STREAM": "1:2"}])
def test_without_systemd_python_lines_go_to_stderr(environ: dict[str, str]) -> None:
    """The same events, with and without a journal."""
    stream = io.StringIO()
    choose(environ, stream, "systemd.not_installed_here")(3, "text", {})
    assert stream.getvalue() == "text\n"


def test_with_systemd_python_they_go_to_the_journal() -> None:
    """Under systemd, where the module can be imported, its `send` is used."""
    choose({"JOURNAL_STREAM": "1:2"}, io.StringIO(), "tests.daemon.fake_systemd")(3, "text", {})
    assert fake_systemd.sent[-1] == ("text", {"PRIORITY": "3", "SYSLOG_IDENTIFIER": "evsed"})
