"""Rules of the wire: one CALL in flight, every CALL answered, the boot gate, schemas, timestamps, status changes."""

from __future__ import annotations

import json
from contextlib import suppress
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import ocpp.v16
from jsonschema import Draft4Validator

from ocpp16.records import Transaction, Unit
from tests.sim.central_system import EPOCH
from tests.sim.checkers import Change, Checker, Disk, setting, utc_of
from tests.sim.world import BUILD_UTC, World

EPS = 1e-3
REGISTRATIONS = ("Accepted", "Pending", "Rejected")
ANSWER_WITHIN_S = 10.0
"""Unlock waits for the bolt; everything else is answered in its own step."""


def message_timeout_s(world: World) -> float:
    """MessageTimeout as it counts for the next CALL."""
    return max(1.0, float(setting(world, world.records, "MessageTimeout", "30")))


class BootFlight:
    """The newest BootNotification, until it is answered or its connection ends: MessageTimeout does not matter."""

    def __init__(self) -> None:
        self.call_id = ""

    def sent(self, frame: list[Any]) -> None:
        self.call_id = frame[1]

    def gone(self) -> None:
        self.call_id = ""

    def answer(self, world: World, frame: Any) -> dict[str, Any] | None:
        """The conf in this frame, where it is the one that is waited for."""
        if not isinstance(frame, list) or len(frame) != 3 or frame[0] != 3 or not self.call_id:
            return None
        if frame[1] != self.call_id or not isinstance(frame[2], dict) or frame[2].get("status") not in REGISTRATIONS:
            return None
        self.gone()
        return {"interval": 0, **frame[2]}


class OneCallInFlight(Checker):
    """No new CALL before the one before is answered, timed out, or its connection gone (J 4.1.1)."""

    name = "one-call-in-flight"

    def __init__(self) -> None:
        self.flight: tuple[str, str, float] | None = None

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2:
            return
        if not world.link_up:
            self.fail(world, f"{frame[2]} sent while not connected")
        if self.flight is not None and world.mono < self.flight[2] - EPS:
            self.fail(world, f"{frame[2]} sent while {self.flight[1]} waits for its answer")
        self.flight = (frame[1], frame[2], world.mono + message_timeout_s(world))

    def heard(self, world: World, frame: Any) -> None:
        answered = isinstance(frame, list) and len(frame) > 2 and frame[0] in (3, 4)
        if self.flight is not None and answered and frame[1] == self.flight[0]:
            self.flight = None

    def life(self, world: World, what: str) -> None:
        if what in ("link-down", "link-up"):
            self.flight = None


class EveryCallAnswered(Checker):
    """Every CALL of the Central System is answered once (a rejected station is silent, §4.2)."""

    name = "every-call-answered"

    def __init__(self) -> None:
        self.waiting: dict[str, list[float]] = {}
        self.excused: set[str] = set()
        """Asked before a rejection: within its interval they must not be answered."""
        self.rejected = False
        self.boot = BootFlight()

    def heard(self, world: World, frame: Any) -> None:
        if not isinstance(frame, list) or len(frame) < 2 or not isinstance(frame[1], str):
            return
        if (conf := self.boot.answer(world, frame)) is not None:
            self.rejected = conf["status"] == "Rejected"
            if self.rejected:
                self.excused.update(self.waiting)
                self.waiting.clear()
        if frame[0] == 2 and type(frame[0]) is int and not self.rejected:
            self.waiting.setdefault(frame[1], []).append(world.t)
        elif frame[0] == 2 and world.mono - world.taken_at > EPS:  # late: the step may send BootNotification first
            self.excused.add(frame[1])

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] == 2:
            if frame[2] == "BootNotification":
                self.boot.sent(frame)
                self.rejected = False
            return
        times = self.waiting.get(frame[1])
        if not times:
            if frame[1] not in self.excused:
                self.fail(world, f"answer to nothing, or a second answer: {frame}")
            self.excused.discard(frame[1])
            return
        times.pop()
        if not times:
            del self.waiting[frame[1]]

    def event(self, world: World, event: Any) -> None:
        for call_id, times in self.waiting.items():
            if world.t - times[0] > ANSWER_WITHIN_S:
                self.fail(world, f"CALL {call_id} of the Central System is not answered after {ANSWER_WITHIN_S} s")

    def life(self, world: World, what: str) -> None:
        if what == "evsed-goes-on":  # who stands still answers nobody
            self.waiting = {call_id: [world.t] * len(times) for call_id, times in self.waiting.items()}
        elif what == "link-down":
            self.waiting.clear()
            self.excused.clear()
            self.boot.gone()
        if what == "evsed-start":
            self.rejected = False


