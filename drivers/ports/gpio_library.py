"""How RPi.GPIO is loaded, late and without moving the process to another folder, and what its errors mean."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from drivers.devices import DeviceFailure
from drivers.ports.handle import Remedy

R = TypeVar("R")
REMEDIES: Final[Mapping[int, Remedy]] = {
    0: Remedy("", "check that no other program or overlay holds the line, and the rights: evsed-board --print-dropin"),
}
KNOWN: Final[Mapping[str, Remedy]] = {
    "can only be run on": Remedy(
        "this machine is no Raspberry Pi", "on other boards set RPI_LGPIO_REVISION: evsed-board --print-dropin"
    ),
    "No module named": Remedy("the library RPi.GPIO is missing", "install rpi-lgpio (python3-rpi-lgpio)"),
    "can not open gpiochip": Remedy(
        "no right to open the GPIO chip", "evsed-board must be in the group gpio: evsed-board --print-dropin"
    ),
    "GPIO busy": Remedy("another program or overlay holds the line", "gpioinfo shows which; end it"),
}


def load_rpi_gpio() -> Any:
    """The module RPi.GPIO.  lgpio makes a FIFO in the folder LG_WD and goes there; we come back."""
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    os.environ.setdefault("LG_WD", runtime or tempfile.gettempdir())
    here = os.getcwd()
    try:
        from RPi import GPIO
    finally:
        os.chdir(here)
    GPIO.setwarnings(False)
    return GPIO


def in_plain_words(result: R) -> R | DeviceFailure:
    """A failure in the library's words becomes one in the trade's; anything else is left as it is."""
    return _translated(result) if isinstance(result, DeviceFailure) else result


@lru_cache(64)
def _translated(failure: DeviceFailure) -> DeviceFailure:
    """Looked up once: a line that is gone is asked in every turn of the loop."""
    for words, remedy in KNOWN.items():
        if words in failure.cause:
            return DeviceFailure(failure.device, *remedy)
    return failure
