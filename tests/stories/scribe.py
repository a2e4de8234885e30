"""The words of a transcript: what a moment, a word of the board, an answer of the Central System reads like."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from ocpp16.events import (
    BoardAttached,
    BoardLost,
    BoardReady,
    ContactorChanged,
    Event,
    FaultChanged,
    FrameReceived,
    LinkDown,
    LinkUp,
    PilotChanged,
)
from ocpp16.profiles.security.security_events import EACH_START
from ocpp16.records import (
    Availability,
    CachedTag,
    Equipment,
    LatchedFault,
    Occupancy,
    Record,
    RegisterSeen,
    Sample,
    SecurityLogState,
    SecurityOccurrence,
    Setting,
    Stamp,
    Transaction,
    Unit,
)
from ocpp16.step import Commit, Link, Moment, Offer, Order, Outlet, Reply, Restart, Save, Tell, Withdraw
from tests.sim.central_system import EPOCH
from tests.sim.check_wire import conf_is_valid
from tests.sim.checkers import utc_of
from tests.sim.world import Watcher, World
from tests.stories import profile_words

Line = tuple[float, str, str]
"""Simulated second, what it is, the words."""


class Scribe(Watcher):
    """Writes down what an expert wants to see: commits, what is told, what is offered, what the reflex does."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.disk: dict[tuple[str, int | str], Record] = {}
        self.outlets: dict[int, Outlet] = {}
        self.actions: dict[str, str] = {}
        self.greeting = False

    def take(self) -> list[Line]:
        """What was written since the last time."""
        lines, self.lines = self.lines, []
        return lines

    def add(self, world: World, kind: str, words: str) -> None:
        self.lines.append((world.t, kind, words))

    # --- what happens ---

    def event(self, world: World, event: Event) -> None:
        if self.greeting and isinstance(event, BoardReady):
            self.greeting = False
        match event:
            case PilotChanged() | ContactorChanged() if self.greeting:
                self._present(world, event)
            case PilotChanged(connector=connector, state=state):
                self.add(world, "car", f"{_where(connector)}{PILOT[state]}")
            case ContactorChanged(connector=connector, closed=closed, confirmed=confirmed):
                words = ("closes" if closed else "opens") if confirmed else f"does not {'close' if closed else 'open'}"
                self.add(world, "reflex", f"{_where(connector)}contactor {words}")
            case FaultChanged(connector=connector, code=code, on=on, latched=latched):
                state = "on, until its rule ends it" if on and latched else "on" if on else "off"
                self.add(
                    world, "reflex", f"{'station: ' if connector is None else _where(connector)}fault {code} {state}"
                )
            case BoardAttached():
                self.add(world, "board", "attached")
                self.greeting = True
            case BoardLost():
                self.add(world, "board", "lost")
            case LinkUp():
                self.add(world, "link", "up")
            case LinkDown(stage="WebSocket"):
                self.add(world, "link", "lost")
            case FrameReceived(text=text):
                self._heard(world, text)

    def _present(self, world: World, event: Event) -> None:
        """What the board found when it was attached, where it is not an empty place."""
        if isinstance(event, PilotChanged) and event.state != "A":
            self.add(world, "car", f"{_where(event.connector)}{PILOT[event.state]}")
        elif isinstance(event, ContactorChanged) and event.closed:
            self.add(world, "reflex", f"{_where(event.connector)}contactor is closed")

    def _heard(self, world: World, text: str) -> None:
        try:
            frame = json.loads(text)
            call_id = frame[1]
            action = self.actions.get(call_id, "")
        except (ValueError, RecursionError, LookupError, TypeError):
            return
        if frame[0] == 3 and action in ("BootNotification", "StartTransaction", "Authorize"):
            odd = "" if conf_is_valid(action, frame[2]) else f"{action} answered wrongly: "
            self.add(world, "hear", odd + _conf_words(action, frame[2]))
        elif frame[0] == 4 and action:
            self.add(world, "hear", f"{action} refused: {frame[2]}")

    # --- what is done ---

    def moment(self, world: World, moment: Moment) -> None:
        match moment:
            case Withdraw(outlet):
                self._outlet(world, "withdraw", outlet)
            case Offer(outlet):
                self._outlet(world, "offer", outlet)
            case Commit(writes):
                for write in writes:
                    self._write(world, write)
            case Tell(str() as text):
                self._frame(world, json.loads(text))
            case Tell(Link() as link):
                if not link.connected:
                    self.add(world, "link", "stay away")
            case Tell(Order() as order):
                self.add(world, "order", f"{order.what}{f' connector {order.connector}' if order.connector else ''}")
            case Tell(Reply() as reply):
                self.add(world, "reply", f"{'done' if reply.ok else 'refused'}: {reply.text}")
            case Tell(Restart(how)):
                self.add(world, "job", f"restart {how}")

    def _outlet(self, world: World, kind: str, outlet: Outlet) -> None:
        old = self.outlets.get(outlet.connector, Outlet(outlet.connector))
        self.outlets[outlet.connector] = outlet
        words = []
        if outlet.offered_amps != old.offered_amps:
            words.append(f"{outlet.offered_amps:g} A")
        if outlet.locked != old.locked:
            words.append("locked" if outlet.locked else "unlocked")
        if outlet.in_service != old.in_service:
            words.append("in service" if outlet.in_service else "out of service")
        if outlet.lamp != old.lamp:
            words.append(f"lamp {outlet.lamp}")
        if words:
            self.add(world, kind, _where(outlet.connector) + ", ".join(words))

    def life(self, world: World, what: str) -> None:
        if what == "evsed-start":
            self.outlets.clear()
        if what.startswith("job "):
            self.add(world, "job", what.removeprefix("job "))

    def _write(self, world: World, write: Any) -> None:
        if isinstance(write, Save):
            place = (write.record.table, write.record.key)
            words = record_words(self.disk.get(place), write.record)
            self.disk[place] = write.record
        else:
            self.disk.pop((write.table, write.key), None)
            words = f"{write.table} {write.key} forgotten"
        if words:
            self.add(world, "commit", words)

    def _frame(self, world: World, frame: list[Any]) -> None:
        if frame[0] == 2:
            self.actions[frame[1]] = frame[2]
            self.add(world, "tell", request_words(frame[2], frame[3], EPOCH + world.t))
        elif frame[0] == 3:
            self.add(world, "answer", profile_words.schedule_words(frame[2]) or _short(frame[2]) or "{}")
        else:
            self.add(world, "answer", f"CALLERROR {frame[2]}")


