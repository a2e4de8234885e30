"""A judge is judged: defects planted into a copy of the station, each of which must turn its checker red."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from daemon.inbox import Inbox
from ocpp16.charge_point import ChargePoint
from ocpp16.events import Event, FrameReceived, LinkUp, Now
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import Verdict
from ocpp16.records import CachedTag, Reservation, Sample, Transaction
from ocpp16.step import Delete, Offer, Save, Step, moments
from tests.sim.central_system import CentralSystem
from tests.sim.checkers import Checkers, Violation
from tests.sim.peace import make_peace
from tests.sim.rules import all_checkers
from tests.sim.world import Setup, World

SETTINGS = {
    "MeterValueSampleInterval": "60",
    "StopTransactionOnInvalidId": "false",
    "LocalPreAuthorize": "true",
    "ConnectionTimeOut": "30",
}


def a_long_day(plant: Callable[[World], None] | None = None) -> None:
    """Some sessions with all that a planted defect needs to show; ends in peace."""
    checkers = Checkers(all_checkers())
    central = CentralSystem(tags={"BAD": {"status": "Invalid"}})
    world = World(Setup(Product(secure_firmware=False), SETTINGS, meter_period_s=10.0), central, (checkers,))
    if plant is not None:
        plant(world)
    central.boot_status, central.interval_s = "Rejected", 60
    world.power_on()
    world.run(10)
    central.boot_status, central.interval_s = "Accepted", 300
    world.run(70)
    world.sim("tap", "BAD")
    world.run(5)
    world.sim("tap", "04A2B9")
    world.run(5)
    world.sim("plug")
    world.run(200)
    world.ask("GetConfiguration", key=["HeartbeatInterval"])
    world.run(15)
    world.sim("fault", "overtemperature", "on")
    world.run(30)
    world.sim("fault", "overtemperature", "off")
    world.run(30)
    world.sim("tap", "04A2B9")  # stops
    world.run(20)
    world.sim("unplug")
    world.run(20)
    world.sim("plug")
    world.sim("tap", "04A2B9")
    world.run(100)
    world.dark(30.0)  # ends it
    world.run(20)
    world.sim("unplug")
    world.run(5)
    central.tags["04A2B9"] = {"status": "Invalid"}
    world.sim("plug")
    world.sim("tap", "04A2B9")  # cached: starts, is refused, stays open without energy
    world.run(100)
    world.sim("unplug")
    world.run(20)
    central.tags.clear()
    world.sim("tap", "OTHER")
    world.sim("plug")
    world.run(60)
    world.kill_evsed(60.0)
    world.run(200)
    world.sim("unplug")  # in full charge
    world.run(20)
    an_evening(world)
    a_night(world)
    make_peace(world, checkers)


LIMIT = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2026-05-04T10:00:00Z",
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
    },
}


def an_evening(world: World) -> None:
    """A limit of 10 A, a connector kept for a guest, and an update whose image cannot be installed."""
    world.work = lambda kind: (kind == "Download", 5.0)
    tonight = "2026-05-04T23:59:00Z"
    world.ask("SetChargingProfile", connectorId=0, csChargingProfiles=LIMIT)
    world.ask("ReserveNow", connectorId=1, idTag="GUEST", expiryDate=tonight, reservationId=1)
    world.run(20)
    world.sim("plug")
    world.sim("tap", "OTHER")  # is not the guest
    world.run(60)
    world.sim("unplug")
    world.run(60)
    world.sim("tap", "GUEST")
    world.sim("plug")
    world.run(60)
    world.sim("unplug")
    world.run(20)
    world.ask("UpdateFirmware", location="https://files.example/image.bin", retrieveDate="2026-05-04T10:00:00Z")
    world.run(60)


def a_night(world: World) -> None:
    """Stalls, a silent board, a meter that falls silent, a store that fails at a stop, a stop that is refused."""
    world.ask("ClearChargingProfile")
    world.run(5)
    for _ in range(4):  # a car that draws on for seconds, and a process that stands still meanwhile
        _session(world, 30)
        world.sim("ev", "ignore-stop", "on")
        world.sim("tap", "OTHER")
        world.run(0.1)
        world.stall(10.5)
        world.run(30)
        world.sim("unplug")
        world.run(20)
    _session(world, 55)
    world.silence(20)  # a value is due in it
    world.run(60)
    world.sim("fault", "meter-lost", "on")
    world.run(30)
    world.sim("fault", "meter-lost", "off")
    world.run(30)
    world.sim("unplug")
    world.run(20)
    _session(world, 60)
    world.store_breaks = True
    world.sim("tap", "OTHER")
    world.run(30)
    world.sim("unplug")
    world.run(20)
    _session(world, 30)
    world.central.vices = {"error": 1.0}
    world.sim("unplug")
    world.run(400)
    world.central.vices = {}
    world.run(60)


def _session(world: World, seconds: float) -> None:
    world.sim("plug")
    world.sim("tap", "OTHER")
    world.run(seconds)


def test_the_station_as_it_is_passes() -> None:
    """Without a planted defect every checker stays green."""
    a_long_day()


# --- tampering with steps --------------------------------------------------------------------------------------------


class Tampered:
    """A Charge Point whose steps pass through `tamper`; everything else is the real one's."""

    def __init__(self, cp: ChargePoint, tamper: Callable[[Tampered, Event, Step], Step]) -> None:
        self.cp = cp
        self.tamper = tamper
        self.kept: list[Any] = []

    def step(self, now: Now, event: Event) -> Step:
        return self.tamper(self, event, self.cp.step(now, event))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cp, name)


