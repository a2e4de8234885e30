"""In the guest: what stands around the board, played at its kernel devices: vehicle, contactor, trip contact.

Standard library only, and nothing of evsed: it sees levels and drives levels.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

LINES = Path("/run/lab-lines")
ADC = Path("/sys/module/ads1115_board/parameters")
PWM = Path("/sys/class/pwm")
COUNTS_A_VOLT = 1 / 0.000625
MINUS_12_V = round((-12 + 14.8) * COUNTS_A_VOLT)
VOLTS = {"A": 12.0, "B": 9.0, "C": 6.0, "D": 3.0, "E": 0.0}

RELAY, FEEDBACK, TRIP, TEST, EMERGENCY = 17, 27, 22, 23, 24
FOLLOWS_S = 0.02
"""A contactor takes so long to move; its mirror contact with it."""
MONOSTABLE_S = 0.1
"""A pump's coil lets go when no edge has come for so long."""


class Line:
    """One line as the board's hardware sees it: its level read, or driven by a pull."""

    def __init__(self, number: int) -> None:
        folder = LINES / f"sim_gpio{number}"
        self._value = os.open(folder / "value", os.O_RDONLY)
        self._pull = os.open(folder / "pull", os.O_WRONLY)
        self._driven: bool | None = None

    def level(self) -> bool:
        return os.pread(self._value, 4, 0)[:1] == b"1"

    def drive(self, high: bool) -> None:
        if high != self._driven:
            self._driven = high
            os.pwrite(self._pull, b"pull-up" if high else b"pull-down", 0)


class World:
    """`step` again and again; `opened_at` is when the contactor's coil lost its drive, by the guest's own clock."""

    def __init__(self, pump: bool = False) -> None:
        self.pump = pump
        self.relay, self.contact, self.trip, self.test = (Line(n) for n in (RELAY, FEEDBACK, TRIP, TEST))
        self.emergency = Line(EMERGENCY)
        self.coil = self.contact_closed = False
        self._coil_at = self._edge_at = -1.0
        self._level = False
        self.opened_at = self.closed_at = 0.0
        self.tripped = False
        for line in (self.contact, self.trip, self.emergency):
            line.drive(False)
        self.car("A")

    def car(self, state: str, diode: bool = True) -> float:
        """The vehicle's state as resistors make it; when it changed."""
        high = round(VOLTS[state] * COUNTS_A_VOLT)
        low = MINUS_12_V if diode else round((-VOLTS[state] + 14.8) * COUNTS_A_VOLT)
        at = time.monotonic()
        (ADC / "counts").write_text(f"{high},{low},0,0")
        self.state = state
        return at

    def converter(self, there: bool) -> None:
        (ADC / "absent").write_text("N" if there else "Y")

    def step(self) -> float:
        """See and drive once; the second at which that was."""
        level, now = self.relay.level(), time.monotonic()
        if level != self._level:
            self._level, self._edge_at = level, now
        coil = now < self._edge_at + MONOSTABLE_S if self.pump else level
        if coil != self.coil:
            self.coil, self._coil_at = coil, now
            if coil:
                self.closed_at = now
            else:
                self.opened_at = now
        if self.contact_closed != self.coil and now >= self._coil_at + FOLLOWS_S:
            self.contact_closed = self.coil
        self.contact.drive(self.contact_closed)
        self.trip.drive(self.tripped or self.test.level())
        return now

    def duty(self) -> float:
        """What the pilot's generator gives, 0 to 1; 1 where it is off."""
        channel = next(iter(sorted(PWM.glob("pwmchip*")))) / "pwm0"
        try:
            period, duty, on = (int((channel / name).read_text()) for name in ("period", "duty_cycle", "enable"))
        except (OSError, ValueError):
            return 1.0
        return duty / period if on and period else 1.0


def become_punctual() -> None:
    """Above everything that is measured: what watches must not be late itself.  Its children are ordinary."""
    os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(80))
