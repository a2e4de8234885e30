"""When a board should have said something, and what follows if it has not.  Pure: time is an argument.

A board that hangs, listens only, or repeats old readings keeps its connection: nothing but the clock shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from daemon.board.session import RENEWALS
from ocpp16.events import Event, FaultChanged

HELLO_WITHIN_S = 1.0
SHAPES_WITHIN_S = 2.0
ACK_LEAST_S = 1.0
"""However short the lease: what comes sooner is the pace of the machine, not the board's."""
DONE_WITHIN_S = 30.0
"""A lock tries three times, a selftest looks at everything; nothing takes longer."""
LIVE_INTERVAL_S = 1.0
IDLE_INTERVAL_S = 10.0
INTERVALS = 3
"""Readings that may fail to come."""
MARGIN_S = 0.5
"""What a reading may be late."""
PATIENCE_S = 1.0
"""After we did not read for a while: what has arrived meanwhile is taken before anything counts as silent."""
REMEMBERED = 256
METER = "meter-lost"
DOUBTED = (METER, "meter-frozen", "meter-backwards")
"""Faults in which the board sends no reading, and says so itself."""


class _Offer(NamedTuple):
    connector: int
    at: float


class _Meter:
    """The readings of one connector."""

    __slots__ = ("best_at", "doubted", "live", "lost", "read_at", "why")

    def __init__(self, now: float) -> None:
        self.read_at = now
        """When the last fresh reading came."""
        self.best_at = 0.0
        """Its own time, by the board's clock."""
        self.live = False
        self.lost = False
        """Told as a fault by us."""
        self.doubted: set[str] = set()
        """Faults that the board itself has told."""
        self.why = ""
        """What is wrong with readings that came and do not count."""

    @property
    def interval_s(self) -> float:
        return LIVE_INTERVAL_S if self.live else IDLE_INTERVAL_S

    @property
    def allowed_s(self) -> float:
        return INTERVALS * self.interval_s + MARGIN_S


class Silence:
    """One connection to a board: `said` and `heard` with every packet, then ask `lost`, `faults` and `unanswered`.

    lease_s  of our offers; a quarter of it is how long an answer may take
    """

    def __init__(self, now: float, lease_s: float) -> None:
        self._connected_at = now
        self._lease_s = lease_s
        self._not_before = now
        self._heard_at = now
        self._hello = False
        self._shapes_wanted = 0
        self._offers: dict[int, _Offer] = {}
        self._asked: dict[int, float] = {}
        self._meters: dict[int, _Meter] = {}

    def paused(self, now: float) -> None:
        """We did not read until now: its silence was ours."""
        self._not_before = now + PATIENCE_S

    def said(self, now: float, packet: Mapping[str, Any]) -> None:
        """We have sent this."""
        if packet["type"] == "offer" and len(self._offers) < REMEMBERED:
            self._offers[packet["seq"]] = _Offer(packet["connector"], now)
        elif packet["type"] == "do" and len(self._asked) < REMEMBERED:
            self._asked[packet["seq"]] = now

    def heard(self, now: float, packet: Mapping[str, Any]) -> list[Event]:
        """The board has said this; what is over by it."""
        self._heard_at = now
        connector = packet.get("connector")
        match packet["type"]:
            case "hello":
                self._hello, self._shapes_wanted = True, packet["connectors"]
                self._lease_s = min(self._lease_s, packet.get("lease_s") or self._lease_s)
            case "connector":
                self._shapes_wanted -= 1
                if packet["meter"]:
                    self._meters[packet["connector"]] = _Meter(now)
            case "ack":
                self._acked(packet["seq"])
            case "done":
                self._asked.pop(packet["seq"], None)
            case "meter" if connector in self._meters:
                return self._read(now, packet, self._meters[packet["connector"]])
            case "contactor" if connector in self._meters:
                self._switched(now, packet["closed"], self._meters[packet["connector"]])
            case "fault" if connector in self._meters and packet["code"] in DOUBTED:
                return self._told(now, packet, self._meters[packet["connector"]])
        return []

    def _acked(self, seq: int) -> None:
        offer = self._offers.get(seq)
        if offer is not None:
            for older in [s for s, its in self._offers.items() if its.connector == offer.connector and s <= seq]:
                del self._offers[older]

    # --- readings ---------------------------------------------------------------------------------------------------

    def _read(self, now: float, packet: Mapping[str, Any], meter: _Meter) -> list[Event]:
        """Only a reading with a newer time than the last one, and not an old one, proves that the meter is read."""
        if packet["at"] <= meter.best_at:
            meter.why = "its readings carry the same time again and again: the board's clock stands"
            return []
        meter.best_at = packet["at"]
        if now - packet["at"] > meter.allowed_s:
            meter.why = f"its readings are {now - packet['at']:.0f} s old when they come"
            return []
        meter.read_at, meter.why = now, ""
        if not meter.lost:
            return []
        meter.lost = False
        return [FaultChanged(packet["connector"], METER, False, at=now)]

    def _switched(self, now: float, closed: bool, meter: _Meter) -> None:
        if closed and not meter.live:
            meter.read_at = now  # from here on readings come every second
        meter.live = closed

    def _told(self, now: float, packet: Mapping[str, Any], meter: _Meter) -> list[Event]:
        """The board knows it itself: its word goes before ours."""
        (meter.doubted.add if packet["on"] else meter.doubted.discard)(packet["code"])
        meter.read_at = now
        if not meter.lost or packet["code"] == METER:
            meter.lost = False
            return []
        meter.lost = False
        return [FaultChanged(packet["connector"], METER, False, at=now)]

    # --- verdicts ---------------------------------------------------------------------------------------------------

    def lost(self, now: float) -> str:
        """Why this board counts as lost; empty: it does not."""
        if now < self._not_before:
            return ""
        if not self._hello:
            late = now - self._connected_at >= HELLO_WITHIN_S
            return f"the board does not answer: no hello within {HELLO_WITHIN_S:g} s" if late else ""
        if self._shapes_wanted > 0:
            late = now - self._connected_at >= SHAPES_WITHIN_S
            return "the board does not say what its connectors are" if late else ""
        allowed_s = max(ACK_LEAST_S, self._lease_s / 4)
        waited_s = now - min((offer.at for offer in self._offers.values()), default=now)
        return f"the board does not answer: no ack for {waited_s:.0f} s" if waited_s >= allowed_s else ""

    def faults(self, now: float) -> list[Event]:
        """Meters that have become silent while their board speaks; one that says nothing at all is soon lost itself.

        Our renewals are acknowledged, so a board that lives has said something since the readings stopped.
        """
        found: list[Event] = []
        for connector, meter in self._meters.items():
            silent_s = now - meter.read_at
            if now < self._not_before or meter.lost or meter.doubted or silent_s < meter.allowed_s:
                continue
            if self._heard_at - meter.read_at < max(meter.interval_s, meter.allowed_s - self._lease_s / RENEWALS):
                continue
            meter.lost = True
            detail = meter.why or f"the board has sent no reading for {silent_s:.0f} s"
            found.append(FaultChanged(connector, METER, True, detail=detail, at=now))
        return found

    def unanswered(self, now: float) -> list[int]:
        """Orders that nobody will answer any more."""
        if now < self._not_before:
            return []
        late = [seq for seq, at in self._asked.items() if now - at >= DONE_WITHIN_S]
        for seq in late:
            del self._asked[seq]
        return late
