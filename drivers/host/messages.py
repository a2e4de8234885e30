"""The packets in which one connector reports: facts of the reflex and of the devices become board-socket messages."""

from __future__ import annotations

from typing import Final, NamedTuple

from drivers.board_protocol import Packet
from drivers.devices import MeterSample, Reading
from drivers.reflex.faults import FaultReport
from drivers.reflex.state_machine import ContactorReport, Evse, PilotReport

DETAIL_LENGTH: Final = 200


def fault_message(connector: int | None, report: FaultReport) -> Packet:
    """A `fault` packet; `connector` is None for a fault of the whole station."""
    fields = report._replace(detail=report.detail[:DETAIL_LENGTH])._asdict()
    return {"type": "fault", "connector": connector, **fields}


class CableState(NamedTuple):
    """The cable of an outlet."""

    present: bool
    locked: bool
    max_amps: float
    """Amperes per phase; 0 without a cable."""


class BoardMessages:
    """Appends to the board's list of packets.  Decides nothing but whether a cable's state has changed."""

    __slots__ = ("_cable", "_number", "_out")

    def __init__(self, number: int, out: list[Packet]) -> None:
        self._number = number
        self._out = out
        self._cable: CableState | None = None

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

    def _append(self, kind: str, **fields: object) -> None:
        self._out.append({"type": kind, "connector": self._number, **fields})
