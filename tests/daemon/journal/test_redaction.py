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
    SHOWN_CONFIGURATION_KEYS,
    answer_text,
    cut_url,
    foreign_text,
    holds_id_tag,
    in_full,
    is_secret,
    joined_line,
    masked,
    note_fields,
    plain_name,
    printable,
    single_line,
    value_is_shown,
    without_quotes,
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


def test_the_secrets_of_both_key_tables_are_known() -> None:
    """What a key table marks as secret or write-only is redacted, and nothing else."""
    settings = {name for section in SECTIONS.values() for name, key in section.items() if key.secret}
    keys = {name.lower() for name, row in core_keys(Product()).items() if row.write_only}
    assert (settings, keys) == (SECRET_SETTINGS, SECRET_CONFIGURATION_KEYS)
    assert set(core_keys(Product())) - keys <= SHOWN_CONFIGURATION_KEYS
    assert is_secret("AuthorizationKey") and is_secret("password") and not is_secret("HeartbeatInterval")


def test_the_value_of_a_configuration_key_is_shown_by_its_name() -> None:
    """Those of the key table in any case, secret ones excepted; all other values are hidden."""
    shown = [note_fields("setting-changed", {"key": key, "value": "x"})["value"] for key in KEYS]
    assert shown == ["x", "x", HIDDEN, HIDDEN, HIDDEN, HIDDEN]
    assert zeros("abc") == "000" and len(zeros("x" * 60_000)) == 501 and in_full("x") == "x"
    assert value_is_shown("heartbeatInterval") and not value_is_shown("HeartbeatInterval ")


KEYS = ("HeartbeatInterval", "CPONAME", "authorizationKEY", " AuthorizationKey", "Authorization Key", "Vendor.Key")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://user:pw@host:2121/pa/th;type=i", "ftp://host:2121"),
        ("HTTPS://host/x?token=1#f", "https://host"),
        ("http://t0ken@host", "http://host"),
        ("http://[2001:db8::1]:80/x", "http://[2001:db8::1]:80"),
        ("ftp://user:pa/ss@host/", "ftp://..."),
        ("ftp://user:1/2@host/", "ftp://..."),
        ("ftp://user:p@ss@host/", "ftp://..."),
        ("ftp://user:pw?@host/", "ftp://..."),
        ("ftp://user:pw%40host/", "ftp://..."),
        ("ftp://user:12/x%40host/", "ftp://..."),
        ("http://host\\@evil/", "http://..."),
        ("http://ho st/", "http://..."),
        ("ftp:/user:pw@host", "(hidden, 17 characters)"),
        ("gopher://host/", "(hidden, 14 characters)"),
        ("secret", "(hidden, 6 characters)"),
        ("", "(hidden, 0 characters)"),
        ("http://host/" + "x" * 60_000, "http://host"),
    ],
)
def test_point_14_urls_are_cut(url: str, shown: str) -> None:
    """Scheme, host and port; where readers could disagree about what is the host, the scheme alone."""
    assert cut_url(url) == shown


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_user_part_is_shown(user: str, path: str) -> None:
    """Whatever stands before the @ and behind the host."""
    assert "S3CRET" not in cut_url(f"ftp://{user}S3CRET{path}@host/x")
    assert "S3CRET" not in foreign_text(f"{user} ftp://x:S3CRET@host/S3CRET?S3CRET {path}")


def test_urls_in_a_text_are_cut() -> None:
    """In whatever spelling of JSON."""
    assert foreign_text("cannot ftp:\\/\\/u:p@h/x: \n'http://t@h/a?b'") == "cannot ftp://h \\n'http://h'"
    assert foreign_text("either/or") == "either/or" and len(foreign_text("x" * 60_000)) == 200


def test_names_are_plain_words() -> None:
    """Letters, dots and hyphens; of anything else the length."""
    assert [plain_name(name) for name in ("Foo", "Vendor.Key-x", "04A2", "a b", "")] == [
        *("Foo", "Vendor.Key-x", "(hidden, 4 characters)", "(hidden, 3 characters)", "(hidden, 0 characters)"),
    ]


def test_what_a_reason_quotes_is_left_out() -> None:
    """The station's own words stay."""
    assert without_quotes("type: 'it\\'s' is no ResetType") == "type: '...' is no ResetType"
    assert without_quotes('Invalid enum value "secret" - at `$.a`') == "Invalid enum value '...' - at `$.a`"
    assert without_quotes("Object contains unknown field `secret`") == "Object contains unknown field '...'"
    assert without_quotes("value: 'cut off in the mid") == "value: '...'"
    assert without_quotes("a.b: unknown property") == "a.b: unknown property"
    assert without_quotes("unknown action Foo") == "unknown action Foo"


def test_why_a_message_failed() -> None:
    """Reasons of our own, and the code of a refusal."""
    assert [answer_text(text) for text in ("no answer", "parked by hand", "InternalError: 04A2", "04: A2")] == [
        *("no answer", "parked by hand", "InternalError (hidden, 4 characters)"),
        "(hidden, 2 characters) (hidden, 2 characters)",
    ]
    assert answer_text("no error code: 04A2") == "no error code (hidden, 4 characters)"
    assert answer_text("not valid OCPP: limit: 8.15 has more") == "not valid OCPP: limit: 8.15 has more"


def test_fields_of_a_note() -> None:
    """Numbers pass where they are of a size, cards by their text, foreign texts clean."""
    fields = {"id_tag": "04A2B9C1", "wh": 5, "big": 9**99, "nothing": None, "empty": "", "share": 0.5, "odd": ["x"]}
    assert note_fields("made-up", fields, str.lower) == {
        "id_tag": "04a2b9c1", "wh": 5, "big": HIDDEN, "nothing": None, "empty": "", "share": 0.5, "odd": HIDDEN,
    }  # fmt: skip
    url = "ws://h/ocpp/CP1"
    assert note_fields("link-up", {"url": url}) == {"url": url} and note_fields("x", {"url": url}) == {"url": "ws://h"}


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