PILOT = {
    "A": "is gone (A)",
    "B": "is connected (B)",
    "C": "asks for energy (C)",
    "D": "asks for energy with ventilation (D)",
    "E": "pilot shorted (E)",
    "F": "pilot unavailable (F)",
}


def _where(connector: int) -> str:
    return "" if connector == 1 else f"connector {connector} "


def _clock(utc: float) -> str:
    return datetime.fromtimestamp(round(utc, 3), UTC).strftime("%Y-%m-%d %H:%M:%S").removeprefix("2026-05-04 ")


def _stamp(stamp: Stamp) -> str:
    return "?" if stamp.utc is None else _clock(stamp.utc)


def _short(payload: Any) -> str:
    """The fields of a payload, each once, without punctuation that nobody reads."""
    if isinstance(payload, dict):
        return " ".join(f"{_short(v)}" if k == "status" else f"{k}={_short(v)}" for k, v in payload.items())
    if isinstance(payload, list):
        return "[" + ", ".join(_short(item) for item in payload) + "]"
    return str(payload).lower() if isinstance(payload, bool) else str(payload)


def _conf_words(action: str, payload: Any) -> str:
    if not isinstance(payload, dict):
        return repr(payload)
    info = payload.get("idTagInfo", payload)
    words = [str(info.get("status")) if isinstance(info, dict) else str(info)]
    if "transactionId" in payload:
        words.append(f"#{payload['transactionId']}")
    if isinstance(info, dict) and "parentIdTag" in info:
        words.append(f"group {info['parentIdTag']}")
    if isinstance(info, dict) and "expiryDate" in info:
        words.append(f"until {info['expiryDate']}")
    if "interval" in payload:
        words.append(f"interval {payload['interval']}")
    return " ".join(words)


# --- requests --------------------------------------------------------------------------------------------------------


def request_words(action: str, payload: dict[str, Any], now_utc: float) -> str:
    """A CALL of the station: all of it, in the order in which an expert reads; a timestamp of now is left out."""
    left = dict(payload)
    words = [action]
    for key in (
        "connectorId",
        "transactionId",
        "idTag",
        "status",
        "meterStart",
        "meterStop",
        "errorCode",
        "info",
        "reason",
    ):
        value = left.pop(key, None)
        if value is None or (key, value) == ("errorCode", "NoError"):
            continue
        form = {"meterStart": "{} Wh", "meterStop": "{} Wh", "info": "“{}”", "transactionId": "#{}"}.get(key, "{}")
        words.append(form.format(value))
    at = left.pop("timestamp", None)
    if at is not None and abs(utc_of(at) - now_utc) >= 1.5:
        words.append(f"at {_clock(utc_of(at))}")
    for value in left.pop("meterValue", left.pop("transactionData", [])):
        words.append(_meter_value(value, now_utc))
    if action == "BootNotification":
        left = {}
    if left:
        words.append(_short(left))
    return " ".join(words)


def _meter_value(value: dict[str, Any], now_utc: float) -> str:
    contexts = {entry.get("context", "Sample.Periodic") for entry in value["sampledValue"]}
    at = utc_of(value["timestamp"])
    when = "" if abs(at - now_utc) < 1.5 else f" at {_clock(at)}"
    entries = ", ".join(_entry(entry) for entry in value["sampledValue"])
    return f"[{'/'.join(sorted(contexts))}{when}: {entries}]"


