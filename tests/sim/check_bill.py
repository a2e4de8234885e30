"""Rules of the bill: energy metered is energy billed, one logical start and stop, order, registers, who may begin."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from drivers.simulated.meter import BACKWARDS_WH
from ocpp16.events import BoardLost, FaultChanged, PilotChanged
from ocpp16.records import Availability, ListedTag, MeterSwap, Sample, Transaction
from tests.sim.check_wire import conf_is_valid, message_timeout_s, timestamps
from tests.sim.checkers import Change, Checker, Disk, setting, utc_of
from tests.sim.world import World, register_wh

EPS = 1e-3


@dataclass
class Told:
    """How a transaction was told so far, from the station's side of the wire."""

    record: Transaction
    starts: dict[str, str] = field(default_factory=dict)
    """Message ids of StartTransaction.req, each open, answered, failed or lost."""
    stops: dict[str, str] = field(default_factory=dict)
    start_facts: str = ""
    stop_facts: str = ""
    begin_utc: float = 0.0
    last_value_utc: float = 0.0
    arrived_starts: int = 0
    arrived_stops: int = 0
    parked: set[str] = field(default_factory=set)
    start_answered: bool = False
    stop_answered: bool = False
    transaction_id: int | None = None


class OneLogicalStartAndStop(Checker):
    """Exactly one logical Start and Stop per transaction, its values between them, in time order.

    A message is sent again only where its answer may have been lost, and then with the same facts.
    """

    name = "one-start-one-stop"

    def __init__(self) -> None:
        self.told: dict[int, Told] = {}
        self.calls: dict[str, tuple[str, int]] = {}
        """Our open calls: message id to (start or stop, transaction number)."""
        self.sample_of: dict[str, int] = {}
        self.parked_values: dict[int, set[float]] = {}
        """Per connector the times of values that were parked: they may be told again whenever nothing else waits."""

    # --- what is written down ---

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for _, new in changes:
            if isinstance(new, Sample) and new.state == "parked" and new.at.utc is not None:
                self.parked_values.setdefault(new.connector, set()).add(new.at.utc)
            if isinstance(new, Transaction):
                told = self.told.setdefault(new.number, Told(new))
                if told.record.ended is not None and new.ended is None:
                    self.fail(world, f"transaction {new.number} ended and goes on")
                if told.record.ended is not None and told.record.meter_stop_wh != new.meter_stop_wh:
                    self.fail(world, f"the bill of transaction {new.number} changed after its end")
                told.record = new
                for kind, state, sendings in (("start", new.start, told.starts), ("stop", new.stop, told.stops)):
                    if state == "parked":
                        told.parked.add(kind)
                        if not sendings:
                            self.fail(world, f"the {kind} of transaction {new.number} is parked, and was never sent")

    # --- what is said ---

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2:
            return
        if frame[2] == "StartTransaction":
            self._start(world, frame[1], frame[3])
        elif frame[2] == "StopTransaction":
            self._stop(world, frame[1], frame[3])
        elif frame[2] == "MeterValues":
            self._values(world, frame[3])

    def _start(self, world: World, call_id: str, payload: dict[str, Any]) -> None:
        facts = json.dumps(payload, sort_keys=True)
        same = [t for t in self.told.values() if t.start_facts == facts]
        open_ones = (t for t in same if not t.start_answered and not t.stops)
        unanswered = (t for t in same if not t.start_answered)  # two may have the same facts while a clock stands
        told = next(open_ones, None) or self._fresh_start(payload) or next(unanswered, None) or next(iter(same), None)
        if told is None:
            self.fail(world, f"StartTransaction without a transaction on disk, or with other facts: {payload}")
            return
        if told.start_answered:
            self.fail(world, f"a second StartTransaction of transaction {told.record.number}, which was answered")
        if told.stops and ("stop" not in told.parked or told.stop_answered):
            self.fail(world, f"StartTransaction of transaction {told.record.number} after its stop")
        told.start_facts = facts
        told.begin_utc = told.last_value_utc = utc_of(payload["timestamp"])
        told.starts[call_id] = "open"
        self.calls[call_id] = ("start", told.record.number)

    def _fresh_start(self, payload: dict[str, Any]) -> Told | None:
        for told in self.told.values():
            record = told.record
            facts = (record.connector, record.id_tag, record.meter_start_wh)
            same = facts == (payload["connectorId"], payload["idTag"], payload["meterStart"])
            if same and not told.starts and record.reservation_id == payload.get("reservationId"):
                return told
        return None

    def _stop(self, world: World, call_id: str, payload: dict[str, Any]) -> None:
        facts = json.dumps(payload, sort_keys=True)
        same = [t for t in self.told.values() if t.stop_facts == facts and not t.stop_answered]
        found = [t for t in self.told.values() if self._may_stop(t) and self._is_stop_of(payload, t)]
        fresh = min(found, key=lambda t: bool(t.stops), default=None)  # what was never told comes first
        told = next((t for t in same if "stop" not in t.parked), None) or fresh or next(iter(same), None)
        if told is None:
            self.fail(world, f"StopTransaction that is not the one stop of a transaction on disk: {payload}")
            return
        if not told.starts and "start" not in told.parked:
            self.fail(world, f"StopTransaction of transaction {told.record.number} before its start")
        at = utc_of(payload["timestamp"])
        if at < told.begin_utc - EPS:
            self.fail(world, f"transaction {told.record.number} stops before it starts: {payload}")
        if at < told.last_value_utc - EPS:
            self.fail(world, f"transaction {told.record.number} stops before its last values: {payload}")
        told.stop_facts = facts
        told.stops[call_id] = "open"
        self.calls[call_id] = ("stop", told.record.number)

    @staticmethod
    def _may_stop(told: Told) -> bool:
        """One that was parked, or was told before the transaction had an id, may be told again with the id."""
        without_id = bool(told.stop_facts) and json.loads(told.stop_facts)["transactionId"] == -1
        return not told.stops or (("stop" in told.parked or without_id) and not told.stop_answered)

    @staticmethod
    def _is_stop_of(payload: dict[str, Any], told: Told) -> bool:
        record = told.record
        if record.ended is None or record.meter_stop_wh != payload["meterStop"]:
            return False
        if record.reason != payload.get("reason", "Local"):
            return False
        if record.ended.utc is not None and abs(record.ended.utc - utc_of(payload["timestamp"])) > 0.002:
            return False
        return payload["transactionId"] in (record.transaction_id, -1 if record.transaction_id is None else None)

    def _values(self, world: World, payload: dict[str, Any]) -> None:
        if "transactionId" not in payload or _triggered(payload):  # told at once, past the queue
            return
        times = [utc_of(text) for text in timestamps(payload)]
        if any(abs(times[0] - at) < 2 * EPS for at in self.parked_values.get(payload["connectorId"], ())):
            return
        mine = [t for t in self.told.values() if self._owns(t, payload)]
        if not mine:
            self.fail(world, f"MeterValues of a transaction that has no start: {payload}")
        told = mine[-1]
        if times[0] < told.begin_utc - EPS:
            self.fail(world, f"values of transaction {told.record.number} before its start: {payload}")
        facts = json.dumps(payload, sort_keys=True)
        again = facts in self.sample_of
        self.sample_of[facts] = told.record.number
        if told.stops and not again:
            self.fail(world, f"values of transaction {told.record.number} after its stop: {payload}")
        if not again and times[0] < told.last_value_utc - EPS:
            self.fail(world, f"values of transaction {told.record.number} go back in time: {payload}")
        told.last_value_utc = max(told.last_value_utc, times[-1])

    @staticmethod
    def _owns(told: Told, payload: dict[str, Any]) -> bool:
        record = told.record
        mine = -1 if record.transaction_id is None else record.transaction_id
        return bool(told.starts or told.parked) and (record.connector, mine) == (
            payload["connectorId"],
            payload["transactionId"],
        )

    # --- what comes back ---

    def heard(self, world: World, frame: Any) -> None:
        if not isinstance(frame, list) or len(frame) < 3 or frame[0] not in (3, 4) or not isinstance(frame[1], str):
            return
        kind, number = self.calls.get(frame[1], ("", 0))
        if not kind:
            return
        action = "StartTransaction" if kind == "start" else "StopTransaction"
        if frame[0] == 4 or len(frame) != 3 or not conf_is_valid(action, frame[2]):
            return
        told = self.told[number]
        if kind == "start":
            told.start_answered = True
            told.transaction_id = frame[2]["transactionId"]
        else:
            told.stop_answered = True

    def life(self, world: World, what: str) -> None:
        """Darkness in the middle of a step: an answer that was heard but not written down never came."""
        if what not in ("power-off", "evsed-dead"):
            return
        for told in self.told.values():
            told.start_answered = told.record.start == "confirmed"
            told.stop_answered = told.record.stop == "confirmed"
        self.calls.clear()

    def arrived(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2 or frame[1] not in self.calls:
            return
        kind, number = self.calls[frame[1]]
        if kind == "start":
            self.told[number].arrived_starts += 1
        else:
            self.told[number].arrived_stops += 1

    def peace(self, world: World, disk: Disk) -> None:
        for number, told in self.told.items():
            if not told.arrived_starts and "start" not in told.parked:
                self.fail(world, f"transaction {number} was never told to have started")
            if told.record.ended is None:
                self.fail(world, f"transaction {number} never ended")
            if not told.arrived_stops and "stop" not in told.parked:
                self.fail(world, f"transaction {number} was never told to have stopped")


class EnergyBilled(Checker):
    """Energy metered is energy billed: 1 Wh of rounding per transaction, and what flowed past a faulty meter."""

    name = "energy-billed"
    PER_CUT_WH = 1.0

    def __init__(self) -> None:
        self.bills: dict[int, tuple[int, int | None]] = {}
        self.connector_of: dict[int, int] = {}
        self.first: dict[int, float] = {}
        self.cuts = 0
        self.slack: dict[int, float] = {}
        self.blind: dict[int, float] = {}
        """Register at which a connector's meter went bad."""
        self.faults: set[tuple[int, str]] = set()
        """Meter faults that are on, by connector."""
        self.open: dict[int, int] = {}
        """Register of each connector's open transaction as it was last written down."""
        self.welded: dict[int, float] = {}
        self.shown: dict[int, float] = {}
        """Register as the meter last showed it."""

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for _, new in changes:
            if isinstance(new, MeterSwap) and (new.connector, "meter-backwards") in self.faults:
                # service took the lying register for another meter's: once it is well the difference is billed
                self.slack[new.connector] = self.slack.get(new.connector, 0.0) + BACKWARDS_WH
            if isinstance(new, Transaction):
                self.bills[new.number] = (new.meter_start_wh, new.meter_stop_wh)
                self.connector_of[new.number] = new.connector
                if new.ended is None:
                    self.open[new.connector] = new.last_wh
                else:
                    self.open.pop(new.connector, None)
                if new.meter_stop_wh is not None and new.meter_stop_wh < new.meter_start_wh:
                    self.fail(world, f"transaction {new.number} bills less than nothing")

    def life(self, world: World, what: str) -> None:
        words = what.split()
        if what == "board-start":
            for connector in range(1, world.setup.product.connectors + 1):
                self.first.setdefault(connector, register_wh(world, connector))
        elif what in ("power-off", "evsed-dead", "board-dead"):
            self.cuts += 1
            for connector in self.blind:  # nobody can ask the meter afterwards: what was written down last counts
                at = register_wh(world, connector)
                self.slack[connector] = self.slack.get(connector, 0.0) + at - self.open.get(connector, at)
        elif words[:3] == ["sim", "fault", "weld"]:
            self._welded(world, int(words[4]), words[3] == "on")
        elif words[:2] == ["sim", "fault"] and words[2].startswith("meter-"):
            connector = int(words[4])
            (self.faults.add if words[3] == "on" else self.faults.discard)((connector, words[2]))
            if words[3] == "on":
                at = register_wh(world, connector)
                unseen = world.cp is None or world.mute or world.talk.attached is None
                known = self.open if unseen else self.shown  # while evsed is away nobody sees the meter
                self.blind.setdefault(connector, min(at, known.get(connector, at)))

    def _welded(self, world: World, connector: int, on: bool) -> None:
        """What a car takes through a welded contactor nobody can stop, and no transaction need be open for it."""
        at = register_wh(world, connector)
        if on:
            self.welded.setdefault(connector, at)
        elif (since := self.welded.pop(connector, None)) is not None:
            self.slack[connector] = self.slack.get(connector, 0.0) + at - since

    def board(self, world: World, message: dict[str, Any]) -> None:
        if message["type"] != "meter":
            return
        connector = message["connector"]
        if connector in self.blind and not any(number == connector for number, _ in self.faults):
            self._sees(world, connector)  # it is healthy again, and speaks
        if connector not in self.blind:
            self.shown[connector] = message["wh"]

    def _sees(self, world: World, connector: int) -> None:
        at = self.blind.pop(connector, None)
        if at is not None:
            self.slack[connector] = self.slack.get(connector, 0.0) + register_wh(world, connector) - at + 1.0

    def peace(self, world: World, disk: Disk) -> None:
        for connector, first in self.first.items():
            self._sees(world, connector)
            bills = [bill for number, bill in self.bills.items() if self.connector_of[number] == connector]
            billed = sum(stop - start for start, stop in bills if stop is not None)
            metered = register_wh(world, connector) - first
            bound = len(bills) + self.cuts * self.PER_CUT_WH + self.slack.get(connector, 0.0) + 1e-6
            if abs(metered - billed) > bound:
                self.fail(
                    world,
                    f"connector {connector}: {metered:.1f} Wh metered, {billed} billed, bound {bound:.1f}: {bills}",
                )


class RegisterMonotone(Checker):
    """The register that bills never goes down, over transactions, restarts and darkness."""

    name = "register-monotone"

    def __init__(self) -> None:
        self.last: dict[int, float] = {}
        self.swapped: set[int] = set()
        self.said: set[int] = set()
        self.connector_of: dict[str, int] = {}

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] != 2 or frame[2] not in ("StartTransaction", "MeterValues") or '"Trigger"' in json.dumps(frame[3]):
            return
        payload = frame[3]
        if "meterStart" not in payload and "transactionId" not in payload:
            return  # outside of a transaction nothing is billed, and nothing is on record after the dark
        if _triggered(payload):
            return
        facts = hash(json.dumps({k: v for k, v in payload.items() if k != "transactionId"}, sort_keys=True))
        if facts in self.said:  # sent again: its place in the order is that of the first time
            return
        self.said.add(facts)
        for wh in _registers(payload):
            connector = payload["connectorId"]
            if wh < self.last.get(connector, 0.0) and connector in self.swapped:
                self.swapped.discard(connector)
            elif wh < self.last.get(connector, 0.0):
                self.fail(world, f"connector {connector}: register {wh} after {self.last.get(connector, 0)}: {payload}")
            self.last[connector] = wh

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for _, new in changes:
            if isinstance(new, MeterSwap):  # service declared another meter; what waits was still read off the old one
                self.swapped.add(new.connector)
            if isinstance(new, Transaction) and new.meter_stop_wh is not None and new.last_wh > new.meter_stop_wh:
                self.fail(world, f"transaction {new.number} stops at {new.meter_stop_wh}, was at {new.last_wh} before")