Tamper = Callable[[Tampered, Event, Step], Step]


def steps(tamper: Tamper) -> Callable[[World], None]:
    def plant(world: World) -> None:
        world.plant_core = lambda cp: Tampered(cp, tamper)

    return plant


def frames(change: Callable[[list[Any]], list[Any] | None]) -> Callable[[World], None]:
    """Changes each frame that is told, or swallows it."""

    def tamper(_: Tampered, __: Event, step: Step) -> Step:
        changed = [change(json.loads(text)) for text in step.frames]
        return replace(step, frames=tuple(json.dumps(frame) for frame in changed if frame is not None))

    return steps(tamper)


def rows(change: Callable[[Any], Any]) -> Callable[[World], None]:
    """Changes each write, or swallows it."""

    def tamper(_: Tampered, __: Event, step: Step) -> Step:
        return replace(step, records=tuple(w for w in map(change, step.records) if w is not None))

    return steps(tamper)


def parts(change: Callable[[ChargePoint], None]) -> Callable[[World], None]:
    """Changes a part of the real Charge Point."""

    def plant(world: World) -> None:
        def core(cp: ChargePoint) -> ChargePoint:
            change(cp)
            return cp

        world.plant_core = core

    return plant


def _is(frame: list[Any], action: str) -> bool:
    return frame[0] == 2 and frame[2] == action


# --- the defects -----------------------------------------------------------------------------------------------------


def energy_lost_in_the_dark(cp: ChargePoint) -> None:
    """After darkness the bill is closed with what was written down last, not with the meter's register."""
    end = cp.parts.recovery.end_after_outage

    def short(connector: Any, reason: Any) -> None:
        register = cp.parts.metering.register_wh
        cp.parts.metering.register_wh = lambda number: connector.state.transaction.last_wh  # type: ignore[method-assign]
        is_final = cp.parts.metering.is_final
        cp.parts.metering.is_final = lambda number: False  # type: ignore[method-assign]
        end(connector, reason)
        cp.parts.metering.is_final = is_final  # type: ignore[method-assign]
        cp.parts.metering.register_wh = register  # type: ignore[method-assign]

    cp.parts.recovery.end_after_outage = short  # type: ignore[method-assign]


def second_start(self: Tampered, event: Event, step: Step) -> Step:
    starts = [text for text in step.frames if _is(json.loads(text), "StartTransaction")]
    self.kept += starts
    if self.kept and isinstance(event, FrameReceived) and not step.frames:
        frame = json.loads(self.kept.pop())
        frame[1] = frame[1][::-1]
        return replace(step, frames=(json.dumps(frame),))
    return step


def stop_forgotten(frame: list[Any]) -> list[Any] | None:
    return None if _is(frame, "StopTransaction") else frame


def start_forgotten(frame: list[Any]) -> list[Any] | None:
    return [2, frame[1], "Heartbeat", {}] if _is(frame, "StartTransaction") else frame


