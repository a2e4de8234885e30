"""Answers as text for a person."""

from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import pytest

from daemon.ctl import output
from daemon.ctl.output import folded, status_text, table, terminal_columns, trace_line, when, why_text
from daemon.journal import redaction

CONNECTOR: dict[str, Any] = {
    "connector": 1,
    "status": "Available",
    "error": "NoError",
    "info": None,
    "pilot": "A",
    "faults": [],
    "contactor_closed": False,
    "offered_amps": 0.0,
    "signalled_amps": 0.0,
    "register_wh": 12,
    "volts": [230.0],
    "amps": [],
    "watts": [],
    "soc": None,
    "temperature": 25.0,
    "transaction": None,
}
STATUS: dict[str, Any] = {
    "station_id": "CP1",
    "headline": "Available",
    "status": "Available",
    "error": "NoError",
    "version": "0.1",
    "product": "p",
    "linked": True,
    "registration": "Accepted",
    "queue": 0,
    "parked": 0,
    "utc": "now",
    "clock": "known",
    "board": "simulated",
    "store": {"state": "ok", "dir": "/x"},
    "connectors": [CONNECTOR],
    "link": {"since_s": 3.0, "last_failure": None, "next_attempt_s": None},
}


def changed(**fields: Any) -> dict[str, Any]:
    return {**copy.deepcopy(STATUS), **fields}


def test_a_table_is_never_truncated() -> None:
    """Columns are aligned, empty cells are a dash, booleans yes or no, and a pipe gets every character."""
    text = table(("a", "bb"), [(1, None), (True, "x" * 100), (1.50, []), (["p", 2], "")])
    assert text.splitlines()[0] == "a    bb" and text.splitlines()[1] == "1    -"
    assert "yes  " + "x" * 100 in text and "p 2  -" in text
    assert table(("a",), []) == "a"


def test_in_a_terminal_sentences_fold_and_times_do_not() -> None:
    """A long cell continues below in its column, a short one stays whole, and no text is lost."""
    time, sentence = "2026-11-28T14:22:50.123Z", "the Central System refused it for good: " + "a reason, " * 9 + "[red]"
    text = table(("began", "error"), [(time, sentence)], 60)
    lines = text.splitlines()
    assert len(lines) > 2 and max(map(len, lines)) <= 60 and lines[1].startswith(f"{time}  the Central System")
    assert "".join(line.removeprefix(time) for line in lines[1:]).split() != []
    assert " ".join(" ".join(line.removeprefix(time).split()) for line in lines[1:]) == sentence
    assert table(("began", "error"), [(time, "short")], 60).splitlines()[1] == f"{time}  short"


def test_a_table_that_is_too_wide_becomes_lines() -> None:
    """If not even the short cells fit side by side, each cell gets a line, each row a paragraph."""
    text = table(("no", "began", "ended"), [(1, "t" * 24, "u" * 24), (2, "v", None)], 40)
    assert text == f"no     1\nbegan  {'t' * 24}\nended  {'u' * 24}\n\nno     2\nbegan  v\nended  -"
    value = ",".join(f"Profile{n}" for n in range(30))
    text = table(("key", "value"), [("SupportedFeatureProfil", value)], 30)
    assert max(map(len, text.splitlines())) <= 30 and value in text.replace("\n" + " " * 7, "")


def test_long_lines_fold_between_words() -> None:
    """In a terminal a line continues below, indented; elsewhere it is unchanged."""
    line = "                  DNS: the name is not known; check [csms] url in evsed.toml"
    assert folded(line, None) == line
    first, *rest = folded(line, 50).splitlines()
    assert first.startswith(" " * 18 + "DNS") and all(row.startswith(" " * 20) for row in rest)
    assert " ".join(folded(line, 50).split()) == line.strip() and folded("a\n\nb", 9) == "a\n\nb"


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_only_a_terminal_has_a_width() -> None:
    """Output into a pipe is not folded, output to a terminal is."""
    long = "word " * 100
    with contextlib.redirect_stdout(io.StringIO()) as pipe:
        assert terminal_columns() is None
        output.print_rows([{"error": long}], "")
        output.print_folded(long)
    assert [line.strip() for line in pipe.getvalue().splitlines()] == ["error", long.strip(), long.strip()]
    with contextlib.redirect_stdout(Terminal()) as terminal:
        assert terminal_columns()
        output.print_rows([{"error": long}], "")
        output.print_folded(long)
        output.print_log([{"utc": None, "mono": 1.0, "text": long}])
    assert max(map(len, terminal.getvalue().splitlines())) < len(long) / 2


