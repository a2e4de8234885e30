"""What interrupts a job, whenever it comes."""

from __future__ import annotations

import io

import pytest

from daemon.jobs.interruption import Interruption, listen
from daemon.transfers.limits import Limits, Watch


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("says", "why", "for_good"),
    [(b"cancel\n", "cancelled", True), (b"", "evsed closed the connection", False), (b"x\n", "evsed closed", False)],
)
def test_a_line_of_evsed(early: bool, says: bytes, why: str, for_good: bool) -> None:
    """Point 11: before the transfer has begun or later, it ends it: for good or for now."""
    interruption, watch = Interruption(), Watch(Limits(), 100)
    if not early:
        interruption.attach(watch)
    listen(io.BytesIO(says), interruption)
    if early:
        interruption.attach(watch)
    assert watch.why.startswith(why) and watch.cancelled is for_good
    assert interruption.unwanted.startswith(why) and not interruption.stopped


def test_a_stop() -> None:
    """Only the stop of evsed-job itself ends a hook that runs; the first reason stays."""
    interruption, watch = Interruption(), Watch(Limits(), 100)
    interruption.attach(watch)
    assert not interruption.unwanted and not watch.why
    interruption.stop()
    interruption.disconnected()
    assert interruption.stopped and watch.why == interruption.unwanted == "evsed-job was stopped"
