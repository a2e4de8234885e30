"""Python imports this at the start of a station that is to be spoiled: CONFORMANCE_PLANT names the defect."""

from __future__ import annotations

import os

if os.environ.get("CONFORMANCE_PLANT"):
    from tests.conformance.planted.defects import plant

    plant(os.environ["CONFORMANCE_PLANT"])
