"""The simulated board: a `Host` whose devices are simulated, with the orders of `do sim`; one to sixteen connectors.

No clock, no thread, no randomness, no file: times are arguments, and what must survive a power cut is `state()`, which
the caller keeps (`drivers/simulated/state.py` does so in a file).
"""

from __future__ import annotations

from typing import Final

from drivers.board_protocol import Packet
from drivers.host.connector import ConnectorSetup
from drivers.host.host import BoardIdentity, Host
from drivers.host.meter_polling import Cadence
from drivers.reflex.pilot_signal import MIN_AMPS
from drivers.reflex.state_machine import Limits
from drivers.simulated.commands import CommandRefused, parse
from drivers.simulated.world import Ended, World, WorldState

MEASURANDS: Final = (
    *("Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import"),
    *("SoC", "Temperature"),
)


class SimulatedBoard:
    """A `BoardHost`.

    state          what an earlier board of this world left; None or empty: a new world
    new_boot       the kernel's boot ended with the earlier board (a board in evsed's own process)
    meter_period_s counts while current can flow; without `meter_repeats` an unchanged reading is no message
    lease_s        the longest lease accepted; infinite for simulated time
    seed           makes the ids of new worlds differ
    first_wh       what the meter of connector 1 shows in a new world; that of connector 2 twice as much, and so on
    """

    def __init__(
        self,
        connectors: int = 1,
        state: WorldState | None = None,
        *,
        meter_period_s: float = 1.0,
        meter_repeats: bool = True,
        seed: int = 0,
        lease_s: float = 20.0,
        phases: int = 1,
        socket: bool = False,
        min_amps: float = MIN_AMPS,
        max_amps: float = 32.0,
        ventilated: bool = False,
        new_boot: bool = False,
        first_wh: float = 0.0,
    ) -> None:
        self.world = World(connectors, phases, socket, first_wh)
        self._seed = seed
        if state:
            self._seed = int(state["seed"])
            self.world.restore(state)
            self.world.boots += new_boot
        self.world.sessions += 1
        self.boot_id = f"simulated-{self._seed:x}-{self.world.boots}"
        self.session_id = f"{self.boot_id}.{self.world.sessions}"
        limits = Limits(min_amps=min_amps, max_amps=max_amps, ventilated=ventilated, lease_s=lease_s)
        cadence = Cadence(meter_period_s, meter_repeats)
        self.host = Host(
            BoardIdentity("simulated", self.boot_id, self.session_id),
            [ConnectorSetup(each.devices(), limits, phases, MEASURANDS, cadence) for each in self.world.connectors],
            self.world.devices(),
            lease_s=lease_s,
            orders={"sim": self._simulate},
        )

    @property
    def ended(self) -> Ended:
        """`dark`: the unit has lost its power, end by SIGKILL; `reboot`: start anew from `state()`; else nothing."""
        return self.world.ended

    def state(self, now: float | None = None) -> WorldState:
        """What a power cut leaves, JSON-able; as of `now`, or of the last second at which anything happened."""
        if now is not None:
            self.world.integrate(now)
        return {"seed": self._seed, **self.world.state()}

    # --- BoardHost --------------------------------------------------------------------------------------------------

    def greet(self, now: float) -> list[Packet]:
        self.advance(now)
        return self.host.greet(now)

    def receive(self, now: float, message: Packet) -> list[Packet]:
        return self.advance(now) + self.host.receive(now, message)

    def advance(self, now: float) -> list[Packet]:
        """Until the power is cut; then nothing happens any more."""
        world = self.world
        if world.ended:
            return []
        if now < world.dark_at:
            return self.host.advance(now)
        messages = []
        while (due := self.host.wake_at()) < world.dark_at:
            messages += self.host.advance(due)
        world.go_dark(world.dark_at, "dark")
        return messages

    def open_all(self, now: float) -> None:
        self.host.open_all(now)

    def is_live(self) -> bool:
        return self.host.is_live()

    def wake_at(self) -> float:
        return float("inf") if self.world.ended else min(self.host.wake_at(), self.world.dark_at)

    def _simulate(self, now: float, words: list[str], number: int | None) -> tuple[bool, str]:
        """The order `sim`."""
        try:
            return True, self.world.do(now, parse(words), number)
        except CommandRefused as error:
            return False, str(error)
