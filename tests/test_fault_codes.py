"""Fault codes of the board, of the core and of the simulator agree: each has one meaning, cause and remedy."""

from __future__ import annotations

import pytest

from daemon.board.translation import MAINS
from drivers.reflex.faults import RULES, STATION
from drivers.simulated.commands import STATION_CAUSES
from drivers.simulated.connector import CAUSES
from ocpp16.status.faults import FAULTS
from tests.drivers.simulated.stand import FOREVER, Stand

OF_THE_CORE = {"meter-low", "store-full", "queue-full", "control-socket", "board-missing", "board-mismatch"}
"""Faults that no board reports."""
OF_REAL_BOARDS = {"emergency-stop", "tamper", "fail-safe"}
"""Faults of the station that are not simulated."""


def test_every_fault_of_the_board_has_its_row_in_the_core() -> None:
    """But for failing mains, which the core is told as an event of its own."""
    assert set(RULES) - {MAINS} == set(FAULTS) - OF_THE_CORE


@pytest.mark.parametrize("code", FAULTS)
def test_every_row_names_cause_and_remedy(code: str) -> None:
    """A person reads both."""
    assert FAULTS[code].why and FAULTS[code].remedy


def test_the_faults_of_the_station_are_faults_of_the_board() -> None:
    """And those that can be simulated at the station are among them."""
    assert set(STATION) <= set(RULES) and set(STATION_CAUSES) | {MAINS} | OF_REAL_BOARDS == set(STATION)


def test_a_fault_that_ends_a_charge_at_once_ends_it_in_the_core() -> None:
    """Where the board opens for good, the core may not let the transaction run on without a word: it blocks it."""
    assert all(FAULTS[code].blocks_running for code, rule in RULES.items() if rule.stops != "no" and code != MAINS)


@pytest.mark.parametrize("cause", (*CAUSES, *STATION_CAUSES))
def test_every_simulated_fault_leads_to_its_own_code(cause: str) -> None:
    """In the course of a charge and its end the board reports exactly this fault."""
    stand = Stand(socket=cause.startswith("lock"), **FOREVER)
    if cause == "contactor" or cause == "lock-open":
        stand.fault(cause)
    stand.sim("plug")
    stand.wait(1.0)
    stand.offer(16.0, lease_s=1e9, locked=True)
    stand.wait(10.0)
    stand.fault(cause)
    stand.wait(30.0)
    stand.offer(0.0, locked=False)
    stand.wait(10.0)
    assert {code for code, _ in stand.faults()} == {cause} <= set(RULES)