def test_the_status_is_never_truncated() -> None:
    """A long cause is shown whole."""
    cause = "no address for csms.example: " + "x" * 80 + "; check [csms] url"
    link = {"since_s": None, "last_failure": {"stage": "DNS", "cause": cause}, "next_attempt_s": 2.0}
    assert f"DNS: {cause}; again in 2 s" in status_text(changed(linked=False, link=link))


def test_fields_that_are_null_are_unknown() -> None:
    """With the daemon down no status, pilot, contactor or number is made up."""
    blind = dict.fromkeys(set(CONNECTOR) - {"connector", "faults", "volts", "amps", "watts", "transaction"})
    unseen = changed(
        headline=None, status=None, error=None, linked=None, link=None, connectors=[{**CONNECTOR, **blind}]
    )
    text = status_text(unseen)
    assert text.startswith("CP1: unknown\n") and "central system  unknown" in text and "connector 1: unknown\n" in text
    assert "pilot unknown, contactor unknown, offered - A, signalled - A, register - Wh" in text


def test_the_status() -> None:
    """Station, link, queue, clock, board, store, and each connector."""
    text = status_text(STATUS)
    assert text.startswith("CP1: Available\n") and "connected for 3 s, registration Accepted" in text
    assert "connector 1: Available" in text and "register 12 Wh" in text and "faults" not in text


def test_12_the_status_names_meter_and_switchings() -> None:
    """What is not known is left out, and so is the line where a daemon of before says nothing."""
    row = {**CONNECTOR, "meter_serial": "17", "meter_model": "SDM120", "switchings_loaded": 3, "switchings_unloaded": 4}
    text = status_text(changed(connectors=[row]))
    assert "  meter SDM120 no. 17, contactor switched 3 times under load, 4 without load\n" in text + "\n"
    text = status_text(changed(connectors=[{**row, "meter_serial": None}]))
    assert "  meter SDM120, contactor" in text
    assert "meter no. 17" in status_text(changed(connectors=[{**row, "meter_model": None}]))
    assert "switched" not in status_text(STATUS)


def test_the_status_with_faults() -> None:
    """Faults, the link's last failure and the running transaction are shown."""
    transaction = {"number": 3, "transaction_id": None, "id_tag": "04A2", "energy_wh": 5}
    sick = {
        **CONNECTOR,
        "status": "Faulted",
        "error": "OtherError",
        "info": "weld",
        "faults": ["weld"],
        "transaction": transaction,
        "contactor_closed": True,
    }
    link = {"since_s": None, "last_failure": {"stage": "TCP", "cause": "refused"}, "next_attempt_s": 2.0}
    text = status_text(changed(headline="Faulted: weld", linked=False, link=link, connectors=[sick]))
    assert (
        text.startswith("CP1: Faulted: weld\n")
        and "Faulted (OtherError: weld)" in text
        and "TCP: refused; again in 2 s" in text
    )
    assert "Faulted (OtherError: weld)" in text and "faults: weld" in text and "transaction 3 (-), card 04A2" in text
    assert "TCP: refused\n" in status_text(changed(linked=False, link={**link, "next_attempt_s": None}))


def test_the_status_from_the_store_has_no_link() -> None:
    """With the daemon down nothing is known of the last connection."""
    assert "not connected, registration -" in status_text(changed(linked=False, link=None, registration=None))


def test_why() -> None:
    """The reason, the remedy, and the limits that lead to the offered current."""
    reason = {
        "connector": 1,
        "text": "No car.",
        "remedy": "Plug in.",
        "amps": 16.0,
        "chain": ["32 A board", "16 A cable"],
    }
    assert why_text([reason, {**reason, "chain": []}]).splitlines() == [
        "connector 1: No car. Plug in.",
        "  offers 16 A; limits: 32 A board, 16 A cable",
        "connector 1: No car. Plug in.",
    ]


def test_the_time_of_a_message() -> None:
    """UTC if it is known, else the seconds since boot."""
    assert when(None, 1.25) == "+1.2s" and when(0.0, 1.0) == "01-01 00:00:00"


