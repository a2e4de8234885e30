"""Findings: failures with their advice, parts that are missing, connectors without an optional part."""

from __future__ import annotations

from drivers.bench.findings import missing, problem
from drivers.devices import DeviceFailure
from tests.drivers.bench.stand import BOARD, Stand

SECOND = """
[connector.2]
[connector.2.pilot]
driver = "evse-din"
bus = "rs485"
address = 5
[connector.2.meter]
driver = "sdm120"
bus = "rs485"
address = 2
"""


def test_a_failure_becomes_a_finding() -> None:
    """Cause and remedy, with the device's name."""
    found = problem(DeviceFailure("meter", "no answer", "check it"), connector=1)
    assert found == {"connector": 1, "problem": "no answer", "advice": "meter: check it"}
    assert missing("lock", 2)["advice"] == "write a section [connector.2.lock]"


def test_parts_of_connectors() -> None:
    """All, or the one that was asked for; of an optional part only those that have it."""
    bench = Stand(BOARD + SECOND).bench
    assert [number for number, _ in bench.parts("meter", None)] == [1, 2]
    assert [(number, part is None) for number, part in bench.parts("lock", None)] == [(1, False), (2, True)]
    assert [number for number, _ in bench.optional_parts("lock", None)] == [1]
    assert [(number, part is None) for number, part in bench.optional_parts("lock", 2)] == [(2, True)]
    assert [number for number, _ in bench.optional_parts("rcd", None)] == [1, 2]
