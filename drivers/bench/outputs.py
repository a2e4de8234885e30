"""`relay test`, `lock test` and `lamp test` of the bench: moved once each way, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from drivers.bench.findings import Bench, Finding, missing, problem
from drivers.board_file.model import Part
from drivers.board_protocol import LAMPS
from drivers.devices import DeviceFailure
from drivers.ports.polling_thread import PollingThread
from drivers.reflex.pilot_signal import STEADY_NS

TURN_S: Final = 0.005
"""A turn of the loop of the bench."""
SETTLES_S: Final = 0.3
"""A contactor has moved by then."""
STAYS_S: Final = 1.0
LOCK_MOVES_S: Final = 3.0
PILOT_WAITS_S: Final = 2.0
FREE_V: Final = (10.75, 13.0)
"""The pilot without a vehicle (state A)."""
LAMP_STAYS_S: Final = 1.5


def try_relays(bench: Bench, number: int | None = None) -> Iterator[Finding]:
    """One finding a connector.  Nothing is switched where a vehicle is, or may be, plugged in."""
    assembly = bench.assembly()
    for connector, part in bench.parts("contactor", number):
        pilot_part = next(part for at, part in bench.parts("pilot", connector) if at == connector)
        if pilot_part is not None and pilot_part.entry.own_contactor:
            yield {
                "connector": connector,
                "driver": pilot_part.driver,
                "problem": "its controller switches it",
                "advice": "test it with a charge",
            }
        elif part is None:
            yield missing("contactor", connector)
        else:
            relay = assembly.device(part)
            yield {"connector": connector, "driver": part.driver, **_relay(bench, assembly, pilot_part, relay)}


def _relay(bench: Bench, assembly: Any, pilot_part: Part | None, relay: Any) -> Finding:
    why = _occupied(bench, assembly, pilot_part)
    if why:
        return why
    try:
        for closed, stays_s in ((False, SETTLES_S), (True, STAYS_S), (False, SETTLES_S)):
            failure = relay.switch(bench.monotonic(), closed)
            found = failure or _feedback(bench, relay, closed, stays_s)
            if isinstance(found, dict):
                return found
            if isinstance(found, DeviceFailure):
                return problem(found)
    finally:
        relay.switch(bench.monotonic(), False)
    if relay.feedback(bench.monotonic()) is None:
        return {"ok": True, "saw": "no auxiliary contact: it must have been heard to close and to open"}
    return {"ok": True, "saw": "open, closed, open", "expected": "open, closed, open"}


def _feedback(bench: Bench, relay: Any, closed: bool, stays_s: float) -> Finding | DeviceFailure | None:
    """Turn after turn, as the loop of the board does; a contact that disagrees after it had time to move."""
    began = bench.monotonic()
    while True:
        now = bench.monotonic()
        seen = relay.feedback(now)
        if isinstance(seen, DeviceFailure):
            return seen
        if seen is not None and seen != closed and now - began >= SETTLES_S:
            expected, saw = ("closed", "open") if closed else ("open", "closed")
            advice = (
                "it does not close: check the coil, its supply and fuse, and the auxiliary contact"
                if closed
                else "it is welded, or feedback is wired or declared the other way round (feedback_active)"
            )
            return {"expected": expected, "saw": saw, "problem": f"the contactor is {saw}", "advice": advice}
        if now - began >= stays_s:
            return None
        bench.sleep(TURN_S)


def _occupied(bench: Bench, assembly: Any, part: Part | None) -> Finding:
    """Why nothing may be switched; empty: no vehicle is plugged in."""
    expected = {"expected": "no vehicle (pilot at +12 V)"}
    if part is None:
        return {
            **expected,
            "problem": "there is no pilot in the board file",
            "advice": "it must show that no car is there",
        }
    pilot = assembly.device(part)
    devices = [device for listed in assembly.shared.threads.values() for device in listed]
    converters = [device for device in devices if hasattr(device, "inputs")]
    began = bench.monotonic()
    failure = pilot.signal(began, STEADY_NS)
    while True:
        for converter in converters:
            converter.poll()
        now = bench.monotonic()
        sample = failure or pilot.sample(now)
        if not isinstance(sample, DeviceFailure):
            break
        if now - began >= PILOT_WAITS_S:
            return {**expected, **problem(sample)}
        failure = pilot.signal(now, STEADY_NS) if failure else None
        bench.sleep(TURN_S)
    volts = sample.high_volts
    if FREE_V[0] <= volts <= FREE_V[1]:
        return {}
    return {
        **expected,
        "saw": f"{volts:.1f} V",
        "problem": "a vehicle is plugged in, or the pilot is wrong",
        "advice": "unplug the vehicle; without one the pilot must show +12 V: evsectl pilot show",
    }


def try_locks(bench: Bench, number: int | None = None) -> Iterator[Finding]:
    """One finding a connector: locked, and unlocked again."""
    assembly = bench.assembly()
    for connector, part in bench.optional_parts("lock", number):
        if part is None:
            yield missing("lock", connector)
        else:
            yield {"connector": connector, "driver": part.driver, **_lock(bench, assembly.device(part))}


def _lock(bench: Bench, lock: Any) -> Finding:
    for wanted in (True, False):
        began = bench.monotonic()
        failure = lock.drive(began, wanted)
        if failure is not None:
            return problem(failure)
        while (seen := lock.locked(bench.monotonic())) is not wanted:
            if bench.monotonic() - began >= LOCK_MOVES_S:
                return problem(seen) if isinstance(seen, DeviceFailure) else _stuck(wanted)
            bench.sleep(TURN_S)
        while bench.monotonic() - began < STAYS_S:  # its pulse ends
            lock.locked(bench.monotonic())
            bench.sleep(TURN_S)
    return {"ok": True, "expected": "locked, unlocked", "saw": "locked, unlocked"}


def _stuck(wanted: bool) -> Finding:
    expected, saw = ("locked", "unlocked") if wanted else ("unlocked", "locked")
    return {
        "expected": expected,
        "saw": saw,
        "problem": f"it stays {saw}",
        "advice": "check the motor and its lines (lock and unlock exchanged?), the contact (feedback_active), pulse_s",
    }


def try_lamps(bench: Bench) -> Iterator[Finding]:
    """One finding a status and lamp, for as long as it is to be looked at."""
    station = [(0, bench.board.station["lamp"])] if "lamp" in bench.board.station else []
    parts = station + [(number, part) for number, part in bench.parts("lamp", None) if part is not None]
    if not parts:
        yield {"problem": "there is no lamp in the board file", "advice": "write a section [lamp]"}
    assembly = bench.assembly()
    for number, part in parts:
        lamp = assembly.device(part)
        thread = PollingThread("lamp", [lamp] if hasattr(lamp, "poll") else [], lambda text: None)
        thread.start()
        where: Finding = {"connector": number} if number else {}
        for status in (*LAMPS[1:], LAMPS[0]):
            failure = lamp.show(bench.monotonic(), status)
            if failure is not None:
                yield {**where, **problem(failure, lamp=status, driver=part.driver)}
                break
            expected = lamp.looks(status) if hasattr(lamp, "looks") else ""
            yield {**where, "lamp": status, "expected": expected, "driver": part.driver}
            bench.sleep(LAMP_STAYS_S if status != LAMPS[0] else 0.0)
        thread.stop()
