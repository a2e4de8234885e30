"""The pre-test report: one self-contained page that says what it is not; rendered where headless Chromium is."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ocpp16.product import Product
from tests.conformance import pics
from tests.conformance.catalogue import catalogue
from tests.conformance.measure import Facts
from tests.conformance.page import page
from tests.conformance.report import assembled, passed, written
from tests.conformance.run import Verdict

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
VOID = {"meta", "line", "circle", "br"}


def report(word: str = "pass") -> dict[str, Any]:
    """Of made-up verdicts: every case, one with a nasty transcript."""
    product, cases = Product(), catalogue()
    verdicts = [
        Verdict(case, product.name, ("not built" if case.play is None else word), seen=["<b>&amp; CP> Boot"], why="")
        for case in cases.values()
    ]
    read = Facts(
        boot={"chargePointVendor": "evsed", "chargePointModel": "Demo", "firmwareVersion": "0.1.0"},
        keys={"HeartbeatInterval": ("300", False)},
        limits=[(limit, limit.declared, True) for limit in pics.limits(product)],
    )
    samples = {"response": [0.1, 0.4], "triggered function": [1.0], "remote start": [], "remote stop": [16.5]}
    return assembled(product, verdicts, read, samples, samples)


class Tags(HTMLParser):
    """Whether every tag is closed where it must be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [f"{tag} {name}={value}" for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag


def test_it_is_well_formed_and_stands_alone() -> None:
    """Every tag is closed, nothing is fetched, no script runs."""
    text, tags = page(report()), Tags()
    tags.feed(text)
    assert (tags.open, tags.outside) == ([], [])
    assert not re.search(r"<script|@import|url\(|https?://", text)


def test_it_says_what_it_is_not() -> None:
    """It is a pre-test, not a certificate, and says so in front of everything else."""
    text = page(report())
    assert text.index("Pre-test, not a certificate") < text.index("Result summary")


def test_it_has_everything() -> None:
    """Each id, each answer, each limit, each indicator is on the page; foreign text is escaped."""
    made = report()
    text = page(made)
    for section in ("hardware", "optional", "additional", "limits"):
        assert all(f">{row['id']}</td>" in text for row in made[section])
    assert all(case["id"] in text for case in made["cases"])
    assert all(row["indicator"] in text for row in made["performance"])
    assert text.count("<svg") == 4
    assert "&lt;b&gt;&amp;amp; CP&gt; Boot" in text


def test_summary_and_result() -> None:
    """A failed case fails its profile and the report; what is not built is neither passed nor failed."""
    good, bad = report(), report("fail")
    assert passed(good) and not passed(bad)
    results = {line["profile"]: line["result"] for line in good["summary"]}
    assert (results["Core"], results["Security extension"]) == ("pass", "not built")


def test_it_is_written(tmp_path: Path) -> None:
    """A page and a JSON file, named by product and day."""
    html, data = written(report(), tmp_path)
    assert html.stem == data.stem and html.stat().st_size > 10_000 and data.read_text().startswith("{")


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: the page is not rendered")
def test_it_renders(tmp_path: Path) -> None:
    """A headless browser shows it, and prints it."""
    html, _ = written(report(), tmp_path)
    for what in (f"--screenshot={tmp_path}/page.png", f"--print-to-pdf={tmp_path}/page.pdf"):
        subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={tmp_path}/profile",
             "--window-size=1100,2000", what, html.as_uri()],
            check=True, timeout=60, capture_output=True,
        )  # fmt: skip
    assert (tmp_path / "page.png").stat().st_size > 10_000 and (tmp_path / "page.pdf").stat().st_size > 10_000