def _triggered(payload: dict[str, Any]) -> bool:
    """Values that the Central System triggered overtake the queue."""
    values = payload.get("meterValue", [])
    return any(entry.get("context") == "Trigger" for value in values for entry in value["sampledValue"])


def _registers(payload: dict[str, Any]) -> list[float]:
    if "meterStart" in payload:
        return [float(payload["meterStart"])]
    name = "Energy.Active.Import.Register"
    return [
        float(entry["value"])
        for value in payload["meterValue"]
        for entry in value["sampledValue"]
        if entry.get("measurand", name) == name
    ]


class ProperBeginning(Checker):
    """A transaction begins only with a plug in, in service, on a healthy connector, and one at a time."""

    name = "proper-beginning"

    def __init__(self) -> None:
        self.pilot: dict[int, str] = {}
        self.seen: set[int] = set()

    def event(self, world: World, event: Any) -> None:
        if isinstance(event, PilotChanged):
            self.pilot[event.connector] = event.state

    def life(self, world: World, what: str) -> None:
        if what in ("board-dead", "power-off"):
            self.pilot.clear()

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for _, new in changes:
            if not isinstance(new, Transaction) or new.number in self.seen:
                continue
            self.seen.add(new.number)
            where = f"transaction {new.number} on connector {new.connector} began"
            if self.pilot.get(new.connector) not in ("B", "C", "D"):
                self.fail(world, f"{where} with the pilot in {self.pilot.get(new.connector)}")
            row = disk.get(("availability", new.connector))
            if isinstance(row, Availability) and not row.operative:
                self.fail(world, f"{where} out of service")
            others = [
                r
                for r in disk.values()
                if isinstance(r, Transaction) and r.connector == new.connector and r.ended is None and r is not new
            ]
            if others:
                self.fail(world, f"{where} while {others[0].number} is open")


