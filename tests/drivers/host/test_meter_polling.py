"""When a meter is read, and when its answer is a message."""

from __future__ import annotations

from math import inf

import pytest

from drivers.devices import DeviceFailure
from drivers.host.meter_polling import FRESH_PERIOD_S, STALE_AFTER_S, Cadence, MeterPolling
from tests.drivers.host.tiny_board import BROKEN, MemoryMeter


def polling(repeats: bool, failure: DeviceFailure | None = None) -> MeterPolling:
    meter = MemoryMeter()
    meter.failure = failure
    it = MeterPolling(meter, Cadence(60.0, repeats))
    it.poll(100.0, False)
    return it


@pytest.mark.parametrize(
    ("repeats", "live", "causes", "period"),
    [
        (True, False, set(), 10.0),
        (True, True, set(), 60.0),
        (False, False, set(), inf),
        (False, True, set(), 60.0),
        (False, True, {"meter-frozen"}, 1.0),
        (False, False, {"meter-frozen"}, inf),
        (True, False, {"meter-frozen"}, 10.0),
        (False, False, {"meter-lost"}, 1.0),
    ],
)
def test_when_it_is_read_next(repeats: bool, live: bool, causes: set[str], period: float) -> None:
    """Rarely where nothing can change, every second while something is wrong that can be proven."""
    it = polling(repeats, BROKEN if "meter-lost" in causes else None)
    if "meter-frozen" in causes:
        it.check.causes["meter-frozen"] = True
        it.poll(100.0, True)
        it.check.causes["meter-frozen"] = it.doubtful = True
    it.plan(100.0, live)
    assert it.poll_at == 100.0 + period


def test_a_proven_loss_is_not_looked_at_closely() -> None:
    """Where nothing is at stake."""
    it = polling(False, BROKEN)
    assert it.poll(104.0, False)
    it.plan(104.0, False)
    assert it.poll_at == inf


def test_only_news_is_a_message_in_simulated_time() -> None:
    """The same reading again is no message, unless a fresh one was requested."""
    it = polling(False)
    assert it.message_due(None, 25.0)
    assert not it.message_due(None, 25.0)
    it.request_fresh(-inf)
    assert it.message_due(None, 25.0)
    assert it.message_due(55.0, 25.0)
    repeating = polling(True)
    assert repeating.message_due(None, 25.0) and repeating.message_due(None, 25.0)


def test_a_doubtful_reading_is_not_sent() -> None:
    """Lost, frozen or running backwards: the fault is reported instead."""
    it = polling(True, BROKEN)
    it.request_fresh(-inf)
    assert it.failure == BROKEN and not it.message_due(None, 25.0)


def test_a_fresh_reading_is_waited_for() -> None:
    """Sampled before the second in question it does not count; the meter is read often until then."""
    meter = MemoryMeter()
    meter.at = 100.0
    it = MeterPolling(meter, Cadence(60.0, False))
    it.poll(100.0, True)
    assert it.message_due(None, None)
    it.request_fresh(100.5)
    it.poll(100.6, True)
    assert not it.message_due(None, None)
    it.plan(100.6, True)
    assert it.poll_at == 100.6 + FRESH_PERIOD_S
    meter.at = 100.7
    it.poll(100.9, True)
    assert it.message_due(None, None)


def test_a_sample_that_is_too_old() -> None:
    """It counts as no answer: whatever should read the meter does not."""
    meter = MemoryMeter()
    meter.at = 100.0
    it = MeterPolling(meter, Cadence())
    it.poll(100.0 + STALE_AFTER_S, False)
    assert it.failure is None
    it.poll(100.1 + STALE_AFTER_S, False)
    assert it.failure is not None and "too old" in it.failure.cause
