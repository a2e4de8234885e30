"""Each call to the disk fails, once and for ever: nothing acknowledged is lost and nobody crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.store.recorder import ROOT, built, environment
from tests.store.test_crash_states import place, schemas

__all__ = ["place"]

FEWEST_CASES = 500


def suffered(tmp_path: Path, place: Path, **given: object) -> dict[str, Any]:
    """All faults of one scenario: how many there were, and which ended badly."""
    shim = built(tmp_path)
    watched = place / "watched"
    watched.mkdir()
    known = {name: str(path) for name, path in schemas(tmp_path).items()}
    answer = subprocess.run(
        [sys.executable, "-m", "tests.store.faults", json.dumps({"folder": str(watched), **known, **given})],
        env=environment(shim, watched),
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    verdict: dict[str, Any] = json.loads(answer.stdout)
    print(f"\n{given}: {verdict['cases']} faults, {len(verdict['bad'])} bad")
    return verdict


@pytest.mark.long
@pytest.mark.parametrize("scenario", ["fresh", "grown"])
def test_a_disk_that_refuses_costs_nothing_acknowledged(scenario: str, tmp_path: Path, place: Path) -> None:
    """Any call failing with EIO, ENOSPC or EROFS, once or for ever: no row lost, no exception but `StoreFailed`."""
    verdict = suffered(tmp_path, place, scenario=scenario)
    assert verdict["bad"] == []
    assert verdict["cases"] >= FEWEST_CASES


def test_a_station_that_speaks_too_early_is_caught(tmp_path: Path, place: Path) -> None:
    """The same judge finds the loss when commits are acknowledged before they are made."""
    verdict = suffered(tmp_path, place, scenario="grown", stride=7, defect=True)
    assert any("not what was acknowledged" in bad for bad in verdict["bad"])