class BootGate(Checker):
    """Nothing but BootNotification before Accepted, and no flood of those (§4.2, §4.2.1)."""

    name = "boot-gate"
    LEAST_S = 1.0
    """Own waiting time where the Central System names none."""

    def __init__(self) -> None:
        self.accepted = False
        self.boot = BootFlight()
        self.asked: dict[str, str] = {}
        """TriggerMessage calls: id to what they ask for."""
        self.triggered: dict[str, int] = {}
        self.not_before = 0.0
        self.silent_until = 0.0
        self.before = (-1.0, False, 0.0, 0.0)
        """When a late answer came, and what held until then: a newer BootNotification of that instant overtakes it."""
        self.late_from = 0.0

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] == 2 and frame[2] == "BootNotification" and self.before[0] == world.mono:
            _, self.accepted, self.not_before, self.silent_until = self.before
        if world.mono < self.silent_until - EPS:
            self.fail(world, f"{frame[:3]} within the interval of a rejection")
        if frame[0] != 2:
            self._promise(world, frame)
            return
        if frame[2] == "BootNotification":
            asked_for = self.triggered.pop("BootNotification", 0) > 0
            if world.mono < self.not_before - EPS and not asked_for:
                self.fail(world, f"BootNotification {self.not_before - world.mono:.1f} s too early")
            self.boot.sent(frame)
            self.late_from = world.mono + message_timeout_s(world)
            self.not_before = world.mono + self.LEAST_S
        elif not self.accepted:
            self.triggered[frame[2]] = self.triggered.get(frame[2], 0) - 1
            if self.triggered[frame[2]] < 0:
                self.fail(world, f"{frame[2]} sent before the Central System accepted us")

    def _promise(self, world: World, frame: list[Any]) -> None:
        """§5.17: what the Central System triggers may leave while it has not accepted us."""
        wanted = self.asked.pop(frame[1], "")
        if wanted and frame[0] == 3 and frame[2].get("status") == "Accepted":
            self.triggered[wanted] = self.triggered.get(wanted, 0) + world.setup.product.connectors + 1
            if wanted == "BootNotification":
                self.not_before = 0.0

    def heard(self, world: World, frame: Any) -> None:
        match frame:
            case [
                2,
                str() as call_id,
                "TriggerMessage" | "ExtendedTriggerMessage",
                {"requestedMessage": str() as wanted},
            ]:
                self.asked[call_id] = wanted
        conf = self.boot.answer(world, frame)
        if conf is None:
            return
        if world.taken_at >= self.late_from:
            self.before = (world.mono, self.accepted, self.not_before, self.silent_until)
        status, interval = conf["status"], conf["interval"]
        if status == "Accepted":
            self.accepted = True
            self.silent_until = 0.0
            return
        wait = min(max(float(interval), self.LEAST_S), 86400.0)
        self.not_before = world.taken_at + wait  # since it arrived: after a stall it is taken late
        self.silent_until = world.taken_at + wait if status == "Rejected" else 0.0

    def life(self, world: World, what: str) -> None:
        if what == "evsed-start":
            self.accepted, self.not_before, self.silent_until = False, 0.0, 0.0
        if what in ("link-down", "evsed-start"):
            self.triggered.clear()
        if what == "link-down":
            if self.boot.call_id:  # it was lost with its connection: the next one need not wait
                self.not_before = 0.0
            self.boot.gone()


