"""One conversation with a board: what waits, what is renewed, who gets an answer."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.board.session import OFFERS_REMEMBERED, BoardSession
from drivers.board_protocol import ProtocolError
from ocpp16.events import BoardAttached, BoardDone, OfferAcked, PilotChanged
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet

HELLO = {"type": "hello", "version": 2, "boot_id": "b", "session_id": "s", "board": "x", "connectors": 1}
SHAPE = {
    "type": "connector",
    "connector": 1,
    "min_amps": 6.0,
    "max_amps": 32.0,
    "phases": 1,
    "outlet": "cable",
    "lock": False,
    "meter": True,
    "measurands": [],
}
STATES: list[dict[str, Any]] = [
    {"type": "pilot", "connector": 1, "state": "A", "at": 1.0},
    {"type": "cable", "connector": 1, "present": True, "max_amps": 32.0, "locked": False, "at": 1.0},
    {"type": "contactor", "connector": 1, "closed": False, "confirmed": True, "at": 1.0},
    {"type": "meter", "connector": 1, "wh": 1.0, "at": 1.0},
]


def attached(**shape: Any) -> BoardSession:
    talk = BoardSession()
    talk.opened()
    talk.heard(HELLO)
    talk.heard({**SHAPE, **shape})
    return talk


def test_first_words_are_hello_and_the_faults_on_record() -> None:
    """At connect we say our version, then each latched fault."""
    words = BoardSession().first_words([LatchedFault(name="1/weld", connector=1, code="weld")])
    assert [word["type"] for word in words] == ["hello", "latched"]


def test_the_shape_comes_as_one_event() -> None:
    """Hello tells nothing alone; the last connector makes the board attached."""
    talk = BoardSession()
    talk.opened()
    assert talk.heard({**HELLO, "connectors": 2}) == []
    assert talk.heard(SHAPE) == []
    (event,) = talk.heard({**SHAPE, "connector": 2})
    assert isinstance(event, BoardAttached) and talk.attached == event


def test_complete_when_every_state_was_told() -> None:
    """Pilot, cable, contactor and meter of each connector make it complete."""
    talk = attached()
    for state in STATES:
        assert not talk.complete
        talk.heard(state)
    assert talk.complete


def test_a_connector_without_a_meter_needs_no_reading() -> None:
    """Where the board has no meter, none is awaited."""
    talk = attached(meter=False)
    for state in STATES[:3]:
        talk.heard(state)
    assert talk.complete


def test_no_offer_leaves_before_the_core_decided() -> None:
    """Levels wait until all present states were told and decided upon; then the newest of each leaves."""
    talk = attached()
    assert talk.want(Outlet(1, 10.0)) == [] and talk.want(Outlet(1, 16.0)) == [] and talk.renew() == []
    (offer,) = talk.ready()
    assert offer["amps"] == 16.0
    (offer,) = talk.want(Outlet(1, 8.0))
    assert offer["amps"] == 8.0 and offer["lease_s"] == 20.0


def test_ready_without_a_board_sends_nothing() -> None:
    """Where the board went away meanwhile, nothing is said."""
    talk = BoardSession()
    talk.want(Outlet(1, 10.0))
    assert talk.ready() == []


def test_a_new_connection_waits_again_with_the_same_levels() -> None:
    """After a loss, levels are kept and wait for the next decision."""
    talk = attached()
    talk.want(Outlet(1, 10.0))
    talk.ready()
    talk.closed()
    talk.opened()
    assert talk.renew() == []
    talk.heard(HELLO)
    talk.heard(SHAPE)
    assert [offer["amps"] for offer in talk.ready()] == [10.0]


def test_sequence_numbers_rise() -> None:
    """Each offer has a number of its own, also over connections."""
    talk = attached()
    talk.want(Outlet(1, 10.0))
    numbers = [talk.ready()[0]["seq"], talk.renew()[0]["seq"], talk.want(Outlet(1, 0.0))[0]["seq"]]
    assert numbers == sorted(set(numbers))


def test_an_ack_is_news_once() -> None:
    """The answer to an offer is told when it differs; that to a renewed lease is none."""
    talk = attached()
    talk.want(Outlet(1, 10.0))
    (offer,) = talk.ready()
    ack = {"type": "ack", "seq": offer["seq"], "amps": 10.0, "why": ""}
    assert talk.heard(ack) == [OfferAcked(1, 10.0, "")]
    assert talk.heard(ack) == []  # told already
    assert talk.heard({**ack, "amps": 8.0, "why": "heat"}) == [OfferAcked(1, 8.0, "heat")]  # it still counts
    assert talk.heard(ack) == [OfferAcked(1, 10.0, "")]
    (offer,) = talk.renew()
    assert talk.heard({**ack, "seq": offer["seq"]}) == []
    (offer,) = talk.renew()
    assert talk.heard({**ack, "seq": offer["seq"], "amps": 6.0, "why": "heat"}) == [OfferAcked(1, 6.0, "heat")]


def test_offers_without_an_ack_are_forgotten() -> None:
    """A board that answers nothing fills no memory."""
    talk = attached()
    talk.want(Outlet(1, 10.0))
    first = talk.ready()[0]["seq"]
    for _ in range(OFFERS_REMEMBERED):
        talk.renew()
    assert talk.heard({"type": "ack", "seq": first, "amps": 10.0}) == []


def test_withdraw_zeroes_every_level() -> None:
    """A fatal error leaves no energy wanted anywhere, and no transaction behind it."""
    talk = attached()
    talk.want(Outlet(1, 16.0, lamp="charging", transaction=True))
    talk.ready()
    (offer,) = talk.withdraw()
    assert offer["amps"] == 0.0 and talk.wanted[1].offered_amps == 0.0
    assert not talk.wanted[1].transaction


def test_point_3_an_offer_says_whether_a_transaction_stands_behind_it() -> None:
    """To a board that understands it."""
    talk = attached()
    talk.want(Outlet(1, 0.0, transaction=True))
    assert talk.ready()[0]["transaction"] is True


def test_point_3_a_board_of_version_1_is_spoken_to_in_version_1() -> None:
    """Once it has said its hello; or refused ours, then at the next connections, and only then: it may be replaced."""
    talk, said = BoardSession(), []
    for refused in (True, True, False, True, True, True):
        talk.opened()
        said += [word["version"] for word in talk.first_words([])]
        talk.heard({**HELLO, "version": 1})
        talk.heard(SHAPE)
        talk.want(Outlet(1, 0.0, transaction=True))
        assert "transaction" not in talk.ready()[0]
        if refused:
            with pytest.raises(ProtocolError, match="refused"):
                talk.heard({"type": "refused", "reason": "version 3; understood here is 1"})
    assert said == [3, 2, 1, 3, 2, 1]
    assert not talk.speaks_older, "it was refused in all versions"
    talk.opened()
    with pytest.raises(ProtocolError, match="refused"):
        talk.heard({"type": "refused", "reason": "another client controls this board"})
    assert not talk.speaks_older


def test_point_2_an_order_that_nobody_answers_is_answered() -> None:
    """Who asked is told, at the control socket and in the core; a late answer is nobody's."""
    talk, told = attached(), list[tuple[bool, str]]()
    talk.order(Order(3, "unlock", 1))
    (asked,) = talk.ask("selftest", [], 1, lambda ok, detail: told.append((ok, detail)))
    assert talk.unanswered([3, asked["seq"]]) == [BoardDone(3, False, "the board does not answer")]
    assert told == [(False, "the board does not answer")]
    assert talk.heard({"type": "done", "seq": 3, "ok": True}) == []


