"""The reflex of one connector: samples, offer, feedback and time in; pilot and contactor levels, reports, wake_at out.

It may refuse what was offered; it can never allow what was not.  Pure: no device, no clock, no OCPP.  Every input takes
the monotonic second at which it is true; times never fall.  Times are those of IEC 61851-1 Table A.6.
"""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

from drivers.devices import CpState, PilotSample
from drivers.reflex.checks import HARD, CurrentCheck, DiodeCheck
from drivers.reflex.closing import Closing
from drivers.reflex.faults import ActiveFaults, FaultReport
from drivers.reflex.pilot_signal import MIN_AMPS, STEADY_NS, Debounce, duty_ns, state_of
from drivers.reflex.self_test import SelfTest
from drivers.reflex.wake_up import AFTER_S, DRAWS_NOTHING, IDLE_S, WakeUp

LEASE_OVER: Final = "the lease ran out"
"""Why a pilot is steady whose offer was not renewed."""


WELD_AMPS: Final = 0.5
"""More does not flow through an open contactor."""
AT_CLOSING: Final = ("rcd", "ground")
"""Faults that point at the installation or the vehicle where they come with a closing."""


class Limits(NamedTuple):
    """What the hardware can do, and how long things may take.  Seconds, amperes per phase."""

    min_amps: float = MIN_AMPS
    """The smallest current that this hardware signals; below it the pilot is steady."""
    max_amps: float = 32.0
    ventilated: bool = False
    """State D may be served."""
    lease_s: float = 20.0
    """No offer counts for longer, whatever its sender asks for."""
    leave_s: float = 0.05
    """C or D left for so long is left; with the contactor's own time this stays below the 100 ms of Table A.6."""
    settle_s: float = 0.1
    stop_wait_s: float = 6.0
    raise_every_s: float = 5.0
    close_every_s: float = 5.0
    feedback_s: float = 0.2
    """The auxiliary contact has followed by then, or something is broken."""
    close_tries: int = 1
    """So often a closing is tried that the auxiliary contact does not confirm."""
    rest_s: float = 0.0
    """After a fault that opens at once."""
    closings_an_hour: float = inf
    self_test: bool = False
    """The pilot can be put to -12 V and is tested so before the first closing."""
    at_closing_s: float = 0.0
    """A residual current or lost earth so shortly after a closing is ended by service alone."""
    lowers_once: bool = False
    """A vehicle that draws somewhat more than it may is told 6 A once, before it is cut off."""
    wake: bool = False
    """A vehicle that sleeps in B2, or draws nothing in C, is woken once (A.5.3)."""


class PilotReport(NamedTuple):
    state: CpState
    at: float


class ContactorReport(NamedTuple):
    """`closed` as commanded; `confirmed`: the auxiliary contact says the same."""

    closed: bool
    confirmed: bool
    at: float


class SignalReport(NamedTuple):
    """Amperes signalled now, and why they are less than what was offered."""

    amps: float
    why: str


Report = PilotReport | ContactorReport | SignalReport | FaultReport


