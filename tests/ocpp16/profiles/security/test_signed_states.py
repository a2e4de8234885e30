"""Each state has its words; each status has a state that tells it."""

from __future__ import annotations

from typing import get_args

from ocpp16.messages.types import SignedFirmwareStatus
from ocpp16.profiles.security.signed_states import CLOSED, ENDS, FIXED, PLAIN, STATE_WORDS, STATUS
from ocpp16.records import SignedUpdateState

STATES = set(get_args(SignedUpdateState))


def test_every_state_has_words() -> None:
    assert set(STATE_WORDS) == STATES
    assert set(STATUS) | ENDS | CLOSED | FIXED <= STATES
    assert {state for state in STATES if state not in STATUS} == {"install-waiting", "trial", "going-back"}


def test_every_status_is_told_by_one_state() -> None:
    """Idle is only triggered."""
    assert sorted(STATUS.values()) == sorted(set(SignedFirmwareStatus) - {SignedFirmwareStatus.IDLE})
    assert not ENDS & CLOSED and FIXED < CLOSED


def test_plain_words() -> None:
    """What the plain message has no word for is Idle; all that runs has one."""
    without = {SignedFirmwareStatus.IDLE, SignedFirmwareStatus.DOWNLOAD_SCHEDULED, SignedFirmwareStatus.INSTALLED}
    assert set(SignedFirmwareStatus) - set(PLAIN) == without
