"""The translator: each word of the board, each word of the core."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest

from daemon.board.translation import ASK_SEQ, attached_of, do_of, events_of, greeting_of, latched_of, offer_of, order_of
from drivers.board_protocol import LAMPS, ORDERS, check
from drivers.simulated.board import SimulatedBoard
from ocpp16.events import (
    BoardAttached,
    BoardDone,
    BoardReady,
    CableChanged,
    CardPresented,
    ConnectorShape,
    ContactorChanged,
    Event,
    FaultChanged,
    MainsLost,
    MeterSampled,
    OfferAcked,
    PilotChanged,
)
from ocpp16.records import LatchedFault
from ocpp16.step import Lamp, Order, Outlet

CASES: list[tuple[dict[str, Any], list[Event]]] = [
    ({"type": "pilot", "connector": 1, "state": "C", "at": 2.0}, [PilotChanged(1, "C", 2.0)]),
    (
        {"type": "cable", "connector": 2, "present": True, "max_amps": 20.0, "locked": False, "at": 2.0},
        [CableChanged(2, True, 20.0, False, 2.0)],
    ),
    (
        {"type": "contactor", "connector": 1, "closed": True, "confirmed": False, "at": 2.0},
        [ContactorChanged(1, True, False, 2.0)],
    ),
    (
        {"type": "meter", "connector": 1, "at": 2.0, "wh": 7.5, "amps": [1.0, 2.0], "soc": 40.0},
        [MeterSampled(1, 2.0, 7.5, (), (1.0, 2.0), (), 40.0, None)],
    ),
    ({"type": "card", "connector": None, "id_tag": "04A2", "at": 2.0}, [CardPresented(None, "04A2", 2.0)]),
    (
        {"type": "fault", "connector": None, "code": "undervoltage", "on": True, "at": 2.0},
        [FaultChanged(None, "undervoltage", True, False, "", 2.0)],
    ),
    (
        {"type": "fault", "connector": 1, "code": "weld", "on": True, "latched": True, "detail": "x", "at": 2.0},
        [FaultChanged(1, "weld", True, True, "x", 2.0)],
    ),
    ({"type": "fault", "connector": None, "code": "mains", "on": True, "at": 2.0}, [MainsLost()]),
    ({"type": "fault", "connector": None, "code": "mains", "on": False, "at": 2.0}, []),
    ({"type": "ack", "seq": 1, "connector": 1, "amps": 10.0, "why": "heat"}, [OfferAcked(1, 10.0, "heat")]),
    ({"type": "ack", "seq": 1, "amps": 10.0}, []),
    ({"type": "done", "seq": 3, "ok": True, "detail": "d"}, [BoardDone(3, True, "d")]),
    ({"type": "done", "seq": ASK_SEQ + 1, "ok": True}, []),
    ({"type": "hello"}, []),
    ({"type": "refused", "reason": "x"}, []),
]


@pytest.mark.parametrize(("message", "events"), CASES)
def test_each_message_becomes_its_event(message: dict[str, Any], events: list[Event]) -> None:
    """Every message of the page has one meaning for the core."""
    assert events_of(message) == events


def test_hello_and_connectors_become_one_event() -> None:
    """The board's shape is one event, however many connectors it has."""
    hello = {"boot_id": "b", "session_id": "s", "board": "x", "layers": ["lease"]}
    shape = {"connector": 1, "min_amps": 6.0, "max_amps": 32.0, "phases": 3, "outlet": "socket", "lock": True}
    told = {**shape, "meter": True, "measurands": ["SoC"], "offer": "kept", "offer_at": 5.0}
    expected = ConnectorShape(1, 6.0, 32.0, 3, "socket", True, True, ("SoC",), "kept", 5.0)
    assert attached_of(hello, [told]) == BoardAttached("b", "s", "x", (expected,), ("lease",))


def test_a_whole_greeting() -> None:
    """The shape first, then every present state, then that all of them were told."""
    events = greeting_of(SimulatedBoard(2).greet(1.0))
    assert isinstance(events[0], BoardAttached) and len(events[0].connectors) == 2
    assert events[-1] == BoardReady()
    assert {type(event) for event in events[1:-1]} >= {PilotChanged, CableChanged, ContactorChanged, MeterSampled}


def test_what_we_say_is_let_in() -> None:
    """Every word of ours passes the seam's own check."""
    offer = offer_of(Outlet(1, 16.0, True, True, "charging"), 20.0, 7)
    assert check(offer, "to_board") == offer and offer["amps"] == 16.0
    assert check(order_of(Order(5, "unlock", 2)), "to_board")["seq"] == 5
    assert check(do_of("sim", ["plug"], None, ASK_SEQ), "to_board")["words"] == ["plug"]
    fault = LatchedFault(name="1/weld", connector=1, code="weld")
    assert check(latched_of(fault), "to_board") == {"type": "latched", "connector": 1, "code": "weld"}
    assert latched_of(LatchedFault(name="0/x", connector=0, code="x"))["connector"] is None


def test_lamps_and_orders_are_those_of_the_board() -> None:
    """What the core may ask for is what the board accepts; the board accepts two more orders: `sim`, and `meter-read`,
    which version 1 of the board socket promises to any client although evsed never sends it."""
    orders = get_args(get_type_hints(Order)["what"])
    assert set(get_args(Lamp)) == set(LAMPS)
    assert set(ORDERS) - set(orders) == {"sim", "meter-read"} and set(orders) < set(ORDERS)
