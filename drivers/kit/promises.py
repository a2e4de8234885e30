"""What each family of drivers promises, as checks on a device: those of `drivers.devices`, one function a promise.

A check calls the device as the host does and raises `Broken` where a promise does not hold.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import isfinite
from typing import Any, Final

from drivers.board_protocol import LAMPS
from drivers.devices import DeviceFailure, MeterSample, PilotSample, Reading, SupplySample

AT_ONCE_S: Final = 0.05
"""A call of the loop's turn of 10 ms; measured on a busy desk."""
STEADY_NS: Final = 1_000_000

Check = Callable[[Any], None]


class Broken(AssertionError):
    """A promise that does not hold; the text says which and how."""


def expect(holds: bool, why: str) -> None:
    if not holds:
        raise Broken(why)


def promptly(call: Callable[..., Any], *arguments: Any) -> Any:
    """The answer of a call that must return at once and raise nothing."""
    began = time.monotonic()
    try:
        answer = call(*arguments)
    except Exception as error:
        raise Broken(f"{call.__name__} raises {type(error).__name__}: {error}; a failure is a DeviceFailure") from error
    took = time.monotonic() - began
    expect(took <= AT_ONCE_S, f"{call.__name__} takes {took * 1000:.0f} ms; what takes long belongs into poll()")
    if isinstance(answer, DeviceFailure):
        expect(all(answer), f"{call.__name__}: a DeviceFailure names device, cause and remedy: {answer!r}")
    return answer


def same_twice(call: Callable[[float], Any], now: float) -> Any:
    """Two calls with the same `now` answer the same."""
    first, second = promptly(call, now), promptly(call, now)
    expect(repr(first) == repr(second), f"{call.__name__}({now}) answers {first!r}, then {second!r}")
    return first


def wakes(device: Any) -> None:
    """`wake_at` is a second, or infinite."""
    expect(isinstance(device.wake_at, (int, float)) and device.wake_at == device.wake_at, "wake_at is no number")


def polls(device: Any) -> None:
    """`poll`, where there is one, does a piece of work and answers the seconds until the next."""
    if not hasattr(device, "poll"):
        return
    try:
        pause = device.poll()
    except Exception as error:
        raise Broken(f"poll raises {type(error).__name__}: {error}; a failure is kept as a DeviceFailure") from error
    expect(type(pause) in (int, float) and isfinite(pause) and pause >= 0, f"poll answers {pause!r}, no seconds")


def pilot_samples(device: Any) -> None:
    """A sample has both peaks within 15 V and says until when it counts."""
    sample = same_twice(device.sample, 100.0)
    expect(isinstance(sample, (PilotSample, DeviceFailure)), f"sample answers {sample!r}")
    if isinstance(sample, PilotSample):
        expect(abs(sample.high_volts) <= 15 and abs(sample.low_volts) <= 15, f"peaks beyond 15 V: {sample}")
        expect(sample.valid_until > sample.at, f"it never counts: {sample}")


def pilot_signals(device: Any) -> None:
    """Every duty from steady -12 V to steady +12 V is taken, or refused as a value."""
    for duty in (STEADY_NS, 100_000, 533_333, 0, STEADY_NS):
        answer = promptly(device.signal, 100.0, duty)
        expect(answer is None or isinstance(answer, DeviceFailure), f"signal answers {answer!r}")


def relay_switches(device: Any) -> None:
    """Commands are taken, or refused as a value; it ends open."""
    for closed in (False, True, False):
        answer = promptly(device.switch, 100.0, closed)
        expect(answer is None or isinstance(answer, DeviceFailure), f"switch answers {answer!r}")


def relay_feedback(device: Any) -> None:
    """True, False, None (there is none), or a failure; open when told to be open."""
    promptly(device.switch, 100.0, False)
    answer = same_twice(device.feedback, 101.0)
    expect(answer in (True, False, None) or isinstance(answer, DeviceFailure), f"feedback answers {answer!r}")


