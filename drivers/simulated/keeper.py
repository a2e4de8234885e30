"""Keeps a simulated world in its file from a thread of its own: a disk that is full or hangs delays no contactor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drivers.simulated import state
from drivers.simulated.world import WorldState

PATIENCE_S: Final = 0.02
"""A write that is done sooner is waited for: what was said is then in the file, too."""
RETRY_S: Final = 1.0


class WorldKeeper:
    """`keep` after each turn.  `log` is called with what failed and when it is over, by the thread."""

    def __init__(self, folder: Path, log: Callable[[str], None]) -> None:
        self._folder = folder
        self._log = log
        self._change = threading.Condition()
        self._world: WorldState = {}
        self._wanted = self._kept = 0
        """Numbers of worlds: the newest one, and the one in the file."""
        self._behind = False
        """A write takes long: it is not waited for again before it is over."""
        threading.Thread(target=self._run, name="world", daemon=True).start()

    def keep(self, world: WorldState) -> None:
        """The world as it is now; waits for `PATIENCE_S` at most, and not at all while the disk hangs or refuses."""
        with self._change:
            if world == self._world:
                return
            self._world = world
            self._wanted += 1
            self._change.notify_all()
        if not self._behind:
            self.settle(PATIENCE_S)

    def settle(self, within_s: float) -> bool:
        """Wait until the newest world is in the file, but not for longer; whether it is."""
        with self._change:
            kept = self._change.wait_for(lambda: self._kept == self._wanted, within_s)
            self._behind = not kept
            return kept

    def _run(self) -> None:
        failing = ""
        while True:
            with self._change:
                if failing:
                    self._change.wait(RETRY_S)
                self._change.wait_for(lambda: self._kept != self._wanted)
                number, world = self._wanted, self._world
            try:
                state.save(self._folder, world)
            except OSError as error:
                if str(error) != failing:
                    failing = str(error)
                    self._log(f"the simulated world cannot be written, it goes on in memory: {failing}")
                continue
            if failing:
                failing = ""
                self._log("the simulated world is written again")
            with self._change:
                self._kept = number
                self._behind = self._behind and number != self._wanted
                self._change.notify_all()
