"""The packets in which one connector reports: facts of the reflex and of the devices become board-socket messages."""

from __future__ import annotations

from typing import Final, NamedTuple

from drivers.board_protocol import Packet
from drivers.devices import MeterIdentity, MeterSample, Reading
from drivers.host.switchings import Switchings
from drivers.reflex.faults import FaultReport
from drivers.reflex.state_machine import ContactorReport, Evse, PilotReport

DETAIL_LENGTH: Final = 200
NO_IDENTITY: Final = MeterIdentity()
NO_SWITCHINGS: Final = Switchings()


def fault_message(connector: int | None, report: FaultReport) -> Packet:
    """A `fault` packet; `connector` is None for a fault of the whole station."""
    fields = report._replace(detail=report.detail[:DETAIL_LENGTH])._asdict()
    return {"type": "fault", "connector": connector, **fields}


def _printable(text: str) -> str:
    """What the board socket takes of a text of a device: a driver of others may read anything."""
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable()).strip()[:25]


class CableState(NamedTuple):
    """The cable of an outlet."""

    present: bool
    locked: bool
    max_amps: float
    """Amperes per phase; 0 without a cable."""


class BoardMessages:
    """Appends to the board's list of packets.  Decides nothing but whether a cable's state has changed."""

    __slots__ = ("_cable", "_identity", "_number", "_out", "_switchings")

    def __init__(self, number: int, out: list[Packet]) -> None:
        self._number = number
        self._out = out
        self._cable: CableState | None = None
        self._identity = NO_IDENTITY
        self._switchings = NO_SWITCHINGS

    def pilot(self, report: PilotReport) -> None:
        self._append("pilot", state=report.state, at=report.at)

    def contactor(self, report: ContactorReport) -> None:
        self._append("contactor", closed=report.closed, confirmed=report.confirmed, at=report.at)

    def fault(self, report: FaultReport) -> None:
        self._out.append(fault_message(self._number, report))

    def ack(self, seq: int, evse: Evse) -> None:
        self._append("ack", seq=seq, amps=evse.amps, why=evse.why[:DETAIL_LENGTH])

    def done(self, seq: int, ok: bool, detail: str) -> None:
        self._out.append({"type": "done", "seq": seq, "ok": ok, "detail": detail})

    def card(self, now: float, id_tag: str) -> None:
        self._append("card", id_tag=id_tag, at=now)

    def cable(self, now: float, cable: CableState, always: bool = False) -> None:
        """Where it has changed since the last message, or `always`."""
        if cable != self._cable or always:
            self._cable = cable
            self._append("cable", present=cable.present, max_amps=cable.max_amps, locked=cable.locked, at=now)

    def meter(self, sample: MeterSample, soc: float | None, celsius: float | None) -> None:
        reading = sample.reading
        assert isinstance(reading, Reading), "a failure is no reading"
        wh, volts, amps, watts = reading
        values = {"wh": wh, "volts": list(volts), "amps": list(amps), "watts": list(watts)}
        self._append("meter", at=sample.at, **values, soc=soc, temperature=celsius)

    def meter_identity(self, identity: MeterIdentity, always: bool = False) -> None:
        """Where it is known and has changed since the last message, or `always`."""
        if identity != NO_IDENTITY and (identity != self._identity or always):
            self._identity = identity
            serial, model = (_printable(text) for text in identity)
            self._append("meter-identity", serial=serial, model=model)

    def switchings(self, count: Switchings, always: bool = False) -> None:
        """How often the contactor has switched, where that has changed, or `always`; nothing where it never has."""
        if count != NO_SWITCHINGS and (count != self._switchings or always):
            self._switchings = count
            self._append("switchings", loaded=count.loaded, unloaded=count.unloaded)

    def _append(self, kind: str, **fields: object) -> None:
        self._out.append({"type": kind, "connector": self._number, **fields})
