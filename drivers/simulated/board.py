"""The simulated board: a `BoardHost` of one to sixteen simulated connectors, in real or simulated time.

No clock, no thread, no randomness, no file: times are arguments, and what must survive the dark is `state()`, which the
caller keeps (`drivers/simulated/state.py` does so in a file).
"""

from __future__ import annotations

from typing import Final

from drivers.board_protocol import MAX_LEASE_S, VERSION, ProtocolError
from drivers.devices import Packet
from drivers.reflex.evse import Limits
from drivers.reflex.faults import STATION
from drivers.simulated.commands import WordsRefused, understand
from drivers.simulated.connector import SimulatedConnector
from drivers.simulated.world import Ended, World, WorldState

MEASURANDS: Final = (
    *("Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import"),
    *("SoC", "Temperature"),
)
LAYERS: Final = ("lease", "reflex")


class SimulatedBoard:
    """A `BoardHost`.  Nothing is said before the first `greet`, nor between a client's `hello` and the next one.

    state          what an earlier board of this world left; None or empty: a world in which nobody has lived
    new_boot       the kernel's boot ended with the earlier board (a board in evsed's own process)
    meter_period_s counts while current can flow; without `meter_repeats` an unchanged reading is no message
    lease_s        the longest lease accepted; infinite for simulated time
    seed           makes the ids of fresh worlds differ
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
        max_amps: float = 32.0,
        ventilated: bool = False,
        new_boot: bool = False,
    ) -> None:
        limits = Limits(max_amps=max_amps, ventilated=ventilated, lease_s=lease_s)
        self._out: list[Packet] = []
        self._world = World(connectors, limits, phases, socket, meter_period_s, meter_repeats, self._out)
        self._seed = seed
        if state:
            self._seed = int(state["seed"])
            self._world.restore(state)
            self._world.boots += new_boot
        self._world.sessions += 1
        self.boot_id = f"simulated-{self._seed:x}-{self._world.boots}"
        self.session_id = f"{self.boot_id}.{self._world.sessions}"
        self._shape = {
            "min_amps": 6.0,
            "max_amps": max_amps,
            "phases": phases,
            "outlet": "socket" if socket else "cable",
            "lock": socket,
            "meter": True,
            "measurands": list(MEASURANDS),
        }
        self._socket = socket
        self._lease_s = lease_s
        self._now: float | None = None
        self._muted = True
        self._ends: list[Packet] = []
        """Faults on record that ended before anybody could be told."""

    @property
    def ended(self) -> Ended:
        """`dark`: the unit has lost its power, end by SIGKILL; `reboot`: start anew from `state()`; else nothing."""
        return self._world.ended

    def state(self, now: float | None = None) -> WorldState:
        """All that stays in the dark, JSON-able; as of `now`, or of the last second at which anything happened."""
        if now is not None:
            for connector in self._world.connectors:
                connector.integrate(now)
        return {"seed": self._seed, **self._world.state()}

    # --- the four verbs ---------------------------------------------------------------------------------------------

    def greet(self, now: float) -> list[Packet]:
        """`hello`, each `connector`, then each one's present states and the station's faults."""
        self.advance(now)  # what happened while nobody listened is contained in the present states
        hello: Packet = {
            "type": "hello",
            "version": VERSION,
            "boot_id": self.boot_id,
            "session_id": self.session_id,
            "board": "simulated",
            "connectors": len(self._world.connectors),
            "layers": list(LAYERS),
        }
        if self._lease_s <= MAX_LEASE_S:
            hello["lease_s"] = self._lease_s
        self._out.append(hello)
        for number in range(1, len(self._world.connectors) + 1):
            self._out.append({"type": "connector", "connector": number, **self._shape})
        self._world.present(now)
        self._world.plan()
        self._out += self._ends
        self._ends, self._muted = [], False
        return self._taken()

    def receive(self, now: float, message: Packet) -> list[Packet]:
        """Act on a checked message; ProtocolError where it names a connector that is not there."""
        self._advance(now)
        match message["type"]:
            case "hello":
                self._muted = True
            case "offer":
                self._of(message["connector"]).offer(
                    now,
                    message["amps"],
                    message["lease_s"],
                    message["in_service"],
                    message["locked"],
                    message["seq"],
                )
            case "latched":
                if message["code"] not in STATION and (message["connector"] or 1) <= len(self._world.connectors):
                    connector = self._of(message["connector"])
                    connector.evse.faults.relatch(now, message["code"])
                    connector.look(now)
            case "do":
                self._do(now, message)
        self._world.plan()
        return self._taken()

    def advance(self, now: float) -> list[Packet]:
        """Everything that is due by now, each thing at its own second."""
        if now < self._world.wake_at and self._now is not None:
            return []
        self._advance(now)
        return self._taken()

    def is_live(self) -> bool:
        return any(connector.evse.closed for connector in self._world.connectors)

    def wake_at(self) -> float:
        return self._world.wake_at if self._now is not None else 0.0

    def _advance(self, now: float) -> None:
        world = self._world
        if self._now is None:
            self._now = now
            world.begin(now)
        while world.wake_at <= now:
            self._now = max(self._now, world.wake_at)
            world.run(self._now)
        self._now = max(self._now, now)

    def _taken(self) -> list[Packet]:
        taken = self._out[:]
        self._out.clear()
        if not self._muted:
            return taken
        self._ends += [message for message in taken if message["type"] == "fault" and not message["on"]]
        return []

    # --- orders -----------------------------------------------------------------------------------------------------

    def _do(self, now: float, message: Packet) -> None:
        try:
            answer = self._carry_out(now, message)
        except (ProtocolError, WordsRefused) as error:
            answer = (False, str(error))
        if answer is not None:
            ok, detail = answer
            self._out.append({"type": "done", "seq": message["seq"], "ok": ok, "detail": detail[:400]})

    def _carry_out(self, now: float, message: Packet) -> tuple[bool, str] | None:
        """Whether it is done, and the detail; None: `done` comes later."""
        number = message.get("connector")
        match message["what"]:
            case "unlock":
                return self._unlock(now, self._of(number), message["seq"])
            case "meter-read":
                dumb = [number for number, each in self._asked(number) if not self._read_meter(now, each)]
                return not dumb, f"no believable reading of connector {dumb[0]}" if dumb else "read"
            case "selftest":
                return self._selftest(now, number)
            case "clear-latched":
                return self._clear_latched(now, number)
            case _:
                deed = understand(message["words"])
                return True, self._world.do(now, deed, self._of(number), number)

    def _unlock(self, now: float, connector: SimulatedConnector, seq: int) -> tuple[bool, str] | None:
        if not self._socket:
            return False, "no lock: the cable is fixed"
        if connector.evse.closed or connector.live:
            return False, "there is voltage: end the charge first"
        connector.unlock(now, seq)
        return None

    def _read_meter(self, now: float, connector: SimulatedConnector) -> bool:
        told = len(self._out)
        connector.poll(now, fresh=True)
        connector.settle(now)
        return any(message["type"] == "meter" for message in self._out[told:])

    def _selftest(self, now: float, number: int | None) -> tuple[bool, str]:
        """Contactor, residual-current device, pilot, meter, lock, reader: passed where nothing is wrong by now."""
        asked = self._asked(number)
        for number, connector in asked:
            if connector.evse.closed:
                return False, f"connector {number} is charging"
        wrong = self._world.faults.codes()
        for number, connector in asked:
            wrong += [f"{number}: {code}" for code in connector.evse.faults.tested(now)]
            connector.look(now)
        return not wrong, "wrong: " + ", ".join(wrong) if wrong else "passed"

    def _clear_latched(self, now: float, asked: int | None) -> tuple[bool, str]:
        left = []
        for number, connector in self._asked(asked):
            left += [f"{number}: {code}" for code in connector.evse.faults.serviced(now)]
            connector.look(now)
        return not left, "still there: " + ", ".join(left) if left else "cleared"

    def _asked(self, number: int | None) -> list[tuple[int, SimulatedConnector]]:
        """The connector that was named, or all."""
        if number is not None:
            return [(number, self._of(number))]
        return list(enumerate(self._world.connectors, 1))

    def _of(self, number: int | None) -> SimulatedConnector:
        """The connector that was named, or the first."""
        if number is not None and number > len(self._world.connectors):
            raise ProtocolError(f"connector {number}: this board has {len(self._world.connectors)}")
        return self._world.connectors[(number or 1) - 1]
