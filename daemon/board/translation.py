"""The only translator between the board's words and the core's: pure functions.

No socket, clock or state here: `session.py` keeps a conversation, `transport.py` carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from drivers.board_protocol import MAX_LEASE_S
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
    MeterIdentified,
    MeterSampled,
    OfferAcked,
    PilotChanged,
    SwitchingsCounted,
)
from ocpp16.records import LatchedFault
from ocpp16.step import Order, Outlet

__all__ = [
    "ASK_SEQ",
    "LEASE_S",
    "MAX_LEASE_S",
    "attached_of",
    "do_of",
    "events_of",
    "greeting_of",
    "latched_of",
    "offer_of",
    "order_of",
    "shape_of",
]

Packet = dict[str, Any]

LEASE_S = 20.0
"""How long an offer holds without a word of ours: a crash and a restart fit in."""
MAINS = "mains"
"""The board's fault code for failing mains with some seconds of backup supply."""
ASK_SEQ = 1 << 40
"""Sequence numbers of `do` from here on are questions of the control socket, below it the core's orders."""


# --- the board's words -> the core's ------------------------------------------------------------------------------


def events_of(message: Mapping[str, Any]) -> list[Event]:
    """What one checked message of the board tells.  `hello` and `connector` tell nothing alone: see `attached_of`."""
    translate = _EVENTS.get(message["type"])
    return [] if translate is None else translate(message)


def _pilot(m: Mapping[str, Any]) -> list[Event]:
    return [PilotChanged(m["connector"], m["state"], m["at"])]


def _cable(m: Mapping[str, Any]) -> list[Event]:
    return [CableChanged(m["connector"], m["present"], m["max_amps"], m["locked"], m["at"])]


def _contactor(m: Mapping[str, Any]) -> list[Event]:
    return [ContactorChanged(m["connector"], m["closed"], m["confirmed"], m["at"])]


def _meter(m: Mapping[str, Any]) -> list[Event]:
    volts, amps, watts = (tuple(m.get(name) or ()) for name in ("volts", "amps", "watts"))
    return [
        MeterSampled(m["connector"], m["at"], m["wh"], volts, amps, watts, m.get("soc"), m.get("temperature")),
    ]


def _meter_identity(m: Mapping[str, Any]) -> list[Event]:
    return [MeterIdentified(m["connector"], m.get("serial") or "", m.get("model") or "")]


def _switchings(m: Mapping[str, Any]) -> list[Event]:
    return [SwitchingsCounted(m["connector"], m["loaded"], m["unloaded"])]


def _card(m: Mapping[str, Any]) -> list[Event]:
    return [CardPresented(m.get("connector"), m["id_tag"], m["at"])]


def _fault(m: Mapping[str, Any]) -> list[Event]:
    if m["code"] == MAINS:  # no fault but a warning: the unit lives some seconds more
        return [MainsLost()] if m["on"] else []
    latched, detail = bool(m.get("latched")), m.get("detail") or ""
    return [FaultChanged(m.get("connector"), m["code"], m["on"], latched, detail, m["at"])]


def _ack(m: Mapping[str, Any]) -> list[Event]:
    connector = m.get("connector")
    return [] if connector is None else [OfferAcked(connector, m["amps"], m.get("why") or "")]


def _done(m: Mapping[str, Any]) -> list[Event]:
    return [BoardDone(m["seq"], m["ok"], m.get("detail") or "")] if m["seq"] < ASK_SEQ else []


_EVENTS: Mapping[str, Callable[[Mapping[str, Any]], list[Event]]] = {
    "pilot": _pilot,
    "cable": _cable,
    "contactor": _contactor,
    "meter": _meter,
    "meter-identity": _meter_identity,
    "switchings": _switchings,
    "card": _card,
    "fault": _fault,
    "ack": _ack,
    "done": _done,
}


def shape_of(m: Mapping[str, Any]) -> ConnectorShape:
    """What the board says a connector is."""
    return ConnectorShape(
        connector=m["connector"],
        min_amps=m["min_amps"],
        max_amps=m["max_amps"],
        phases=m["phases"],
        outlet=m["outlet"],
        lock=m["lock"],
        meter=m["meter"],
        measurands=tuple(m.get("measurands") or ()),
        offer=m.get("offer") or "",
        offer_at=m.get("offer_at"),
    )


def attached_of(hello: Mapping[str, Any], connectors: Sequence[Mapping[str, Any]]) -> BoardAttached:
    """`hello` and its connectors, as one event."""
    layers = tuple(hello.get("layers") or ())
    shapes = tuple(map(shape_of, connectors))
    return BoardAttached(hello["boot_id"], hello["session_id"], hello["board"], shapes, layers)


def greeting_of(messages: Iterable[Mapping[str, Any]]) -> list[Event]:
    """A whole `BoardHost.greet()`: the board is attached, its present states, and that all of them have been told."""
    told = list(messages)
    hello = next(m for m in told if m["type"] == "hello")
    attached = attached_of(hello, [m for m in told if m["type"] == "connector"])
    return [attached, *(event for m in told for event in events_of(m)), BoardReady()]


# --- the core's words -> the board's ------------------------------------------------------------------------------


def offer_of(outlet: Outlet, lease_s: float, seq: int) -> Packet:
    """The level of a connector, as a lease."""
    return {
        "type": "offer",
        "connector": outlet.connector,
        "amps": outlet.offered_amps,
        "locked": outlet.locked,
        "in_service": outlet.in_service,
        "lamp": outlet.lamp,
        "lease_s": lease_s,
        "transaction": outlet.transaction,
        "seq": seq,
    }


def order_of(order: Order) -> Packet:
    """An order of the core; its `ref` is the sequence number, so that `done` can be matched."""
    return do_of(order.what, [], order.connector, order.ref)


def do_of(what: str, words: Sequence[str], connector: int | None, seq: int) -> Packet:
    """Something only the board can do; a simulated one knows `sim` with its words."""
    return {"type": "do", "what": what, "words": list(words), "connector": connector, "seq": seq}


def latched_of(fault: LatchedFault) -> Packet:
    """A fault on record: the board looks for it again."""
    return {"type": "latched", "connector": fault.connector or None, "code": fault.code}
