"""Every sequence of events from a fresh station (seven of the core, five of every kind), and from within stories.

Here all is walked as deep as a minute allows; `make walk DEPTH=n` goes as deep as asked, with every kind.
"""

from __future__ import annotations

import gc
import sys
from collections import defaultdict
from functools import partial
from multiprocessing import Pool
from typing import Any

import pytest

from ocpp16.records import SecurityOccurrence
from tests.sim.central_system import CentralSystem
from tests.sim.checkers import Checkers
from tests.sim.peace import well_behaved
from tests.sim.rules import all_checkers
from tests.sim.walk import ALL, CORE, fingerprint, walk
from tests.sim.world import Setup, World
from tests.stories.play import Story, stories

DEPTH_CORE = 7
DEPTH_ALL = 5
DEPTH_MIDDLES = 2
DEPTH_OWN_SETTINGS = 2
"""Stories that set the station up otherwise share no state with the others."""


@pytest.fixture(autouse=True)
def _no_collector() -> Any:
    """Thousands of worlds are made and dropped: the walk sweeps now and then, the collector by itself only costs."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.collect()
    gc.unfreeze()
    gc.enable()


def _fresh(settings: dict[str, str]) -> World:
    world = World(Setup(settings=settings), CentralSystem(), (Checkers(all_checkers(7)),))
    world.power_on()
    world.run(5.0)
    return world


def _middle(story: Story) -> World:
    """The world half-way through a story, with a Central System that answers by itself from here on."""
    player = story.player()
    for stimulus in story.stimuli[: (len(story.stimuli) + 1) // 2]:
        player.do(stimulus)
    world = player.world
    world.watchers = (player.checkers,)
    well_behaved(player.central)
    if not world.powered:
        world.power_on()
    world.run(40.0)
    return world


def _middles(group: list[tuple[str, Story]]) -> list[tuple[str, World]]:
    return [(f"the middle of {name}", _middle(story)) for name, story in group]


def _grouped() -> dict[str, list[tuple[str, Story]]]:
    groups: dict[str, list[tuple[str, Story]]] = defaultdict(list)
    for path in stories():
        story = Story.read(path)
        groups[" ".join(f"{k}={v}" for k, v in sorted(story.settings.items()))].append((path.stem, story))
    return groups


def _walk(starts: list[tuple[str, World]], depth: int, name: str, **how: Any) -> str:
    states, steps, seconds = walk(starts, depth, **how)
    assert steps > 100
    return f"{name}: {states} states, {steps} steps, depth {depth}, {len(starts)} starts, {seconds:.0f} s"


def _tell(words: str, capsys: Any) -> None:
    with capsys.disabled():
        print(f"\n{words}")


@pytest.mark.long
@pytest.mark.parametrize(("kinds", "depth"), [(CORE, DEPTH_CORE), (ALL, DEPTH_ALL)], ids=["core", "all"])
def test_from_a_fresh_station(kinds: frozenset[str], depth: int, capsys: Any) -> None:
    """No sequence of seven events that begin, end or interrupt a transaction breaks a rule; nor any five events."""
    settings = {"ConnectionTimeOut": "30", "LocalPreAuthorize": "true"}
    _tell(_walk([("a fresh station", _fresh(settings))], depth, "fresh station", kinds=kinds), capsys)


def test_equal_states_are_merged() -> None:
    """When security events were seen, and how often beyond twice, decides nothing: such states are one."""
    worlds = []
    for kills in (2, 3):
        world = _fresh({})
        for _ in range(kills):
            world.kill_evsed()
            world.run(10.0)
        counts = [row.count for row in world.records.values() if isinstance(row, SecurityOccurrence)]
        assert kills in counts
        worlds.append(world)
    assert fingerprint(worlds[0]) == fingerprint(worlds[1])


@pytest.mark.long
def test_from_the_middle_of_each_story(capsys: Any) -> None:
    """Nor from where the stories lead to."""
    _tell(_walk(_middles(_grouped()[""]), DEPTH_MIDDLES, "middles of stories"), capsys)


@pytest.mark.long
def test_from_the_middle_of_each_story_with_settings_of_its_own(capsys: Any) -> None:
    """Nor where the station is set up otherwise."""
    words = [_walk(_middles(group), DEPTH_OWN_SETTINGS, name) for name, group in _grouped().items() if name]
    _tell("\n".join(words), capsys)


def main(depth: int) -> None:
    """All middles to that depth, on all cores, however long it takes."""
    gc.disable()
    for name, group in _grouped().items():
        starts, name = _middles(group), name or "middles of stories"
        with Pool() as pool:
            mapped = partial(pool.imap, chunksize=8)
            print(_walk(starts, depth, name, mapped=mapped, aloud=True), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
