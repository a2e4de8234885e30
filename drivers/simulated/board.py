"""The simulated board: a `BoardHost` of one to sixteen simulated connectors, in real or simulated time.

No clock, no thread, no randomness, no file: times are arguments, and what must survive the dark is `state()`, which the
caller keeps (`drivers/simulated/state.py` does so in a file).
"""

from __future__ import annotations

from math import inf
from typing import Any, Final, Literal

from drivers.api import Message
from drivers.evse import Limits
from drivers.faults import STATION, FaultBook
from drivers.heat import Heat, Supply
from drivers.seam import VERSION, SeamError
from drivers.simulated.cable import SimulatedCable
from drivers.simulated.car import ARRIVES_WITH_SOC, Car
from drivers.simulated.connector import SimulatedConnector
from drivers.simulated.meter import SimulatedMeter
from drivers.simulated.metering import Metering
from drivers.simulated.words import STATION_CAUSES, Deed, WordsRefused, understand

VOLTS: Final = 230.0
LOW_VOLTS: Final = 180.0
HOT_C: Final = 90.0
BACKUP_S: Final = 8.0
"""Backup power lasts so long."""
MEASURANDS: Final = (
    *("Energy.Active.Import.Register", "Voltage", "Current.Import", "Current.Offered"),
    *("Power.Active.Import", "Power.Offered", "SoC", "Temperature"),
)
WorldState = dict[str, Any]
"""JSON-able; an empty dict or None is a world that nobody has lived in."""

Ended = Literal["", "dark", "reboot"]


