"""Layers A to G: what allows energy, and what is said of those that are missing."""

from __future__ import annotations

import pytest

from drivers.board_file.fail_safe import LAYERS, has, refusal, warnings


@pytest.mark.parametrize(
    ("declared", "persist", "allowed"),
    [
        ([], None, False),
        (["watchdog"], None, False),
        (["lease", "hardware-watchdog"], False, False),
        (["strict-gpiod"], None, True),
        (["strict-gpiod"], False, True),
        (["strict-gpiod"], True, False),
        (["safe-service"], False, True),
        (["safe-service", "watchdog"], True, False),
        (["pump"], True, True),
        (["mcu"], True, True),
        (["pump", "strict-gpiod"], True, True),
    ],
)
def test_what_allows_energy(declared: list[str], persist: bool | None, allowed: bool) -> None:
    """A layer that opens after the death of the process; where lines persist only one that needs no line."""
    assert (refusal(declared, persist) == "") is allowed


def test_the_reason_names_the_remedy() -> None:
    """What to write, and where."""
    assert "dtparam=strict_gpiod into /boot/firmware/config.txt" in refusal(["strict-gpiod"], True)
    assert "pump, mcu, strict-gpiod, safe-service" in refusal([], None)


def test_what_is_missing_is_said_with_its_letter() -> None:
    """Every layer that is not there, what it would cover, how soon, how to have it; the lease is always there."""
    assert "".join(layer.letter for layer in LAYERS.values()) == "ABCDEFG"
    assert has(["watchdog", "pump"]) == ("pump", "lease", "watchdog")
    lines = warnings(["strict-gpiod"])
    assert [line.split()[2] for line in lines[:-1]] == ["A", "B", "E", "F", "G"]
    assert all(LAYERS[line.split()[3].strip("()")].opens_in in line for line in lines[:-1])
    assert lines[-1] == "without layer A or B a hang of the kernel opens nothing within 10 s"
    assert not any("within 10 s" in line for line in warnings(["mcu", "hardware-watchdog"]))
