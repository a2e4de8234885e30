"""The judge is judged: defects planted in a copy of the station turn the ids red that they must; a quick part of them.

`python -m tests.conformance.planted` plants them all.
"""

from __future__ import annotations

import pytest

from tests.conformance.catalogue import catalogue
from tests.conformance.planted.__main__ import escaped
from tests.conformance.planted.defects import DEFECTS

QUICK = (
    "second-call-in-flight", "field-that-no-schema-has", "preparing-is-missing", "foreign-card-is-asked-about",
    "wrong-reason-remote", "unknown-key-is-rejected", "reservation-is-not-named", "limit-too-high",
    "old-versions-are-taken", "context-is-not-trigger", "request-names-another-owner", "no-server-name",
)  # fmt: skip


def test_there_are_enough() -> None:
    """At least 30 defects are planted, each against ids of the catalogue, each with a sentence."""
    assert len(DEFECTS) >= 30
    cases = catalogue()
    seen = {number for defect in DEFECTS.values() for number in defect.ids}
    assert {case.id for case in cases.values() if case.profile == "Security"} <= seen
    assert all(defect.ids and set(defect.ids) <= set(cases) and defect.sentence for defect in DEFECTS.values())


@pytest.mark.parametrize("name", QUICK)
async def test_it_is_caught(name: str) -> None:
    """The first id that must see a defect is red."""
    found = await escaped([name], jobs=2)
    assert found == []
