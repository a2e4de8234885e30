"""A verdict per promise: for every driver that is shipped, for a good one from elsewhere, and for bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.board_file.families import MODULES, own_drivers
from drivers.driver_table import Driver, Parameter
from drivers.kit.promises import PROMISES
from drivers.kit.report import arguments, judged, run
from drivers.process.board_process import main

SHIPPED = [(family, name) for family in MODULES for name in own_drivers(family)]
GOOD = """
from math import inf
from drivers.devices import DeviceFailure
from drivers.driver_table import Driver, Parameter

FAMILY = "thermometer"


class Thermometer:
    wake_at = inf

    def __init__(self, bus, address):
        self.bus, self.address = bus, address

    def celsius(self, now):
        word = self.bus.read_word(self.address, 0)
        return word if isinstance(word, DeviceFailure) else min(word / 512, 199.0)


GOOD = Driver(Thermometer, {"bus": "i2c"}, {"address": Parameter("whole", 72, low=3, high=119)}, says="a good one")
BAD = GOOD._replace(make=lambda bus, address: Bad())
DRIVERS = {"good": GOOD, "bad": BAD}
NOTHING = 5


class Bad(Thermometer):
    def __init__(self):
        self.wake_at = inf

    def celsius(self, now):
        raise OSError("no answer")
"""


@pytest.mark.parametrize(("family", "name"), SHIPPED, ids=lambda value: value)
def test_every_shipped_driver_keeps_its_promises(family: str, name: str) -> None:
    """On ports that are silent, gone, or answer nonsense."""
    broken = [verdict for verdict in judged(family, own_drivers(family)[name]) if verdict.broken]
    assert broken == []


def test_every_family_has_promises() -> None:
    """None can be forgotten."""
    assert set(PROMISES) == set(MODULES)


def test_a_driver_from_elsewhere(tmp_path: Path, elsewhere: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 and a line per promise; 1 where one is broken, with the reason; 2 where there is no such driver."""
    assert main(["--test-driver", f"{elsewhere}:GOOD"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("thermometer GOOD: a good one\n") and said.endswith("every promise holds\n")
    assert said.count("holds ") == 1 + 4 * len(PROMISES["thermometer"]) + 0
    assert run(f"{elsewhere}:BAD") == 1
    assert "celsius raises OSError: no answer; a failure is a DeviceFailure" in capsys.readouterr().out
    assert run(elsewhere) == 1, "the whole table"
    for name in (f"{elsewhere}:NOTHING", f"{elsewhere}:ABSENT", "no.such.module", "meter.none"):
        assert run(name) == 2
    assert "is neither a drivers.driver_table.Driver nor a table of them" in capsys.readouterr().err


@pytest.fixture
def elsewhere(tmp_path: Path) -> str:
    """A module that lies where Python finds it."""
    import sys

    (tmp_path / "elsewhere.py").write_text(GOOD)
    sys.path.insert(0, str(tmp_path))
    sys.modules.pop("elsewhere", None)
    return "elsewhere"


def test_a_driver_that_cannot_be_made_or_understood() -> None:
    """A constructor that raises, a table that says nonsense."""

    def fails() -> None:
        raise KeyError("no")

    assert {verdict.broken for verdict in judged("lamp", Driver(fails, {}, {}))} == {
        "", "it cannot be made: KeyError: 'no'",
    }  # fmt: skip
    odd = Driver(fails, {"port": "carrier-pigeon"}, {})  # type: ignore[dict-item]
    assert [verdict.broken for verdict in judged("lamp", odd)] == ["KeyError: 'carrier-pigeon'"]


def test_what_a_driver_is_made_with() -> None:
    """Defaults, and something that fits where there is none."""
    driver = Driver(
        dict,
        {},
        {
            "a": Parameter("number", required=True, low=2, high=3),
            "b": Parameter("choice", required=True, choices=("x", "y")),
            "c": Parameter("line", required=True),
            "d": Parameter("text", "z"),
        },
    )
    assert arguments(driver, "gone") == {"a": 2, "b": "x", "c": 17, "d": "z"}
