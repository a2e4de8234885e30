"""The door to RPi.GPIO (rpi-lgpio): lines as outputs and inputs, read by polling; imported at the first use."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import Any, Final, Literal

from drivers.devices import DeviceFailure
from drivers.ports.gpio_library import REMEDIES, in_plain_words, load_rpi_gpio
from drivers.ports.gpio_names import line_number
from drivers.ports.handle import Handle

Active = Literal["high", "low"]
Pull = Literal["off", "up", "down"]
CLAIMS_AFTER_S: Final = 0.1
"""A line that could not be had is asked for so often: it may be a contactor that has to open."""
IMPORTS_AFTER_S: Final = 1.0
"""A module that is not installed is searched for so often: the search reads folders, for each of a dozen lines."""


class Gpio:
    """The lines of the board, by BCM number or by name.

    load       gives an object with the functions of RPi.GPIO
    number_of  number of a line that is given by name; LookupError where there is none
    """

    __slots__ = ("_import_at", "_load", "_loaded", "_missing", "_monotonic", "_number_of")

    def __init__(
        self,
        load: Callable[[], Any] = load_rpi_gpio,
        number_of: Callable[[str], int] = line_number,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._loaded: Any = None
        self._missing = ""
        self._import_at = -inf
        self._number_of = number_of
        self._monotonic = monotonic

    def output(self, line: int | str, active: Active = "high") -> OutputLine:
        """Claimed by its first `set`."""
        return OutputLine(self, line, active == "high", self._monotonic)

    def input(self, line: int | str, active: Active = "high", pull: Pull = "off") -> InputLine:
        """Claimed by its first `is_on`."""
        return InputLine(self, line, active == "high", pull, self._monotonic)

    def library(self) -> Any:
        """RPi.GPIO, with its mode set; OSError in the library's words."""
        if self._monotonic() < self._import_at:
            raise OSError(self._missing)
        try:
            if self._loaded is None:
                self._loaded = self._load()
            self._loaded.setmode(self._loaded.BCM)
        except ImportError as error:
            self._missing, self._import_at = str(error), self._monotonic() + IMPORTS_AFTER_S
            raise OSError(self._missing) from error
        except Exception as error:
            raise OSError(str(error)) from error
        return self._loaded

    def number(self, line: int | str) -> int:
        return line if isinstance(line, int) else self._number_of(line)


class OutputLine:
    """A line that we drive; `on` is the active level."""

    __slots__ = ("_active_high", "_gpio", "_handle", "_level", "_line")

    def __init__(self, gpio: Gpio, line: int | str, active_high: bool, monotonic: Callable[[], float]) -> None:
        self._gpio = gpio
        self._line = line
        self._active_high = active_high
        self._level = not active_high
        self._handle = _handle(line, self._claim, monotonic)

    @property
    def device(self) -> str:
        return self._handle.device

    def set(self, on: bool) -> DeviceFailure | None:
        """Drive it.  What fails is not repeated by itself."""
        self._level = on == self._active_high
        return in_plain_words(self._handle.use(self._drive))

    def _claim(self) -> tuple[Any, int]:
        library, number = self._gpio.library(), self._gpio.number(self._line)
        library.setup(number, library.OUT, initial=self._level)
        return library, number

    def _drive(self, claimed: tuple[Any, int]) -> None:
        library, number = claimed
        library.output(number, self._level)

    def release(self) -> None:
        """Give it back; what level it then has is the kernel's affair."""
        self._handle.close()


class InputLine:
    """A line that others drive; on is the active level."""

    __slots__ = ("_active_high", "_gpio", "_handle", "_line", "_pull")

    def __init__(
        self, gpio: Gpio, line: int | str, active_high: bool, pull: Pull, monotonic: Callable[[], float]
    ) -> None:
        self._gpio = gpio
        self._line = line
        self._active_high = active_high
        self._pull = pull
        self._handle = _handle(line, self._claim, monotonic)

    @property
    def device(self) -> str:
        return self._handle.device

    def is_on(self) -> bool | DeviceFailure:
        return in_plain_words(self._handle.use(self._read))

    def _claim(self) -> tuple[Any, int]:
        library, number = self._gpio.library(), self._gpio.number(self._line)
        pull = {"up": library.PUD_UP, "down": library.PUD_DOWN}.get(self._pull, library.PUD_OFF)
        library.setup(number, library.IN, pull_up_down=pull)
        return library, number

    def _read(self, claimed: tuple[Any, int]) -> bool:
        library, number = claimed
        return bool(library.input(number)) == self._active_high

    def release(self) -> None:
        self._handle.close()


def _release(claimed: tuple[Any, int]) -> None:
    library, number = claimed
    library.cleanup(number)


def _handle(line: int | str, claim: Callable[[], tuple[Any, int]], monotonic: Callable[[], float]) -> Handle[Any]:
    name = f"GPIO {line}" if isinstance(line, int) else f"GPIO line {line}"
    return Handle(name, claim, _release, REMEDIES, reopens_after_s=CLAIMS_AFTER_S, monotonic=monotonic)