def test_trace_lines() -> None:
    """An arrow shows the direction of a frame; log messages stand between frames."""
    frame = {"frame": "[2]", "from": "station", "mono": 1.0, "utc": 0.0}
    assert trace_line(frame) == "01-01 00:00:00  -> [2]"
    assert trace_line({**frame, "from": "central system", "utc": None}) == "+1.0s  <- [2]"
    assert trace_line({"note": {"text": "x", "mono": 1.0, "utc": None}}) == "+1.0s     x"
    assert trace_line({}) == "+0.0s     "


TRANSACTION: dict[str, Any] = {
    "number": 12, "transaction_id": 1012, "connector": 1, "id_tag": "04A2B9C1D2E3F4A5B6C7", "state": "ended",
    "began": "2026-11-29T23:10:00.000Z", "ended": "2026-11-30T00:41:12.000Z", "duration_s": 5472.4, "energy_wh": 22040,
    "reason": "EVDisconnected", "start": "confirmed", "stop": "confirmed",
}  # fmt: skip


def test_b14_transactions_have_end_and_duration(capsys: pytest.CaptureFixture[str]) -> None:
    """The day of the end only where it is another one; what is not told yet is said."""
    running = {**TRANSACTION, "state": "running", "ended": None, "duration_s": 61.0, "stop": "none", "reason": None}
    same_day = {**TRANSACTION, "began": "2026-11-30T00:10:00.000Z", "stop": "waiting"}
    output.print_transactions([TRANSACTION, same_day, {**running, "connector": 2}, {**same_day, "start": "parked"}])
    heads, first, second, third, fourth = capsys.readouterr().out.splitlines()
    assert heads.split() == ["no", "id", "con", "card", "began", "ended", "lasted", "Wh", "reason", "sent"]
    assert "11-29 23:10  11-30 00:41  1:31:12  22040  EVDisconnected  yes" in first
    assert "11-30 00:10  00:41" in second and second.endswith("no")
    assert "-            0:01:01" in third and third.endswith("running         yes") and fourth.endswith("parked")
    output.print_transactions([{**TRANSACTION, "duration_s": None, "began": None}])
    assert capsys.readouterr().out.splitlines()[0].split()[2] == "card"


def test_b14_transactions_fit_80_columns() -> None:
    """Also with the longest card and reason."""
    lines = output.transactions_text([{**TRANSACTION, "ended": "2026-11-29T23:41:12.000Z"}], 80).splitlines()
    assert len(lines) == 2 and max(map(len, lines)) <= 80, lines
    assert "04A2B9C1D2E3F4A5B6C7 11-29 23:10 23:41 1:31:12 22040 EVDisconnected yes" in lines[1]


def test_tables_of_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Transactions, keys, key reference, log messages; and the text for an empty table."""
    key = {"key": "K", "value": "1", "readonly": True, "type": "int", "min": 0, "max": 9, "unit": "s", "what": "w"}
    output.print_configuration([key, {**key, "readonly": False}])
    output.print_reference([key, {**key, "type": "bool"}, {**key, "type": "csl", "readonly": False}])
    output.print_log([{"utc": None, "mono": 1.0, "text": "noted"}])
    output.print_rows([{"item": 1, "kind": "start"}], "nothing")
    text = capsys.readouterr().out
    assert "read-only" in text and "0..9 s" in text and "true, false" in text and "list, at most 9" in text
    assert "noted" in text and "item  kind" in text
    output.print_transactions([])
    output.print_rows([], "nothing waits")
    output.print_log([])
    output.print_log([], "")
    text = capsys.readouterr().out
    assert text == "no transactions\nnothing waits\nno messages\n"


def test_control_characters_are_escaped() -> None:
    """Text of an idTag or of a back-office forges no line and moves no cursor; letters of any language stay."""
    evil = "\x1b[31mX\x07\n<0>evil\u202e\u2028"
    shown = redaction.printable({"rows": [{"id_tag": evil, "wh": 5, "name": "Säule ä"}], "none": None})
    assert shown == {
        "rows": [{"id_tag": "\\x1b[31mX\\x07\\n<0>evil\\u202e\\u2028", "wh": 5, "name": "Säule ä"}],
        "none": None,
    }
