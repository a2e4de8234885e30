"""`pilot show`, `monitor`, `set` and `calibrate` of the bench: the pilot as read, as told, and its constants."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, Final

from drivers.bench.findings import Bench, Finding, missing, problem
from drivers.board_file.model import Part
from drivers.devices import DeviceFailure, PilotSample
from drivers.reflex.pilot_signal import DIODE_LOW_V, MIN_AMPS, PERIOD_NS, STEADY_NS, duty_ns, state_of

SETTLES_S: Final = 0.1
READS_WITHIN_S: Final = 3.0
TURN_S: Final = 0.01
SAMPLES: Final = 50
WAITS_FOR_B_S: Final = 60.0
A_VOLTS: Final = 12.0
B_VOLTS: Final = 9.0
LIKE_B: Final = 0.03
"""Of a measured +12 V in counts: a smaller change is no vehicle."""


class _Stand:
    """One pilot and the slow work that belongs to it."""

    def __init__(self, bench: Bench, part: Part) -> None:
        self._bench = bench
        assembly = bench.assembly()
        self.pilot: Any = assembly.device(part)
        self._slow = [device for devices in assembly.shared.threads.values() for device in devices]

    def serve(self, seconds: float) -> float:
        """Let so much time pass, with the work done; the second it then is."""
        end = self._bench.monotonic() + seconds
        while True:
            for device in self._slow:
                device.poll()
            if self._bench.monotonic() >= end:
                return self._bench.monotonic()
            self._bench.sleep(TURN_S)

    def sample(self) -> PilotSample | DeviceFailure:
        """The first good sample, or the failure that lasts."""
        end = self._bench.monotonic() + READS_WITHIN_S
        while True:
            found: PilotSample | DeviceFailure = self.pilot.sample(self.serve(SETTLES_S))
            if isinstance(found, PilotSample) or self._bench.monotonic() >= end:
                return found

    def counts(self) -> tuple[float, float] | DeviceFailure:
        """Both inputs of the converter, in the middle of many samples."""
        high, low = [], []
        self.serve(SETTLES_S)
        for _ in range(SAMPLES):
            found = self.pilot.counts(self.serve(0.0))
            if isinstance(found, DeviceFailure):
                return found
            high.append(found.high)
            low.append(found.low)
            self._bench.sleep(TURN_S)
        return median(high), median(low)


def show(bench: Bench, number: int | None = None) -> Iterator[Finding]:
    """One finding a connector; nothing is signalled."""
    for connector, part in bench.parts("pilot", number):
        yield missing("pilot", connector) if part is None else _shown(connector, _Stand(bench, part))


def monitor(bench: Bench, number: int | None, times: int) -> Iterator[Finding]:
    """The same every half second; 0: for ever."""
    stands = [(connector, _Stand(bench, part)) for connector, part in bench.parts("pilot", number) if part is not None]
    done = 0
    while stands and (times == 0 or done < times):
        for connector, stand in stands:
            yield _shown(connector, stand)
        done += 1
        bench.sleep(0.5)


def put(bench: Bench, number: int | None, amps: float | None) -> Iterator[Finding]:
    """Signal so many amperes, None: steady +12 V; then what is read.  It stays so when this program has ended."""
    for connector, part in bench.parts("pilot", number):
        if part is None:
            yield missing("pilot", connector)
            continue
        most = bench.board.connectors[connector - 1].max_amps
        if amps is not None and not MIN_AMPS <= amps <= most:
            yield {
                "connector": connector,
                "problem": f"{amps:g} A cannot be signalled here",
                "advice": f"from {MIN_AMPS:g} to {most:g} A (max_amps of the board file), or off",
            }
            continue
        stand = _Stand(bench, part)
        failure = stand.pilot.signal(bench.monotonic(), STEADY_NS if amps is None else duty_ns(amps))
        yield problem(failure, connector=connector) if failure is not None else _shown(connector, stand)


def _shown(connector: int, stand: _Stand) -> Finding:
    sample = stand.sample()
    if isinstance(sample, DeviceFailure):
        return problem(sample, connector=connector)
    state = state_of(sample.high_volts)
    found: Finding = {
        "connector": connector,
        "state": state or "?",
        "high_volts": round(sample.high_volts, 2),
        "low_volts": round(sample.low_volts, 2),
    }
    duty = None
    if hasattr(stand.pilot, "read_back"):
        generator = stand.pilot.read_back()
        if isinstance(generator, DeviceFailure):
            return problem(generator, **found)
        duty = generator.duty_ns
        found |= {"duty": round(duty / PERIOD_NS, 4), "hertz": round(1e9 / max(generator.period_ns, 1), 1)}
    if state is None:
        return {**found, "problem": "the level is out of range", "advice": "check calibration and converter"}
    if duty not in (None, 0, STEADY_NS) and state in ("B", "C", "D") and sample.low_volts > DIODE_LOW_V:
        return {
            **found,
            "expected": "-12 V in the negative half-wave",
            "saw": f"{sample.low_volts:.1f} V",
            "problem": "the negative half-wave is missing",
            "advice": "a vehicle without a diode, or the negative peak detector",
        }
    return found


def calibrate(bench: Bench, number: int | None, tell: Any) -> Iterator[Finding]:
    """Constants of each pilot, from +12 V and -12 V without a vehicle and from 9 V with one in state B.

    tell  is called with what the person has to do
    """
    for connector, part in bench.parts("pilot", number):
        if part is None:
            yield missing("pilot", connector)
        elif "calibration" not in part.values:
            yield {
                "connector": connector,
                "problem": f"{part.driver} measures by itself",
                "advice": "there is nothing to calibrate",
            }
        else:
            yield _calibrated(bench, connector, _Stand(bench, part), tell)


def _calibrated(bench: Bench, connector: int, stand: _Stand, tell: Any) -> Finding:
    tell(f"connector {connector}: measuring +12 V and -12 V; no vehicle may be plugged in")
    levels = []
    for duty in (STEADY_NS, 0, STEADY_NS):
        failure = stand.pilot.signal(bench.monotonic(), duty)
        counts = failure or stand.counts()
        if isinstance(counts, DeviceFailure):
            return problem(counts, connector=connector)
        levels.append(counts)
    (plus, _), (_, minus), _ = levels
    tell("now plug in a vehicle simulator in state B (2.74 kOhm and a diode)")
    at_b = _wait_for_b(bench, stand, plus)
    if isinstance(at_b, DeviceFailure):
        return problem(at_b, connector=connector)
    slope = (A_VOLTS - B_VOLTS) / (plus - at_b)
    high = [round(A_VOLTS - slope * plus, 4), round(slope, 8)]
    low = [round(-A_VOLTS - slope * minus, 4), round(slope, 8)]
    line = f"calibration = {{ high = [{high[0]}, {high[1]:.8f}], low = [{low[0]}, {low[1]:.8f}] }}"
    return {"connector": connector, "calibration": {"high": high, "low": low}, "line": line}


def _wait_for_b(bench: Bench, stand: _Stand, plus: float) -> float | DeviceFailure:
    """Counts at 9 V, as soon as they have come and stand still."""
    end = bench.monotonic() + WAITS_FOR_B_S
    before = plus
    while bench.monotonic() < end:
        counts = stand.counts()
        if isinstance(counts, DeviceFailure):
            return counts
        changed = abs(counts[0] - plus) > LIKE_B * abs(plus)
        if changed and abs(counts[0] - before) <= LIKE_B * abs(plus) / 3:
            return counts[0]
        before = counts[0]
    return DeviceFailure("pilot", "no vehicle in state B was plugged in", "plug in a simulator, or check the converter")
