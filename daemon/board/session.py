"""The hall's side of one conversation with a board, from hello to the loss: levels that wait, leases, who asked what.

No socket and no clock: it is given messages and gives messages and events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from daemon.board.translation import (
    ASK_SEQ,
    LEASE_S,
    Packet,
    attached_of,
    do_of,
    events_of,
    latched_of,
    offer_of,
    order_of,
)
from drivers.board_protocol import UNDERSTOOD, VERSION, ProtocolError, check, spoken
from ocpp16.events import BoardAttached, BoardDone, Event, OfferAcked
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet

DoneCallback = Callable[[bool, str], None]
"""Who asked is told: done or not, and the detail."""

RENEWALS = 8
"""In one lease: more than four, so that a board that hangs is noticed within 10 s (an eighth and a quarter of 20 s)."""
TELLS_WHY = 2
"""The first version that has `refused` from this side."""
ROUNDING_AMPS = 0.1
"""A duty cycle has its steps."""
OFFERS_REMEMBERED = 64
"""Offers whose answer is awaited; a board that answers none loses nothing but its acks."""


class BoardSession:
    """Levels wait here until the core has heard all present states and decided: before `ready()` no offer leaves."""

    def __init__(self, lease_s: float = LEASE_S) -> None:
        self.lease_s = lease_s
        self.wanted: dict[int, Outlet] = {}
        self.attached: BoardAttached | None = None
        self._seq = 0
        self._asks = ASK_SEQ
        self._speaks = self._introduced = self._speaks_next = VERSION
        self._reset()

    def _reset(self) -> None:
        self.attached = None
        self._ready = False
        self._hello: Mapping[str, Any] | None = None
        self._shapes: list[Mapping[str, Any]] = []
        self._missing: set[tuple[str, int]] = set()
        self._offered: dict[int, Outlet] = {}
        self._acked: dict[int, OfferAcked] = {}
        self._orders: set[int] = set()
        self._answers: dict[int, DoneCallback] = {}

    # --- from the board -------------------------------------------------------------------------------------------

    def opened(self) -> None:
        """A new connection; nothing is known of who is there."""
        self._reset()
        self._speaks = self._introduced = self._speaks_next
        self._speaks_next = VERSION

    def first_words(self, latched: Iterable[LatchedFault]) -> list[Packet]:
        """hello, and each fault on record."""
        return [{"type": "hello", "version": self._introduced}, *(latched_of(fault) for fault in latched)]

    @property
    def speaks_older(self) -> bool:
        """The board has refused our version: connect again at once, the next hello is in the one before."""
        return self._speaks_next != VERSION

    @property
    def tells_why(self) -> bool:
        """This board knows the packet `refused`."""
        return self._hello is not None and self._speaks >= TELLS_WHY

    def heard(self, message: Mapping[str, Any]) -> list[Event]:
        """A checked message of the board.  ProtocolError: this conversation cannot go on."""
        kind = message["type"]
        if kind == "refused":
            if message["reason"].startswith("version ") and self._introduced > UNDERSTOOD[0]:
                self._speaks_next = self._introduced - 1
            raise ProtocolError(f"refused by the board: {message['reason']}")
        if kind == "hello":
            return self._greeted(message)
        if self._hello is None:
            raise ProtocolError(f"{kind} before hello")
        if kind == "connector":
            return self._shaped(message)
        if self.attached is None:
            raise ProtocolError(f"{kind} before all connectors were reported")
        if (message.get("connector") or 0) > len(self._shapes):
            raise ProtocolError(f"{kind} of connector {message['connector']}, which was never reported")
        if kind == "ack":
            return self._acknowledged(message)
        if kind == "done":
            return self._done(message)
        self._missing.discard((kind, message.get("connector") or 0))
        return events_of(message)

    def _greeted(self, hello: Mapping[str, Any]) -> list[Event]:
        if hello["version"] not in UNDERSTOOD:
            raise ProtocolError(
                f"the board uses protocol version {hello['version']}, the highest known is {max(UNDERSTOOD)}"
            )
        if self._hello is not None:
            raise ProtocolError("a second hello")
        self._speaks = min(self._speaks, hello["version"])
        self._hello = hello
        return []

    def _shaped(self, shape: Mapping[str, Any]) -> list[Event]:
        assert self._hello is not None
        if self.attached is not None or shape["connector"] != len(self._shapes) + 1:
            raise ProtocolError(f"connector {shape['connector']} out of turn")
        self._shapes.append(shape)
        if len(self._shapes) < self._hello["connectors"]:
            return []
        self.attached = attached_of(self._hello, self._shapes)
        for told in self._shapes:
            states = ("pilot", "cable", "contactor", "meter") if told["meter"] else ("pilot", "cable", "contactor")
            self._missing |= {(state, told["connector"]) for state in states}
        return [self.attached]

    def _acknowledged(self, message: Mapping[str, Any]) -> list[Event]:
        """The same offer may be acknowledged again: the pilot follows it later, or heat lowers it."""
        offered = self._offered.get(message["seq"])
        if offered is None:
            return []
        connector, most = offered.connector, offered.offered_amps
        if message["amps"] > most + ROUNDING_AMPS:
            raise ProtocolError(f"ack.amps of {message['amps']:g} A is above the {most:g} A of offer {message['seq']}")
        for seq in [seq for seq, its in self._offered.items() if its.connector == connector and seq < message["seq"]]:
            del self._offered[seq]  # a newer one is in force
        (ack,) = events_of({**message, "connector": connector})
        assert isinstance(ack, OfferAcked)
        if self._acked.get(connector) == ack:  # a renewed lease is no news
            return []
        self._acked[connector] = ack
        return [ack]

    def _done(self, message: Mapping[str, Any]) -> list[Event]:
        answer = self._answers.pop(message["seq"], None)
        if answer is not None:
            answer(message["ok"], message.get("detail") or "")
        if message["seq"] not in self._orders:
            return []
        self._orders.discard(message["seq"])
        return events_of(message)

    def unanswered(self, seqs: Iterable[int]) -> list[Event]:
        """No `done` came for these: who asked is told."""
        return [
            event
            for seq in seqs
            for event in self._done({"type": "done", "seq": seq, "ok": False, "detail": "the board does not answer"})
        ]

    @property
    def renew_every_s(self) -> float:
        """An eighth of the lease: ours, or the board's own where that is shorter."""
        told = self._hello.get("lease_s") if self._hello is not None else None
        return min(self.lease_s, told or self.lease_s) / RENEWALS

    @property
    def complete(self) -> bool:
        """All present states have come."""
        return self.attached is not None and not self._missing

    def closed(self) -> list[Event]:
        """The connection is gone: who waits for an answer gets one."""
        answers, orders = list(self._answers.values()), sorted(self._orders)
        self._reset()
        for answer in answers:
            answer(False, "the board went away")
        return [BoardDone(ref, False, "the board went away") for ref in orders]

    # --- to the board ---------------------------------------------------------------------------------------------

    def want(self, outlet: Outlet) -> list[Packet]:
        """A level, from now on."""
        self.wanted[outlet.connector] = outlet
        return [self._offer(outlet)] if self._ready and self._has(outlet.connector) else []

    def _has(self, connector: int | None) -> bool:
        """Where the board has fewer connectors than the product says, the others are nobody's (a fault says so)."""
        return connector is None or 1 <= connector <= len(self._shapes)

    def ready(self) -> list[Packet]:
        """The core has decided upon the present states: from here on levels leave, the present ones now."""
        self._ready = self.attached is not None
        return self.renew()

    def renew(self) -> list[Packet]:
        """Every level again, with a fresh lease."""
        return [self._offer(self.wanted[n]) for n in sorted(self.wanted) if self._has(n)] if self._ready else []

    def withdraw(self) -> list[Packet]:
        """A fatal error: no energy anywhere, whatever was wanted, and the board remembers that it was withdrawn."""
        from msgspec.structs import replace

        self.wanted = {
            connector: replace(outlet, offered_amps=0.0, transaction=False) for connector, outlet in self.wanted.items()
        }
        return self.renew()

    def _offer(self, outlet: Outlet) -> Packet:
        self._seq += 1
        self._offered[self._seq] = outlet
        if len(self._offered) > OFFERS_REMEMBERED:
            del self._offered[next(iter(self._offered))]
        return spoken(offer_of(outlet, self.lease_s, self._seq), self._speaks)

    def order(self, order: Order) -> tuple[list[Packet], list[Event]]:
        """An order of the core: what to send, or at once the answer that there is nobody to carry it out."""
        if self.attached is None:
            return [], [BoardDone(order.ref, False, "no board is attached")]
        if not self._has(order.connector):
            return [], [BoardDone(order.ref, False, f"the board has no connector {order.connector}")]
        self._orders.add(order.ref)
        return [order_of(order)], []

    def ask(self, what: str, words: list[str], connector: int | None, answer: DoneCallback) -> list[Packet]:
        """A question from the control socket; `answer` is called once, in time by the board or at its loss."""
        if self.attached is None:
            answer(False, "no board is attached")
            return []
        if not self._has(connector):
            answer(False, f"there is no connector {connector}; the board has {len(self._shapes)}")
            return []
        try:
            asked = check(do_of(what, words, connector, self._asks + 1), "to_board")
        except ProtocolError as error:  # a slip at the keyboard must not cost the conversation
            answer(False, str(error).removeprefix("do."))
            return []
        self._asks += 1
        self._answers[self._asks] = answer
        return [asked]
