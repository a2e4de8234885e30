"""Faults and rude cars of the simulated world: when each is seen, what it stops, when it ends."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.drivers.simulated.stand import FOREVER, Stand

RCD_WAIT_S = 900.0


def charging(**options: object) -> Stand:
    stand = Stand(**FOREVER, **options)
    stand.charging()
    return stand


def is_open(stand: Stand) -> bool:
    return not stand.last("contactor")["closed"]


# --- seen with or without a car --------------------------------------------------------------------------------------


@pytest.mark.parametrize("plugged", [False, True])
@pytest.mark.parametrize(
    ("name", "latched"),
    [
        ("rcd", True),
        ("weld", True),
        ("pilot-short", False),
        ("meter-lost", False),
        ("meter-backwards", False),
        ("reader-lost", False),
        ("overtemperature", False),
        ("undervoltage", False),
    ],
)
def test_seen_within_five_seconds(name: str, latched: bool, plugged: bool) -> None:
    """Where the board can see it so, with a car or without: the fault is told within 5 s, latched or not."""
    stand = Stand(meter_repeats=False)
    if plugged:
        stand.sim("plug")
        stand.wait(1.0)
    stand.fault(name)
    stand.wait(5.0)
    assert stand.faults() == [(name, True)]
    told = stand.last("fault")
    assert told["latched"] == latched and (told["connector"] is None) == (name in ("overtemperature", "undervoltage"))


@pytest.mark.parametrize(
    "name", ["pilot-short", "meter-lost", "meter-backwards", "reader-lost", "overtemperature", "undervoltage"]
)
def test_ends_at_once_when_its_cause_is_taken_away(name: str) -> None:
    """Off takes the cause away, and the fault with it; charging can begin anew."""
    stand = charging()
    stand.fault(name)
    stand.wait(10.0)
    assert is_open(stand) != (name == "reader-lost")
    stand.fault(name, "off")
    stand.wait(1.0)
    assert stand.faults() == [(name, True), (name, False)]
    stand.offer(16.0, lease_s=1e9)
    stand.wait(15.0)
    assert not is_open(stand)


@pytest.mark.parametrize("name", ["contactor", "lock-open", "lock-closed", "ev-ignores-stop", "diode", "overcurrent"])
def test_not_seen_before_it_is_exercised(name: str) -> None:
    """An idle board cannot know of these."""
    stand = Stand(socket=name.startswith("lock"))
    stand.fault(name)
    stand.wait(60.0)
    assert stand.faults() == []


def test_a_contactor_that_does_not_close_is_seen_at_the_next_closing() -> None:
    """A running charge is not touched; the next closing fails, and the fault lasts until unplugged."""
    stand = charging()
    stand.fault("contactor")
    stand.wait(10.0)
    assert not is_open(stand)
    stand.offer(0.0)
    stand.wait(5.0)
    stand.offer(16.0, lease_s=1e9)
    stand.wait(5.0)
    assert stand.faults() == [("contactor", True)] and is_open(stand)
    stand.fault("contactor", "off")
    stand.wait(60.0)
    assert stand.present() == {"contactor"}
    stand.sim("unplug")
    stand.wait(1.0)
    assert stand.present() == set()


@pytest.mark.parametrize(("name", "within"), [("diode", 2.0), ("ventilation", 2.0), ("overcurrent", 5.0)])
def test_faults_of_the_car(name: str, within: float) -> None:
    """Seen while charging, opened, and latched until that car is unplugged, also when its cause is over."""
    stand = charging()
    stand.fault(name)
    stand.wait(within)
    assert stand.faults() == [(name, True)] and is_open(stand)
    stand.fault(name, "off")
    stand.wait(60.0)
    assert stand.present() == {name}
    stand.sim("unplug")
    stand.wait(1.0)
    assert stand.present() == set()


def test_a_weld_during_a_charge_is_seen_when_the_contactor_should_open() -> None:
    """Contacts that stick cannot be seen before; unplugging does not end the fault."""
    stand = charging()
    stand.fault("weld")
    stand.wait(60.0)
    assert stand.faults() == []
    stand.offer(0.0)
    stand.wait(5.0)
    assert stand.faults() == [("weld", True)] and not stand.last("contactor")["confirmed"]
    stand.fault("weld", "off")
    stand.sim("unplug")
    stand.wait(60.0)
    assert stand.present() == {"weld"} and stand.last("contactor")["confirmed"]


def test_residual_current() -> None:
    """Opens at once without any reflex; ends 15 min after its cause, at most four times for one car."""
    stand = charging()
    stand.fault("rcd")
    stand.wait(0.1)
    assert is_open(stand)
    for _ in range(4):
        stand.fault("rcd", "off")
        stand.wait(RCD_WAIT_S - 1.0)
        assert stand.present() == {"rcd"}
        stand.wait(2.0)
        assert stand.present() == set()
        stand.fault("rcd")
    stand.fault("rcd", "off")
    stand.wait(10 * RCD_WAIT_S)
    assert stand.present() == {"rcd"}
    assert stand.do("selftest") == (True, "passed")
    assert stand.present() == set()


def test_a_selftest_does_not_pass_while_the_cause_is_there() -> None:
    """Leaking is leaking."""
    stand = Stand()
    stand.fault("rcd")
    assert stand.do("selftest") == (False, "wrong: 1: rcd")


def test_a_car_that_ignores_the_stop() -> None:
    """Opened under load 6 s after the pilot went steady; the fault ends when the car leaves C."""
    stand = charging()
    stand.fault("ev-ignores-stop")
    stand.offer(0.0)
    stand.wait(5.9)
    assert not is_open(stand)
    stand.wait(0.2)
    assert is_open(stand) and stand.faults() == [("ev-ignores-stop", True)]
    stand.fault("ev-ignores-stop", "off")
    stand.wait(3.0)
    assert stand.last("pilot")["state"] == "B" and stand.present() == set()


def test_low_mains_are_really_low() -> None:
    """What flows at 180 V is billed at 180 V."""
    stand = charging()
    stand.fault("undervoltage")
    stand.wait(2.0)
    assert stand.last("meter")["volts"] == [180.0] and stand.last("meter")["watts"] == [2880.0]


# --- the meter -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["meter-frozen", "meter-lost"])
@pytest.mark.parametrize("period_s", [1.0, 60.0])
def test_a_bad_meter_is_seen_within_twenty_seconds_of_current(name: str, period_s: float) -> None:
    """Whatever the period of its messages; then nothing more is told of it, until its true register comes back."""
    stand = charging(meter_period_s=period_s, meter_repeats=period_s == 1.0)
    start = stand.wh()
    stand.fault(name)
    stand.wait(20.0)
    assert stand.faults() == [(name, True)]
    stand.wait(10.0)
    assert is_open(stand) and stand.wh() > start
    told = len(stand.of("meter"))
    stand.wait(30.0)
    assert len(stand.of("meter")) == told
    stand.fault(name, "off")
    stand.wait(1.0)
    assert stand.present() == set() and stand.last("meter")["wh"] == pytest.approx(stand.wh(), abs=0.001)


def test_a_frozen_meter_that_nobody_uses_is_not_seen() -> None:
    """Without current there is nothing to tell it from a living one; it costs no wakes either."""
    stand = Stand(meter_repeats=False)
    stand.fault("meter-frozen")
    stand.wait(86_400.0)
    assert stand.faults() == [] and stand.advances == 0


def test_a_register_that_falls_is_not_told() -> None:
    """A reading below an earlier one is never a message; nothing is billed twice."""
    stand = charging()
    stand.wait(3600.0)
    stand.fault("meter-backwards")
    stand.wait(10.0)
    stand.fault("meter-backwards", "off")
    stand.wait(10.0)
    register = [m["wh"] for m in stand.of("meter")]
    assert register == sorted(register) and stand.faults()[0] == ("meter-backwards", True)


def test_a_meter_that_freezes_while_lost_shows_the_old_value() -> None:
    """Two causes at once, taken away one by one."""
    stand = charging()
    stand.fault("meter-lost")
    stand.fault("meter-frozen")
    stand.wait(5.0)
    stand.fault("meter-lost", "off")
    stand.wait(1.0)
    assert stand.last("meter")["wh"] < stand.wh()


# --- cars and their drivers ------------------------------------------------------------------------------------------


def test_a_pause_and_its_end() -> None:
    """The car leaves C, the contactor opens within 100 ms; it asks again, and gets energy again."""
    stand = charging()
    stand.sim("ev", "pause")
    paused = stand.now
    stand.wait(5.0)
    assert stand.last("pilot") == {"type": "pilot", "connector": 1, "state": "B", "at": paused}
    assert is_open(stand) and stand.last("contactor")["at"] - paused <= 0.1
    stand.sim("ev", "charge")
    stand.wait(10.0)
    assert not is_open(stand) and stand.last("meter")["amps"] == [16.0]


def test_a_full_battery_stops_by_itself() -> None:
    """At 100 % the car asks no more (B); told less, it asks again."""
    stand = charging()
    stand.sim("soc", "99.9")
    stand.wait(3600.0)
    assert stand.last("pilot")["state"] == "B" and stand.last("meter")["soc"] == 100.0
    stand.sim("soc", "50")
    stand.wait(10.0)
    assert stand.last("pilot")["state"] == "C"
    stand.sim("unplug")
    stand.sim("plug")
    stand.wait(11.0)
    assert stand.last("meter")["soc"] == 50.0


def test_soc_grows_with_energy() -> None:
    """60 kWh, nine tenths of what is drawn gets in."""
    stand = charging()
    before, start = stand.last("meter")["soc"], stand.wh()
    stand.wait(3 * 3600.0)
    assert stand.last("meter")["soc"] - before == pytest.approx((stand.wh() - start) * 0.9 / 600.0, abs=0.2)


def test_a_rude_car_gets_nothing_without_permission() -> None:
    """It goes to C unasked and would draw all it can; without an offer the contactor stays open."""
    stand = Stand()
    stand.sim("plug")
    assert stand.sim("ev", "rude-draw", "on") == (True, "done")
    stand.wait(600.0)
    assert stand.last("pilot")["state"] == "C" and stand.of("contactor") == [] and stand.wh() == 0.0


def test_a_rude_car_that_draws_too_much_is_opened() -> None:
    """It draws 32 A where 10 A are offered: overcurrent."""
    stand = Stand(**FOREVER)
    stand.sim("plug")
    stand.sim("ev", "rude-draw", "on")
    stand.offer(10.0, lease_s=1e9)
    stand.wait(10.0)
    assert is_open(stand) and stand.faults() == [("overcurrent", True)]
    stand.sim("ev", "rude-draw", "off")
    stand.sim("unplug")
    stand.wait(1.0)
    stand.sim("plug")
    stand.wait(10.0)
    assert not is_open(stand)


def test_a_flapping_car_is_served_with_pauses() -> None:
    """B and C every 3 s: the contactor closes at most once in 5 s; off, and it charges."""
    stand = charging()
    assert stand.sim("ev", "flap", "on") == (True, "done")
    stand.wait(120.0)
    closings = [m["at"] for m in stand.of("contactor") if m["closed"]]
    assert len(closings) > 5
    assert min(b - a for a, b in pairwise(closings)) >= 5.0 - 1e-6
    stand.sim("ev", "flap", "off")
    stand.wait(10.0)
    assert not is_open(stand)


def test_ignore_stop_is_the_fault_by_another_name() -> None:
    """`ev ignore-stop on` and `fault ev-ignores-stop on` are the same car."""
    stand = charging()
    stand.sim("ev", "ignore-stop", "on")
    stand.offer(0.0)
    stand.wait(7.0)
    assert stand.present() == {"ev-ignores-stop"}
    stand.sim("ev", "ignore-stop", "off")
    stand.wait(3.0)
    assert stand.present() == set()


# --- the socket outlet -----------------------------------------------------------------------------------------------


def test_no_energy_before_the_cable_is_locked() -> None:
    """A socket offers nothing until its lock has confirmed, and says so."""
    stand = Stand(socket=True, **FOREVER)
    assert not next(m for m in stand.greeting if m["type"] == "cable")["present"]
    assert stand.offer(16.0, lease_s=1e9)["why"] == "no cable"
    stand.sim("plug")
    assert (stand.last("cable")["present"], stand.last("cable")["max_amps"]) == (True, 32.0)
    stand.wait(5.0)
    assert stand.last("ack")["why"] == "the cable is not locked"
    stand.offer(16.0, lease_s=1e9, locked=True)
    stand.wait(5.0)
    assert stand.last("cable")["locked"] and not is_open(stand)


def test_the_cable_limits_the_current() -> None:
    """A 32 A cable at a 63 A socket."""
    stand = Stand(socket=True, max_amps=63.0, **FOREVER)
    stand.sim("plug")
    stand.wait(1.0)
    stand.offer(63.0, locked=True)
    stand.wait(1.0)
    assert (stand.last("ack")["amps"], stand.last("ack")["why"]) == (32.0, "the cable carries 32 A")


def test_the_driver_takes_his_cable_when_it_is_unlocked() -> None:
    """Unplugged at the car while locked the cable stays; unlocked it goes."""
    stand = Stand(socket=True, **FOREVER)
    stand.charging(locked=True)
    stand.sim("unplug")
    stand.wait(5.0)
    assert stand.last("pilot")["state"] == "A" and stand.last("cable")["present"]
    stand.offer(0.0, locked=False)
    stand.wait(1.0)
    assert not stand.last("cable")["present"] and stand.last("cable")["max_amps"] == 0.0


def test_a_lock_that_does_not_lock() -> None:
    """Within 5 s of the wish a fault, no energy; it ends at once with its cause and the charge begins."""
    stand = Stand(socket=True, **FOREVER)
    stand.fault("lock-open")
    stand.sim("plug")
    stand.wait(1.0)
    stand.offer(16.0, lease_s=1e9, locked=True)
    stand.wait(5.0)
    assert stand.faults() == [("lock-open", True)] and stand.of("contactor") == []
    stand.fault("lock-open", "off")
    stand.wait(10.0)
    assert stand.present() == set() and not is_open(stand)


# --- weather ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("celsius", "amps", "why"),
    [("64", 32.0, ""), ("66", 16.0, "it is too warm for more"), ("69", 6.0, "it is too warm for more")],
)
def test_heat_derates(celsius: str, amps: float, why: str) -> None:
    """65 C halves, 68 C leaves 6 A; the ack says so, the meter shows the temperature."""
    stand = Stand(**FOREVER)
    stand.charging(32.0)
    stand.sim("temperature", celsius)
    ack = stand.offer(32.0)
    assert (ack["amps"], ack["why"]) == (amps, why)
    stand.wait(5.0)
    assert stand.last("meter")["temperature"] == float(celsius) and stand.faults() == []


def test_71_degrees_end_the_charge() -> None:
    """Gently: the car gets its 6 s."""
    stand = charging()
    stand.sim("temperature", "71")
    assert stand.faults() == [("overtemperature", True)] and not is_open(stand)
    stand.wait(6.0)
    assert is_open(stand)
