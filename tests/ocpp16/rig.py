"""A Charge Point on the bench: its clock, store, board and Central System go by script.  Nothing of it is replaced.

`step` takes one event and gives the whole Step; `happens` also lets the Central System answer until all is quiet.
Every step is carried out by `moments`, so each test also proves the order withdraw, commit, tell, offer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from ocpp16 import events as ev
from ocpp16.charge_point import ChargePoint
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Identity, Product
from ocpp16.records import Record, Transaction
from ocpp16.step import Commit, Delete, Link, Offer, Outlet, Restart, Save, Step, Tell, Withdraw, moments

START = 1000.0
"""Monotonic second at which a station wakes."""
NOON = 1_744_632_000.0
"""2025-04-14T12:00:00Z: what the Central System's clock shows at START."""
BUILD = 1_735_689_600.0
"""2025-01-01T00:00:00Z: no timestamp may lie before it."""

R = TypeVar("R", bound=Record)


class CallError(NamedTuple):
    """The Central System refuses, or was refused."""

    code: str
    description: str = ""


class Silence:
    """The Central System does not answer."""


SILENCE = Silence()
Answer = dict[str, Any] | CallError | Silence
Script = Answer | Callable[[dict[str, Any]], Answer]


class Said(NamedTuple):
    """A CALL of the Charge Point."""

    action: str
    payload: dict[str, Any]
    id: str
    at: float


def clock_text(mono: float) -> str:
    """What the Central System's clock shows at a monotonic second."""
    return to_text(NOON + mono - START)


def calls(step: Step) -> list[tuple[str, dict[str, Any]]]:
    """Action and payload of each CALL in a step."""
    return [(frame[2], frame[3]) for frame in map(json.loads, step.frames) if frame[0] == 2]


def noted(step: Step) -> list[str]:
    """The codes of a step's notes; security events have tests of their own."""
    return [note.code for note in step.notes if note.code != "security-event"]


def hows(step: Step) -> list[str]:
    """How this life ends, where the step ends it."""
    return [job.how for job in step.jobs if isinstance(job, Restart)]


ACCEPTED: dict[str, Any] = {"idTagInfo": {"status": "Accepted"}}


def refused(status: str = "Invalid", **more: str) -> dict[str, Any]:
    """An answer with an IdTagInfo of that status."""
    return {"idTagInfo": {"status": status, **more}}


