"""Which faults stop what, and how each of them ends."""

from __future__ import annotations

from math import inf

import pytest

from drivers.reflex.faults import RCD_RESETS, RCD_WAIT_S, RULES, ActiveFaults, FaultReport


def told(book: ActiveFaults) -> list[tuple[str, bool]]:
    reports = [(report.code, report.on) for report in book.reports]
    book.reports.clear()
    return reports


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.ends == "with its cause"])
def test_a_fault_that_ends_with_its_cause(code: str) -> None:
    """On with the cause, off with it, each told once, not latched."""
    book = ActiveFaults()
    book.set(1.0, code, True, "why")
    book.set(2.0, code, True)
    book.settle(2.0, False)
    assert book.reports == [FaultReport(code, True, False, "why", 1.0)]
    book.set(3.0, code, False)
    book.settle(3.0, False)
    assert told(book) == [(code, True), (code, False)] and code not in book and len(book) == 0


@pytest.mark.parametrize("code", [code for code, rule in RULES.items() if rule.ends == "at unplugging"])
def test_a_fault_that_ends_at_unplugging(code: str) -> None:
    """Latched: the cause may be over, only the unplugged vehicle ends it."""
    book = ActiveFaults()
    book.set_once(1.0, code, "why")
    book.settle(9999.0, False)
    assert told(book) == [(code, True)] and book.wake_at == inf
    book.settle(10000.0, True)
    assert told(book) == [(code, False)]


def test_a_cause_that_comes_back_keeps_the_fault() -> None:
    """A level: the fault waits for the end of its cause again."""
    book = ActiveFaults()
    book.set(1.0, "rcd", True)
    book.set(2.0, "rcd", False)
    book.set(3.0, "rcd", True)
    book.settle(2.0 + RCD_WAIT_S, False)
    assert "rcd" in book and book.wake_at == inf


def test_residual_current_waits_fifteen_minutes_four_times() -> None:
    """At least 15 min after the cause went, at most four times for one vehicle; unplugging begins anew."""
    book, now = ActiveFaults(), 0.0
    for _ in range(RCD_RESETS):
        book.set(now, "rcd", True)
        book.set(now + 1.0, "rcd", False)
        book.settle(now + 1.0, False)
        assert book.wake_at == now + 1.0 + RCD_WAIT_S
        now += 1.0 + RCD_WAIT_S
        book.settle(now - 0.1, False)
        assert "rcd" in book
        book.settle(now, False)
        assert "rcd" not in book
    book.set(now, "rcd", True)
    book.set(now, "rcd", False)
    book.settle(now + 10 * RCD_WAIT_S, False)
    assert "rcd" in book and book.wake_at == inf
    book.settle(now + 10 * RCD_WAIT_S, True)
    assert "rcd" not in book


def test_a_passed_selftest_ends_waiting() -> None:
    """Residual current: a selftest ends the waiting where the cause is gone, and gives the resets back."""
    book = ActiveFaults()
    book.set(1.0, "rcd", True)
    assert book.tested(2.0) == ["rcd"]
    book.set(3.0, "rcd", False)
    assert book.tested(4.0) == []
    assert book.reports[-1] == FaultReport("rcd", False, True, "selftest passed", 4.0)


def test_only_service_ends_a_weld() -> None:
    """A weld outlasts unplugging and selftest; service ends it where the contact has opened."""
    book = ActiveFaults()
    book.set(1.0, "weld", True)
    book.settle(2.0, True)
    assert book.tested(2.0) == ["weld"]
    assert book.serviced(3.0) == ["weld"]
    book.set(4.0, "weld", False)
    book.settle(4.0, True)
    assert "weld" in book and book.serviced(5.0) == []
    assert told(book) == [("weld", True), ("weld", False)]


def test_service_does_not_count_what_is_not_latched() -> None:
    """A lost meter is no reason to say that service failed."""
    book = ActiveFaults()
    book.set(1.0, "meter-lost", True)
    assert book.serviced(2.0) == [] and "meter-lost" in book


def test_a_fault_on_record_is_on_again() -> None:
    """No restart clears it: latched faults come back and end by their rule; others and unknown ones do not."""
    book = ActiveFaults()
    book.relatch(1.0, "diode")
    book.relatch(1.0, "nonsense")
    book.relatch(1.0, "diode")
    assert told(book) == [("diode", True)] and book.codes() == ["diode"]
    assert book.present(2.0) == [FaultReport("diode", True, True, "on record", 2.0)]
    book.settle(2.0, True)
    assert told(book) == [("diode", False)]


def test_the_strictest_rule_counts() -> None:
    """What opens at once beats what waits for the vehicle; a lost reader stops nothing."""
    book = ActiveFaults()
    book.set(1.0, "reader-lost", True)
    assert (book.stops(), book.blocking()) == ("no", "")
    book.set(1.0, "meter-lost", True)
    assert (book.stops(), book.blocking()) == ("gently", "meter-lost")
    book.set(1.0, "rcd", True)
    assert book.stops() == "now"


def test_12_the_figures_of_the_residual_current() -> None:
    """Quarter of an hour, four times."""
    assert (RCD_WAIT_S, RCD_RESETS) == (900.0, 4)


@pytest.mark.parametrize("anew", ["unplugged", "tested", "serviced"])
def test_12_four_resets_are_granted_anew(anew: str) -> None:
    """After unplugging, a passed selftest or service: four again, and no fifth."""
    book, now = ActiveFaults(), 0.0

    def resets() -> int:
        nonlocal now
        for done in range(6):
            book.set(now, "rcd", True)
            book.set(now, "rcd", False)
            now += 900.0
            book.settle(now, False)
            if "rcd" in book:
                return done
        return 6

    assert resets() == 4
    if anew == "unplugged":
        book.settle(now, True)
    else:
        book.tested(now) if anew == "tested" else book.serviced(now)
    if anew == "unplugged":
        book.settle(now, False)
        assert "rcd" not in book, "the waiting is over already"
    assert resets() == (3 if anew == "unplugged" else 4)
