"""Every transcript plays exactly as it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.play import perform, stories


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_plays_as_it_reads(path: Path) -> None:
    """Each line's consequences are all that is written beside it, and the checkers pass on the way."""
    written = path.read_text(encoding="utf-8").splitlines()
    assert perform(path).splitlines() == written


def test_enough_stories() -> None:
    """At least 40 transcripts, each headed by the clause it shows."""
    assert len(stories()) >= 40
    for path in stories():
        assert path.read_text(encoding="utf-8").startswith("# "), path.name