class Station:
    """`Station(HeartbeatInterval=60).online()` is a station that has booted, idle, accepted, all statuses told."""

    def __init__(
        self,
        product: Product | None = None,
        *,
        records: Iterable[Record] = (),
        host_utc: bool = False,
        free_vend: str = "",
        **first: object,
    ) -> None:
        self.free_vend = free_vend
        self.product = product or Product()
        self.first = {
            key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in first.items()
        }
        self.mono = START
        self.late_s = 0.0
        """By how much steps are taken after their events."""
        self.host_utc = host_utc
        self.boot_id, self.session_id, self.seed = "boot-1", "board-1", 7
        self.disk: dict[tuple[str, int | str], Record] = {(record.table, record.key): record for record in records}
        self.wh = dict.fromkeys(range(1, self.product.connectors + 1), 1000.0)
        self.said: list[Said] = []
        self.notes: list[tuple[str, dict[str, Any]]] = []
        self.boot_answer: dict[str, Any] = {"status": "Accepted", "interval": 300}
        self.script: dict[str, Script] = {}
        self.next_id = 100
        self._asked = 0
        self.reads = True
        """While time goes by the board reads its meters as often as it should; False: they are silent."""
        self.wake()

    # --- a life ------------------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """A new process: all that it knows is what the store holds."""
        self.cp = ChargePoint(
            self.product, Identity(vendor="evsed", model="bench"), self.first, list(self.disk.values()), self.seed,
            self.boot_id, BUILD, self.free_vend,
        )  # fmt: skip
        self.up = False
        self.open: Said | None = None
        self.outlets: dict[int, Outlet] = {}
        self.link: Link | None = None
        self.last = Step()
        self._read_at: dict[int, float] = {}
        self._drawing: set[int] = set()
        self._measured: dict[int, dict[str, Any]] = {}
        """What the readings hold beside the register."""

    def restart(self, *, dark: bool = False, board_restarts: bool = False, after_s: float = 2.0) -> Station:
        """The process is killed and started again; `dark`: the whole unit; `board_restarts`: evsed-board, too."""
        self.mono = 10.0 if dark else self.mono + after_s
        self.seed += 1
        if dark:
            self.boot_id += "+"
        if dark or board_restarts:
            self.session_id += "+"
        self.wake()
        return self

    def online(self, attached: bool = True) -> Station:
        """Started, board attached, connected, booted; what was said on the way is forgotten."""
        self.started(attached)
        self.connect()
        self.said.clear()
        return self

    def started(self, attached: bool = True) -> Station:
        self.happens(ev.Started())
        if attached:
            self.attach()
        return self

    def attach(self, *states: ev.Event, shapes: tuple[ev.ConnectorShape, ...] | None = None) -> Step:
        """The board says hello, tells its states (default: empty connectors, meter as it stands) and is ready."""
        self.happens(
            ev.BoardAttached(self.boot_id, self.session_id, "bench", self.shapes() if shapes is None else shapes)
        )
        for state in states or [self.reading(connector) for connector in self.wh]:
            self.happens(state)
        return self.happens(ev.BoardReady())

    def shapes(self) -> tuple[ev.ConnectorShape, ...]:
        product = self.product
        return tuple(
            ev.ConnectorShape(
                connector=number,
                phases=product.phases,
                outlet="cable" if product.fixed_cable else "socket",
                lock=not product.fixed_cable,
                measurands=product.measurands,
            )
            for number in range(1, product.connectors + 1)
        )

    # --- one step ----------------------------------------------------------------------------------------------------

    def step(self, event: ev.Event) -> Step:
        """One event; its step is carried out, nobody answers yet."""
        self._watch(event)
        step = self.cp.step(self.now(), event)
        told: list[Any] = []
        for moment in moments(step, self.outlets, self.link):
            match moment:
                case Withdraw(outlet):
                    assert not told, "an offer falls before anything is said"
                    self.outlets[outlet.connector] = outlet
                case Commit(records):
                    assert not told, "the commit comes before anything is said"
                    self._commit(records)
                case Tell(what):
                    told.append(what)
                    self._told(what)
                case Offer(outlet):
                    running = [t for t in self.rows(Transaction) if t.connector == outlet.connector and t.ended is None]
                    assert outlet.offered_amps == 0.0 or running, "no energy before its transaction is on disk"
                    self.outlets[outlet.connector] = outlet
        self.notes += [(note.code, dict(note.fields)) for note in step.notes]
        self.last = step
        return step

    def _watch(self, event: ev.Event) -> None:
        match event:
            case ev.BoardAttached() | ev.BoardLost():
                self._read_at.clear()
                self._drawing.clear()
            case ev.MeterSampled(connector):
                self._read_at[connector] = self.mono
            case ev.ContactorChanged(connector, closed):
                (self._drawing.add if closed else self._drawing.discard)(connector)

    def keep_reading(self, until: float) -> None:
        """The board's last readings before that second: one a second while the contactor is closed, else one in ten."""
        for connector, at in list(self._read_at.items()) if self.reads else ():
            period = 1.0 if connector in self._drawing else 10.0
            if until - at >= period:
                self.mono = max(self.mono, until - period / 2)
                self.step(self.reading(connector, **self._measured.get(connector, {})))

    def _commit(self, records: Iterable[Save | Delete]) -> None:
        for write in records:
            if isinstance(write, Delete):
                self.disk.pop((write.table, write.key), None)
            else:
                self.disk[write.record.table, write.record.key] = write.record

    def _told(self, what: object) -> None:
        if isinstance(what, Link):
            self.link = what
        if not isinstance(what, str):
            return
        assert self.up, "nothing is said without a connection"
        frame = json.loads(what)
        if frame[0] == 2:
            assert self.open is None, "one CALL in flight"
            self.open = Said(frame[2], frame[3], frame[1], self.mono)
            self.said.append(self.open)

    def now(self) -> ev.Now:
        return ev.Now(self.mono, NOON + self.mono - START if self.host_utc else None, self.late_s)

    # --- time and answers --------------------------------------------------------------------------------------------

    def happens(self, event: ev.Event) -> Step:
        """One event and everything that the Central System answers; the Step of the event itself."""
        step = self.step(event)
        self.settle()
        return step

    def settle(self) -> None:
        """The Central System answers by its script until it is silent or nothing is asked."""
        for _ in range(10_000):
            if self.open is None:
                return
            answer = self._scripted(self.open)
            if isinstance(answer, Silence):
                return
            self.answer(answer)
        raise AssertionError("this never ends")

    def _scripted(self, said: Said) -> Answer:
        script = self.script.get(said.action)
        if script is not None:
            return script(said.payload) if callable(script) else script
        match said.action:
            case "BootNotification":
                return {"currentTime": clock_text(self.mono), **self.boot_answer}
            case "Heartbeat":
                return {"currentTime": clock_text(self.mono)}
            case "Authorize":
                return ACCEPTED
            case "StartTransaction":
                self.next_id += 1
                return {"transactionId": self.next_id, **ACCEPTED}
            case _:
                return {}

    def answer(self, answer: Answer) -> Step:
        """Answer the open CALL; nothing else is answered."""
        assert self.open is not None, "nothing is asked"
        said, self.open = self.open, None
        return self.step(ev.FrameReceived(frame_of(said.id, answer)))

    def late(self, said: Said, answer: Answer) -> Step:
        """Answer a CALL that is no longer open."""
        if self.open is not None and said.id == self.open.id:
            self.open = None
        return self.step(ev.FrameReceived(frame_of(said.id, answer)))

    def wait(self, seconds: float) -> None:
        """Time goes by; the hall comes back whenever it promised to."""
        end, rounds = self.mono + seconds, 0
        while (wake := self.last.wake_at) is not None and wake <= end:
            self.keep_reading(wake)
            self._expire(max(wake, self.mono))
            self.happens(ev.Tick())
            rounds += 1
            assert rounds < 200_000, "it never sleeps"
        self.keep_reading(end)
        self._expire(end)
        self.happens(ev.Tick())

    def _expire(self, mono: float) -> None:
        """The other side knows that nobody waits for this answer any more."""
        self.mono = mono
        timeout = self.cp.parts.configuration.number("MessageTimeout")
        if self.open is not None and mono >= self.open.at + timeout:
            self.open = None

    # --- the connection ----------------------------------------------------------------------------------------------

    def connect(self) -> Step:
        self.up = True
        return self.happens(ev.LinkUp())

    def disconnect(self) -> Step:
        self.up, self.open = False, None
        return self.happens(ev.LinkDown("TCP", "cut by the test"))

    def request(self, action: str, /, **payload: Any) -> dict[str, Any] | CallError | None:
        """A CALL of the Central System: the payload of its answer, None where there is none."""
        answer, _ = self.ask(action, **payload)
        self.settle()
        return answer

    def ask(self, action: str, /, **payload: Any) -> tuple[dict[str, Any] | CallError | None, Step]:
        """The same, with the whole Step, and nobody answers what the Charge Point says thereupon."""
        self._asked += 1
        unique = f"cs-{self._asked}"
        step = self.step(ev.FrameReceived(json.dumps([2, unique, action, payload])))
        return answer_in(step, unique), step

    # --- what was said -----------------------------------------------------------------------------------------------

    def heard(self, action: str | None = None) -> list[dict[str, Any]]:
        """Payloads of all CALLs of that action since the last `forget`."""
        return [said.payload for said in self.said if action in (None, said.action)]

    def actions(self) -> list[str]:
        return [said.action for said in self.said]

    def statuses(self, connector: int = 1) -> list[str]:
        return [said["status"] for said in self.heard("StatusNotification") if said["connectorId"] == connector]

    def forget(self) -> Station:
        self.said.clear()
        self.notes.clear()
        return self

    def rows(self, kind: type[R]) -> list[R]:
        """The store's rows of a kind, by key."""
        found = [record for record in self.disk.values() if isinstance(record, kind)]
        return sorted(found, key=lambda record: str(record.key).zfill(12))

    def status(self, connector: int = 1) -> str:
        """The status that is shown now."""
        rows: Any = self.cp.status(self.now())["connectors"]
        return str(rows[connector - 1]["status"])

    def offered(self, connector: int = 1) -> float:
        return self.outlets[connector].offered_amps

    # --- the board ---------------------------------------------------------------------------------------------------

    def pilot(self, state: ev.CpState, connector: int = 1) -> Step:
        return self.happens(ev.PilotChanged(connector, state, self.mono))

    def plug(self, connector: int = 1) -> Step:
        return self.pilot("B", connector)

    def unplug(self, connector: int = 1) -> Step:
        step = self.pilot("A", connector)
        if self.cp.parts.connectors[connector].state.closed:
            self.open_contactor(connector)
        return step

    def tap(self, id_tag: str, connector: int | None = None) -> Step:
        return self.happens(ev.CardPresented(connector, id_tag, self.mono))

    def cable(self, present: bool = True, locked: bool = False, connector: int = 1, max_amps: float = 32.0) -> Step:
        return self.happens(ev.CableChanged(connector, present, max_amps, locked, self.mono))

    def draw(self, connector: int = 1) -> Step:
        """The car asks for energy, the contactor closes."""
        self.pilot("C", connector)
        step = self.happens(ev.ContactorChanged(connector, True, True, self.mono))
        self.meter(connector=connector)
        return step

    def open_contactor(self, connector: int = 1, more_wh: float = 0.0) -> Step:
        """The contactor opens, and the board tells the register once more."""
        self.happens(ev.ContactorChanged(connector, False, True, self.mono))
        return self.meter(more_wh, connector)

    def reading(self, connector: int = 1, **more: Any) -> ev.MeterSampled:
        return ev.MeterSampled(connector, self.mono, self.wh[connector], **more)

    def meter(self, more_wh: float = 0.0, connector: int = 1, **more: Any) -> Step:
        """A reading, so many Wh above the last one."""
        self.wh[connector] += more_wh
        self._measured[connector] = more
        return self.happens(self.reading(connector, **more))

    def fault(self, code: str, on: bool = True, connector: int | None = 1, latched: bool = False) -> Step:
        return self.happens(ev.FaultChanged(connector, code, on, latched, "", self.mono))

    def charging(self, id_tag: str = "CARD", connector: int = 1) -> Station:
        """Plugged, authorized, and drawing."""
        self.plug(connector)
        self.tap(id_tag, connector)
        self.draw(connector)
        return self

    def transaction(self, connector: int = 1) -> Transaction | None:
        """The newest one of the connector on disk."""
        rows = [row for row in self.rows(Transaction) if row.connector == connector]
        return rows[-1] if rows else None


