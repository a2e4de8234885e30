"""What every test shares: how far hypothesis searches, what was skipped.  No fixtures that hide a story."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every machine and in every run: a proof that fails once must fail again.
settings.register_profile(
    "evsed", deadline=None, derandomize=True, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("evsed")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What lasts longest begins first: no run ends with one worker waiting for a test that was begun last."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Keep what this run skipped for the end of all runs (`tests/skips.py`)."""
    file = os.environ.get("PYTEST_SKIPS_FILE")
    reports = terminalreporter.stats.get("skipped", [])
    if file and reports:
        reasons = [str(report.longrepr[2]).removeprefix("Skipped: ").replace("\n", " ") for report in reports]
        with Path(file).open("a", encoding="utf-8") as out:
            out.writelines(f"{reason}\n" for reason in reasons)
