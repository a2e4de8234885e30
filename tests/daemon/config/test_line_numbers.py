"""Line numbers of tables and keys in a TOML text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.line_numbers import line_numbers
from drivers.process.config import ConfigRefused, read

TEXT = '''# a comment
top = 1

[station]
id = "CP1"
"quoted key" = 2
text = """
not = "a key"
[nor.a.table]
"""
[[list]]  # and a comment
dotted.name = true
[ csms ]
url = 'x = [y]'
'''


def test_tables_and_keys_are_found() -> None:
    """Each table and each key has the number of its line."""
    lines = line_numbers(TEXT)
    assert lines["station", ""] == 4
    assert lines["station", "id"] == 5
    assert lines["station", "quoted key"] == 6
    assert lines["list", ""] == 11
    assert lines["list", "dotted"] == 12
    assert lines["csms", "url"] == 14


def test_a_key_outside_of_tables_is_found() -> None:
    """A key before the first table, and a dotted key, have their own names."""
    assert line_numbers("top = 1\nstation.id = 2\n") == {
        ("top", ""): 1,
        ("station", "id"): 2,
        ("station", ""): 2,
    }


def test_multi_line_strings_hold_no_keys() -> None:
    """Lines inside a multi-line string are neither keys nor tables."""
    lines = line_numbers(TEXT)
    assert ("station", "not") not in lines and ("nor.a.table", "") not in lines


def test_the_first_of_two_counts() -> None:
    """The first line of a repeated name is reported."""
    assert line_numbers("[a]\nb = 1\nb = 2\n")["a", "b"] == 2


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever the text, every number is one of its lines."""
    assert all(1 <= line <= len(text.splitlines()) for line in line_numbers(text).values())


@pytest.mark.parametrize(
    "text", ["x = 1\n", "# a\n\nlease_s = 20\nx = 1\n", "[simulated]\nphases = 1\n\nx = 2\n", "[x]\n"]
)
def test_the_board_process_finds_the_same_lines(text: str, tmp_path: Path) -> None:
    """evsed-board, which may not import the daemon, names the same line of its own file."""
    file = tmp_path / "board.toml"
    file.write_text(text)
    section = "simulated" if "[simulated]" in text else ""
    with pytest.raises(ConfigRefused) as refused:
        read(file)
    line = line_numbers(text)[(section, "x") if section else ("x", "")]
    assert str(refused.value).startswith(f"{file}:{line}: ")
