"""What one connector of the simulated board says: its facts as messages of the seam, appended to the board's list."""

from __future__ import annotations

from drivers.devices import Packet
from drivers.reflex.evse import ContactorReport, Evse, PilotReport
from drivers.reflex.faults import FaultReport
from drivers.simulated.cable import CABLE_AMPS, SimulatedCable


class BoardMessages:
    """Nothing is decided here but whether a cable's state is news."""

    __slots__ = ("_cable_told", "_number", "_out")

    def __init__(self, number: int, out: list[Packet]) -> None:
        self._number = number
        self._out = out
        self._cable_told: tuple[bool, bool] | None = None

    def say(self, message: Packet) -> None:
        self._out.append(message)

    def pilot(self, report: PilotReport) -> None:
        self._say("pilot", state=report.state, at=report.at)

    def contactor(self, report: ContactorReport) -> None:
        self._say("contactor", closed=report.closed, confirmed=report.confirmed, at=report.at)

    def fault(self, report: FaultReport) -> None:
        self._say("fault", **report._asdict())

    def ack(self, seq: int, evse: Evse) -> None:
        self._say("ack", seq=seq, amps=evse.amps, why=evse.why)

    def done(self, seq: int, ok: bool, detail: str) -> None:
        self._out.append({"type": "done", "seq": seq, "ok": ok, "detail": detail})

    def cable(self, now: float, cable: SimulatedCable, fixed_amps: float, present: bool = False) -> None:
        """Where it is news, or asked for as a present state."""
        state = (cable.present, cable.locked)
        if state != self._cable_told or present:
            self._cable_told = state
            amps = 0.0 if not cable.present else CABLE_AMPS if cable.socket else fixed_amps
            self._say("cable", present=cable.present, max_amps=amps, locked=cable.locked, at=now)

    def _say(self, kind: str, **fields: object) -> None:
        self._out.append({"type": kind, "connector": self._number, **fields})
