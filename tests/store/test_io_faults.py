"""Each call to the disk fails, once and for ever: nothing acknowledged is lost and nobody crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.store.recorder import ROOT, built, environment
from tests.store.test_crash_states import place, schemas

__all__ = ["place"]

FEWEST_CASES = 500


@pytest.mark.parametrize("scenario", ["fresh", "grown"])
def test_a_disk_that_refuses_costs_nothing_acknowledged(scenario: str, tmp_path: Path, place: Path) -> None:
    """Any call failing with EIO, ENOSPC or EROFS, once or for ever: no row lost, no exception but `StoreFailed`."""
    shim = built(tmp_path)
    watched = place / "watched"
    watched.mkdir()
    known = {name: str(path) for name, path in schemas(tmp_path).items()}
    answer = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.store.faults",
            json.dumps({"folder": str(watched), "scenario": scenario, **known}),
        ],
        env=environment(shim, watched),
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
    )
    verdict = json.loads(answer.stdout)
    print(f"\n{scenario}: {verdict['cases']} faults, {len(verdict['bad'])} bad")
    assert verdict["bad"] == []
    assert verdict["cases"] >= FEWEST_CASES
