"""The pre-test report: one self-contained page that says what it is not; rendered where headless Chromium is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ocpp16.product import Product
from tests.conformance import pics
from tests.conformance.catalogue import catalogue, known_products, product_named
from tests.conformance.installed import FIRST_S, NobodyCame, Shared
from tests.conformance.measure import Facts
from tests.conformance.page import page, style
from tests.conformance.report import assembled, measurands, passed, summary, written
from tests.conformance.run import Verdict
from tests.conformance.transcript import Line
from tests.conformance.unit import Unit

CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
VOID = {"meta", "line", "circle", "br", "wbr"}


def report(word: str = "pass", alone: str = "") -> dict[str, Any]:
    """Of made-up verdicts: every case, one with a nasty transcript."""
    product, cases = Product(), catalogue()
    verdicts = []
    for case in cases.values():
        why_not = case.applies.why_not(product)
        verdict = "not applicable" if why_not else alone if case.security_profiles and alone else word
        verdicts.append(Verdict(case, product.name, verdict, why_not, seen=["<b>&amp; CP> Boot"]))
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
    """A failed case fails its profile and the report; what was not played is neither passed nor failed."""
    good, bad, part = report(), report("fail"), report(alone="not played")
    assert passed(good) and not passed(bad) and passed(part)
    results = {line["profile"]: line["result"] for line in good["summary"]}
    assert (results["Core"], results["Security extension"]) == ("pass", "pass")
    results = {line["profile"]: line["result"] for line in part["summary"]}
    assert (results["Core"], results["Security extension"]) == ("pass", "3 passed, 12 not played")


def test_it_is_written(tmp_path: Path) -> None:
    """A page and a JSON file, named by product and day."""
    html, data = written(report(), tmp_path)
    assert html.stem == data.stem and html.stat().st_size > 10_000 and data.read_text().startswith("{")


def test_b12_diagnostics_are_no_update() -> None:
    """Where only signed updates are declared none is played: the line does not say `pass`."""
    results = {line["profile"]: line["result"] for line in report()["summary"]}
    assert results["Firmware Management"] == "diagnostics passed; no update was tested"


def test_b12_a_part_is_told_as_a_part() -> None:
    """Three cases of one profile, played alone."""
    product = Product()
    three = [case for case in catalogue().values() if case.id in ("TC_001_CS", "TC_010_CS", "TC_019_CS")]
    lines = summary(product, [Verdict(case, product.name, "pass") for case in three])
    results = {line["profile"]: line["result"] for line in lines}
    assert results["Core"].startswith("incomplete: 3 of ") and results["Smart Charging"] == "not tested"


def test_b12_each_case_that_does_not_apply_says_why() -> None:
    """Beside "not applicable" stands the answer of the PICS that excludes it; what applies has none."""
    for name in known_products():
        product, _ = product_named(name)
        for case in catalogue().values():
            assert bool(case.applies.why_not(product)) is not case.applies(product), case.id
    left_out = [row for row in report()["cases"] if row["verdict"] == "not applicable"]
    assert left_out and all(row["why"] and f">{row['why']}<" in page(report()) for row in left_out)


def test_b12_the_central_system_answers_in_words() -> None:
    """A transcript without the answers tells half the story."""
    info = {"status": "Blocked", "parentIdTag": "G"}
    said = [
        Line(0.0, "CS=", "StartTransaction", {"transactionId": 7, "idTagInfo": info}),
        Line(0.0, "CS=", "BootNotification", {"status": "Accepted", "currentTime": "T", "interval": 300}),
        Line(0.0, "CS=", "StatusNotification", {}),
        Line(0.0, "CP>", "StatusNotification", {"connectorId": 1, "status": "Faulted", "errorCode": "GroundFailure"}),
    ]  # fmt: skip
    texts = [line.text(0.0) for line in said]
    assert texts[0].endswith("CS=  StartTransaction Blocked parentIdTag=G transactionId=7")
    assert texts[1].endswith("CS=  BootNotification Accepted currentTime=T interval=300")
    assert texts[2].endswith("CS=  StatusNotification {}") and texts[3].endswith("Faulted errorCode=GroundFailure")


def test_b12_measurands_supported_and_tested() -> None:
    """C-09: what was received, sampled and clock-aligned; a failed case proves nothing."""
    product, case = Product(), next(iter(catalogue().values()))
    seen = {("Sample.Periodic", "Voltage"), ("Sample.Clock", "SoC")}
    good = {row["measurand"]: row for row in measurands(product, [Verdict(case, "", "pass", measured=seen)])}
    assert set(good) == set(product.measurands)
    assert (good["Voltage"]["sampled"], good["Voltage"]["aligned"], good["SoC"]["aligned"]) == (True, False, True)
    bad = measurands(product, [Verdict(case, "", "fail", measured=seen)])
    assert not any(row["sampled"] or row["aligned"] for row in bad)


def test_b12_the_names_of_the_product_are_the_oems() -> None:
    """Vendor and model are those of `[station]`; a name that looks like markup is none."""
    made = report()
    made["station"] |= {"chargePointVendor": "<b>ACME", "chargePointModel": "7k"}
    made["configuration"][0]["value"] = "<script>x"
    assert "&lt;b&gt;ACME, 7k" in page(made) and "&lt;script&gt;x" in page(made)
    with tempfile.TemporaryDirectory() as home:
        unit = Unit("ws://x", "dual", 2, "", {"vendor": "ACME", "model": "7k"})
        text = (unit.home / "evsed.toml").read_text()
        shutil.rmtree(unit.home)
        assert 'vendor = "ACME"' in text and 'model = "7k"' in text and "serial" not in text, home


async def test_b12_nobody_comes() -> None:
    """`--against`: it says where it listens, and gives up with what to set."""
    shared = Shared("dual", "ws://127.0.0.1:9/ocpp", Path("/nowhere"))
    with pytest.raises(
        NobodyCame, match=r"no station connected to ws://127.0.0.1:9/ocpp within 0.01 s: set \[csms\] url"
    ):
        await shared.first(0.01)
    assert FIRST_S == 60.0


# --- in a browser ---------------------------------------------------------------------------------------------------

SCRIPT = """
const frame = document.getElementById("page"), found = [];
frame.onload = () => {
  const doc = frame.contentDocument, root = doc.scrollingElement;
  if (root.scrollWidth > frame.clientWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  doc.querySelectorAll("details").forEach(one => one.open = true);
  for (const one of doc.querySelectorAll("td, th, h1, h2, h3, p, summary, pre, svg")) {
    const box = one.getBoundingClientRect();
    const name = one.tagName + " " + one.textContent.slice(0, 60);
    if (box.width && (box.right > frame.clientWidth + 1 || box.left < -1)) found.push("cut: " + name);
    if (one.scrollWidth > one.clientWidth + 2 && one.tagName != "svg") found.push("overflows: " + name);
  }
  for (const cell of doc.querySelectorAll("td:not(.long), th, h1, h2, h3")) {
    const walker = doc.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (const word of node.data.matchAll(/[^\\s,;:()\\/.-]{1,24}/g)) {
        const range = doc.createRange();
        range.setStart(node, word.index); range.setEnd(node, word.index + word[0].length);
        const tops = new Set([...range.getClientRects()].map(rect => Math.round(rect.top)));
        if (tops.size > 1 && /^[A-Za-z]+$/.test(word[0])) found.push("broken: " + word[0]);
      }
    }
  }
  document.getElementById("found").textContent = JSON.stringify(found.slice(0, 20)) + "done";
};
"""


def chromium(folder: Path, *words: str) -> str:
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", f"--user-data-dir={folder}/profile", "--window-size=1300,2000", *words,
    ]  # fmt: skip
    return subprocess.run(command, check=True, timeout=90, capture_output=True, text=True).stdout


def long_report() -> dict[str, Any]:
    """With what a real run has: long reasons, transcripts, a failure, every answer."""
    made = report()
    for case in made["cases"]:
        case["transcript"] = [f"   1.234  CP>  MeterValues {'x' * 300}", "   1.300  CS=  MeterValues {}"]
    made["cases"][3] |= {"verdict": "fail", "why": "StopTransaction of [7], which nobody began", "wanted": ["a", "b"]}
    made["station"]["chargePointSerialNumber"] = "C" * 25
    made["configuration"] = [
        {"key": "StopTransactionOnEVSideDisconnect", "value": "true", "readonly": False},
        {"key": "MeterValuesSampledData", "value": ",".join(Product().measurands), "readonly": False},
    ]
    return made


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: the page is not rendered")
@pytest.mark.parametrize(
    ("width", "on_paper"), [(1200, False), (400, False), (688, True), (710, True)], ids=["1200", "400", "A4", "Letter"]
)
def test_b12_nothing_is_cut_and_no_word_is_broken(tmp_path: Path, width: int, on_paper: bool) -> None:
    """At 1200 and 400 px, and with the rules for paper in the width between its margins."""
    text = page(long_report())
    if on_paper:
        text = text.replace("@media print {", "@media all {")
    (tmp_path / "harness.html").write_text(
        f"<!doctype html><body><iframe id=page width={width} height=1500 style='border:0' srcdoc=\"{escape(text)}\">"
        f"</iframe><div id=found></div><script>{SCRIPT}</script></body>", encoding="utf-8",
    )  # fmt: skip
    shown = chromium(tmp_path, "--dump-dom", "--virtual-time-budget=8000", (tmp_path / "harness.html").as_uri())
    found = re.search(r"<div id=\"found\">(.*?)done</div>", shown)
    assert found is not None, "the page was not looked at"
    assert json.loads(unescape(found[1])) == []


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: the page is not rendered")
def test_b12_it_prints(tmp_path: Path) -> None:
    """A PDF of several pages, each with the report's name and its number at the foot."""
    html, _ = written(long_report(), tmp_path)
    chromium(tmp_path, f"--print-to-pdf={tmp_path}/page.pdf", "--no-pdf-header-footer", html.as_uri())
    pages = (tmp_path / "page.pdf").read_bytes().count(b"/Type /Page\n")
    assert pages > 3
    assert 'content: counter(page) " / " counter(pages)' in style(long_report())
    assert f'content: "OCPP 1.6J conformance pre-test report: {Product().name}' in style(long_report())
