"""Secrets, card numbers and text from outside."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.keys import SECTIONS
from daemon.journal.redaction import (
    HIDDEN,
    SECRET_CONFIGURATION_KEYS,
    SECRET_SETTINGS,
    holds_id_tag,
    is_secret,
    joined_line,
    masked,
    printable,
    single_line,
    without_secret_value,
    without_secrets,
    zeros,
)
from ocpp16.configuration.keys import core_keys
from ocpp16.product import Product


@given(st.text(max_size=400))
def test_single_line(text: str) -> None:
    """No text of the other side can begin a new line, move a cursor or fill a log."""
    line = single_line(text)
    assert line.isascii() and line.isprintable() and len(line) <= 200


def test_what_is_plain_stays_plain() -> None:
    """Printable ASCII is left as it is."""
    assert single_line('[2,"1"] it\'s 5 < 7~') == '[2,"1"] it\'s 5 < 7~'
    assert single_line("a\n<0>kernel: \x1b[2Jü") == "a\\n<0>kernel: \\x1b[2J\\xfc"


def test_secrets_become_zeros() -> None:
    """The value of AuthorizationKey and a password in a URL are nowhere, their lengths are."""
    frame = '[2,"1","ChangeConfiguration",{"value":"deadbeef","key":"AuthorizationKey"}]'
    assert without_secrets(frame) == frame.replace("deadbeef", "00000000")
    url = '[2,"1","GetDiagnostics",{"location":"ftp://user:secret@host/"}]'
    assert without_secrets(url) == url.replace("secret", "000000")
    other = '[2,"1","ChangeConfiguration",{"key":"HeartbeatInterval","value":"300"}]'
    assert without_secrets(other) == other


def test_the_secrets_of_both_key_tables_are_known() -> None:
    """What a key table marks as secret or write-only is redacted, and nothing else."""
    settings = {name for section in SECTIONS.values() for name, key in section.items() if key.secret}
    keys = {name.lower() for name, row in core_keys(Product()).items() if row.write_only}
    assert (settings, keys) == (SECRET_SETTINGS, SECRET_CONFIGURATION_KEYS)
    assert is_secret("AuthorizationKey") and is_secret("password") and not is_secret("HeartbeatInterval")


def test_the_value_of_a_secret_key_is_hidden() -> None:
    """A note about a key that is no secret keeps its value."""
    assert without_secret_value({"key": "authorizationKEY", "value": "x", "by": "csms"}) == {
        "key": "authorizationKEY",
        "value": HIDDEN,
        "by": "csms",
    }
    other = {"key": "HeartbeatInterval", "value": "300"}
    assert without_secret_value(other) == other and zeros("abc") == "000"


def test_cards_are_masked() -> None:
    """A card is to be recognised in a log, not to be copied from it."""
    assert masked("04A2B9C1") == "04..C1" and masked("AB") == "A.."


@pytest.mark.parametrize("name", ["id_tag", "idTag", "parent_id_tag", "parentIdTag", "stop_id_tag", "card"])
def test_fields_that_hold_a_card(name: str) -> None:
    """They are found by their name, in the spelling of records and of messages."""
    assert holds_id_tag(name) and not holds_id_tag("connector")


def test_lines_are_joined() -> None:
    """A text of several lines becomes one, cut at its limit."""
    assert joined_line("550-no\r\n550 \x1b[2J<0>kernel: \xe9") == "550-no 550 \\x1b[2J<0>kernel: \\xe9"
    assert joined_line("x" * 500, 120) == "x" * 117 + "..."


def test_a_terminal_is_not_steered() -> None:
    """What a card or a back-office sends moves no cursor and forges no line; letters of any language stay."""
    evil = "\x1b[31mX\x07\n<0>evil\u202e\u2028"
    assert printable({"rows": [{"id_tag": evil, "wh": 5, "name": "Säule ä"}], "none": None}) == {
        "rows": [{"id_tag": "\\x1b[31mX\\x07\\n<0>evil\\u202e\\u2028", "wh": 5, "name": "Säule ä"}],
        "none": None,
    }