class FramesValid(Checker):
    """Every frame is valid against the schemas of OCPP 1.6; `one_in` > 1 looks at a sample."""

    name = "schema"

    def __init__(self, one_in: int = 1) -> None:
        self.one_in = one_in
        self.count = 0
        self.asked: dict[str, str] = {}
        self.ids: set[str] = set()

    def heard(self, world: World, frame: Any) -> None:
        if isinstance(frame, list) and len(frame) == 4 and frame[0] == 2 and isinstance(frame[1], str):
            self.asked[frame[1]] = frame[2] if isinstance(frame[2], str) else ""

    def sent(self, world: World, frame: list[Any]) -> None:
        self.count += 1
        if frame[0] == 2:
            if frame[1] in self.ids:
                self.fail(world, f"message id used twice: {frame[1]}")
            self.ids.add(frame[1])
            if not 0 < len(frame[1]) <= 36:
                self.fail(world, f"message id too long: {frame[1]}")
        if self.count % self.one_in:
            return
        match frame:
            case [2, str(), str() as action, dict() as payload]:
                self._judge(world, action, payload)
            case [3, str() as call_id, dict() as payload]:
                self._judge(world, self.asked.get(call_id, "") + "Response", payload)
            case [4, str(), str() as code, str(), dict()]:
                if code not in CODES:
                    self.fail(world, f"no error code of 1.6: {code}")
            case _:
                self.fail(world, f"not a frame: {frame}")

    def _judge(self, world: World, name: str, payload: dict[str, Any]) -> None:
        if "Schedule" in name:  # tenths are exact as decimals only
            payload = json.loads(json.dumps(payload), parse_float=Decimal)
        errors = [e.message for e in schema(name).iter_errors(payload)]
        if errors:
            self.fail(world, f"{name} {payload}: {errors}")
        for at in timestamps(payload):
            if not at.endswith("Z") or len(at) != 24:
                self.fail(world, f"{name}: timestamp without milliseconds and Z: {at}")


class HonestTime(Checker):
    """No timestamp below the build date, nor a fresh one below the time we are known to have lived at.

    Unless the Central System itself has named an earlier one since.

    As long as the Central System has never told a wrong time, a start is stamped with the time at which it happened.
    """

    name = "honest-time"
    OFF_BY_S = 300.0
    """What a slow first answer leaves: it counts as long as its connection lives; the Heartbeat after it may fail."""

    def __init__(self) -> None:
        self.floor = BUILD_UTC
        self.happened: dict[int, float] = {}
        """True UTC at which each transaction began."""

    def life(self, world: World, what: str) -> None:
        if what == "evsed-start":
            unit = world.records.get(("unit", "unit"))
            if isinstance(unit, Unit):
                self.floor = max(BUILD_UTC, unit.floor_utc)

    def heard(self, world: World, frame: Any) -> None:
        """What the Central System says may show that the floor is wrong."""
        answer = frame[2] if type(frame) is list and len(frame) == 3 and type(frame[2]) is dict else {}
        with suppress(KeyError, TypeError, ValueError, AttributeError, OverflowError):
            self.floor = max(BUILD_UTC, min(self.floor, utc_of(answer["currentTime"])))

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            if old is None and isinstance(new, Transaction):
                self.happened[new.number] = EPOCH + world.t

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2:
            return
        fresh = frame[2] == "StatusNotification"
        for text in timestamps(frame[3]):
            at = utc_of(text)
            if at < (self.floor if fresh else BUILD_UTC) - EPS:
                self.fail(world, f"{frame[2]} stamped {text}, below the floor")
        if frame[2] == "StartTransaction" and not world.central.lied:
            self._judge(world, frame[3])

    def _judge(self, world: World, payload: dict[str, Any]) -> None:
        at = utc_of(payload["timestamp"])
        facts = (payload["connectorId"], payload["idTag"], payload["meterStart"])
        rows = [row for row in world.records.values() if isinstance(row, Transaction)]
        mine = [row for row in rows if (row.connector, row.id_tag, row.meter_start_wh) == facts]
        off = [abs(self.happened[row.number] - at) for row in mine if row.number in self.happened]
        if off and all(row.began.exact for row in mine) and min(off) > self.OFF_BY_S:
            self.fail(world, f"StartTransaction stamped {payload['timestamp']}, {min(off):.0f} s off the truth")


LEGAL = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable",
}
"""§4.9: the table of transitions, A2 to I8."""

STATION = {"Available": "Unavailable Faulted", "Unavailable": "Available Faulted", "Faulted": "Available Unavailable"}
"""Connector 0 knows three of them."""


def legal(old: str, new: str) -> bool:
    """Whether a connector may go from one status to the other."""
    return new in LEGAL[old].split()


