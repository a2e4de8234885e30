"""The judge's rules: order, swaps, what may be missing, what is a remark, silence, schemas; without a station."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

import pytest

from ocpp16.product import Product
from tests.conformance.judge import Failed, Lab, swap, want
from tests.conformance.transcript import Transcript
from tests.conformance.wire import Call, CentralSystem, schema_faults


def lab_that_hears(*calls: tuple[str, dict[str, Any]]) -> Lab:
    """A lab whose station has said these already."""
    central = CentralSystem(Transcript())
    central.calls = [Call(time.monotonic(), action, payload, str(n)) for n, (action, payload) in enumerate(calls)]
    lab = Lab(None, central, Product())  # type: ignore[arg-type]
    lab.within_s = 0.05
    return lab


def status(word: str) -> tuple[str, dict[str, Any]]:
    return "StatusNotification", {"connectorId": 1, "status": word}


START = ("StartTransaction", {"idTag": "A"})
AUTHORIZE = ("Authorize", {"idTag": "A"})


async def test_in_order() -> None:
    """What comes as listed passes."""
    lab = lab_that_hears(AUTHORIZE, START)
    assert len(await lab.expect(want("Authorize", idTag="A"), want("StartTransaction"), within=0.05)) == 2


async def test_wrong_order() -> None:
    """What comes in another order fails, and says what was wanted and what came."""
    lab = lab_that_hears(START, AUTHORIZE)
    with pytest.raises(Failed, match=r"wanted CP> Authorize.*there came StartTransaction"):
        await lab.expect(want("Authorize"), want("StartTransaction"), within=0.05)


@pytest.mark.parametrize("calls", [(START, status("Charging")), (status("Charging"), START)])
async def test_a_swap(calls: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    """What may swap passes either way."""
    lab = lab_that_hears(*calls)
    assert len(await lab.expect(swap(want("StartTransaction"), lab.status("Charging")), within=0.05)) == 2


async def test_what_is_missing() -> None:
    """What does not come in time fails."""
    with pytest.raises(Failed, match="did not come"):
        await lab_that_hears().expect(want("Authorize"), within=0.05)


async def test_wrong_field() -> None:
    """The right message with a wrong field is another message."""
    with pytest.raises(Failed):
        await lab_that_hears(AUTHORIZE).expect(want("Authorize", idTag="B"), within=0.05)


@pytest.mark.parametrize("calls", [(AUTHORIZE, START), (START,)])
async def test_optional(calls: tuple[tuple[str, dict[str, Any]], ...]) -> None:
    """What may be missing may also come."""
    lab = lab_that_hears(*calls)
    await lab.expect(want("Authorize", optional=True), want("StartTransaction"), within=0.05)


async def test_optional_at_the_end_takes_nothing_else() -> None:
    """What follows an optional message is left for the next lines."""
    lab = lab_that_hears(START)
    assert await lab.expect(want("Authorize", optional=True)) == []
    await lab.expect(want("StartTransaction"))


async def test_unasked_status_is_a_remark() -> None:
    """A StatusNotification that nobody asked for fails nothing by itself."""
    lab = lab_that_hears(status("SuspendedEV"), START)
    await lab.expect(want("StartTransaction"), within=0.05)
    assert len(lab.remarks) == 1


async def test_heartbeats_stand_anywhere() -> None:
    """Heartbeats are let pass, but where they are wanted."""
    lab = lab_that_hears(("Heartbeat", {}), START, ("Heartbeat", {}))
    await lab.expect(want("StartTransaction"), want("Heartbeat"), within=0.05)
    assert lab.remarks == []


async def test_silence() -> None:
    """Where nothing may come, what comes fails."""
    with pytest.raises(Failed, match="nothing was to come"):
        await lab_that_hears(AUTHORIZE).quiet(0.05)
    await lab_that_hears(("Heartbeat", {})).quiet(0.05)
    await lab_that_hears(AUTHORIZE).quiet(0.05, "StopTransaction")


async def test_the_sequence_wanted_is_told() -> None:
    """After a failure one can read what had come and what had not."""
    lab = lab_that_hears(AUTHORIZE)
    with pytest.raises(Failed):
        await lab.expect(want("Authorize"), want("StartTransaction"), within=0.05)
    assert lab.wanted == ["  ok  CP> Authorize", "      CP> StartTransaction"]


@pytest.mark.parametrize(
    ("name", "payload", "good"),
    [
        ("Heartbeat", {}, True),
        ("Heartbeat", {"mood": "fine"}, False),
        ("Authorize", {}, False),
        ("Authorize", {"idTag": "A" * 21}, False),
        ("ResetResponse", {"status": "Perhaps"}, False),
        ("Nonsense", {}, False),
    ],
)
def test_schemas(name: str, payload: dict[str, Any], good: bool) -> None:
    """Every payload is held against its schema: missing, extra, over-long, unknown."""
    assert (schema_faults(name, payload) == []) == good


def test_schemas_take_one_decimal() -> None:
    """A limit with one decimal is valid, without binary error."""
    period = [{"startPeriod": 0, "limit": Decimal("8.1")}]
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": period}
    payload = {"status": "Accepted", "chargingSchedule": schedule}
    assert schema_faults("GetCompositeScheduleResponse", payload) == []
