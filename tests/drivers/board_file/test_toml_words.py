"""Each common mistake in a TOML file, in our words, on the line where it was made."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.board_file.toml_words import BYTE_ORDER_MARK, NOT_UTF_8, UTF_16, of_bytes, of_text

MISTAKES = [
    ("[s]\nid = CP1\n", 2, 'id: the quotes are missing: id = "…"'),
    ("x = ws://h/o # c", 1, "x: the quotes are missing"),
    ("x = /var/lib", 1, "x: the quotes are missing"),
    ("x = 192.168.0.1", 1, "x: the quotes are missing"),
    ("x = 0012", 1, "x: a number has no zeros in front; a text of digits stands in quotes"),
    ("x = True", 1, "x: write true or false"),
    ("x = yes", 1, "x: write true or false"),
    ("x = “a”", 1, "x: the quotes are those of a word processor"),
    ('id = "CP1\nx=1\n', 1, 'id: the closing quote is missing: id = "…"'),
    ('id = "CP1', 1, "id: the closing quote is missing"),
    ("id = 'CP1\nx = 1\n", 1, "id: the closing quote is missing: id = '…'"),
    ("id = 'CP1\nx = 'a'\n", 1, "id: the closing quote is missing: id = '…'"),
    ("id = 'a'b'", 1, "id: something follows the closing quote; quotes inside a text: put it into double ones"),
    ('id = "a"b"', 1, "id: something follows the closing quote; quotes inside a text: put it into single ones"),
    ('x = "\x01"', 1, "x: it contains a control character"),
    ('p = "C:\\Users"\n', 1, "p: a backslash in double quotes is written twice"),
    ('p = "a\\d"\n', 1, "p: a backslash in double quotes is written twice"),
    ('y = 1\nx = """a\nb\n', 2, "the three quotes that begin a long text are not closed"),
    ("a = 1\n\na = 2\n", 3, "a stands twice, first on line 1: remove one of the two"),
    ("a = 1\n[s]\na = 2\nb = [\n1,\n2]\nb = 3", 7, "b stands twice, first on line 4"),
    ("[a]\nx=1\n[b]\n[a]\n", 4, "[a] stands twice, first on line 1: put its keys together below one"),
    ("[[a]]\nx=1\n[[a]]\nx=1\nx=2", 5, "x stands twice, first on line 4"),
    ("[a]\nb=1\n[a.b]\nc=1", 3, "this name stands twice in the file"),
    ("\ufeff[a]\n", 1, BYTE_ORDER_MARK),
    ("[csms\nx=1", 1, "not a section: write [csms]"),
    ("[a] x=1", 1, "after [a] nothing but a comment may follow"),
    ('id: "x"', 1, 'an equals sign stands after the name, not a colon: id = "…"'),
    ('id "x"', 1, "there is no equals sign after id"),
    ("// c", 1, "a comment begins with #"),
    ("; c", 1, "a comment begins with #"),
    ('x = ["a" "b"]', 1, "x: a comma or the closing ] is missing"),
    ('x = ["a",\n"b"\n\n[ocpp]\n', 1, "x: a comma or the closing ] is missing"),
    ("x = {a=1", 1, "x: a comma or the closing } is missing"),
    ('x = ["a", b]\n', 1, "x: each text in a list stands in quotes"),
    ("x = \n", 1, "a value is missing after x ="),
    ("x = = 3", 1, "x: one equals sign is too many"),
    ("ä = 1", 1, "invalid statement"),
]


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES, ids=[text for text, _, _ in MISTAKES])
def test_14_a_mistake_in_our_words(text: str, line: int, words: str) -> None:
    """The line on which it was made, what is wrong, and how it is written."""
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(text)
    mistake = of_text(text, str(refused.value))
    assert (mistake.line, mistake.what[: len(words)]) == (line, words)


@pytest.mark.parametrize(
    ("data", "line", "words"),
    [
        (b"a = 1\nb = \xff", 2, NOT_UTF_8),
        ("[station]".encode("utf-16"), 1, UTF_16),
        (b"\xfe\xff\0[", 1, UTF_16),
        ('a = "Größe"'.encode("latin-1"), 1, NOT_UTF_8),
    ],
)
def test_14_another_encoding(data: bytes, line: int, words: str) -> None:
    """What Windows editors write is named with its remedy."""
    with pytest.raises(UnicodeDecodeError) as refused:
        data.decode("utf-8")
    assert of_bytes(refused.value) == (line, words)


@pytest.mark.parametrize("value", ["hush", "'hush", '"hush', "“hush”", '"hush" "', "\x01hush"])
def test_14_a_value_is_never_repeated(value: str) -> None:
    """It may be a password."""
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(f"password = {value}\n")
    assert "hush" not in of_text(f"password = {value}\n", str(refused.value)).what


SCRAPS = st.sampled_from([*"a=[]\"'{},1#\\. é\n\0", '"""'])


@given(st.lists(SCRAPS, max_size=30).map("".join))
def test_any_text(text: str) -> None:
    """Whatever is refused has a line of the file, and one line of words."""
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        mistake = of_text(text, str(error))
        assert 1 <= mistake.line <= text.count("\n") + 1 and mistake.what and "\n" not in mistake.what
