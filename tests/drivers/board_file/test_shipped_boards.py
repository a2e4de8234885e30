"""Each board of etc/boards: it is sound, it is put together, and its drop-in allows what it needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from drivers.assembly.board import assemble
from drivers.assembly.ports import MachinePorts
from drivers.process.board_process import main
from drivers.process.config import read
from tests.drivers.pilots.converters import Ticks

ROOT = Path(__file__).resolve().parents[3]
BOARDS = sorted((ROOT / "etc/boards").glob("*.toml"))
REAL = [path for path in BOARDS if path.stem != "simulated"]


def test_there_are_five() -> None:
    """One of each kind."""
    assert [path.stem for path in BOARDS] == [
        "evse-din", "gpio-ads1115", "gpio-mcp3008", "simulated", "two-connectors",
    ]  # fmt: skip


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_each_is_sound(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the program says; of its warnings only those of a machine that is not it, and of parts that it has not."""
    assert main(["--config", str(path), "--check-config"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("configuration OK")
    warnings = [line for line in said.splitlines() if line.startswith("warning")]
    assert [w for w in warnings if not re.search(r"is not there|there is no fe20c000\.pwm|it has no .*rcd", w)] == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_each_is_put_together(path: Path) -> None:
    """On the machine's own ports, none of which is opened before its use."""
    parts = read(path).parts
    assert parts is not None
    board = assemble(parts, MachinePorts(), "boot", "session", None, Ticks())
    assert board.host.greet(100.0)[0]["board"] == path.stem
    assert {message["code"] for message in board.host.greet(101.0) if message["type"] == "fault"} & {
        "fail-safe"
    } == set()


def test_every_key_of_the_reference_board_is_explained() -> None:
    """A comment beside it or above it."""
    lines = (ROOT / "etc/boards/gpio-ads1115.toml").read_text("utf-8").splitlines()
    keys = [
        line for line in lines if re.match(r"(lease_s|fail_safe|baud|phases|max_amps|outlet|wake|pwm|adc|calib)", line)
    ]
    assert len(keys) == 10 and all("#" in line for line in keys)
