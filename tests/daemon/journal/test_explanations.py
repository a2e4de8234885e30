"""Each code is explained, and no explanation is left of a code that is gone."""

from __future__ import annotations

from daemon.journal.catalogue import CATALOGUE
from daemon.journal.explanations import EXPLANATIONS


def test_point_5_each_code_says_why_and_what_to_do() -> None:
    """In whole sentences, in the order of the catalogue."""
    assert list(EXPLANATIONS) == list(CATALOGUE)
    for code, row in EXPLANATIONS.items():
        assert row.why[0].isupper() and row.why.endswith("."), code
        assert row.remedy[-1] in ".)" and row.remedy, code


def test_point_5_a_warning_says_what_to_do() -> None:
    """What is worth a warning is worth a remedy: `Nothing` is said of few of them."""
    idle = [
        code
        for code, row in CATALOGUE.items()
        if row.priority <= 4 and EXPLANATIONS[code].remedy.startswith("Nothing: ")
    ]
    assert idle == ["mains-lost", "link-frame-dropped", "report-retry"]
