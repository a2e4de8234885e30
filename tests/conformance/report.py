"""The pre-test report of a product as data: cases, PICS, limits, indicators, versions; `page.py` makes a page of it."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from ocpp16.product import Product
from tests.conformance import measure, pics
from tests.conformance.catalogue import ROWS, Case, product_named
from tests.conformance.run import FAIL, NOT_PLAYED, OFF, PASS, Place, Verdict, own_place, play_all
from tests.conformance.transcript import utc
from tests.conformance.unit import ROOT, TEST_STATION

NOTICE = (
    "This is a pre-test by the manufacturer with the conformance suite of evsed.  It is not a certificate, and it was "
    "not made by a test laboratory of the Open Charge Alliance."
)
Report = dict[str, Any]


async def made(
    product: str,
    cases: Iterable[Case],
    jobs: int,
    tell: Callable[[Verdict], None],
    shared: Place | None = None,
    station: Mapping[str, str] = TEST_STATION,
) -> Report:
    """Plays everything; some minutes.  `shared`: the one station there is, else each case has its own, named by
    `station` (vendor, model, serial)."""
    answers, _ = product_named(product)
    verdicts = await play_all([(case, product) for case in cases], jobs, tell, place=shared)
    place = shared or own_place(product, station=station)
    read = await measure.facts(place)
    loopback = await measure.indicators(place, mobile=False)
    mobile = await measure.indicators(place, mobile=True)
    return assembled(answers, verdicts, read, loopback, mobile)


def assembled(
    product: Product, verdicts: list[Verdict], read: measure.Facts, loopback: measure.Samples, mobile: measure.Samples
) -> Report:
    """Everything in one JSON-able object."""
    return {
        "title": "OCPP 1.6J conformance pre-test report",
        "notice": NOTICE,
        "date": utc(),
        "product": product.name,
        "station": read.boot,
        "configuration_id": configuration_id(product),
        "image_sha256": image_hash(),
        "versions": versions(),
        "summary": summary(product, verdicts),
        "hardware": [asdict_row(one) for one in pics.hardware(product)],
        "optional": [asdict_row(one) for one in pics.optional(product)],
        "additional": [asdict_row(one) for one in pics.additional(product)],
        "measurands": measurands(product, verdicts),
        "limits": [
            {"id": limit.id, "setting": limit.setting, "declared": limit.declared, "read": told, "agrees": right}
            for limit, told, right in read.limits
        ],
        "configuration": [{"key": key, "value": value, "readonly": ro} for key, (value, ro) in read.keys.items()],
        "performance": [indicator(*row, loopback, mobile) for row in measure.INDICATORS],
        "tested": tested(product, verdicts),
        "cases": [case_row(verdict) for verdict in verdicts],
    }


def asdict_row(answer: pics.Answer) -> Report:
    return dict(answer._asdict())


def configuration_id(product: Product) -> str:
    """Changes with any answer of the product profile."""
    return hashlib.sha256(msgspec.json.encode(product)).hexdigest()[:16]


def image_hash() -> str:
    """Of all program files of the product, in the order of their names."""
    digest = hashlib.sha256()
    for top in ("ocpp16", "drivers", "daemon"):
        for path in sorted((ROOT / top).rglob("*.py")):
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.release()}"}
    for name in ("evsed", "websockets", "msgspec", "ocpp", "jsonschema"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "unknown"
    return found


def summary(product: Product, verdicts: list[Verdict]) -> list[Report]:
    """One line a profile: no more than was seen."""
    lines = []
    every = {row[0]: row for row in ROWS}
    for name, title in pics.PROFILES:
        own = [verdict for verdict in verdicts if verdict.case.profile == name and verdict.word != OFF]
        words = [verdict.word for verdict in own]
        applies = sum(1 for row in every.values() if row[2] == name and row[3](product))
        supported = bool(product.security_profiles) if name == "Security" else product.has(name)
        counts = {word: words.count(word) for word in (PASS, FAIL, NOT_PLAYED)}
        lines.append(
            {
                "profile": title,
                "supported": supported,
                "declared": pics.yes(supported),
                "result": _result(name, own, applies, counts),
                "cases": applies,
                **counts,
            }
        )
    return lines


def _result(name: str, own: list[Verdict], applies: int, counts: dict[str, int]) -> str:
    if counts[FAIL]:
        return FAIL
    if not own:
        return "not tested"
    if counts[NOT_PLAYED] == len(own):
        return "not tested"
    if len(own) < applies:
        return f"incomplete: {len(own)} of {applies} cases were played"
    if name == "FirmwareManagement" and not any(v.case.id.startswith("TC_044") for v in own):
        return "diagnostics passed; no update was tested"
    return PASS if counts[PASS] == len(own) else f"{counts[PASS]} passed, {counts[NOT_PLAYED]} not played"


def measurands(product: Product, verdicts: list[Verdict]) -> list[Report]:
    """C-09: each measurand of the product, and whether it was received, sampled and clock-aligned."""
    seen = set().union(*(verdict.measured for verdict in verdicts if verdict.word == PASS))
    return [
        {
            "measurand": name,
            "sampled": ("Sample.Periodic", name) in seen,
            "aligned": ("Sample.Clock", name) in seen,
        }
        for name in product.measurands
    ]


def tested(product: Product, verdicts: list[Verdict]) -> list[Report]:
    """What is supported beside what was tested: every case of the catalogue falls in one of these."""
    words = [verdict.word for verdict in verdicts]
    return [
        {"what": "cases of the catalogue", "number": len(ROWS)},
        {"what": "looked at in this run", "number": len(words)},
        {"what": "apply to this product", "number": len(words) - words.count(OFF)},
        {"what": "played and passed", "number": words.count(PASS)},
        {"what": "played and failed", "number": words.count(FAIL)},
        {"what": "apply, but need a station of their own (security)", "number": words.count(NOT_PLAYED)},
    ]


def indicator(name: str, title: str, maximum: float, loopback: measure.Samples, mobile: measure.Samples) -> Report:
    def of(samples: list[float]) -> Report | None:
        found = measure.row(samples)
        if found is None:
            return None
        least, most, average, number = found
        return {"min": least, "max": most, "average": average, "number": number, "samples": samples}

    return {"indicator": title, "declared_max_s": maximum, "loopback": of(loopback[name]), "mobile": of(mobile[name])}


def case_row(verdict: Verdict) -> Report:
    return {
        "id": verdict.case.id,
        "title": verdict.case.title,
        "profile": verdict.case.profile,
        "verdict": verdict.word,
        "why": verdict.why,
        "seconds": round(verdict.took_s, 1),
        "wanted": verdict.wanted,
        "transcript": verdict.seen,
        "remarks": verdict.remarks,
    }


def passed(report: Report) -> bool:
    limits = all(limit["agrees"] is not False for limit in report["limits"])
    return limits and all(case["verdict"] != FAIL for case in report["cases"])


def written(report: Report, folder: Path) -> tuple[Path, Path]:
    """The page and the data, by product and day."""
    from tests.conformance.page import page

    folder.mkdir(parents=True, exist_ok=True)
    stem = f"pre-test-{report['product']}-{report['date'][:10]}"
    html, data = folder / f"{stem}.html", folder / f"{stem}.json"
    html.write_text(page(report), encoding="utf-8")
    data.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return html, data
