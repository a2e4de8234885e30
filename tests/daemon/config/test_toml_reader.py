"""A TOML file becomes a draft, or one problem with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.model import Draft
from daemon.config.toml_reader import read_toml


def drafted(folder: Path, content: bytes) -> Draft:
    file, draft = folder / "evsed.toml", Draft()
    file.write_bytes(content)
    read_toml(draft, file, needed=True)
    return draft


def test_keys_and_their_places(tmp_path: Path) -> None:
    """A known key is kept with its file; an unknown one is a problem with its line."""
    draft = drafted(tmp_path, b'[station]\nid = "CP1"\nidd = 2\n')
    assert draft.values == {("station", "id"): "CP1"} and not draft.unread
    (problem,) = draft.problems
    assert (problem.line, problem.key, problem.nearest) == (3, "[station] idd", "id")


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"[station\n", 1, "not valid TOML"),
        (b"x = 1\ny = \xff\n", 2, "UTF-8"),
        (b"a = 1\na = 2\n", 2, "not valid TOML"),
        (b"[station]\nid = CP1\n", 2, "id: the quotes are missing"),
        (b"\xef\xbb\xbf[station]\n", 1, "byte order mark"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, 0, "not valid TOML"),
    ],
)
def test_invalid_toml_is_reported_with_its_line(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    """Invalid TOML is one problem with its line, and the file counts as unread."""
    draft = drafted(tmp_path, content)
    (problem,) = draft.problems
    assert problem.line == line and what in problem.what and draft.unread


def test_a_missing_file(tmp_path: Path) -> None:
    """It is a problem only where it is needed."""
    needed, spare = Draft(), Draft()
    read_toml(needed, tmp_path / "none", needed=True)
    read_toml(spare, tmp_path / "none", needed=False)
    assert needed.unread and needed.problems and not spare.unread and not spare.problems


def test_keys_and_sections_out_of_place(tmp_path: Path) -> None:
    """An unknown section, a key outside of one, and a key in the place of one are errors."""
    draft = drafted(tmp_path, b"nonsense = 1\nstore = 1\n[bord]\nx = 1\n")
    assert [(p.line, p.nearest) for p in draft.problems] == [(1, ""), (2, ""), (3, "[board]")]
