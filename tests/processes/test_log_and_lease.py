"""Point 1: whatever becomes of the log, a lapsed lease opens the contactor in time.  The campaign itself is longer."""

from __future__ import annotations

import pytest

from tests.processes.log_and_lease import LATE_S, LOGS, VEHICLE_S, campaign, daemon_trial


def test_point_1_no_log_delays_a_lapsed_lease() -> None:
    """stderr closed, on a full disk, without a reader, full, or read a byte now and then: each twice, none late."""
    took = campaign(2 * len(LOGS))
    assert all(len(seconds) == 2 for seconds in took.values())
    assert max(map(max, took.values())) < VEHICLE_S + LATE_S, took


@pytest.mark.parametrize("seed", range(len(LOGS)), ids=list(LOGS))
def test_point_1_no_log_of_evsed_delays_anything(seed: int) -> None:
    """It renews its lease, answers at the control socket and ends when asked; ended, killed or hung: open in time."""
    assert daemon_trial(list(LOGS)[seed], seed) < VEHICLE_S + LATE_S
