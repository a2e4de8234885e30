"""A meter that is silent, runs backwards or stands still is found out."""

from __future__ import annotations

from drivers.devices import Reading
from drivers.reflex.meter_check import MeterCheck


def on(watch: MeterCheck) -> list[str]:
    return [code for code, there in watch.causes.items() if there]


def test_three_silent_seconds_are_a_lost_meter() -> None:
    """An answer ends it at once."""
    watch = MeterCheck()
    assert not watch.poll(0.0, None, False)
    assert not watch.poll(2.9, None, False)
    assert watch.poll(3.0, None, False) and on(watch) == ["meter-lost"]
    assert watch.poll(4.0, Reading(1.0), False) and on(watch) == []


def test_a_falling_register_is_a_fault_until_it_is_made_up() -> None:
    """Below the best value seen it is not to be believed."""
    watch = MeterCheck()
    watch.poll(0.0, Reading(1000.0), False)
    watch.poll(1.0, Reading(999.0), False)
    assert on(watch) == ["meter-backwards"]
    watch.poll(2.0, Reading(1000.0), False)
    assert on(watch) == []


def test_the_same_for_fifteen_seconds_of_flowing_current_is_frozen() -> None:
    """It stays so, current or none, until the meter shows something else."""
    watch = MeterCheck()
    for second in range(15):
        watch.poll(float(second), Reading(1.0, (230.0,)), True)
    assert on(watch) == []
    watch.poll(15.0, Reading(1.0, (230.0,)), True)
    assert on(watch) == ["meter-frozen"]
    watch.poll(16.0, Reading(1.0, (230.0,)), False)
    assert on(watch) == ["meter-frozen"]
    watch.poll(17.0, Reading(1.1, (230.0,)), False)
    assert on(watch) == []


def test_nothing_flows_nothing_is_frozen() -> None:
    """An idle meter may show the same for days; counting begins when current can flow, and anew after each pause."""
    watch = MeterCheck()
    for second, flowing in ((0, False), (9999, False), (10000, True), (10010, False), (10011, True), (10020, True)):
        watch.poll(float(second), Reading(1.0), flowing)
    assert on(watch) == []


def test_b11_what_was_measured_is_told() -> None:
    """The registers behind a verdict; nothing of a meter that is silent, and nothing without a verdict."""
    watch = MeterCheck()
    watch.poll(0.0, None, False)
    watch.poll(3.0, None, False)
    assert watch.seen(3.0, "meter-lost") == ""
    watch.poll(4.0, Reading(1000.0), False)
    watch.poll(5.0, Reading(996.0), False)
    assert watch.seen(5.0, "meter-backwards") == "996 Wh after 1000 Wh" and watch.seen(5.0, "meter-frozen") == ""
    watch.poll(6.0, Reading(1001.0), True)
    watch.poll(22.0, Reading(1001.0), True)
    assert watch.seen(22.0, "meter-frozen") == "1001 Wh for 16 s while the car draws"
