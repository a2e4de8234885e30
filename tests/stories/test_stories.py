"""Every transcript plays exactly as it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocpp16.step import Moment, Note, Tell
from tests.sim.world import Watcher, World
from tests.stories.play import FOLDER, Player, Story, perform, stories


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


class _LogLines(Watcher):
    """Counts the lines that the steps of a story log."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def moment(self, world: World, moment: Moment) -> None:
        if isinstance(moment, Tell) and isinstance(moment.what, Note):
            self.codes.append(moment.what.code)


@pytest.mark.parametrize("name", ["start_plug_first", "start_card_first", "car_pauses", "values_sampled"])
def test_point_5_a_session_logs_at_most_40_lines(name: str) -> None:
    """From plug to unplugging, with meter values and pauses; the lines of start and end of the charge are there."""
    story, lines = Story.read(FOLDER / f"{name}.txt"), _LogLines()
    player = Player(dict(story.settings), lines)
    for stimulus in story.stimuli:
        player.do(stimulus)
    assert {"plugged", "transaction-began"} <= set(lines.codes) and len(lines.codes) <= 40, lines.codes
