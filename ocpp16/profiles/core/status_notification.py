"""StatusNotification (§4.9): when a status is sent, in which order, and which are skipped (MinimumStatusDuration)."""

from __future__ import annotations

from functools import partial

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.messages.core import StatusNotificationReq
from ocpp16.messages.datetimes import to_text
from ocpp16.messages.types import ChargePointErrorCode
from ocpp16.messages.types import ChargePointStatus as Status
from ocpp16.rpc.call_outcome import Failure
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer
from ocpp16.status.connector_status import StatusReport, with_fault
from ocpp16.status.status_matrix import bridge

REPEAT_S = 10.0
"""Seconds from a refusal, or a missing answer, to the one repetition."""
NOT_WANTED = frozenset({"NotImplemented", "NotSupported"})
"""A CALLERROR with these says that statuses are not wanted at all."""


class Notifications:
    """Compares each status with the one sent last; connector 0 is the station."""

    def __init__(self, context: Context, session: Session, configuration: Configuration, vendor: str) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.vendor = vendor
        self._now: dict[int, StatusReport] = {}
        self._since: dict[int, float] = {}
        self._reported: dict[int, StatusReport] = {}
        """What was sent last on this connection, or confirmed on an earlier one."""
        self._sent: dict[int, Status] = {}
        """The status sent last, arrived or not: the next one must follow it in the transition matrix (§4.9)."""
        self._repeated: dict[int, StatusReport] = {}
        """What was refused, and will be or was told once more."""
        self._faults: dict[int, dict[str, float]] = {}
        """The faults in force, each with the monotonic second at which it came."""
        self._told_faults: dict[int, set[str]] = {}
        self._repeated_faults: set[tuple[int, str]] = set()
        self._further: dict[int, str] = {}
        """The fault that was told last, where the status shows another one."""

    @property
    def _can_send(self) -> bool:
        return self.session.is_open

    def shown(self, connector: int) -> StatusReport | None:
        """The status now, reported or not; None: not known yet."""
        return self._now.get(connector)

    def update(self, connector: int, shown: StatusReport, start_seq: int | None, faults: tuple[str, ...] = ()) -> None:
        """Called after every step.

        `start_seq`: sequence number of a waiting StartTransaction, which is sent first.  `faults`: those of the
        connector itself, oldest first; one of them may be in `shown`.
        """
        if self._now.get(connector) != shown:
            self._changed(connector, shown, start_seq)
        known = self._faults.get(connector, {})
        if tuple(known) != faults:
            now = self.context.now.mono
            self._faults[connector] = {code: known.get(code, now) for code in faults}
            self._repeated_faults -= {(connector, code) for code in known if code not in faults}
            self._tell_further(connector)

    def _changed(self, connector: int, shown: StatusReport, start_seq: int | None) -> None:
        self._now[connector] = shown
        self._since[connector] = self.context.now.mono
        self._repeated.pop(connector, None)
        if not self._can_send:
            return
        duration = self.configuration.number(Key.MinimumStatusDuration)
        if duration > 0 and shown.status is not Status.FAULTED and connector in self._sent:  # never the first
            self.context.timers.set(Timer.STATUS, self.context.now.mono + duration, connector)
            return
        self.context.timers.clear(Timer.STATUS, connector)
        self._report(connector, start_seq)

    def lasted(self, connector: int) -> None:
        """The status has lasted MinimumStatusDuration."""
        if self._can_send:
            self._report(connector, None)

    def _report(self, connector: int, start_seq: int | None) -> None:
        shown = self._now[connector]
        if self._reported.get(connector) == shown:
            return
        sent = self._sent.get(connector)
        if sent is not None and connector > 0 and (between := bridge(sent, shown.status)) is not None:
            self._send(connector, StatusReport(between), start_seq)  # a state between them, passed at once
        self._send(connector, shown, start_seq)

    def _send(self, connector: int, shown: StatusReport, start_seq: int | None, triggered: bool = False) -> None:
        self._reported[connector] = shown
        self._sent[connector] = shown.status
        self._further.pop(connector, None)
        self.session.call(
            self.request(connector, shown),
            partial(self._answered, connector, shown),
            triggered=triggered,
            after_seq=start_seq,
            lane=connector,
        )

    def request(self, connector: int, shown: StatusReport, at: float | None = None) -> StatusNotificationReq:
        """The message, dated when the status began (§6.47), or with the monotonic second `at`."""
        began = self._since.get(connector, self.context.now.mono) if at is None else at
        utc = self.context.clock.told(began)
        return StatusNotificationReq(
            connector_id=connector,
            error_code=shown.error,
            status=shown.status,
            info=shown.info,
            timestamp=None if utc is None else to_text(utc),
            vendor_id=self.vendor if shown.vendor_code else None,
            vendor_error_code=shown.vendor_code,
        )

    # --- what did not arrive ------------------------------------------------------------------------------------------

    def _answered(self, connector: int, shown: StatusReport, answer: object) -> None:
        if _is_told(answer) or self._reported.get(connector) != shown:
            return
        del self._reported[connector]  # not known to have been taken: told again, at the latest after a reconnect
        if self._can_send and self._repeated.get(connector) != shown:
            self._repeated[connector] = shown
            self.context.timers.set(Timer.STATUS_AGAIN, self.context.now.mono + REPEAT_S, connector)

    def repeat(self, connector: int) -> None:
        """Once: a status that was refused and is still the present one; and the faults that were."""
        if self._can_send and self._now.get(connector) == self._repeated.get(connector):
            self._report(connector, None)
        self._tell_further(connector)

    # --- further faults -----------------------------------------------------------------------------------------------

    def _tell_further(self, connector: int) -> None:
        """§4.9: each error is told when it comes, also where the status shows a graver one, and stays as it is."""
        if not self._can_send or connector not in self._now:
            return
        active, shown = self._faults.get(connector, {}), self._now[connector]
        told = self._told_faults.setdefault(connector, set())
        told.intersection_update(active)
        if self._further.get(connector, shown.vendor_code) not in (*active, shown.vendor_code):
            self._send(connector, shown, None)  # what was told last is over: what is left is told again
        for code, at in active.items():
            if code not in told and code != shown.vendor_code:
                self._further[connector] = code
                report = with_fault(self._sent.get(connector, shown.status), code)
                then = partial(self._further_answered, connector, code)
                self.session.call(self.request(connector, report, at), then, lane=connector)
            told.add(code)

    def _further_answered(self, connector: int, code: str, answer: object) -> None:
        told = self._told_faults.get(connector, set())
        if not _is_told(answer) and code in told:
            told.remove(code)
            if self._can_send and (connector, code) not in self._repeated_faults:
                self._repeated_faults.add((connector, code))
                self.context.timers.set(Timer.STATUS_AGAIN, self.context.now.mono + REPEAT_S, connector)

    # --- on request ---------------------------------------------------------------------------------------------------

    def warn(self, error: ChargePointErrorCode, info: str) -> None:
        """§4.9: report an error of connector 0 that does not change its status; `info` is cut at 50 characters."""
        shown = self._now.get(0)
        if shown is not None and self._can_send:
            report = shown._replace(error=error, info=info[:50])
            self.session.call(self.request(0, report, self.context.now.mono))

    def no_warning(self) -> None:
        """Report the present status of connector 0, after an error that is over."""
        if 0 in self._now and self._can_send:
            self._send(0, self._now[0], None)

    def trigger(self, connector: int) -> None:
        """§5.17: send the present status, whatever MinimumStatusDuration says."""
        self._send(connector, self._now[connector], None, triggered=True)

    def report_all(self) -> None:
        """After a boot was accepted: connector 0, then each connector (E 3.22)."""
        self._reported.clear()
        self._sent.clear()
        self._told_faults.clear()
        self.report_changed()

    def report_changed(self) -> None:
        """After a reconnect: each present status that differs from the one reported; no history."""
        for connector in sorted(self._now):
            self.context.timers.clear(Timer.STATUS, connector)
            if self._reported.get(connector) != self._now[connector]:
                self._send(connector, self._now[connector], None)
            self._tell_further(connector)


def _is_told(answer: object) -> bool:
    """Whether the status needs no repetition: it was taken, or no status ever will be."""
    return not isinstance(answer, Failure) or (answer.is_refusal and answer.code in NOT_WANTED)
