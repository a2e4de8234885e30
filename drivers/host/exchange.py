"""What goes between one connector's devices and its reflex: levels out, samples in, failures to the safe side."""

from __future__ import annotations

from math import inf, nan
from typing import Final

from drivers.devices import ConnectorDevices, DeviceFailure, MeterSample, PilotSample
from drivers.host.messages import BoardMessages
from drivers.host.residual_current_test import ResidualCurrentTest
from drivers.host.switchings import SwitchingCount
from drivers.reflex.faults import FaultReport
from drivers.reflex.state_machine import Evse

STARTS_S: Final = 1.0
"""A pilot that cannot be read so shortly after the start is no fault yet."""


class DeviceExchange:
    """Each method answers whether the reflex was given anything new."""

    __slots__ = (
        *("_commanded", "_contactor", "_contactor_failure", "_duty", "_evse", "_messages", "_pilot", "_pilot_failure"),
        *(
            "_reader",
            "_reader_lost",
            "_reading",
            "_refused",
            "_residual_current",
            "_sample",
            "_seen_amps",
            "_started_at",
            "_ground",
            "_rcd_test",
            "_earth_lost",
            "_tripped",
            "switchings",
        ),
    )

    def __init__(self, devices: ConnectorDevices, evse: Evse, messages: BoardMessages) -> None:
        self._pilot = devices.pilot
        self._contactor = devices.contactor
        self._residual_current = devices.residual_current
        self._rcd_test = ResidualCurrentTest(devices.residual_current)
        self._reader = devices.reader
        self._ground = devices.ground
        self._earth_lost: bool | DeviceFailure = False
        self._evse = evse
        self._messages = messages
        self._duty: int | None = None  # nothing was signalled yet
        self._sample: PilotSample | None = None
        self._pilot_failure: DeviceFailure | None = None
        self._commanded = False
        self._refused: DeviceFailure | None = None
        self._contactor_failure: DeviceFailure | None = None
        self._tripped: bool | DeviceFailure = False
        self._reader_lost = False
        self._seen_amps: float | None = None
        self._reading: object = None
        self._started_at = inf
        self.switchings = SwitchingCount()

    def inputs(self, now: float) -> bool:
        """Residual current, protective earth and cards."""
        changed = False
        open_now = not (self._evse.closed or self._evse.feedback_closed)
        if not open_now:
            self._rcd_test.closed()
        testing = self._rcd_test.run(now, open_now and self._evse.state == "A", open_now, self._evse.amps > 0.0)
        if testing != self._evse.testing:
            self._evse.testing, changed = testing, True
            self._evse.tick(now)
        if self._residual_current is not None:
            tripped = self._residual_current.tripped(now)
            if tripped != self._tripped:
                self._tripped, changed = tripped, True
                detail = str(tripped) if isinstance(tripped, DeviceFailure) else "residual current"
                self._evse.fault(now, "rcd", bool(tripped), detail)
        if self._ground is not None:
            lost_earth = self._ground.active(now)
            if lost_earth != self._earth_lost:
                self._earth_lost, changed = lost_earth, True
                detail = str(lost_earth) if isinstance(lost_earth, DeviceFailure) else "no protective earth"
                self._evse.fault(now, "ground", bool(lost_earth), detail)
        if self._reader is not None:
            card = self._reader.read(now)
            lost = isinstance(card, DeviceFailure)
            if isinstance(card, str):
                self._messages.card(now, card)
            if lost != self._reader_lost:
                self._reader_lost, changed = lost, True
                self._evse.fault(now, "reader-lost", lost, str(card))
        return changed

    def pilot(self, now: float) -> bool:
        """Signal the duty, sample the answer.  A pilot that fails in either counts as lost."""
        failure = None
        if self._evse.duty != self._duty:
            failure = self._pilot.signal(now, self._evse.duty)
            self._duty = None if failure else self._evse.duty
        sample = self._pilot.sample(now)
        if isinstance(sample, DeviceFailure):
            failure = sample
        self._pilot_failure = failure
        last = self._sample
        if failure is not None and last is None:
            self._started_at = min(self._started_at, now)
            if now < self._started_at + STARTS_S:
                return False  # nothing is known yet, and nothing can be closed before it is
        if failure is not None or isinstance(sample, DeviceFailure):
            if last is not None and last.valid_until == -inf:
                return False
            sample = PilotSample(now, nan, nan, -inf)
        elif last is not None and sample[1:] == last[1:]:
            return False
        self._sample = sample
        self._evse.sample(now, sample)
        return True

    def contactor(self, now: float) -> bool:
        """Command the contactor, look at its auxiliary contact.  An unknown position counts as the wrong one."""
        wanted = self._evse.closed
        self.switchings.update(wanted, self._seen_amps)
        if wanted != self._commanded:
            self._refused = self._contactor.switch(now, wanted)
            self._commanded = wanted if self._refused is None else not wanted
        closed = self._contactor.feedback(now)
        self._contactor_failure = self._refused
        if isinstance(closed, DeviceFailure):
            self._contactor_failure = closed
            closed = not wanted
        elif closed is None:
            closed = self._commanded
        if closed == self._evse.feedback_closed:
            return False
        self._evse.feedback(now, closed)
        return True

    def current(self, now: float, sample: MeterSample) -> bool:
        """The reflex is given the largest phase current that the meter shows.

        While the contactor is open each changed reading counts anew, since only a lasting current proves a weld.
        """
        reading = sample.reading
        amps = None if isinstance(reading, DeviceFailure) else max(reading.amps, default=None)
        if amps == self._seen_amps and (self._evse.closed or reading == self._reading):
            return False
        self._seen_amps, self._reading = amps, reading
        self._evse.draw(now, amps)
        return True

    def explained(self, report: FaultReport) -> FaultReport:
        """A fault that the reflex has found, with the failure of the device behind it where there is one."""
        failure = self._pilot_failure if report.code == "pilot-short" else None
        if report.code in CONTACTOR_FAULTS:
            failure = self._contactor_failure
        return report._replace(detail=str(failure)) if failure is not None and report.on else report


CONTACTOR_FAULTS: Final = ("contactor", "weld")
