"""`evsectl certify`: runs the conformance suite of the source tree, where that is available."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

SUITE = "tests.conformance.certify"
LOCAL = "local"


def certify(against: str, product: str, folder: str, control: str, station: Mapping[str, str] | None = None) -> int:
    """Writes the pre-test report of `product` to `folder`; `station`: vendor, model and serial of `[station]`.

    `against`: LOCAL (the suite starts stations of its own), or the ws:// URL to which this station connects and at
    which the suite then listens.  `control`: path of the control socket of this station.
    Returns the exit code: 0 nothing failed, 1 something failed or the suite is not available, 2 usage.
    """
    if against != LOCAL and not against.startswith("ws://"):
        print("evsectl: --against must be `local` or the ws:// URL to which this station connects", file=sys.stderr)
        return 2
    for folder_of_suite in (os.getcwd(), str(Path(__file__).resolve().parents[2])):
        if folder_of_suite not in sys.path:
            sys.path.append(folder_of_suite)
    try:
        suite = importlib.import_module(SUITE)
    except ImportError as missing:
        print(f"evsectl: the conformance suite is part of the source tree, not found here: {missing}", file=sys.stderr)
        return 1
    named = {"station": station} if station else {}
    return int(suite.certify(product, Path(folder), against=against, control=control, **named))
