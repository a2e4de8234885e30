"""The board's reading of TOML files, compared with evsed's: same lines, same guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import line_numbers as evsed_lines
from daemon.config import spelling as evsed_spelling
from drivers.board_file.toml_reader import TomlRefused, line_numbers, nearest, read_toml

TEXTS = [
    "",
    "top = 1\nstation.id = 2\n",
    "# a comment\n[station]\nid = 1\n\"quoted key\" = 2\n[ csms ]\nurl = 'x = [y]'\n",
    '[a]\ntext = """\nnot = 1\n[nor.a.table]\n"""\nb = 2\n',
    "[[list]]  # and a comment\ndotted.name = true\n",
    "[a]\nb = 1\nb = 2\n",
    "[a.b]\nc = 1\n",
]
NAMES = ["kind", "socket", "connectors", "lease_s", "simulated", "HeartbeatInterval"]


@pytest.mark.parametrize("text", TEXTS)
def test_lines_are_those_of_evsed(text: str) -> None:
    """Tables, keys, dotted keys, long texts, names that occur twice."""
    assert line_numbers(text) == evsed_lines.line_numbers(text)


TOML_LIKE = st.lists(st.sampled_from(["[a]", "[[b]]", "a = 1", "b.c = 2", '"""', "'''", "# x", " x=[", "]", "é"]))


@given(TOML_LIKE)
def test_lines_are_those_of_evsed_in_any_text(lines: list[str]) -> None:
    """Whatever stands there, valid or not."""
    text = "\n".join(lines)
    assert line_numbers(text) == evsed_lines.line_numbers(text)


@given(st.sampled_from(NAMES) | st.text(max_size=12), st.data())
def test_guesses_are_those_of_evsed(name: str, data: st.DataObject) -> None:
    """A name with a letter left out, doubled or in another case, or any text."""
    at = data.draw(st.integers(0, max(len(name) - 1, 0)))
    for misspelt in (name, name[:at] + name[at + 1 :], name[:at] + name[at : at + 1] + name[at:], name.upper()):
        assert nearest(misspelt, NAMES) == evsed_spelling.nearest(misspelt, NAMES)


def test_the_nearest_name() -> None:
    """A mistyped name leads to the one that was meant; a strange one to none."""
    assert nearest("kindd", NAMES) == "kind" and nearest("SOCKET", NAMES) == "socket" and nearest("zzz", NAMES) == ""


def test_a_file(tmp_path: Path) -> None:
    """Its content, and where each thing stands; 0 where a thing is not there."""
    path = tmp_path / "x.toml"
    path.write_text("kind = 1\n[simulated]\nphases = 3\n", "utf-8")
    toml = read_toml(path)
    assert toml.content == {"kind": 1, "simulated": {"phases": 3}}
    assert [toml.line("", "kind"), toml.line("", "simulated"), toml.line("simulated", "phases")] == [1, 2, 3]
    assert toml.line("simulated", "absent") == 0


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"x = = 1", 1, "not valid TOML: x: one equals sign is too many"),
        (b"a = 1\nb = \xff", 2, "not valid TOML: not UTF-8: save it as UTF-8 in your editor"),
        (b"x = " + b"[" * 5000, 0, "not valid TOML: nested too deeply"),
    ],
)
def test_what_is_not_valid(data: bytes, line: int, reason: str, tmp_path: Path) -> None:
    """The reason, with the line where there is one."""
    path = tmp_path / "x.toml"
    path.write_bytes(data)
    with pytest.raises(TomlRefused) as refused:
        read_toml(path)
    assert (str(refused.value), refused.value.line) == (reason, line)
