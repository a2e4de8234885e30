"""Every story, power cut before and after every record, frame and offer; then power back, and the checkers pass."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from ocpp16.step import Commit, Moment, Note, Tell
from tests.sim.central_system import CentralSystem
from tests.sim.checkers import Checkers, Violation
from tests.sim.peace import make_peace, well_behaved
from tests.sim.world import Watcher, World
from tests.stories.play import Player, Story, stories

LOTS = 2
VICES: dict[str, dict[str, float]] = {
    "late": {"late": 0.5},
    "twice": {"twice": 1.0},
    "error": {"error": 0.5},
    "id-zero": {"id-zero": 1.0},
    "id-negative": {"id-negative": 1.0},
    "expired": {"start-expired": 1.0},
    "refused": {"start-refused": 1.0},
}


class Scissors(Watcher):
    """Cuts at every moment, each time in a world of its own, and lets that world live on to peace."""

    def __init__(self, vices: dict[str, float]) -> None:
        self.vices = vices
        self.cuts = 0
        self.seen: set[Any] = set()

    def before(self, world: World, moment: Moment) -> None:
        match moment:
            case Tell(Note()):
                return
        self.cut(world, f"before {_name(moment)}")

    def after(self, world: World, moment: Moment) -> None:
        match moment:
            case Tell(str()):
                self.cut(world, f"after {_name(moment)}, which arrives", arrives=True)
            case Commit():
                self.cut(world, f"after {_name(moment)}")

    def cut(self, world: World, where: str, arrives: bool = False) -> None:
        checkers = next(w for w in world.watchers if isinstance(w, Checkers))
        frozen = pickle.dumps((world.central, checkers))
        central, checkers = pickle.loads(frozen)
        dark = world.dark_copy((checkers,), central, arrives)
        books = repr([(len(s.values), len(s.stops)) for s in central.sessions])
        on_the_wire = tuple(entry[3] for entry in dark._agenda)
        mark = (tuple(dark.records.values()), repr(dark.physical), books, on_the_wire)
        if mark in self.seen:
            return
        self.seen.add(mark)
        self.cuts += 1
        try:
            make_peace(dark, checkers)
        except Violation as violation:
            raise Violation(violation.checker, f"power cut {where}: {violation}", world.t) from violation


def _name(moment: Moment) -> str:
    match moment:
        case Tell(str() as text):
            return f"telling {text[:90]}"
        case Commit(writes):
            return f"commit of {len(writes)} rows"
    return type(moment).__name__.lower()


class LenientPlayer(Player):
    """Plays on although the Central System answers otherwise than the story says."""

    def do(self, stimulus: str) -> list[Any]:
        if stimulus.split()[0] in ("reply", "refuse", "answer", "by"):
            return []
        return super().do(stimulus)


def cut_everywhere(story: Story, vices: dict[str, float]) -> int:
    """Returns how many cuts there were."""
    player = LenientPlayer(story.settings) if vices else Player(story.settings)
    central: CentralSystem = player.central
    if vices:
        well_behaved(central)
        central.vices = vices
    scissors = Scissors(vices)
    player.world.before_moment = scissors.before
    player.world.after_moment = scissors.after
    for stimulus in story.stimuli:
        player.do(stimulus)
    return scissors.cuts


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_power_cut_at_every_moment(path: Path) -> None:
    """Whatever the moment of the cut: nothing is lost, doubled or billed wrongly."""
    assert cut_everywhere(Story.read(path), {}) > 0


@pytest.mark.parametrize("vice", VICES)
@pytest.mark.parametrize("lot", range(LOTS))
def test_power_cut_at_every_moment_with_a_bad_central_system(vice: str, lot: int) -> None:
    """Nor where the Central System answers late, twice, with errors, odd ids, or refuses a start that is past."""
    for path in stories()[lot::LOTS]:
        cut_everywhere(Story.read(path), VICES[vice])