class Authorised(Checker):
    """A transaction begins only for a card that somebody let in, and not after its last word was a refusal."""

    name = "authorised"
    PLUG_IN_S = 130.0
    """An accepted card may wait for its plug so long, whatever is said about it meanwhile."""

    def __init__(self) -> None:
        self.asked: dict[str, tuple[str, str, float]] = {}
        """Our open calls about a card: the action, the card, and until when the answer counts."""
        self.verdict: dict[str, str] = {}
        self.accepted_t: dict[str, float] = {}
        self.remote: set[str] = set()
        self.seen: set[int] = set()

    def sent(self, world: World, frame: list[Any]) -> None:
        if frame[0] == 2 and frame[2] in ("Authorize", "StartTransaction", "StopTransaction") and "idTag" in frame[3]:
            until = world.mono + message_timeout_s(world)
            self.asked[frame[1]] = (frame[2], frame[3]["idTag"].casefold(), until)

    def heard(self, world: World, frame: Any) -> None:
        match frame:
            case [3, str() as call_id, {"idTagInfo": {"status": str() as status}}] if call_id in self.asked:
                action, tag, until = self.asked.pop(call_id)
                late = world.taken_at >= until and status != "Accepted"
                if late or not conf_is_valid(action, frame[2]):
                    return
                if (
                    setting(world, world.records, "AuthorizationCacheEnabled", "true") == "false"
                    and status != "Accepted"
                ):
                    return  # it is not to be remembered
                if status != "ConcurrentTx" or tag not in self.verdict:  # that is about the moment, not about the card
                    self.verdict[tag] = status
                if status == "Accepted":
                    self.accepted_t[tag] = world.t
            case [2, str(), "RemoteStartTransaction", {"idTag": str() as tag}]:
                self.remote.add(tag.casefold())

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            if isinstance(old, ListedTag) and old.status == "Accepted":  # it may be waiting for its plug
                self.accepted_t[old.id_tag.casefold()] = world.t
            if isinstance(new, Transaction) and new.number not in self.seen:
                self.seen.add(new.number)
                self._judge(world, new, disk)

    def _judge(self, world: World, new: Transaction, disk: Disk) -> None:
        tag = new.id_tag.casefold()
        offline_ok = setting(world, disk, "AllowOfflineTxForUnknownId", "false") == "true"
        verdict = self.verdict.get(tag)
        waited = world.t - self.accepted_t.get(tag, -self.PLUG_IN_S) < self.PLUG_IN_S
        row = disk.get(("listed_tag", tag))
        if isinstance(row, ListedTag) and row.status == "Accepted":
            self.accepted_t[tag] = world.t
            return
        if verdict == "Accepted" or waited or tag in self.remote or offline_ok:
            return
        self.fail(world, f"transaction {new.number} began for {new.id_tag}, whose last word was {verdict}")


