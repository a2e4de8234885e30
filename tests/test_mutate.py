"""The planted faults of `make mutate`: each kind is planted, and one that changes nothing for the tests survives."""

from __future__ import annotations

import pytest

from tests.mutate import ROOT, asked_in_order, mutants, survives

TEXT = """
def f(a, b):
    g(a)
    if a < b and a is not None:
        return min(a, b) + 1
    return True
"""


def test_each_kind_of_fault_is_planted() -> None:
    """One at a time, with its line."""
    planted = {(mutant.line, mutant.what) for mutant in mutants("x.py", TEXT)}
    assert planted == {
        (2, "g(a) -> nothing"),
        (4, "if a < b and a is not None -> if not"),
        (4, "a < b and a is not None -> a < b or a is not None"),
        (4, "a < b -> a <= b"),
        (4, "a is not None -> a is None"),
        (5, "min -> max"),
        (5, "min(a, b) + 1 -> min(a, b) - 1"),
        (5, "1 -> 2"),
        (6, "True -> False"),
    }


@pytest.mark.timeout(120)
def test_a_fault_is_found_and_one_beyond_the_tests_survives() -> None:
    """Played against one small file of tests."""
    file = "drivers/reflex/wake_up.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    planted = [mutant for mutant in mutants(file, text) if mutant.what == "30.0 -> 31.0"]
    assert len(planted) == 1
    assert not survives(planted[0], ("tests/drivers/reflex/test_wake_up.py",))
    assert survives(planted[0], ("tests/drivers/reflex/test_lock.py",))


@pytest.mark.timeout(120)
def test_12_a_fault_in_a_module_that_is_named_like_a_test_is_found() -> None:
    """pytest has an import hook for *_test.py."""
    file = "drivers/reflex/self_test.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    changed = "self.phase == 'passed' -> self.phase != 'passed'"
    planted = [mutant for mutant in mutants(file, text) if mutant.what == changed]
    assert not survives(planted[0], ("tests/drivers/reflex/test_self_test.py",))


def test_12_the_partners_tests_are_asked_first_and_the_long_walk_last() -> None:
    """Whatever is found soon costs little."""
    order = asked_in_order("drivers/reflex/lock.py")
    assert (order[0], order[-1]) == ("tests/drivers/reflex/test_lock.py", "tests/drivers/reflex/test_invariants.py")