def meter_readings(device: Any) -> None:
    """A sample is a reading of plausible values, or a failure; its second never falls."""
    sample = same_twice(device.latest, 100.0)
    expect(isinstance(sample, MeterSample), f"latest answers {sample!r}, no MeterSample")
    reading = sample.reading
    expect(isinstance(reading, (Reading, DeviceFailure)), f"the reading is {reading!r}")
    if isinstance(reading, Reading):
        values = (reading.wh, *reading.volts, *reading.amps, *reading.watts)
        expect(all(isfinite(value) for value in values), f"a value is no number: {reading}")
        expect(reading.wh >= 0, f"the register is negative: {reading}")
        expect(all(len(each) in (0, 1, 3) for each in reading[1:]), f"one value per phase: {reading}")
    for text in sample.identity:
        proper = isinstance(text, str) and len(text) <= 25 and text.isascii() and text.isprintable()
        expect(proper, f"serial and model are printable ASCII of at most 25 characters: {sample.identity!r}")
    expect(promptly(device.latest, 200.0).at >= sample.at, "the second of the sample falls")


def reader_cards(device: Any) -> None:
    """A card is its whole UID as text, 1 to 20 characters; none is None."""
    for now in (100.0, 100.01, 101.0):
        card = promptly(device.read, now)
        expect(card is None or isinstance(card, (str, DeviceFailure)), f"read answers {card!r}")
        expect(not isinstance(card, str) or (1 <= len(card) <= 20 and card.isascii()), f"no idTag: {card!r}")


def lamp_shows(device: Any) -> None:
    """Every lamp of the board socket."""
    for lamp in LAMPS:
        answer = promptly(device.show, 100.0, lamp)
        expect(answer is None or isinstance(answer, DeviceFailure), f"show answers {answer!r}")


def lock_moves(device: Any) -> None:
    """Both positions are taken, and its position is sensed."""
    for locked in (True, False):
        answer = promptly(device.drive, 100.0, locked)
        expect(answer is None or isinstance(answer, DeviceFailure), f"drive answers {answer!r}")
    position = same_twice(device.locked, 101.0)
    expect(position in (True, False) or isinstance(position, DeviceFailure), f"locked answers {position!r}")


def proximity_amps(device: Any) -> None:
    """0, or what a cable carries."""
    amps = same_twice(device.amps, 100.0)
    expect(isinstance(amps, DeviceFailure) or amps in (0, 13, 20, 32, 63), f"amps answers {amps!r}")


def residual_current(device: Any) -> None:
    """Tripped or not, or a failure."""
    answer = same_twice(device.tripped, 100.0)
    expect(answer in (True, False) or isinstance(answer, DeviceFailure), f"tripped answers {answer!r}")


def contact(device: Any) -> None:
    """Active or not, or a failure."""
    answer = same_twice(device.active, 100.0)
    expect(answer in (True, False) or isinstance(answer, DeviceFailure), f"active answers {answer!r}")


def celsius(device: Any) -> None:
    """-100 to 200 degrees, or a failure."""
    answer = same_twice(device.celsius, 100.0)
    expect(isinstance(answer, DeviceFailure) or -100 <= answer <= 200, f"celsius answers {answer!r}")


def mains(device: Any) -> None:
    """Volts where they are measured, and whether the mains are gone."""
    answer = same_twice(device.sample, 100.0)
    expect(isinstance(answer, SupplySample), f"sample answers {answer!r}")


PROMISES: Final[dict[str, tuple[Check, ...]]] = {
    "pilot": (wakes, polls, pilot_signals, pilot_samples),
    "contactor": (wakes, polls, relay_switches, relay_feedback),
    "meter": (wakes, polls, meter_readings),
    "reader": (wakes, polls, reader_cards),
    "button": (wakes, polls, reader_cards),
    "lamp": (polls, lamp_shows),
    "lock": (wakes, polls, lock_moves),
    "proximity": (wakes, polls, proximity_amps),
    "rcd": (wakes, polls, residual_current),
    "ground": (wakes, polls, contact),
    "emergency_stop": (wakes, polls, contact),
    "tamper": (wakes, polls, contact),
    "thermometer": (wakes, polls, celsius),
    "supply": (wakes, polls, mains),
}
"""Family -> what a device of it promises."""