def test_orders_are_answered_by_the_board() -> None:
    """`done` comes home to the order with its number; an unknown one is nobody's."""
    talk = attached()
    messages, events = talk.order(Order(4, "unlock", 1))
    assert messages[0]["seq"] == 4 and events == []
    done = {"type": "done", "seq": 4, "ok": True, "detail": ""}
    assert talk.heard(done) == [BoardDone(4, True, "")]
    assert talk.heard(done) == []


def test_orders_without_a_board_are_answered_at_once() -> None:
    """An order that nobody can carry out says so."""
    messages, events = BoardSession().order(Order(4, "selftest"))
    assert messages == [] and events == [BoardDone(4, False, "no board is attached")]


def test_questions_get_one_answer() -> None:
    """Who asked from the control socket is told once."""
    talk, heard = attached(), list[tuple[bool, str]]()
    (message,) = talk.ask("sim", ["plug"], 1, lambda ok, detail: heard.append((ok, detail)))
    assert talk.heard({"type": "done", "seq": message["seq"], "ok": True, "detail": "done"}) == []
    talk.closed()
    assert heard == [(True, "done")]
    BoardSession().ask("sim", [], None, lambda ok, detail: heard.append((ok, detail)))
    assert heard[1] == (False, "no board is attached")


def test_a_lost_board_answers_who_waits() -> None:
    """When the board goes away, every order and question that waits is answered."""
    talk, heard = attached(), list[tuple[bool, str]]()
    talk.order(Order(9, "unlock", 1))
    talk.ask("sim", ["plug"], 1, lambda ok, detail: heard.append((ok, detail)))
    assert talk.closed() == [BoardDone(9, False, "the board went away")]
    assert heard == [(False, "the board went away")] and talk.attached is None


@pytest.mark.parametrize(
    "messages",
    [
        [{"type": "refused", "reason": "a client is there"}],
        [{**HELLO, "version": 9}],
        [HELLO, HELLO],
        [STATES[0]],
        [HELLO, STATES[0]],
        [HELLO, {**SHAPE, "connector": 2}],
        [HELLO, SHAPE, {**SHAPE, "connector": 2}],
    ],
)
def test_what_breaks_the_conversation(messages: list[dict[str, Any]]) -> None:
    """A refusal, a foreign version, and words out of turn end the conversation with a reason."""
    talk = BoardSession()
    talk.opened()
    with pytest.raises(ProtocolError):
        for message in messages:
            talk.heard(message)


def test_states_are_events() -> None:
    """After the shape, each state is an event."""
    assert attached().heard(STATES[0]) == [PilotChanged(1, "A", 1.0)]


def test_a_connector_that_the_board_lacks_is_nobodys() -> None:
    """No offer, order or question leaves for it, so a product that does not fit costs no conversation."""
    talk = attached()
    talk.ready()
    assert talk.want(Outlet(2, 16.0)) == [] and len(talk.want(Outlet(1, 16.0))) == 1
    assert [offer["connector"] for offer in talk.renew()] == [1]
    assert talk.order(Order(5, "unlock", 2)) == ([], [BoardDone(5, False, "the board has no connector 2")])
    told: list[tuple[bool, str]] = []
    assert talk.ask("sim", ["plug"], 2, lambda ok, text: told.append((ok, text))) == []
    assert told == [(False, "there is no connector 2; the board has 1")]


def test_a_slip_at_the_keyboard_costs_no_conversation() -> None:
    """What the board could not read is answered here, and never sent."""
    told: list[tuple[bool, str]] = []
    assert attached().ask("sim", ["x" * 500], None, lambda ok, text: told.append((ok, text))) == []
    assert len(told) == 1 and not told[0][0] and "must be" in told[0][1]