LAMPS = {
    "available": {"Available"},
    "preparing": {"Preparing"},
    "charging": {"Charging"},
    "suspended": {"SuspendedEV", "SuspendedEVSE"},
    "finishing": {"Finishing"},
    "reserved": {"Reserved"},
    "unavailable": {"Unavailable"},
    "faulted": {"Faulted"},
}


class StatusMatrix(Checker):
    """Status changes only along the matrix of §4.9, as told and as shown by the lamp.

    What was told is judged pair by pair while nothing may have been skipped: same connection, MinimumStatusDuration 0,
    every CALL answered at once.  The lamp is judged after every step of one life (which may
    hold two changes).
    """

    name = "status-matrix"

    def __init__(self) -> None:
        self.told: dict[int, str] = {}
        self.lamps: dict[int, str] = {}
        self.calm = True
        self.sent_at: float | None = None

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2:
            return
        self.sent_at = world.t
        if frame[2] == "BootNotification":  # what was triggered before it is history: all is told anew once accepted
            self._gap()
        if frame[2] != "StatusNotification":
            return
        connector, status = frame[3]["connectorId"], frame[3]["status"]
        table = LEGAL if connector else STATION
        if status not in table:
            self.fail(world, f"connector {connector} cannot be {status}")
        old = self.told.get(connector)
        if old is not None and old != status and self.calm and status not in table[old].split():
            self.fail(world, f"connector {connector} told {old}, then {status}")
        self.told[connector] = status

    def heard(self, world: World, frame: Any) -> None:
        if isinstance(frame, list) and frame and frame[0] in (3, 4):
            if frame[0] == 4 or (self.sent_at is not None and world.t - self.sent_at > 1.0):
                self._gap()
            self.sent_at = None

    def _gap(self) -> None:
        """Something may have been skipped: what comes next has no known predecessor."""
        self.told.clear()

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        self.calm = setting(world, disk, "MinimumStatusDuration", "0") == "0"
        if not self.calm:
            self._gap()

    def offered(self, world: World, message: dict[str, Any]) -> None:
        connector, new = message["connector"], message["lamp"]
        old = self.lamps.get(connector, new)
        self.lamps[connector] = new
        if old == new or old not in LAMPS or new not in LAMPS:
            return
        if not any(
            legal(a, b) or (legal(a, "Available") and legal("Available", b)) for a in LAMPS[old] for b in LAMPS[new]
        ):
            self.fail(world, f"connector {connector} shows {old}, then {new}")

    def life(self, world: World, what: str) -> None:
        if what in ("link-up", "link-down", "evsed-start", "board-dead"):
            self._gap()
            self.sent_at = None
        if what in ("evsed-start", "board-dead"):
            self.lamps.clear()


class OneEntryEach(Checker):
    """One entry per measurand, phase, location and context in a MeterValue; values are plain numbers in text."""

    name = "one-entry-each"

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2 or frame[2] not in ("MeterValues", "StopTransaction"):
            return
        for value in frame[3].get("meterValue", frame[3].get("transactionData", ())):
            seen = set()
            for entry in value["sampledValue"]:
                kind = tuple(entry.get(k) for k in ("measurand", "phase", "location", "context"))
                if kind in seen:
                    self.fail(world, f"{frame[2]}: {kind} twice in one MeterValue")
                seen.add(kind)
                float(entry["value"])


CODES = {
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
}


@cache
def schema(name: str) -> Draft4Validator:
    """The validator of a request (`Heartbeat`) or an answer (`HeartbeatResponse`)."""
    path = Path(ocpp.v16.__file__).parent / "schemas" / f"{name}.json"
    return Draft4Validator(json.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal))


def conf_is_valid(action: str, payload: Any) -> bool:
    """Whether an answer of the Central System is one."""
    return isinstance(payload, dict) and schema(action + "Response").is_valid(payload)


def timestamps(payload: dict[str, Any]) -> list[str]:
    """Every timestamp of a message of ours."""
    found = [payload["timestamp"]] if "timestamp" in payload else []
    for value in payload.get("meterValue", payload.get("transactionData", ())):
        found.append(value["timestamp"])
    return found


__all__ = [
    "BootGate",
    "EveryCallAnswered",
    "FramesValid",
    "HonestTime",
    "OneCallInFlight",
    "OneEntryEach",
    "StatusMatrix",
]
