"""`evsectl sim`: commands for the simulated board, and faults that evsed simulates itself.  Only with such a board."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.board.transport import Board
from daemon.config.model import Config
from drivers.devices import BoardHost

if TYPE_CHECKING:
    from drivers.simulated.board import SimulatedBoard

ANSWER_LEAVES_S = 0.05
"""Between a power cut and the end of the process: the answer still leaves."""
SETTLES_WITHIN_S = 1.0
"""So long the end of the process waits until the world is stored."""
BACKUP_S = 8.0
"""Seconds for which the backup supply lasts after the mains have failed."""
PLAYED_BY_EVSED = ("store-full", "install")
"""Faults that are not the board's."""


class Simulation:
    """Carries out what stands after `sim`; answers when the board has carried it out."""

    def __init__(self, board: Board, pretend_full: Callable[[bool], None], go_dark: Callable[[float], None]) -> None:
        self._board = board
        self._pretend_full = pretend_full
        self._go_dark = go_dark
        """Ends this process after so many seconds."""
        self.install_fails = False
        """The next firmware cannot be installed."""

    async def do(self, words: list[str], connector: int | None) -> tuple[bool, str]:
        """Done or not, and why not.  After `power-cut` nobody answers any more."""
        if words[:1] == ["fault"] and len(words) == 3 and words[1] in PLAYED_BY_EVSED and words[2] in ("on", "off"):
            return self._fault(words[1], words[2] == "on")
        ok, detail = await self.tell(words, connector)
        if ok and words == ["power-cut"]:  # both processes end; the answer may still leave
            self._go_dark(ANSWER_LEAVES_S)
        if ok and words == ["backup-power"]:
            self._go_dark(BACKUP_S)
        return ok, detail

    def _fault(self, name: str, on: bool) -> tuple[bool, str]:
        if name == "store-full":
            self._pretend_full(on)
        else:
            self.install_fails = on
        return True, ""

    async def tell(self, words: list[str], connector: int | None = None) -> tuple[bool, str]:
        """Send the command to the board; its answer."""
        answered: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()

        def answer(ok: bool, detail: str) -> None:
            if not answered.done():
                answered.set_result((ok, detail))

        self._board.ask("sim", words, connector, answer)
        return await answered

    async def play(self, hook: str) -> tuple[bool, str]:
        """Simulate a hook of the integrator: only the reboot of the whole unit."""
        return await self.tell(["hard-reset"]) if hook == "reboot" else (False, f"{hook} is not played")

    async def install(self, image: Path) -> tuple[bool, str]:
        """Simulate the installer: any file that is not empty is accepted, unless `sim fault install` is on."""
        try:
            size = image.stat().st_size
        except OSError as error:
            return False, f"{image.name}: {error.strerror}"
        if self.install_fails:
            return False, "fault install is on"
        return size > 0, f"{size} bytes; the next start runs them" if size else "the file is empty"


def dark() -> None:
    """End this process as a power cut does: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def make_board(config: Config, world: dict[str, Any] | None, seed: int) -> SimulatedBoard:
    """A simulated board that fits the product, in the world that an earlier one left."""
    from drivers.simulated.board import SimulatedBoard

    product = config.product
    return SimulatedBoard(
        config.board.connectors,
        world,
        seed=seed % 65536,
        phases=product.phases,
        socket=not product.fixed_cable,
        max_amps=product.max_amps,
        new_boot=True,
        first_wh=float(config.meter_wh),
    )


def open_world(config: Config, seed: int, go_dark: Callable[[float], None]) -> tuple[BoardHost, Callable[[], None]]:
    """The simulated board of the configuration as it was left, and what keeps its world.

    A power cut ends this process, too, once the world is stored.
    """
    from drivers.simulated.keeper import WorldKeeper
    from drivers.simulated.state import load

    folder = config.state_dir
    with suppress(OSError):  # a folder that cannot be made is reported by the store
        folder.mkdir(parents=True, exist_ok=True)
    board = make_board(config, load(folder), seed)
    keeper = WorldKeeper(folder, lambda text: None)  # a failing disk is reported by the store

    def keep() -> None:
        keeper.keep(board.state())
        if board.ended == "dark":
            keeper.settle(SETTLES_WITHIN_S)
            go_dark(ANSWER_LEAVES_S)

    return board, keep
