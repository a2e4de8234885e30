"""What firmware and diagnostics share: bounds of retries, an end told until it is answered."""

from __future__ import annotations

import pytest

from ocpp16.records import FirmwareUpdate
from ocpp16.rpc.status_retry import AGAIN, interval_of, retries_of
from ocpp16.step import Download, Upload
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import SILENCE


def test_bounds() -> None:
    """What nobody could mean is brought into bounds; where nothing is asked, our own values count."""
    assert [retries_of(asked) for asked in (None, -1, 0, 7, 10**9)] == [3, 0, 0, 7, 100]
    assert [interval_of(asked) for asked in (None, -1, 0, 7, 10**9)] == [60, 0, 0, 7, 86400]


@pytest.mark.parametrize("timer", ["FirmwareStatusNotification", "DiagnosticsStatusNotification"])
def test_an_end_that_nobody_answered(timer: str) -> None:
    """An end is told again each minute while no answer comes, ten times, then each hour; no more once it is answered.

    A Central System that was silent for an hour and never hung up must not wait for its picture for ever.
    """
    unit = Unit()
    unit.station.script[timer] = SILENCE
    if timer.startswith("Firmware"):
        unit.update(retries=0)
        unit.job(Download)
    else:
        unit.diagnostics(retries=0)
        unit.job(Upload)
    unit.done(False, "no")
    for _ in range(60):
        unit.wait(60)
        unit.station.request("ClearCache")  # the other side lives, it only does not answer this
    said = unit.told() if timer.startswith("Firmware") else unit.told_upload()
    assert said[-1].endswith("Failed") and said.count(said[-1]) == AGAIN + 1
    for _ in range(60):
        unit.wait(60)
        unit.station.request("ClearCache")
    said = unit.told() if timer.startswith("Firmware") else unit.told_upload()
    assert said.count(said[-1]) == AGAIN + 2
    del unit.station.script[timer]
    unit.station.disconnect()
    unit.station.connect()
    unit.wait(3600)
    said = unit.told() if timer.startswith("Firmware") else unit.told_upload()
    assert said.count(said[-1]) == AGAIN + 3 and not unit.station.rows(FirmwareUpdate)
