"""Contactors in series, and their auxiliary contacts: one commanded level, one position."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.devices import DeviceFailure
from drivers.ports.gpio import Active, Gpio, Pull

Line = int | str
"""BCM number, or the name of a line."""


class Contactors:
    """Several coils that are closed and opened together."""

    def __init__(self, gpio: Gpio, lines: Sequence[Line], active: Active) -> None:
        self._lines = [gpio.output(line, active) for line in lines]

    def set(self, closed: bool) -> DeviceFailure | None:
        """All of them; where one does not close, none stays closed.  Opening goes on over every failure."""
        failure = None
        for line in self._lines:
            failure = line.set(closed) or failure
            if closed and failure is not None:
                break
        if closed and failure is not None:
            for line in self._lines:
                line.set(False)
        return failure


class Feedback:
    """Mirror contacts (on: the mains contacts are closed), one or one of each contactor."""

    def __init__(self, gpio: Gpio, lines: Sequence[Line], active: Active, pull: Pull) -> None:
        self._lines = [gpio.input(line, active, pull) for line in lines]

    def closed(self, commanded: bool) -> bool | DeviceFailure | None:
        """Whether all are as commanded: one that is not decides.  None: there is no feedback."""
        if not self._lines:
            return None
        for line in self._lines:
            on = line.is_on()
            if isinstance(on, DeviceFailure) or on != commanded:
                return on
        return commanded