def other_facts(frame: list[Any]) -> list[Any]:
    if _is(frame, "StartTransaction"):
        frame[3]["meterStart"] += 1
    return frame


def values_after_stop(self: Tampered, _: Event, step: Step) -> Step:
    """The status Available that follows a stop becomes values of the transaction that is over."""
    out = []
    for text in step.frames:
        frame = json.loads(text)
        if _is(frame, "MeterValues"):
            self.kept.append(frame[3])
        free = _is(frame, "StatusNotification") and (frame[3]["connectorId"], frame[3]["status"]) == (1, "Available")
        if free and self.kept:
            late = self.kept[-1]
            late["meterValue"][0]["timestamp"] = late["meterValue"][0]["timestamp"].replace("5Z", "9Z")
            text = json.dumps([2, frame[1], "MeterValues", late])
        out.append(text)
    return replace(step, frames=tuple(out))


def two_calls(_: Tampered, __: Event, step: Step) -> Step:
    more = tuple(
        json.dumps([2, f"more-{json.loads(text)[1][:20]}", "Heartbeat", {}])
        for text in step.frames
        if _is(json.loads(text), "MeterValues")
    )
    return replace(step, frames=step.frames + more)


def no_answers(frame: list[Any]) -> list[Any] | None:
    return frame if frame[0] == 2 else None


def two_answers(_: Tampered, __: Event, step: Step) -> Step:
    return replace(step, frames=tuple(text for text in step.frames for _ in range(1 if text[1] == "2" else 2)))


def status_before_accepted(_: Tampered, event: Event, step: Step) -> Step:
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    early = (json.dumps([2, "early", "StatusNotification", status]),)
    return replace(step, frames=early) if isinstance(event, LinkUp) and step.frames else step


def impatient_boot(self: Tampered, event: Event, step: Step) -> Step:
    boots = [text for text in step.frames if _is(json.loads(text), "BootNotification")]
    self.kept += boots
    if self.kept and isinstance(event, FrameReceived) and "Rejected" in event.text:
        frame = json.loads(self.kept[0])
        return replace(step, frames=(json.dumps([2, "again", *frame[2:]]),))
    return step


def impossible_status(frame: list[Any]) -> list[Any]:
    if _is(frame, "StatusNotification") and frame[3]["status"] == "Preparing":
        frame[3]["status"] = "Finishing"
    return frame


def impossible_lamp(_: Tampered, __: Event, step: Step) -> Step:
    outlets = tuple(replace(o, lamp="finishing") if o.lamp == "preparing" else o for o in step.outlets)
    return replace(step, outlets=outlets)


def unknown_property(frame: list[Any]) -> list[Any]:
    if _is(frame, "StartTransaction"):
        frame[3]["energy"] = 1
    return frame


def same_id(frame: list[Any]) -> list[Any]:
    if frame[0] == 2 and frame[2] != "BootNotification":
        frame[1] = "always-the-same"
    return frame


def born_1970(frame: list[Any]) -> list[Any]:
    if _is(frame, "StatusNotification"):
        frame[3]["timestamp"] = "1970-01-01T00:00:07.000Z"
    return frame


def an_hour_late(frame: list[Any]) -> list[Any]:
    if _is(frame, "StartTransaction"):
        frame[3]["timestamp"] = frame[3]["timestamp"].replace("T10:", "T11:")
    return frame


def falling_register() -> Callable[[list[Any]], list[Any]]:
    shown = [1000]

    def change(frame: list[Any]) -> list[Any]:
        if _is(frame, "MeterValues"):
            shown[0] -= 1
            frame[3]["meterValue"][0]["sampledValue"][0]["value"] = str(shown[0])
        return frame

    return change


def doubled_entry(frame: list[Any]) -> list[Any]:
    if _is(frame, "MeterValues"):
        frame[3]["meterValue"][0]["sampledValue"] *= 2
    return frame


def samples_never_go(write: Any) -> Any:
    return None if isinstance(write, Delete) and write.table == Sample.table else write


def cards_for_ever(self: Tampered, _: Event, step: Step) -> Step:
    self.kept.append(0)
    tags = (CachedTag(id_tag=f"t{len(self.kept)}-{n}", status="Accepted") for n in range(100))
    return replace(step, records=(*step.records, *(Save(tag) for tag in tags)))