class SimulatedBoard:
    """A `BoardHost`.

    `state`: what an earlier board of this world left.  `new_boot`: the kernel's boot ended with the earlier board (a board in
    evsed's own process).  `meter_period_s` counts while current can flow; without `meter_repeats` an unchanged reading is
    told only when asked for (simulated time).  `lease_s` is the longest lease accepted, infinite for simulated time.
    `seed` makes ids of fresh worlds differ.
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
        self.ended: Ended = ""
        """`dark`: the unit has lost its power, end by SIGKILL; `reboot`: it starts anew from `state()`."""
        self._phases, self._socket = phases, socket
        self._limits = Limits(max_amps=max_amps, ventilated=ventilated, lease_s=lease_s)
        self._out: list[Message] = []
        self._connectors = [
            SimulatedConnector(
                number,
                self._limits,
                self._out,
                SimulatedCable(socket),
                Metering(number, SimulatedMeter(0.0, phases, VOLTS), meter_period_s, meter_repeats),
            )
            for number in range(1, connectors + 1)
        ]
        self._faults = FaultBook()
        self._heat = Heat()
        self._supply = Supply()
        self._causes: set[str] = set()
        self._temperature = 25.0
        self._arrival_soc = ARRIVES_WITH_SOC
        self._mains = True
        self._dark_at = inf
        self._boots, self._sessions, self._seed = 1, 0, seed
        self._now: float | None = None
        self._wake_at = -inf
        if state:
            self._restore(state)
        self._boots += new_boot and bool(state)
        self._sessions += 1
        self.session_id = f"{self.boot_id}.{self._sessions}"

    @property
    def boot_id(self) -> str:
        return f"simulated-{self._seed:x}-{self._boots}"

    # --- the four verbs ---------------------------------------------------------------------------------------------------

    def greet(self, now: float) -> list[Message]:
        """`hello`, each `connector`, each one's present states, the station's faults."""
        self.advance(now)  # what happened while nobody listened is contained in the present states
        self._out.append(
            {
                "type": "hello",
                "version": VERSION,
                "boot_id": self.boot_id,
                "session_id": self.session_id,
                "board": "simulated",
                "connectors": len(self._connectors),
                "layers": ["lease", "simulated"],
            }
        )
        self._out += [self._shape(connector.number) for connector in self._connectors]
        for connector in self._connectors:
            connector.present(now)
            self._say_faults(now, present=True)
        return self._taken()

    def receive(self, now: float, message: Message) -> list[Message]:
        """Act on a checked message; SeamError where it names a connector that is not there."""
        self._advance(now)
        match message["type"]:
            case "offer":
                self._of(message).offer(now, message)
            case "latched":
                self._relatch(now, message)
            case "do":
                self._do(now, message)
        self._plan()
        return self._taken()

    def advance(self, now: float) -> list[Message]:
        """Everything that is due by now, each thing at its own second."""
        if self._wake_at > now and self._now is not None:
            return []
        self._advance(now)
        return self._taken()

    def wake_at(self) -> float:
        return self._wake_at

    # --- time -------------------------------------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        if self._now is None:
            self._begin(now)
        while self._wake_at <= now and not self.ended:
            self._now = at = max(self._wake_at, self._now or 0.0)
            if at >= self._dark_at:
                self._go_dark(at, "dark")
            if at >= self._supply.wake_at:
                self._surround(at)
            for connector in self._connectors:
                if connector.wake_at <= at:
                    connector.run(at)
            self._plan()
        self._now = now

    def _begin(self, now: float) -> None:
        """The board comes to life: everything is looked at once."""
        self._now = now
        self._surround(now)
        for connector in self._connectors:
            connector.impress(now)
        self._plan()

    def _plan(self) -> None:
        self._wake_at = min(self._dark_at, self._supply.wake_at, *[c.wake_at for c in self._connectors])
        if self.ended:
            self._wake_at = inf

    def _taken(self) -> list[Message]:
        taken = self._out[:]
        self._out.clear()
        return taken

    # --- the whole station --------------------------------------------------------------------------------------------------

    def _surround(self, now: float) -> None:
        """Mains, heat and the station's faults, as each connector feels them."""
        celsius = HOT_C if "overtemperature" in self._causes else self._temperature
        volts = 0.0 if not self._mains else LOW_VOLTS if "undervoltage" in self._causes else VOLTS
        self._heat.feel(celsius)
        low = self._supply.feel(now, volts) and self._mains
        self._faults.set(now, "overtemperature", self._heat.too_hot, f"{celsius:g} C")
        self._faults.set(now, "undervoltage", low, f"{volts:g} V")
        self._faults.set(now, "mains", not self._mains, "on backup power")
        self._faults.settle(now, False)
        station = (self._faults.stopper(), self._faults.stops() == "now")
        for connector in self._connectors:
            connector.metering.temperature = celsius
            connector.surroundings(now, station, self._heat.cap(self._limits.max_amps), volts)
        self._say_faults(now)

    def _say_faults(self, now: float, present: bool = False) -> None:
        for report in self._faults.present(now) if present else self._faults.reports:
            self._out.append({"type": "fault", "connector": None, **report._asdict()})
        self._faults.reports.clear()

    def _go_dark(self, now: float, ended: Ended) -> None:
        """Everything stops here; the world stays as it is, the next board is one of another boot."""
        for connector in self._connectors:
            connector.meter.integrate(now)
            connector.live = False
        self._boots += 1
        self._sessions = 0
        self.ended = ended
        self._wake_at = inf

    # --- orders -------------------------------------------------------------------------------------------------------------

    def _relatch(self, now: float, message: Message) -> None:
        connector, code = message["connector"], message["code"]
        if connector is not None and code not in STATION:
            self._of(message).relatch(now, code)

    def _do(self, now: float, message: Message) -> None:
        what, seq = message["what"], message["seq"]
        if what == "unlock":
            ok, detail = self._unlock(now, message)
        elif what == "meter-read":
            ok, detail = self._meter_read(now, message)
        elif what == "selftest":
            ok, detail = self._selftest(now, message)
        elif what == "clear-latched":
            ok, detail = self._clear_latched(now, message)
        else:
            ok, detail = self._sim(now, message)
        if ok is not None:
            self._out.append({"type": "done", "seq": seq, "ok": ok, "detail": detail[:400]})

    def _unlock(self, now: float, message: Message) -> tuple[bool | None, str]:
        connector = self._of(message)
        if not self._socket:
            return False, "no lock: the cable is fixed"
        if connector.evse.closed or connector.live:
            return False, "there is voltage: end the charge first"
        connector.unlock(now, message["seq"])
        return None, ""  # said when the lock has moved

    def _meter_read(self, now: float, message: Message) -> tuple[bool, str]:
        dumb = [c.number for c in self._asked(message) if not c.tell_meter(now)]
        return not dumb, f"no believable reading of connector {dumb}" if dumb else "read"

    def _selftest(self, now: float, message: Message) -> tuple[bool, str]:
        """Contactors open, residual-current device, pilot, meter, lock: passed where nothing is wrong by now."""
        connectors = self._asked(message)
        busy = [c.number for c in connectors if c.evse.closed]
        if busy:
            return False, f"connector {busy[0]} is charging"
        wrong = [f"{c.number}: {code}" for c in connectors for code in c.tested(now)]
        wrong += self._faults.codes()
        return not wrong, "wrong: " + ", ".join(wrong) if wrong else "passed"

    def _clear_latched(self, now: float, message: Message) -> tuple[bool, str]:
        left = [f"{c.number}: {code}" for c in self._asked(message) for code in c.serviced(now)]
        return not left, "still there: " + ", ".join(left) if left else "cleared"

    def _asked(self, message: Message) -> list[SimulatedConnector]:
        return self._connectors if message.get("connector") is None else [self._of(message)]

    def _of(self, message: Message) -> SimulatedConnector:
        """The connector a message names; the first where it names none."""
        number = message.get("connector") or 1
        if number > len(self._connectors):
            raise SeamError(f"connector {number}: this board has {len(self._connectors)}")
        return self._connectors[number - 1]

    # --- the words of the simulation ------------------------------------------------------------------------------------------

    def _sim(self, now: float, message: Message) -> tuple[bool, str]:
        try:
            deed = understand(message["words"])
            connector = self._of(message)
        except (WordsRefused, SeamError) as error:
            return False, str(error)
        if deed.what == "tap":
            return True, self._tap(now, connector, deed.name, message.get("connector"))
        if deed.what in ("power-cut", "hard-reset"):
            self._go_dark(now, "dark" if deed.what == "power-cut" else "reboot")
        elif deed.what == "backup-power":
            self._mains, self._dark_at = False, min(self._dark_at, now + BACKUP_S)
            self._surround(now)
        elif deed.what == "temperature" or deed.name in STATION_CAUSES:
            self._weather(now, deed)
        else:
            self._handle(now, connector, deed)
        return True, "done"

    def _tap(self, now: float, connector: SimulatedConnector, id_tag: str, number: int | None) -> str:
        if "reader-lost" in connector.causes:
            return "the reader is lost: nothing read it"
        self._out.append({"type": "card", "connector": number, "id_tag": id_tag, "at": now})
        return "read"

    def _weather(self, now: float, deed: Deed) -> None:
        if deed.what == "temperature":
            self._temperature = deed.number
        else:
            (self._causes.add if deed.on else self._causes.discard)(deed.name)
        self._surround(now)

    def _handle(self, now: float, connector: SimulatedConnector, deed: Deed) -> None:
        """What a driver, his car or a villain does at one connector."""
        car = connector.car
        if deed.what == "plug":
            if car is None:
                connector.plug(now, Car(self._arrival_soc))
        elif deed.what == "unplug":
            if car is not None:
                connector.unplug(now)
        else:
            if deed.what == "fault" or deed.name == "ignore-stop":
                name = "ev-ignores-stop" if deed.what == "ev" else deed.name
                (connector.causes.add if deed.on else connector.causes.discard)(name)
            elif deed.what == "soc":
                self._arrival_soc = deed.number
                if car is not None:
                    car.soc = deed.number
            elif car is not None:
                _drive(car, deed)
            connector.impress(now)

    # --- the shape and the state ------------------------------------------------------------------------------------------------

    def _shape(self, number: int) -> Message:
        return {
            "type": "connector",
            "connector": number,
            "min_amps": 6.0,
            "max_amps": self._limits.max_amps,
            "phases": self._phases,
            "outlet": "socket" if self._socket else "cable",
            "lock": self._socket,
            "meter": True,
            "measurands": list(MEASURANDS),
        }

    def state(self) -> WorldState:
        """All that stays in the dark, JSON-able."""
        return {
            "version": 1,
            "seed": self._seed,
            "boots": self._boots,
            "sessions": self._sessions,
            "temperature": self._temperature,
            "arrival_soc": self._arrival_soc,
            "causes": sorted(self._causes),
            "connectors": [connector.state() for connector in self._connectors],
        }

    def _restore(self, state: WorldState) -> None:
        self._seed, self._boots, self._sessions = state["seed"], state["boots"], state["sessions"]
        self._temperature, self._arrival_soc = state["temperature"], state["arrival_soc"]
        self._causes = set(state["causes"]) & set(STATION_CAUSES)
        for connector, kept in zip(self._connectors, state["connectors"], strict=False):
            connector.restore(kept)


def _drive(car: Car, deed: Deed) -> None:
    match deed.name:
        case "pause":
            car.wants = False
        case "charge":
            car.wants = True
        case "rude-draw":
            car.rude_draw = deed.on
        case "flap":
            car.flaps = deed.on
            car.wants = car.wants or not deed.on