class QueuesUnderCap(Checker):
    """Every table has an end: samples, cached cards, closed transactions."""

    name = "queues-under-cap"
    CAPS: ClassVar = {
        "sample": 52_000,
        "cached_tag": 1_000,
        "availability": 17,
        "occupancy": 16,
        "latched_fault": 64,
        "setting": 64,
    }
    CLOSED = 1_001

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        if not any(old is None and new is not None for old, new in changes):
            return
        counts: dict[str, int] = {}
        for place in disk:
            counts[place[0]] = counts.get(place[0], 0) + 1
        for table, count in counts.items():
            if count > self.CAPS.get(table, 10**9):
                self.fail(world, f"{count} rows of {table}")
        if counts.get("charge", 0) > self.CLOSED + 17:
            closed = [r for r in disk.values() if isinstance(r, Transaction) and _closed(r)]
            if len(closed) > self.CLOSED:
                self.fail(world, f"{len(closed)} closed transactions are kept")


def _closed(record: Transaction) -> bool:
    return record.stop == "confirmed" and record.start == "confirmed"


class UndeliveredKept(Checker):
    """A transaction whose start or stop was not delivered is never dropped."""

    name = "undelivered-kept"

    def commit(self, world: World, changes: list[Change], disk: Disk) -> None:
        for old, new in changes:
            if new is None and isinstance(old, Transaction) and not _closed(old):
                self.fail(world, f"transaction {old.number} was dropped: start {old.start}, stop {old.stop}")