def bill_changes(self: Tampered, _: Event, step: Step) -> Step:
    ended = [w.record for w in step.records if isinstance(w, Save) and isinstance(w.record, Transaction)]
    self.kept += [row for row in ended if row.ended is not None and row.stop == "waiting"]
    if self.kept and not step.records:
        row = self.kept.pop()
        return replace(step, records=(Save(replace(row, meter_stop_wh=row.meter_stop_wh + 5)),))
    return step


def start_not_written(self: Tampered, _: Event, step: Step) -> Step:
    """The row of a new transaction is kept back, and what would be told with it too."""
    saved = [write for write in step.records if isinstance(write, Save) and isinstance(write.record, Transaction)]
    fresh = [write for write in saved if write.record.start == "waiting"]
    if not fresh:
        return step
    return replace(step, records=tuple(write for write in step.records if write not in fresh), frames=())


def always_offers(_: Tampered, __: Event, step: Step) -> Step:
    outlets = tuple(replace(o, offered_amps=16.0) if o.lamp == "faulted" else o for o in step.outlets)
    return replace(step, outlets=outlets)


def offers_first(step: Step, before: Any, link: Any) -> Iterator[Any]:
    return iter(sorted(moments(step, before, link), key=lambda moment: not isinstance(moment, Offer)))


def offer_before_commit(world: World) -> None:
    world.order = offers_first


def refusal_ignored(cp: ChargePoint) -> None:
    cp.parts.transactions.on_verdict = lambda transaction, verdict: None


def everybody_welcome(cp: ChargePoint) -> None:
    cp.parts.authorization.learn = lambda id_tag, info: Verdict("Accepted", None, "planted")  # type: ignore[method-assign]


def plug_not_needed(cp: ChargePoint) -> None:
    for connector in cp.parts.connectors.values():
        connector.state.missing = lambda: None  # type: ignore[method-assign]


def slow_reflex(world: World) -> None:
    def board(board: Any) -> Any:
        for evse in board.host.evses:
            evse._debounce.leave_s = 0.5
        return board

    world.plant_board = board


class Deaf:
    """A board that takes every lease for endless."""

    def __init__(self, board: Any) -> None:
        self.real = board

    def receive(self, now: float, message: dict[str, Any]) -> Any:
        return self.real.receive(now, {**message, "lease_s": 1e9} if message["type"] == "offer" else message)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def deaf_to_the_lease(world: World) -> None:
    world.plant_board = Deaf


def limits_ignored(_: Tampered, __: Event, step: Step) -> Step:
    outlets = tuple(replace(o, offered_amps=16.0) if o.offered_amps == 10.0 else o for o in step.outlets)
    return replace(step, outlets=outlets)


def kept_for_anybody(cp: ChargePoint) -> None:
    cp.parts.reservations.is_for = lambda row, id_tag, parent: True  # type: ignore[method-assign]


def kept_for_ever(self: Tampered, _: Event, step: Step) -> Step:
    """The reservation that a transaction has used stays."""
    kept = (w for w in step.records if not (isinstance(w, Delete) and w.table == Reservation.table))
    return replace(step, records=tuple(kept))


def all_is_well(frame: list[Any]) -> list[Any]:
    """An update that failed is called a success."""
    if _is(frame, "FirmwareStatusNotification") and frame[3]["status"] == "InstallationFailed":
        frame[3]["status"] = "Installed"
    return frame


def end_untold(frame: list[Any]) -> list[Any]:
    """The end of an update is never told."""
    if _is(frame, "FirmwareStatusNotification") and frame[3]["status"] == "InstallationFailed":
        frame[3]["status"] = "Installing"
    return frame