def profile(profile_id: int = 1, *periods: tuple[int, float], **more: Any) -> dict[str, Any]:
    """A charging profile: TxDefaultProfile, level 0, Relative, in A; `more` replaces fields of it or its schedule."""
    schedule: dict[str, Any] = {
        "chargingRateUnit": more.pop("unit", "A"),
        "chargingSchedulePeriod": [{"startPeriod": start, "limit": limit} for start, limit in periods],
    }
    for name in ("duration", "startSchedule", "minChargingRate"):
        if name in more:
            schedule[name] = more.pop(name)
    return {
        "chargingProfileId": profile_id,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    } | more


def limit_to(station: Station, amps: float, connector: int = 1) -> None:
    """The Central System limits a connector."""
    asked = {"connectorId": connector, "csChargingProfiles": profile(1, (0, amps))}
    assert station.request("SetChargingProfile", **asked) == {"status": "Accepted"}


def frame_of(unique: str, answer: Answer) -> str:
    if isinstance(answer, CallError):
        return json.dumps([4, unique, answer.code, answer.description, {}])
    assert not isinstance(answer, Silence)
    return json.dumps([3, unique, answer])


def answer_in(step: Step, unique: str) -> dict[str, Any] | CallError | None:
    """The answer to a CALL of the Central System in a step's frames."""
    for frame in map(json.loads, step.frames):
        if frame[0] == 3 and frame[1] == unique:
            payload: dict[str, Any] = frame[2]
            return payload
        if frame[0] == 4 and frame[1] == unique:
            return CallError(frame[2], frame[3])
    return None
