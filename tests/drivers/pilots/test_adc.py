"""What a converter's last sample counts for."""

from __future__ import annotations

from drivers.devices import DeviceFailure
from drivers.pilots.adc import AdcSample, Latest


def cause(latest: Latest, now: float) -> str:
    found = latest.latest(now)
    assert isinstance(found, DeviceFailure) and found.device == "adc"
    return found.cause


def test_a_sample_counts_for_50_ms() -> None:
    """Before the first there is none; after 50 ms it is stale."""
    latest = Latest("adc")
    assert cause(latest, 0.0) == "not read yet"
    latest.put(AdcSample(1.0, 5, 6))
    assert latest.latest(1.05) == AdcSample(1.0, 5, 6)
    assert cause(latest, 1.051) == "its last sample is too old"
    latest.put(DeviceFailure("adc", "no answer", "check"))
    assert cause(latest, 1.06) == "no answer"


def test_a_noisy_converter_that_stands_still_is_broken() -> None:
    """2 s without a change of the last digit; any change ends it; one that is not noisy may stand still."""
    noisy, quiet = Latest("adc", noisy=True), Latest("adc")
    for tick in range(300):
        for latest in (noisy, quiet):
            latest.put(AdcSample(tick / 100, 7, 7))
        if tick <= 200:
            assert isinstance(noisy.latest(tick / 100), AdcSample)
    assert cause(noisy, 2.99) == "its values stand still"
    assert isinstance(quiet.latest(2.99), AdcSample)
    noisy.put(AdcSample(3.0, 7, 8))
    assert noisy.latest(3.0) == AdcSample(3.0, 7, 8)
    noisy.put(DeviceFailure("adc", "no answer", "check"))
    noisy.put(AdcSample(9.0, 7, 8))
    assert noisy.latest(9.0) == AdcSample(9.0, 7, 8), "after a gap the time begins anew"