class Hasty(Inbox):
    """Every event is of the moment at which it is taken: timers that fell due in a stall overtake what had arrived."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world = world

    def take(self) -> tuple[Now, Event]:
        _, event = super().take()
        return Now(self.world.mono, None), event


def hasty_timers(world: World) -> None:
    world.make_inbox = lambda: Hasty(world)


def stops_forgotten(cp: ChargePoint) -> None:
    """A withdrawn offer without a stop on record: goes on."""
    cp.parts.recovery._was_withdrawn = lambda connector: False  # type: ignore[method-assign]


def always_fresh(cp: ChargePoint) -> None:
    cp.parts.metering.is_fresh = lambda connector, at: connector in cp.parts.metering.readings  # type: ignore[method-assign]


def always_exact(cp: ChargePoint) -> None:
    end = cp.parts.transactions.end

    def exactly(transaction: Any, reason: str, tag: Any, wh: float, at: Any, exact: bool = True) -> Any:
        return end(transaction, reason, tag, wh, at)

    cp.parts.transactions.end = exactly  # type: ignore[method-assign]


def parked_dropped(_: Tampered, __: Event, step: Step) -> Step:
    rows = [w.record for w in step.records if isinstance(w, Save) and isinstance(w.record, Transaction)]
    gone = tuple(Delete(row.table, row.number) for row in rows if row.stop == "parked")
    return replace(step, records=step.records + gone)


PLANTED: dict[str, tuple[str, Callable[[World], None]]] = {
    "energy lost in the dark": ("energy-billed", parts(energy_lost_in_the_dark)),
    "a second Start": ("one-start-one-stop", steps(second_start)),
    "a Stop forgotten": ("one-start-one-stop", frames(stop_forgotten)),
    "a Start forgotten": ("one-start-one-stop", frames(start_forgotten)),
    "a Start with other facts": ("one-start-one-stop", frames(other_facts)),
    "values after the Stop": ("one-start-one-stop", steps(values_after_stop)),
    "a bill that changes": ("one-start-one-stop", steps(bill_changes)),
    "two CALLs in flight": ("one-call-in-flight", steps(two_calls)),
    "no answers": ("every-call-answered", frames(no_answers)),
    "two answers": ("every-call-answered", steps(two_answers)),
    "a status before Accepted": ("boot-gate", steps(status_before_accepted)),
    "an impatient boot": ("boot-gate", steps(impatient_boot)),
    "a status that may not follow": ("status-matrix", frames(impossible_status)),
    "a lamp that may not follow": ("status-matrix", steps(impossible_lamp)),
    "an unknown property": ("schema", frames(unknown_property)),
    "a message id used again": ("schema", frames(same_id)),
    "a time of 1970": ("honest-time", frames(born_1970)),
    "a start an hour late": ("honest-time", frames(an_hour_late)),
    "a register that falls": ("register-monotone", frames(falling_register())),
    "an entry twice": ("one-entry-each", frames(doubled_entry)),
    "samples that never go": ("queues-empty", rows(samples_never_go)),
    "a table that grows": ("queues-under-cap", steps(cards_for_ever)),
    "a transaction that is not written": ("durable-offer", steps(start_not_written)),
    "an offer before its commit": ("durable-offer", offer_before_commit),
    "an offer under a fault": ("no-offer-under-fault", steps(always_offers)),
    "a refusal ignored": ("deauthorised-offer", parts(refusal_ignored)),
    "everybody let in": ("authorised", parts(everybody_welcome)),
    "a start without a plug": ("proper-beginning", parts(plug_not_needed)),
    "a limit ignored": ("within-limits", steps(limits_ignored)),
    "a reservation for anybody": ("reserved-for", parts(kept_for_anybody)),
    "a reservation used and kept": ("reserved-for", steps(kept_for_ever)),
    "a failed update called a success": ("truthful-update", frames(all_is_well)),
    "the end of an update untold": ("truthful-update", frames(end_untold)),
    "a slow reflex": ("reflex-opens", slow_reflex),
    "timers that overtake what has arrived": ("energy-billed", hasty_timers),
    "a stop forgotten with its commit": ("stop-holds", parts(stops_forgotten)),
    "an old reading told as fresh": ("told-age", parts(always_fresh)),
    "a guess billed as exact": ("bill-marked", parts(always_exact)),
    "a parked stop dropped": ("undelivered-kept", steps(parked_dropped)),
    "a reflex deaf to the lease": ("lease", deaf_to_the_lease),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_defect_turns_its_checker_red(name: str) -> None:
    """The defect is seen, and by the checker that watches for it."""
    checker, plant = PLANTED[name]
    with pytest.raises(Violation) as red:
        a_long_day(plant)
    assert red.value.checker == checker, str(red.value)


def test_every_checker_is_judged() -> None:
    """No checker without a planted defect."""
    assert {checker.name for checker in all_checkers()} == {checker for checker, _ in PLANTED.values()}
