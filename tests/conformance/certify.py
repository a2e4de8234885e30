"""`make certify` and `evsectl certify`: plays everything that applies to a product and writes the pre-test report."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.conformance.catalogue import PRODUCTS, catalogue, chosen, known_products, product_named
from tests.conformance.installed import FIRST_S, NobodyCame, Shared
from tests.conformance.report import Report, made, passed, written
from tests.conformance.run import OFF, Verdict
from tests.conformance.unit import TEST_STATION

JOBS = 4
LOCAL = "local"


def tell(verdict: Verdict) -> None:
    if verdict.word != OFF:
        print(verdict.text(), flush=True)


def certify(
    product: str,
    folder: Path,
    only: str = "",
    jobs: int = JOBS,
    against: str = LOCAL,
    control: str = "",
    station: Mapping[str, str] = TEST_STATION,
) -> int:
    """0: nothing failed; 1: something did, or no station came; 2: no such product, or nobody can listen at that URL.

    `against`: `local` for stations of its own, named by `station` (vendor, model, serial), or the URL at which the
    judge listens for the installed station whose control socket is `control`.
    """
    try:
        product_named(product)
    except LookupError as wrong:
        print(f"product {product}: {wrong}", file=sys.stderr)
        return 2
    try:
        report = asyncio.run(played(product, only, jobs, against, control, station))
    except NobodyCame as nobody:
        print(f"evsectl: {nobody}", file=sys.stderr)
        return 1
    except OSError as wrong:
        print(f"{against}: {wrong}", file=sys.stderr)
        return 2
    for path in written(report, folder):
        print(path)
    return 0 if passed(report) else 1


async def played(product: str, only: str, jobs: int, against: str, control: str, station: Mapping[str, str]) -> Report:
    """Raises OSError where nobody can listen at the URL, NobodyCame where no station connects."""
    cases = list(chosen(catalogue(), only))
    if against == LOCAL:
        return await made(product, cases, jobs, tell, station=station)
    shared = Shared(product, against, Path(control))
    async with shared.open() as place:
        print(f"listening at {against}; waiting for the station whose control socket is {control}: its [csms] url must "
              f"be that one (at most {FIRST_S:g} s)", flush=True)  # fmt: skip
        print(f"connected: {await shared.first()}", flush=True)
        return await made(product, cases, 1, tell, place)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.certify", description=__doc__)
    parser.add_argument("--product", default=PRODUCTS[0], help=f"one of {', '.join(known_products())}")
    parser.add_argument("--out", type=Path, default=Path("build/certify"), help="the folder of the report")
    parser.add_argument("--only", default="", help="ids or patterns")
    parser.add_argument("--jobs", type=int, default=JOBS)
    for name in TEST_STATION:
        parser.add_argument(f"--{name}", default="", help=f"[station] {name} of the product under test")
    words = parser.parse_args()
    own = {name: text for name in TEST_STATION if (text := getattr(words, name))}
    return certify(words.product, words.out, words.only, words.jobs, station=own or TEST_STATION)


if __name__ == "__main__":
    sys.exit(main())
