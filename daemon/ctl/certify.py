"""`evsectl certify`: hands over to the conformance suite of the source tree, if that is at hand.  Judges nothing."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

SUITE = "tests.conformance.certify"
LOCAL = "local"


def certify(against: str, product: str, folder: str, control: str) -> int:
    """`against`: `local` (stations of its own), or the URL at which the judge shall listen for this station.

    Returns the exit code: 0 nothing failed, 1 something did or the suite is not here, 2 usage.
    """
    if against != LOCAL and not against.startswith("ws://"):
        print("evsectl: --against is `local`, or the ws:// URL that this station connects to", file=sys.stderr)
        return 2
    for place in (os.getcwd(), str(Path(__file__).resolve().parents[2])):
        if place not in sys.path:
            sys.path.append(place)
    try:
        suite = importlib.import_module(SUITE)
    except ImportError as missing:
        print(f"evsectl: the conformance suite is not here ({missing}); it is in the source tree", file=sys.stderr)
        return 1
    return int(suite.certify(product, Path(folder), against=against, control=control))
