"""Answers as text for a person."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from daemon.ctl import show
from daemon.ctl.show import status_text, table, trace_line, when, why_text

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


def test_a_table_fits_the_console() -> None:
    """Columns are aligned, nothing is a dash, truths are words, and no line is longer than 80."""
    text = table(("a", "bb"), [(1, None), (True, "x" * 100), (1.50, []), (["p", 2], "")])
    assert text.splitlines()[0] == "a    bb" and text.splitlines()[1] == "1    -"
    assert "yes  xxx" in text and "p 2  -" in text and max(map(len, text.splitlines())) == 80
    assert table(("a",), []) == "a"


def test_the_status_at_a_glance() -> None:
    """Station, link, reports, clock, board, store, and each connector."""
    text = status_text(STATUS)
    assert text.startswith("CP1: Available\n") and "connected for 3 s, registration Accepted" in text
    assert "connector 1: Available" in text and "register 12 Wh" in text and "faults" not in text


def test_the_status_says_what_is_wrong() -> None:
    """Faults, the link's last failure and the running transaction are told."""
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
    text = status_text(changed(error="OtherError", linked=False, link=link, connectors=[sick]))
    assert "(OtherError)" in text and "TCP: refused; again in 2 s" in text
    assert "Faulted (OtherError: weld)" in text and "faults: weld" in text and "transaction 3 (-), card 04A2" in text
    assert "TCP: refused\n" in status_text(changed(linked=False, link={**link, "next_attempt_s": None}))


def test_the_status_from_the_store_has_no_link() -> None:
    """With the daemon down there is no link to speak of."""
    assert "not connected, registration -" in status_text(changed(linked=False, link=None, registration=None))


def test_why_is_a_sentence_and_a_chain() -> None:
    """The reason, what to do, and how the amperes came about."""
    reason = {
        "connector": 1,
        "text": "No car.",
        "remedy": "Plug in.",
        "amps": 16.0,
        "chain": ["32 A board", "16 A cable"],
    }
    assert why_text([reason, {**reason, "chain": []}]).splitlines() == [
        "connector 1: No car. Plug in.",
        "  offers 16 A; the bounds: 32 A board, 16 A cable",
        "connector 1: No car. Plug in.",
    ]


def test_a_notes_time() -> None:
    """UTC where it is known, else the second since boot."""
    assert when(None, 1.25) == "+1.2s" and when(0.0, 1.0) == "01-01 00:00:00"


def test_trace_lines() -> None:
    """An arrow says who spoke; a note stands between."""
    assert trace_line({"frame": "[2]", "from": "station"}) == "-> [2]"
    assert trace_line({"frame": "[3]", "from": "central system"}) == "<- [3]"
    assert trace_line({"note": {"text": "x"}}) == "   x" and trace_line({}) == "   "


def test_tables_of_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Transactions, keys, their reference, notes; and the words where there is none."""
    row = dict.fromkeys(
        ("number", "transaction_id", "connector", "id_tag", "state", "began", "energy_wh", "reason", "stop"), 1
    )
    show.transactions([row])
    key = {"key": "K", "value": "1", "readonly": True, "type": "int", "min": 0, "max": 9, "unit": "s", "what": "w"}
    show.configuration([key, {**key, "readonly": False}])
    show.reference([key, {**key, "type": "bool"}, {**key, "type": "csl", "readonly": False}])
    show.log([{"utc": None, "mono": 1.0, "text": "noted"}])
    show.any_rows([{"item": 1, "kind": "start"}], "nothing")
    text = capsys.readouterr().out
    assert "read-only" in text and "0..9 s" in text and "true, false" in text and "list, at most 9" in text
    assert "noted" in text and "item  kind" in text
    show.transactions([])
    show.any_rows([], "nothing waits")
    show.log([])
    text = capsys.readouterr().out
    assert text == "no transaction is kept\nnothing waits\nnothing is noted\n"


def test_a_terminal_gets_a_fancy_table(capsys: pytest.CaptureFixture[str]) -> None:
    """In a terminal `rich` draws it, and no value is taken for its markup."""
    show.print_table(("a", "b"), [(1, "[red]x[/red]")], "", fancy=True)
    assert "[red]x[/red]" in capsys.readouterr().out
