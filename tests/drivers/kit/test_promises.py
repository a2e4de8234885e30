"""Each promise is seen to be broken by a device that breaks it, and to hold for one that keeps it."""

from __future__ import annotations

import time
from math import inf, nan
from typing import Any

import pytest

from drivers.devices import DeviceFailure, MeterIdentity, MeterSample, PilotSample, Reading, SupplySample
from drivers.kit import promises as p
from tests.drivers.host import tiny_board as tiny

BROKEN = DeviceFailure("x", "no answer", "check")


class Answers:
    """Whatever is asked, the next of these; the last for ever."""

    def __init__(self, *answers: Any, wake_at: Any = inf, **named: Any) -> None:
        self._answers = list(answers)
        self.wake_at = wake_at
        for name in named or ():
            setattr(self, name, named[name])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "poll":
            raise AttributeError(name)

        def answer(*arguments: Any) -> Any:
            found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(found, Exception):
                raise found
            return found() if callable(found) else found

        answer.__name__ = name
        return answer


def slow() -> None:
    end = time.monotonic() + 0.06
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize(
    ("check", "device", "why"),
    [
        (p.wakes, Answers(wake_at="soon"), "no number"),
        (p.wakes, Answers(wake_at=nan), "no number"),
        (p.pilot_samples, Answers(None), "sample answers None"),
        (
            p.meter_readings,
            Answers(MeterSample(1.0, Reading(1.0), MeterIdentity("9" * 26, ""))),
            "printable ASCII of at most 25",
        ),
        (p.pilot_samples, Answers(PilotSample(1.0, 16.0, 0.0, 2.0)), "beyond 15 V"),
        (p.pilot_samples, Answers(PilotSample(1.0, 9.0, 0.0, 1.0)), "never counts"),
        (p.pilot_samples, Answers(PilotSample(1.0, 9.0, 0.0, 2.0), PilotSample(1.0, 8.0, 0.0, 2.0)), "then"),
        (p.pilot_signals, Answers(True), "signal answers True"),
        (p.pilot_signals, Answers(OSError("gone")), "a failure is a DeviceFailure"),
        (p.pilot_signals, Answers(slow), "what takes long belongs into poll()"),
        (p.relay_switches, Answers(DeviceFailure("x", "", "")), "names device, cause and remedy"),
        (p.relay_switches, Answers(1), "switch answers 1"),
        (p.relay_feedback, Answers("open"), "feedback answers 'open'"),
        (p.meter_readings, Answers(Reading(1.0)), "no MeterSample"),
        (p.meter_readings, Answers(MeterSample(1.0, None)), "the reading is None"),  # type: ignore[arg-type]
        (p.meter_readings, Answers(MeterSample(1.0, Reading(nan))), "no number"),
        (p.meter_readings, Answers(MeterSample(1.0, Reading(-1.0))), "negative"),
        (p.meter_readings, Answers(MeterSample(1.0, Reading(1.0, (230.0, 230.0)))), "one value per phase"),
        (p.meter_readings, Answers(*[MeterSample(2.0, BROKEN)] * 2, MeterSample(1.0, BROKEN)), "falls"),
        (p.reader_cards, Answers(b"AB"), "read answers b'AB'"),
        (p.reader_cards, Answers("A" * 21), "no idTag"),
        (p.lamp_shows, Answers(0), "show answers 0"),
        (p.lock_moves, Answers("x"), "drive answers 'x'"),
        (p.lock_moves, Answers(None), "locked answers None"),
        (p.proximity_amps, Answers(17.0), "amps answers 17.0"),
        (p.residual_current, Answers(None), "tripped answers None"),
        (p.contact, Answers("x"), "active answers 'x'"),
        (p.celsius, Answers(300.0), "celsius answers 300.0"),
        (p.mains, Answers(230.0), "sample answers 230.0"),
        (p.polls, Answers(poll=lambda: -1.0), "no seconds"),
        (p.polls, Answers(poll=lambda: 1 / 0), "poll raises ZeroDivisionError"),
    ],
)
def test_each_promise_can_be_broken(check: p.Check, device: Any, why: str) -> None:
    """And the text says how."""
    with pytest.raises(p.Broken) as broken:
        check(device)
    assert why in str(broken.value)


@pytest.mark.parametrize(
    ("family", "device"),
    [
        ("pilot", tiny.MemoryPilot()),
        ("contactor", tiny.MemoryContactor()),
        ("meter", tiny.MemoryMeter()),
        ("reader", tiny.MemoryReader()),
        ("lamp", tiny.MemoryLamp()),
        ("lock", tiny.MemoryLock()),
        ("proximity", tiny.MemoryProximity()),
        ("rcd", tiny.MemoryResidualCurrent()),
        ("thermometer", tiny.MemoryThermometer()),
        ("supply", tiny.MemorySupply()),
        ("tamper", tiny.MemoryContact()),
        ("supply", Answers(SupplySample(None, False))),
        ("meter", Answers(MeterSample(1.0, BROKEN))),
    ],
)
def test_the_devices_of_the_tests_keep_them(family: str, device: Any) -> None:
    """Each is what the host was written against."""
    for check in p.PROMISES[family]:
        check(device)


def test_the_simulated_devices_keep_them() -> None:
    """The simulated board passes the same kit as real drivers."""
    from drivers.simulated.world import World

    world = World(1, 1, True)
    devices, station = world.connectors[0].devices(), world.devices()
    for family, device in (
        ("pilot", devices.pilot),
        ("contactor", devices.contactor),
        ("meter", devices.meter),
        ("proximity", devices.proximity),
        ("lock", devices.lock),
        ("rcd", devices.residual_current),
        ("reader", devices.reader),
        ("lamp", devices.lamp),
        ("thermometer", station.thermometer),
        ("supply", station.supply),
    ):
        for check in p.PROMISES[family]:
            check(device)