class Evse:
    """One connector.  Read `duty`, `closed`, `amps`, `why`, `state` after any input; empty `reports`."""

    __slots__ = (
        *(
            "limits",
            "faults",
            "reports",
            "state",
            "unplugged_at",
            "amps",
            "why",
            "duty",
            "closed",
            "feedback_closed",
            "testing",
        ),
        *("_debounce", "_diode", "_current", "_sample", "_raw", "_offered", "_lease_until", "_in_service"),
        *("_cap", "_cap_why", "_hold", "_hold_now", "_draw", "_raised_at", "_switched_at", "_closing", "_stop_since"),
        *("_confirmed", "_lowered_to", "_reported", "_reported_signal", "_self_test", "_wake_up", "wake_at"),
    )

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits = limits or Limits()
        self.faults = ActiveFaults()
        self.reports: list[Report] = []
        self.state: CpState | None = None  # not known before the first sample
        self.unplugged_at: float | None = None
        self.amps, self.why = 0.0, "no offer"
        self.duty = STEADY_NS
        self.closed = self.feedback_closed = False
        self.wake_at = inf
        self._debounce = Debounce(limits.leave_s, limits.settle_s)
        self._diode = DiodeCheck(limits.leave_s)
        self._current = CurrentCheck()
        self._sample: PilotSample | None = None
        self._raw: CpState | None = None
        self._offered, self._lease_until, self._in_service = 0.0, -inf, True
        self._cap, self._cap_why = inf, ""
        self._hold, self._hold_now = "", False
        self._draw: float | None = None
        self._raised_at = self._switched_at = -inf
        self._closing = Closing(limits.close_every_s, limits.close_tries, limits.rest_s, limits.closings_an_hour)
        self._confirmed = False
        """The auxiliary contact has followed the last closing."""
        self._lowered_to = inf
        """Amperes, for a vehicle that draws somewhat more than it may."""
        self.testing = False
        """The residual-current monitor is being tested: nothing may be closed."""
        self._self_test = SelfTest() if limits.self_test else None
        self._wake_up = WakeUp()
        self._stop_since = inf
        self._reported = (False, True)
        self._reported_signal = (self.amps, self.why)

    # --- inputs -------------------------------------------------------------------------------------------------------

    def sample(self, now: float, sample: PilotSample) -> None:
        """A measurement of the pilot, taken while `duty` was signalled."""
        if self._is_blind(now, sample):
            return
        self._sample = sample
        raw = state_of(sample.high_volts, self._raw)
        if raw is None:
            self._sample = sample._replace(valid_until=-inf)  # a broken input counts as none
        else:
            self._raw = raw
            self._debounce.feed(now, raw)
        if self.duty not in (0, STEADY_NS):
            self._diode.sample(now, sample.low_volts)
        self.tick(now)

    def _is_blind(self, now: float, sample: PilotSample) -> bool:
        """Whether the pilot stands at a level of ours that says nothing of the vehicle; the sample is then used up."""
        test = self._self_test
        if test is not None and not test.passed:
            test.sample(now, sample.high_volts)
            if not test.passed:
                self.tick(now)
                return True
        if self._wake_up.active and self._sample is not None:
            self._sample = self._sample._replace(valid_until=sample.valid_until)
            self.tick(now)
            return True
        return False

    def offer(self, now: float, amps: float, lease_s: float, in_service: bool = True) -> None:
        """Amperes per phase allowed for the next `lease_s` seconds (at most `Limits.lease_s`)."""
        self._offered, self._in_service = amps, in_service
        self._lease_until = now + min(lease_s, self.limits.lease_s)
        self.tick(now)

    def cap(self, now: float, amps: float, why: str) -> None:
        """A limit below the board's own: the cable, the heat.  Infinite: none."""
        self._cap, self._cap_why = amps, why
        self.tick(now)

    def hold(self, now: float, why: str, at_once: bool = False) -> None:
        """Something outside this connector keeps energy off: gently, or at once.  Empty: nothing does any more."""
        self._hold, self._hold_now = why, bool(why) and at_once
        self.tick(now)

    def feedback(self, now: float, closed: bool) -> None:
        """The contactor's auxiliary contact."""
        self.feedback_closed = closed
        self.tick(now)

    def draw(self, now: float, amps: float | None) -> None:
        """The largest phase current, measured now; None: not known any more."""
        self._draw = amps
        if amps is not None and amps > WELD_AMPS and not self.closed and now >= self._switched_at + 1.0:
            self.faults.set_once(now, "weld", f"{amps:g} A flow although commanded open")
        self.tick(now)

    def fault(self, now: float, code: str, cause: bool, detail: str = "") -> None:
        """The cause of a fault that others see (residual current, lock, meter, reader) is there, or is gone."""
        self.faults.set(now, code, cause, detail)
        if cause and code in AT_CLOSING and now < self._closing.closed_at + self.limits.at_closing_s:
            self.faults.harden(code)
        self.tick(now)

    def tick(self, now: float) -> None:
        """Time has passed; also the last step of every other input.

        State, faults, pilot and contactor depend on each other, so they are derived in turn until a whole pass has
        changed nothing; then the changes are reported.
        """
        levels = self._levels()
        while True:
            self._derive(now)
            before, levels = levels, self._levels()
            if levels == before:
                break
        self._report_changes(now)

    def _levels(self) -> tuple[object, ...]:
        """Everything that one step of `_derive` takes from another."""
        return self.state, self.amps, self.duty, self.closed, len(self.faults), self._stop_since, self._lowered_to

    def _derive(self, now: float) -> None:
        """One pass: the state that is seen, the faults that end, the signal, the contactor; and when to wake."""
        self.wake_at = inf
        self._test(now)
        self._observe(now)
        if self.faults.stops() == "now":
            self._closing.rest(now)
        self.faults.settle(now, self.state == "A")
        self._due(self.faults.wake_at)
        self._signal(now)
        if self.closed:
            self._maybe_open(now)
        else:
            self._maybe_close(now)

    def present(self, now: float) -> list[PilotReport]:
        """The state as it is; before a plug also when there was none last, so that no car is taken for another."""
        before = None if self.state == "A" else self.unplugged_at
        states: tuple[tuple[CpState | None, float | None], ...] = (("A", before), (self.state, now))
        return [PilotReport(state, at) for state, at in states if state is not None and at is not None]

    def _test(self, now: float) -> None:
        test = self._self_test
        if test is not None and not test.passed:
            test.settle(now)
            self._due(test.wake_at)
        if test is not None:
            self.faults.set(now, "self-test", bool(test.failed), test.failed)

    # --- observation --------------------------------------------------------------------------------------------------

    def _observe(self, now: float) -> None:
        """The debounced state, and what is wrong with the pilot."""
        since = self._debounce.settle(now)
        self._due(self._debounce.wake_at)
        if since is not None and self._debounce.state is not None:
            self.state = self._debounce.state
            self.reports.append(PilotReport(self.state, since))
            if self.state == "A":
                self.unplugged_at = since
        if self._sample is None:
            return
        stale = now >= self._sample.valid_until
        self._due(inf if stale else self._sample.valid_until)
        dead = {"E": "pilot at 0 V", "F": "pilot at -12 V"}.get(
            self.state or "", "no fresh pilot sample" if stale else ""
        )
        self.faults.set(now, "pilot-short", bool(dead), dead)
        if self.state == "D" and not self.limits.ventilated:
            self.faults.set_once(now, "ventilation", "state D, and no ventilation here")
        if self.state not in ("C", "D"):
            self.faults.set(now, "ev-ignores-stop", False)  # it has obeyed, or is gone
        if self.state not in ("A", "E", "F") and self._is_due(now, self._diode.fails_at()):
            self.faults.set_once(now, "diode", "the negative half-wave is missing")

    def _serves(self) -> bool:
        """The vehicle asks for energy in a way that may be served."""
        return self.state == "C" or (self.state == "D" and self.limits.ventilated)

    def _must_open(self) -> bool:
        """Nothing may wait: neither for the vehicle nor for a lease."""
        return not self._serves() or self._hold_now or self._wake_up.active or self.faults.stops() == "now"

    # --- the pilot ----------------------------------------------------------------------------------------------------

    def _allowance(self, now: float) -> tuple[float, str]:
        """Amperes that may be signalled now, and why they are less than what was offered."""
        if self._self_test is not None and not self._self_test.passed:
            return 0.0, "the self-test is not over"
        if now >= self._lease_until:
            return 0.0, "no offer" if self._lease_until == -inf else LEASE_OVER
        self._due(self._lease_until if self._offered >= self.limits.min_amps else inf)
        if not self._in_service:
            return 0.0, "out of service"
        blocking = self.faults.blocking() or self._hold
        if blocking:
            return 0.0, blocking
        if self.state not in ("B", "C", "D"):
            return 0.0, "no vehicle"
        amps, why = self._offered, ""
        if amps > self.limits.max_amps:
            amps, why = self.limits.max_amps, f"the board gives {self.limits.max_amps:g} A"
        if amps > self._cap:
            amps, why = self._cap, self._cap_why
        if amps > self._lowered_to:
            amps, why = self._lowered_to, "the vehicle draws more than it may"
        least = self.limits.min_amps
        if amps < least:
            return 0.0, why or ("" if amps == 0.0 else f"below {least:g} A nothing can be signalled")
        return amps, why

    def _signal(self, now: float) -> None:
        """Lower at once; raise at most once in 5 s."""
        amps, why = self._allowance(now)
        if amps > self.amps:
            if self._is_due(now, self._raised_at + self.limits.raise_every_s):
                self._raised_at = now
            else:
                amps, why = self.amps, f"raised at most once in {self.limits.raise_every_s:g} s"
        elif amps < self.amps:
            self._current.lowered(now, self.amps)
        self.amps, self.why = amps, why
        duty = self._levelled(now, duty_ns(amps))
        if (duty in (0, STEADY_NS)) != (self.duty in (0, STEADY_NS)):
            self._diode.restart()
        self.duty = duty

    def _levelled(self, now: float, duty: int) -> int:
        """The duty, or the steady level that a test or a sleeping vehicle needs instead."""
        if self._self_test is not None and not self._self_test.passed:
            return self._self_test.duty
        if not self.limits.wake:
            return duty
        idle = self.closed and self._draw is not None and self._draw < self.amps * DRAWS_NOTHING
        in_c = self.state == "C" and (idle or self._wake_up.active)
        asleep = duty != STEADY_NS and (self.state == "B" or in_c)
        self._wake_up.settle(now, self.state != "A", asleep, IDLE_S if self.state == "C" else AFTER_S)
        self._due(self._wake_up.wake_at)
        return 0 if self._wake_up.active else duty

    # --- the contactor ------------------------------------------------------------------------------------------------

    def _maybe_open(self, now: float) -> None:
        self._stop_since = min(self._stop_since, now) if self.amps == 0.0 else inf
        over_at, fails = self._current.fails_at(now, self.amps, self._draw)
        if self._must_open():
            self._open(now)
        elif not self.feedback_closed:
            if self._confirmed or self._is_due(now, self._closing.closed_at + self.limits.feedback_s):
                if self._confirmed or self._closing.did_not_close():
                    self.faults.set_once(now, "contactor", "it is open although commanded closed")
                self._open(now)
            return
        elif self._is_due(now, over_at) and fails:
            self._over(now)
        elif self.amps == 0.0:
            self._end_charge(now)
        if self.closed:
            self._confirmed = True
            self._closing.confirmed()

    def _over(self, now: float) -> None:
        """It draws more than it may: if only somewhat, it is told less once; then, or if much more, it is cut off."""
        drawn = self._draw or 0.0
        if self.limits.lowers_once and self._lowered_to == inf and drawn <= self.amps * HARD and self.amps > MIN_AMPS:
            self._lowered_to = MIN_AMPS
            self._current.warned(now, drawn)
            return
        self.faults.set_once(now, "overcurrent", f"{drawn:g} A drawn, {self.amps:g} A signalled")
        self._open(now)

    def _end_charge(self, now: float) -> None:
        """The pilot is steady: the vehicle may take its time to stop drawing, then the contactor opens under load."""
        if self._draw is not None and self._draw < 1.0:
            self._open(now)
        elif self._is_due(now, self._stop_since + self.limits.stop_wait_s):  # Table A.6 sequence 10.2
            self.faults.set(now, "ev-ignores-stop", True, "still drawing 6 s after the pilot went steady")
            self._open(now)

    def _open(self, now: float) -> None:
        self.closed = self._confirmed = False
        self._stop_since = self._lowered_to = inf
        self._switched_at = now

    def _maybe_close(self, now: float) -> None:
        if self.feedback_closed:
            if self._is_due(now, self._switched_at + self.limits.feedback_s):
                self.faults.set(now, "weld", True, "closed although commanded open")
            return
        self.faults.set(now, "weld", False)  # the cause; only service ends the fault
        wanted = self.amps > 0.0 and self._diode.proven and not (self._must_open() or self.testing)
        if wanted and self._is_due(now, self._closing.earliest(now)):
            self.closed = True
            self._closing.closes(now)
            self._switched_at = now

    # --- reports ------------------------------------------------------------------------------------------------------

    def _is_due(self, now: float, at: float) -> bool:
        """Whether that second has come; if not, it is one to wake at."""
        if now >= at:
            return True
        self._due(at)
        return False

    def _due(self, at: float) -> None:
        if at < self.wake_at:
            self.wake_at = at

    def _report_changes(self, now: float) -> None:
        if self.faults.reports:
            self.reports += self.faults.reports
            self.faults.reports.clear()
        agrees = self.closed == self.feedback_closed
        moving = not agrees and now < self._switched_at + self.limits.feedback_s
        if (self.closed, agrees) != self._reported and not moving:
            self._reported = (self.closed, agrees)
            self.reports.append(ContactorReport(self.closed, agrees, now))
        if (self.amps, self.why) != self._reported_signal:
            self._reported_signal = (self.amps, self.why)
            self.reports.append(SignalReport(self.amps, self.why))
