"""Loading RPi.GPIO: late, without moving the process, and with errors in plain words."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from drivers.devices import DeviceFailure
from drivers.ports.gpio_library import in_plain_words, load_rpi_gpio


def test_loading_does_not_move_the_process() -> None:
    """Where the library is missing or this is no Pi it raises, and we are where we were; LG_WD is set."""
    here = os.getcwd()
    with suppress(ImportError, RuntimeError):
        load_rpi_gpio()
    assert os.getcwd() == here
    assert os.environ["LG_WD"]


@pytest.mark.parametrize("result", [None, True, False, DeviceFailure("GPIO 1", "odd", "look")])
def test_what_is_not_known_is_left(result: object) -> None:
    """Values and failures of other kinds."""
    assert in_plain_words(result) == result
