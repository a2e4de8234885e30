"""Python imports this at the start of a station that the judge's own test spoils: EVSED_PLANT names the defect."""

from __future__ import annotations

import os

if os.environ.get("EVSED_PLANT"):
    from tests.conformance.planted.defects import plant

    plant(os.environ["EVSED_PLANT"])
