"""The arithmetic of the Control Pilot: windows, hysteresis, debounce, duty and amperes, cable coding."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.devices import CpState
from drivers.reflex.pilot_signal import STEADY_NS, Debounce, amps_of, cable_amps, duty_ns, state_of


@pytest.mark.parametrize(
    ("volts", "state"),
    [
        *[(12.0, "A"), (9.0, "B"), (6.0, "C"), (3.0, "D"), (0.0, "E"), (-5.0, "E"), (-12.0, "F"), (13.0, "A")],
        *[(10.6, "A"), (10.4, "B"), (7.6, "B"), (7.4, "C"), (4.6, "C"), (4.4, "D"), (1.6, "D"), (1.4, "E")],
        *[(-9.9, "E"), (-10.1, "F")],
    ],
)
def test_nominal_voltages(volts: float, state: str) -> None:
    """Table A.1: +12, +9, +6, +3, 0 and -12 V are the states A to F."""
    assert state_of(volts) == state


@pytest.mark.parametrize("volts", [nan, inf, -inf, 15.1, -15.1])
def test_an_impossible_voltage_is_no_state(volts: float) -> None:
    """Beyond what the generator can give there is only a broken input."""
    assert state_of(volts) is None


@pytest.mark.parametrize(
    ("volts", "last", "state"),
    [
        (10.4, "A", "A"),
        (10.2, "A", "B"),
        (10.6, "B", "B"),
        (10.8, "B", "A"),
        (7.3, "B", "B"),
        (7.2, "B", "C"),
        (7.7, "C", "C"),
        (7.8, "C", "B"),
        (4.6, "D", "D"),
        (4.8, "D", "C"),
        (4.4, "C", "C"),
        (4.2, "C", "D"),
        (1.3, "D", "D"),
        (1.2, "D", "E"),
        (-10.1, "E", "E"),
        (-9.9, "F", "F"),
        (-9.7, "F", "E"),
        (12.0, "F", "A"),
    ],
)
def test_hysteresis(volts: float, last: CpState, state: str) -> None:
    """A boundary is crossed only 0.25 V beyond its middle."""
    assert state_of(volts, last) == state


@pytest.mark.parametrize(
    ("amps", "duty"),
    [
        (0.0, STEADY_NS),
        (5.99, STEADY_NS),
        (6.0, 100_000),
        (16.0, 266_666),
        (32.0, 533_333),
        (51.0, 850_000),
        (52.0, 850_000),
        (52.5, 850_000),
        (63.0, 891_999),
        (80.0, 960_000),
        (90.0, 960_000),
    ],
)
def test_duty_of_amps(amps: float, duty: int) -> None:
    """Table A.7: 6 A are 10 %, 51 A 85 %, 80 A 96 %; less than 6 A is a steady pilot."""
    assert duty_ns(amps) == duty


@given(st.floats(0, 100))
def test_never_rounded_up(amps: float) -> None:
    """What a vehicle reads from the duty is never more than was meant, and (but for the gap at 51 A) hardly less."""
    duty = duty_ns(amps)
    read = amps_of(duty)
    assert read <= amps and (duty == STEADY_NS) == (amps < 6.0)
    if 6.0 <= amps <= 51.0 or 52.6 <= amps <= 80.0:
        assert read > amps - 0.001


@pytest.mark.parametrize(
    ("percent", "amps"),
    [
        (0, 0),
        (3, 0),
        (5, 0),
        (7.9, 0),
        (8, 6),
        (10, 6),
        (50, 30),
        (85, 51),
        (86, 55),
        (96, 80),
        (97, 80),
        (97.1, 0),
        (100, 0),
    ],
)
def test_amps_of_duty(percent: float, amps: float) -> None:
    """Table A.8, as a vehicle reads it."""
    assert amps_of(int(percent * 10_000)) == pytest.approx(amps)


@pytest.mark.parametrize(
    ("ohms", "amps"), [(1500.0, 13.0), (680.0, 20.0), (220.0, 32.0), (100.0, 63.0), (1e6, 0.0), (inf, 0.0), (3.0, 0.0)]
)
def test_cable_coding(ohms: float, amps: float) -> None:
    """Annex B: 1.5 k 13 A, 680 20 A, 220 32 A, 100 63 A; open is no cable, a short circuit no coding."""
    assert cable_amps(ohms) == amps


def fed(debounce: Debounce, *steps: tuple[float, CpState]) -> list[tuple[float, CpState | None]]:
    """What counts after each sample."""
    seen = []
    for at, raw in steps:
        debounce.feed(at, raw)
        debounce.settle(at)
        seen.append((at, debounce.state))
    return seen


def test_the_first_sample_counts_at_once() -> None:
    """Before it nothing is known, and nothing is awaited."""
    debounce = Debounce(0.05, 0.1)
    assert debounce.settle(0.0) is None and debounce.wake_at == inf
    debounce.feed(1.0, "B")
    assert (debounce.settle(1.0), debounce.state) == (1.0, "B")


def test_a_change_has_to_last() -> None:
    """A to B counts after 100 ms, from when it began; a change in between begins anew."""
    debounce = Debounce(0.05, 0.1)
    assert fed(debounce, (0.0, "A"), (1.0, "B"), (1.05, "C"), (1.14, "C")) == [
        (0.0, "A"),
        (1.0, "A"),
        (1.05, "A"),
        (1.14, "A"),
    ]
    assert debounce.wake_at == pytest.approx(1.15)
    assert (debounce.settle(debounce.wake_at), debounce.state) == (1.05, "C")


def test_an_idle_glitch_is_forgotten_at_once() -> None:
    """Outside of C and D a return to the old state ends the matter."""
    debounce = Debounce(0.05, 0.1)
    fed(debounce, (0.0, "B"), (1.0, "C"), (1.02, "B"))
    assert debounce.settle(9.0) is None and debounce.state == "B" and debounce.wake_at == inf


def test_leaving_c_is_not_forgiven_soon() -> None:
    """C counts as left 50 ms after the first departure, unless it was steady for 50 ms in between."""
    debounce = Debounce(0.05, 0.1)
    assert fed(debounce, (0.0, "C"), (1.0, "B"), (1.02, "C"), (1.04, "B"))[-1] == (1.04, "C")
    assert (debounce.settle(1.05), debounce.state) == (1.0, "B")
    debounce = Debounce(0.05, 0.1)
    fed(debounce, (0.0, "C"), (1.0, "B"), (1.02, "C"))
    assert debounce.wake_at == pytest.approx(1.07)
    debounce.settle(debounce.wake_at)
    assert fed(debounce, (1.1, "B"), (1.12, "B"))[-1] == (1.12, "C")


def test_12_the_very_bounds() -> None:
    """Of the input, the boundaries, the duty table and Annex B."""
    assert (state_of(15.0), state_of(-15.0), state_of(10.5), state_of(-10.0)) == ("A", "F", "B", "F")
    assert (duty_ns(52.4), duty_ns(52.5), duty_ns(53.0)) == (850_000, 850_000, 851_999)
    assert (amps_of(100_000), amps_of(105_000), amps_of(110_000)) == (6.0, pytest.approx(6.3), pytest.approx(6.6))
    for ohms, amps in ((4500.0, 0.0), (1000.0, 13.0), (330.0, 20.0), (150.0, 32.0), (50.0, 63.0)):
        assert cable_amps(ohms) == amps
        assert cable_amps(ohms - 0.5) != amps


def test_12_what_has_not_been_fed_settles_nothing() -> None:
    """Neither before the first sample nor where the state stays; a state that came back is forgiven at once."""
    debounce = Debounce(0.05, 0.1)
    assert debounce.settle(1.0) is None and debounce.state is None
    debounce.feed(2.0, "B")
    assert debounce.settle(2.0) == 2.0
    assert debounce.settle(3.0) is None and debounce.wake_at == inf
    debounce.feed(4.0, "C")
    debounce.settle(4.0)
    debounce.feed(4.05, "B")
    assert debounce.settle(4.05) is None and debounce.wake_at == inf
