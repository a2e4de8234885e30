"""How a CALL ended: each kind of failure with the text that a technician reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.rpc.call_outcome import CONNECTION_LOST, NO_ANSWER, TOO_MANY_CALLS, Failure, FailureKind, refused, unusable
from tests.ocpp16.rig import SILENCE, Station


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (NO_ANSWER, "no answer"),
        (CONNECTION_LOST, "connection lost"),
        (TOO_MANY_CALLS, "too many calls wait"),
        (refused("InternalError", "out of memory"), "InternalError: out of memory"),
        (refused("", "out of memory"), "no error code: out of memory"),
        (refused("InternalError", ""), "InternalError"),
        (unusable("ProtocolError", "status: missing"), "unusable answer: status: missing"),
    ],
)
def test_text(failure: Failure, text: str) -> None:
    """The text names the true cause."""
    assert failure.text() == text


def test_only_a_refusal_has_certainly_arrived() -> None:
    """JE 3.3: after any other failure the Central System may or may not have processed the CALL."""
    assert refused("GenericError", "").is_refusal
    assert not any(Failure(kind).is_refusal for kind in FailureKind if kind is not FailureKind.REFUSED)


def test_a_callerror_without_a_code_is_a_refusal() -> None:
    """J 4.2.3: a CALLERROR is a refusal whatever its code; an empty one is not taken for a missing answer."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    start: Any = station.open
    station.open = None
    station.happens(ev.FrameReceived(json.dumps([4, start.id, "", "out of memory", {}])))
    (parked,) = station.cp.queue()
    assert parked["error"] == "no error code: out of memory"


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (NO_ANSWER, "the Central System did not answer"),
        (CONNECTION_LOST, "the connection was lost before the Central System answered"),
        (TOO_MANY_CALLS, "too many other messages wait for the Central System"),
        (refused("InternalError", "out of memory"), "the Central System refused: InternalError: out of memory"),
        (unusable("ProtocolError", "status: missing"), "the Central System's answer cannot be used: status: missing"),
    ],
)
def test_point_6_told(failure: Failure, told: str) -> None:
    """A person reads who did what, never that nobody could be asked."""
    assert failure.told() == told
