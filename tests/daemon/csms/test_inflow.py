"""How fast orders are taken: by kind, by what they cost, in their order; and what cannot be spelled around."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.csms.inflow import (
    ANSWER,
    GLANCES,
    HELD_BYTES,
    HELD_FRAMES,
    LOOKS,
    ORDERS,
    UNKNOWN,
    UNREADABLE,
    Inflow,
    kind_of,
    may_write,
)
from daemon.csms.limits import ConnectionLimits
from ocpp16.rpc.frames import Call, parse

LIMITS = ConnectionLimits()


def call(action: str, number: int = 0) -> str:
    return json.dumps([2, f"id-{number}", action, {}])


def taken(inflow: Inflow, seconds: float, step_s: float = 0.1) -> list[str]:
    """What goes on within so many seconds from 0 on."""
    got = []
    for tick in range(int(seconds / step_s)):
        while (text := inflow.take(tick * step_s)) is not None:
            got.append(text)
    return got


KINDS = [
    ('[2,"a","Reset",{}]', "Reset"),
    (' [ 2 , "a" , "Reset" ,{}]', "Reset"),
    ('\ufeff[2,"a","Reset",{}]', "Reset"),
    ('[2,"a","Frobnicate",{}]', UNKNOWN),
    ('[3,"a",{}]', ANSWER),
    ('[4,"a","GenericError","",{}]', ANSWER),
    ('[2,"a","Re\\u0073et",{}]', UNREADABLE),
    ('[2,"\\"","Reset",{}]', UNREADABLE),
    ('[2.0,"a","Reset",{}]', UNREADABLE),
    ("nonsense", UNREADABLE),
    ("", UNREADABLE),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_12_the_kind_of_a_message(text: str, kind: str) -> None:
    """An action that is spelled plainly; whatever is not counts as what may write."""
    assert kind_of(text) == kind
    assert may_write(kind) == (kind in ("Reset", UNREADABLE))


def test_12_looks_are_orders() -> None:
    """The orders that write nothing are orders of OCPP, and a change of configuration is none of them."""
    assert LOOKS < ORDERS and "ChangeConfiguration" in ORDERS - LOOKS


def test_12_an_action_has_its_burst_and_its_rate() -> None:
    """60 at once, then two a second; what another action needs is not touched by it."""
    inflow = Inflow(LIMITS)
    for number in range(100):
        inflow.put(call("GetCompositeSchedule", number))
    assert len(taken(inflow, 0.1)) == LIMITS.orders_burst
    assert inflow.wait_s(0.0) == 0.5
    assert len(taken(inflow, 5.0)) == 9
    inflow.clear()
    inflow.put(call("TriggerMessage"))
    assert inflow.take(0.0) is not None


def test_12_all_that_may_write_share_one_rate() -> None:
    """However many actions are used: an hour holds no more commits than the rate of writes allows."""
    inflow, actions = Inflow(LIMITS), sorted(ORDERS - LOOKS)
    written = 0
    for second in range(3600):
        while inflow.held < 50:
            inflow.put(call(actions[inflow.held % len(actions)]))
        while inflow.take(float(second)) is not None:
            written += 1
    assert written <= LIMITS.writes_burst + 3600 * LIMITS.writes_per_s
    assert written >= 1_800, "and it is not starved"


def test_12_orders_keep_their_order() -> None:
    """Whatever waits, orders go on as they came; an answer to our own CALL does not wait behind them."""
    inflow = Inflow(ConnectionLimits(orders_burst=1))
    texts = [call("Reset", 1), call("Reset", 2), call("GetConfiguration", 3)]
    for text in texts:
        inflow.put(text)
    inflow.put('[3,"x",{}]')
    assert inflow.head == "Reset"
    assert inflow.take(0.0) == '[3,"x",{}]' and inflow.take(0.0) == texts[0] and inflow.take(0.0) is None
    assert inflow.head == "Reset" and 0.0 < inflow.wait_s(0.0) < 1.0
    assert taken(inflow, 2.0) == texts[1:]
    assert inflow.wait_s(2.0) == float("inf") and inflow.held == 0 and inflow.head == ANSWER


def test_12_answers_have_a_rate_too() -> None:
    """An answer nobody waits for costs a step: a flood of them is read slowly as well."""
    inflow = Inflow(ConnectionLimits(answers_burst=2, answers_per_s=1.0))
    for _ in range(4):
        inflow.put('[3,"x",{}]')
    assert inflow.take(0.0) and inflow.take(0.0) and inflow.take(0.0) is None and inflow.wait_s(0.0) == 1.0


def test_12_the_answers_to_our_own_calls_do_not_wait() -> None:
    """10,000 bills that waited through an outage are told as fast as the Central System answers them."""
    inflow = Inflow(ConnectionLimits(answers_burst=2, answers_per_s=1.0))
    for number in range(10_000):
        inflow.owed(number * 1e-4)
        inflow.put(f'[3,"{number}",{{}}]')
        assert inflow.take(number * 1e-4) is not None
    for number in range(4):
        inflow.put(f'[3,"unasked {number}",{{}}]')
    assert len(taken(inflow, 0.1)) == 1, "no more than the burst is left to those that nobody asked for"


def test_12_a_glance_costs_little_and_has_a_wider_rate() -> None:
    """A back-office that reads all settings key by key does not wait; one that never stops is slowed as well."""
    inflow = Inflow(LIMITS)
    assert GLANCES < LOOKS
    for number in range(LIMITS.glances_burst + 200):
        inflow.put(call("GetConfiguration", number))
    assert len(taken(inflow, 0.1)) == LIMITS.glances_burst
    assert len(taken(inflow, 2.0)) == 2 * LIMITS.glances_per_s - 5


def test_12_what_waits_is_bounded() -> None:
    """From so many messages, or so many characters, on the connection is not read; the end of it empties all."""
    inflow = Inflow(ConnectionLimits(orders_burst=1))
    for _ in range(HELD_FRAMES):
        assert not inflow.is_full
        inflow.put(call("Reset"))
    assert inflow.is_full
    inflow.clear()
    assert not inflow.is_full and inflow.held == 0
    inflow.put("x" * HELD_BYTES)
    assert inflow.is_full
    assert inflow.take(0.0) and not inflow.is_full


@given(st.text(st.sampled_from('[]{}2340.,"\\u00e1sRet \ufeff'), max_size=30) | st.text(max_size=40))
def test_12_no_spelling_goes_around_the_rate(text: str) -> None:
    """What the core reads as a CALL is its own kind here, an unknown one or an unreadable one, and never an answer."""
    frame = parse(text)
    if isinstance(frame, Call):
        kind = kind_of(text)
        assert kind in (frame.action, UNREADABLE, UNKNOWN)
        assert kind != UNKNOWN or frame.action not in ORDERS
