"""The car: how long it takes to ask, to follow, to stop; and what a rude one does."""

from __future__ import annotations

from math import inf

import pytest

from drivers.simulated.car import Car


def wait(car: Car, now: float, seconds: float) -> float:
    end = now + seconds
    while car.wake_at <= end:
        car.tick(car.wake_at)
    return end


def drawing() -> tuple[Car, float]:
    car = Car()
    car.sense(0.0, 16.0, False)
    now = wait(car, 0.0, 1.0)
    car.sense(now, 16.0, True)
    return car, wait(car, now, 2.0)


def test_it_asks_a_second_after_it_was_offered_something() -> None:
    """PWM: S2 closes after 1 s; an offer taken back before is forgotten."""
    car = Car()
    car.sense(0.0, 16.0, False)
    assert wait(car, 0.0, 0.9) and not car.ready
    car.sense(0.9, 0.0, False)
    wait(car, 0.9, 60.0)
    assert not car.ready and car.wake_at == inf
    car.sense(61.0, 16.0, False)
    wait(car, 61.0, 1.0)
    assert car.ready


def test_it_draws_two_seconds_after_there_is_voltage_and_follows() -> None:
    """Up after 2 s, down after 1.5 s: within the 5 s of Table A.6; never more than the car can."""
    car, now = drawing()
    assert car.amps == 16.0
    car.sense(now, 63.0, True)
    now = wait(car, now, 2.0)
    assert car.amps == 32.0
    car.sense(now, 6.0, True)
    now = wait(car, now, 1.0)
    assert car.amps == 32.0
    car.sense(now, 32.0, True)
    assert car.wake_at == inf
    car.sense(now, 6.0, True)
    wait(car, now, 1.5)
    assert car.amps == 6.0


def test_it_stops_within_three_seconds() -> None:
    """A steady pilot: it draws on until it opens S2."""
    car, now = drawing()
    car.sense(now, 0.0, True)
    now = wait(car, now, 1.0)
    assert (car.ready, car.amps) == (True, 16.0)
    wait(car, now, 2.0)
    assert (car.ready, car.amps) == (False, 0.0)


def test_a_stop_that_is_taken_back() -> None:
    """PWM again before S2 has opened: nothing happened."""
    car, now = drawing()
    car.sense(now, 0.0, True)
    car.sense(now + 1.0, 16.0, True)
    wait(car, now + 1.0, 60.0)
    assert (car.ready, car.amps) == (True, 16.0)


def test_one_that_ignores_the_stop_draws_on() -> None:
    """Until there is no voltage any more, and even then it keeps asking."""
    car, now = drawing()
    car.ignores_stop = True
    car.sense(now, 0.0, True)
    now = wait(car, now, 600.0)
    assert (car.ready, car.amps) == (True, 16.0)
    car.sense(now, 0.0, False)
    assert (car.ready, car.amps) == (True, 0.0)


def test_excess() -> None:
    """It draws half as much again as it may."""
    car, now = drawing()
    car.excess = 1.5
    car.tick(now)
    wait(car, now, 2.0)
    assert car.amps == 24.0


def test_a_full_one_does_not_ask() -> None:
    """100 % is enough."""
    car = Car(soc=100.0)
    car.sense(0.0, 16.0, False)
    wait(car, 0.0, 60.0)
    assert not car.ready
    assert car.full_in(3680.0) == 0.0 and car.full_in(0.0) == inf
    assert Car(soc=90.0).full_in(6000.0) == pytest.approx(3600.0 / 0.9)


def test_it_stays_itself_in_the_dark() -> None:
    """Battery and manners survive; what it was doing does not."""
    car, _ = drawing()
    car.soc, car.flaps, car.rude_draw, car.wants = 77.0, True, True, False
    again = Car.of(car.state())
    assert again.state() == car.state() and not again.ready and again.amps == 0.0