def _entry(entry: dict[str, Any]) -> str:
    unit = entry.get("unit", "")
    name = entry.get("measurand", "")
    plain = {"Energy.Active.Import.Register": "Wh", "Voltage": "V", "Current.Import": "A", "Power.Active.Import": "W"}
    words = f"{entry['value']} {unit}".strip()
    if plain.get(name) != unit:
        words = f"{name} {words}"
    if "phase" in entry:
        words += f" {entry['phase']}"
    if "location" in entry:
        words += f" ({entry['location']})"
    return words


# --- records ---------------------------------------------------------------------------------------------------------


def record_words(old: Record | None, new: Record) -> str:
    """What a saved row means, told as the change that it is; empty where only a time went on."""
    match new:
        case Transaction():
            return _transaction_words(old if isinstance(old, Transaction) else None, new)
        case Sample():
            what = "for the bill" if new.for_stop else "sample"
            state = {"waiting": "", "parked": " parked", "confirmed": " confirmed"}.get(new.state, new.state)
            return f"{what} {new.context}{state}" if old is None or state else ""
        case Setting():
            return f"setting {new.name} = {new.value or '(empty)'}"
        case Availability():
            words = "in service" if new.operative else "out of service"
            if new.scheduled is not None:
                words += f", {'in' if new.scheduled else 'out of'} service after the transaction"
            return f"{'station' if new.connector == 0 else f'connector {new.connector}'} {words}"
        case Occupancy(held_for=str(owner)):
            return f"{_where(new.connector)}cable kept for {owner}"
        case Occupancy():
            return f"{_where(new.connector)}plug {'still in after the end' if new.finishing else 'free to begin anew'}"
        case RegisterSeen():
            return f"{_where(new.connector)}register seen {new.wh} Wh"
        case Equipment():
            before = old if isinstance(old, Equipment) else Equipment(connector=new.connector)
            if new.meter_serial == before.meter_serial:
                return ""  # a switching was counted
            return f"{_where(new.connector)}meter {new.meter_model} no. {new.meter_serial}"
        case LatchedFault():
            return f"fault {new.name} latched"
        case CachedTag():
            if isinstance(old, CachedTag) and replace(old, used=new.used) == new:
                return ""
            words = f"card {new.id_tag} {new.status}"
            words += f" group {new.parent_id_tag}" if new.parent_id_tag else ""
            words += f" until {_clock(new.expires_utc)}" if new.expires_utc is not None else ""
            return words
        case Unit():
            return _unit_words(old if isinstance(old, Unit) else Unit(), new)
        case SecurityOccurrence() if new.type not in EACH_START:
            told = " told" if new.told == new.count else ""
            return f"security event {new.type} ({new.tech_info}) {new.count}{told}"
        case SecurityOccurrence() | SecurityLogState():
            return ""
        case _:
            return profile_words.record_words(new, _clock) or f"{new}"


def _transaction_words(old: Transaction | None, new: Transaction) -> str:
    name = f"transaction {new.number}"
    if old is None:
        where = "" if new.connector == 1 else f" on connector {new.connector}"
        return f"{name} began {new.id_tag}{where} at {new.meter_start_wh} Wh"
    words = []
    if new.transaction_id != old.transaction_id:
        words.append(f"is #{new.transaction_id}")
    if new.start != old.start:
        words.append(f"start {new.start}")
    if new.verdict != old.verdict:
        words.append(f"{new.verdict}")
    if new.energy_ends_wh != old.energy_ends_wh and new.energy_ends_wh is not None:
        words.append(f"energy ends at {max(new.energy_ends_wh, new.meter_start_wh)} Wh")
    if new.stopping != old.stopping and new.ended is None:
        words.append(f"stopping {new.stopping}" + (f" by {new.stop_id_tag}" if new.stop_id_tag else ""))
    if new.ended is not None and old.ended is None:
        words.append(f"ended {new.reason} at {new.meter_stop_wh} Wh")
    elif new.stop != old.stop:
        words.append(f"stop {new.stop}")
    for was, is_ in ((old.error, new.error), (old.stop_error, new.stop_error)):
        if is_ not in ("", was):
            words.append(f"({is_})")
    if not words and new.last_wh != old.last_wh:
        words.append(f"lives at {new.last_wh} Wh")
    return f"{name} {', '.join(words)}" if words else ""


def _unit_words(old: Unit, new: Unit) -> str:
    words = []
    if new.registered != old.registered:
        words.append("registered")
    if (new.utc_offset is not None) and new.utc_offset != old.utc_offset:
        words.append("time known")
    if new.shutdown != old.shutdown:
        words.append(f"note {new.shutdown}" if new.shutdown else "note taken away")
    if (new.board_boot_id, new.board_session_id) != (old.board_boot_id, old.board_session_id):
        words.append("board known")
    return f"unit {', '.join(words)}" if words else ""
