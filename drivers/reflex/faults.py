"""The faults a board can see: what each stops, when each ends, and which of them are on.  Detects none."""

from __future__ import annotations

from math import inf
from typing import Final, Literal, NamedTuple

Stops = Literal["now", "gently", "no"]
"""now: the contactor opens at once.  gently: the pilot goes steady and the vehicle has 6 s.  no: energy goes on."""
Ends = Literal["with its cause", "at unplugging", "after waiting", "by service"]

RCD_WAIT_S: Final = 900.0
RCD_RESETS: Final = 4
"""Automatic resets for one vehicle; then only a passed selftest ends it."""


class Rule(NamedTuple):
    stops: Stops
    ends: Ends


RULES: Final = {
    "rcd": Rule("now", "after waiting"),
    "weld": Rule("now", "by service"),
    "contactor": Rule("now", "at unplugging"),
    "pilot-short": Rule("now", "with its cause"),
    "diode": Rule("now", "at unplugging"),
    "ventilation": Rule("now", "at unplugging"),
    "overcurrent": Rule("now", "at unplugging"),
    "ev-ignores-stop": Rule("gently", "with its cause"),
    "ground": Rule("now", "at unplugging"),
    "self-test": Rule("now", "with its cause"),
    "overvoltage": Rule("gently", "with its cause"),
    "lock-open": Rule("gently", "with its cause"),
    "lock-closed": Rule("no", "with its cause"),
    "meter-frozen": Rule("gently", "with its cause"),
    "meter-lost": Rule("gently", "with its cause"),
    "meter-backwards": Rule("gently", "with its cause"),
    "reader-lost": Rule("no", "with its cause"),
    # of the whole station
    "overtemperature": Rule("gently", "with its cause"),
    "undervoltage": Rule("gently", "with its cause"),
    "mains": Rule("now", "with its cause"),
    "emergency-stop": Rule("now", "with its cause"),
    "tamper": Rule("no", "with its cause"),
    "fail-safe": Rule("now", "with its cause"),
}
"""`code` of a `fault` message -> its rule."""

STATION: Final = ("overtemperature", "undervoltage", "mains", "emergency-stop", "tamper", "fail-safe")


class FaultReport(NamedTuple):
    """One fault came or went; becomes a `fault` message."""

    code: str
    on: bool
    latched: bool
    detail: str
    at: float


class _Active:
    __slots__ = ("cause", "detail", "gone_at", "hard")

    def __init__(self, detail: str) -> None:
        self.cause = True
        self.detail = detail
        self.gone_at = inf
        self.hard = False
        """Only service ends it, whatever its rule says."""


class ActiveFaults:
    """Faults of one connector (or of the station) that are on.  `reports` grows; the owner empties it."""

    __slots__ = ("_active", "_resets", "reports", "wake_at")

    def __init__(self) -> None:
        self._active: dict[str, _Active] = {}
        self._resets = 0
        self.reports: list[FaultReport] = []
        self.wake_at = inf

    def __contains__(self, code: str) -> bool:
        return code in self._active

    def __len__(self) -> int:
        return len(self._active)

    def codes(self) -> list[str]:
        return list(self._active)

    def stops(self) -> Stops:
        """The strictest rule among the faults that are on."""
        found = {RULES[code].stops for code in self._active}
        return "now" if "now" in found else "gently" if "gently" in found else "no"

    def blocking(self) -> str:
        """The first fault that keeps energy off; empty where none does."""
        return next((code for code in self._active if RULES[code].stops != "no"), "")

    def set(self, now: float, code: str, cause: bool, detail: str = "") -> None:
        """The cause is there, or is gone; repeating it does no harm."""
        fault = self._active.get(code)
        if fault is None:
            if cause:
                self._active[code] = _Active(detail)
                self._report(now, code, True, detail)
        elif fault.cause != cause:
            fault.cause = cause
            fault.gone_at = inf if cause else now

    def harden(self, code: str) -> None:
        """Only service ends it from now on."""
        if code in self._active:
            self._active[code].hard = True

    def set_once(self, now: float, code: str, detail: str) -> None:
        """The cause was seen once and is over: the fault stays until its rule ends it."""
        self.set(now, code, True, detail)
        self.set(now, code, False)

    def relatch(self, now: float, code: str) -> None:
        """A fault on record from before this start of the board: on again until its rule ends it."""
        if code in RULES and code not in self._active:
            self.set_once(now, code, "on record")

    def settle(self, now: float, unplugged: bool) -> None:
        """End what may end by itself."""
        self.wake_at = inf
        if unplugged:
            self._resets = 0
        for code, fault in list(self._active.items()):
            if not fault.cause and not fault.hard:
                self._end_by_rule(now, code, fault, unplugged)

    def _end_by_rule(self, now: float, code: str, fault: _Active, unplugged: bool) -> None:
        ends = RULES[code].ends
        if ends == "with its cause" or (ends == "at unplugging" and unplugged):
            self._end(now, code, "")
        elif ends == "after waiting" and self._resets < RCD_RESETS:
            if now < fault.gone_at + RCD_WAIT_S:
                self.wake_at = min(self.wake_at, fault.gone_at + RCD_WAIT_S)
            else:
                self._resets += 1
                self._end(now, code, f"automatic reset {self._resets} of {RCD_RESETS}")

    def tested(self, now: float) -> list[str]:
        """A selftest ends waiting; the codes of what is still wrong."""
        for code, fault in list(self._active.items()):
            if RULES[code].ends == "after waiting" and not fault.cause and not fault.hard:
                self._end(now, code, "selftest passed")
                self._resets = 0
        return self.codes()

    def serviced(self, now: float) -> list[str]:
        """Service clears what is latched; the latched codes whose cause is still there."""
        for code, fault in list(self._active.items()):
            if not fault.cause:
                self._end(now, code, "cleared by service")
        self._resets = 0
        return [code for code in self._active if RULES[code].ends != "with its cause"]

    def _end(self, now: float, code: str, detail: str) -> None:
        del self._active[code]
        self._report(now, code, False, detail)

    def present(self, now: float) -> list[FaultReport]:
        """A report of each fault that is on."""
        return [self._as_report(now, code, True, fault.detail) for code, fault in self._active.items()]

    def _report(self, now: float, code: str, on: bool, detail: str) -> None:
        self.reports.append(self._as_report(now, code, on, detail))

    @staticmethod
    def _as_report(now: float, code: str, on: bool, detail: str) -> FaultReport:
        return FaultReport(code, on, RULES[code].ends != "with its cause", detail, now)