class QueuesEmpty(Checker):
    """After peace nothing waits any more: no start, no stop, no value."""

    name = "queues-empty"

    def peace(self, world: World, disk: Disk) -> None:
        for row in disk.values():
            if isinstance(row, Transaction) and (row.start == "waiting" or row.stop == "waiting"):
                self.fail(world, f"transaction {row.number} still waits to be told: {row}")
            if isinstance(row, Sample) and row.state == "waiting" and not row.for_stop:
                self.fail(world, f"values still wait to be told: {row}")


class FaultsEndOffers(Checker):
    """No offer while a fault that forbids energy is active."""

    name = "no-offer-under-fault"
    FORBID: ClassVar = frozenset(
        {"rcd", "weld", "pilot-short", "diode", "ventilation", "overcurrent", "overtemperature", "undervoltage"}
    )

    def __init__(self) -> None:
        self.active: set[tuple[int | None, str]] = set()

    def event(self, world: World, event: Any) -> None:
        if isinstance(event, BoardLost):  # what ends meanwhile is never told; the next greeting names what is left
            self.active.clear()
        if isinstance(event, FaultChanged) and event.code in self.FORBID:
            (self.active.add if event.on else self.active.discard)((event.connector, event.code))

    def life(self, world: World, what: str) -> None:
        if what in ("evsed-start", "board-dead", "power-off"):
            self.active.clear()

    def offer(self, world: World, outlet: Any, disk: Disk) -> None:
        if outlet.offered_amps > 0:
            for connector, code in self.active:
                if connector in (None, outlet.connector):
                    self.fail(world, f"{outlet.offered_amps} A offered on connector {outlet.connector} under {code}")
