"""Back-offices as they are: the station through the set-up of each, a charge with its limits, and a good end."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.conformance.unit import Hands
from tests.csms.backoffices import BackOffice, CitrineOS, Evcc, HomeAssistant, SteVe, Strict, strict
from tests.csms.station import Station

OFFICES: list[type[BackOffice]] = [Evcc, HomeAssistant, SteVe, CitrineOS, Strict]
LIMITS = ((16, "Charging"), (0, "SuspendedEVSE"), (6, "Charging"), (16, "Charging"))
AT_THE_PILOT_S = 6.0
"""The pilot is raised at most once in 5 s; the rest is for a busy machine."""


async def booted(office: BackOffice) -> None:
    """Through registration and set-up; connector 1 Available."""
    if isinstance(office, CitrineOS):
        await office.pending()
    await office.wait("StatusNotification", connectorId=1, status="Available")
    await office.set_up()


async def offered(station: Station, low: float, high: float) -> float:
    """What the pilot signals as soon as it lies between the two; AssertionError when it takes too long."""
    deadline = time.monotonic() + AT_THE_PILOT_S
    while True:
        shown = (await Hands(station.control).ask("status"))["status"]
        amps = float(shown["connectors"][0]["signalled_amps"])
        if low <= amps <= high:
            return amps
        assert time.monotonic() < deadline, f"the pilot is at {amps} A, not between {low} and {high}"
        await asyncio.sleep(0.1)


async def charge(office: BackOffice, station: Station) -> int:
    """Plug, start, limits 16 → 0 → 6 → 16 A; the transaction that runs."""
    since = len(office.got)
    await Hands(station.control).sim("plug")
    await office.wait("StatusNotification", since=since, connectorId=1, status="Preparing")
    assert await office.start()
    await office.wait("StartTransaction", since=since, idTag="OFFICE")
    await office.wait("StatusNotification", since=since, connectorId=1, status="Charging")
    shown = "Charging"
    for amps, status in LIMITS:
        mark = len(office.got)
        await office.limit(amps)
        await offered(station, amps, amps + 0.3 if amps > 6 else amps)
        if status != shown:
            await office.wait("StatusNotification", since=mark, connectorId=1, status=status)
            shown = status
    assert office.calls("StopTransaction", since) == []
    return office.transaction


async def finish(office: BackOffice, station: Station, number: int, reason: str = "Remote") -> None:
    """Stop, unplug, Available; every start has its stop and nothing waits."""
    since = len(office.got)
    await office.stop(number)
    stop = await office.wait("StopTransaction", since=since, transactionId=number)
    assert stop["reason"] == reason
    assert stop["meterStop"] >= office.calls("StartTransaction")[-1]["meterStart"]
    await Hands(station.control).sim("unplug")
    await office.wait("StatusNotification", since=since, connectorId=1, status="Available")
    assert len(office.calls("StartTransaction")) == len(office.calls("StopTransaction"))
    shown = (await Hands(station.control).ask("status"))["status"]
    assert (shown["queue"], shown["parked"], shown["linked"]) == (0, 0, True)
    assert shown["connectors"][0]["transaction"] is None


@pytest.mark.parametrize("product", ["", "socket-3p"], ids=["fixed-cable", "socket"])
@pytest.mark.parametrize("kind", OFFICES)
async def test_a_session_ends_well(kind: type[BackOffice], product: str) -> None:
    """Set-up, a charge held to 16, 0, 6 and 16 A, and the end; all of it valid in both directions."""
    async with kind() as office, Station(office.url, product=product) as station:
        await booted(office)
        number = await charge(office, station)
        await finish(office, station, number)
        assert list(strict(office.said)) == []


async def test_evcc_again_while_charging() -> None:
    """evcc that restarts sets up a station that charges: the transaction goes on, and is told with its number."""
    async with Evcc() as office, Station(office.url) as station:
        await booted(office)
        number = await charge(office, station)
        assert office.connection is not None
        await office.connection.close(1001)
        since, links = len(office.got), len(office.connections)
        await office.until(lambda: len(office.connections) > links)
        await office.set_up()
        told = await office.wait("MeterValues", since=since)
        assert told["transactionId"] == number
        assert office.calls("StatusNotification", since)[-1]["status"] == "Charging"
        await finish(office, station, number)
        assert list(strict(office.said)) == []


async def test_evcc_sees_what_it_reads() -> None:
    """The phases and measurands that evcc looks up are named as it expects, on a station with three phases."""
    async with Evcc() as office, Station(office.url, product="socket-3p") as station:
        await booted(office)
        number = await charge(office, station)
        since = len(office.got)
        await office.trigger("MeterValues", 1)
        values = office.calls("MeterValues", since)[-1]["meterValue"][0]["sampledValue"]
        named = {(one["measurand"], one.get("phase")) for one in values}
        assert {("Voltage", "L1-N"), ("Current.Import", "L1")} <= named
        assert "Energy.Active.Import.Register" in {name for name, _ in named}
        await finish(office, station, number)


async def test_home_assistant_is_answered_before_the_boot() -> None:
    """What lbbrhzn/ocpp asks while BootNotification waits is answered, and its long list is refused as a whole."""
    async with HomeAssistant() as office, Station(office.url):
        await booted(office)
        assert "SmartCharging" in office.early[0] and office.early[1] == "1"
        assert "ChangeConfiguration MeterValuesSampledData: Rejected" in office.refused
        answer = await office.ask("GetConfiguration", key=["MeterValuesSampledData"])
        assert "Energy.Active.Import.Register" in answer["configurationKey"][0]["value"]


async def test_steve_and_a_card_it_does_not_know() -> None:
    """Invalid with a transaction id: the transaction ends DeAuthorized under that id, and the next card charges."""
    async with SteVe() as office, Station(office.url) as station:
        await booted(office)
        office.scripts["StartTransaction"].append(SteVe.unknown_card)
        await Hands(station.control).sim("plug")
        await Hands(station.control).sim("tap STRANGER")
        stop = await office.wait("StopTransaction", transactionId=1)
        assert stop["reason"] == "DeAuthorized"
        await Hands(station.control).sim("unplug")
        await office.wait("StatusNotification", since=len(office.got) - 1, connectorId=1, status="Available")
        number = await charge(office, station)
        assert number == 2
        await finish(office, station, number)


async def test_citrine_configures_before_it_accepts() -> None:
    """Pending: its keys are taken, no report comes by itself, and a remote start is Rejected (§4.2)."""
    async with CitrineOS() as office, Station(office.url):
        await office.wait("BootNotification")
        start = await office.ask("RemoteStartTransaction", connectorId=1, idTag="OFFICE")
        assert start["status"] == "Rejected"
        assert office.calls("StatusNotification") == []
        await booted(office)
        assert list(strict(office.said)) == []


def test_the_validator_sees_faults() -> None:
    """`strict` finds a limit of two decimals, a second CALL in flight, and an answer to nothing."""
    period = '{"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": %s}]}'

    def plan(limit: str) -> list[tuple[bool, str]]:
        answer = f'[3, "1", {{"status": "Accepted", "chargingSchedule": {period % limit}}}]'
        return [(True, '[2, "1", "GetCompositeSchedule", {"connectorId": 1, "duration": 60}]'), (False, answer)]

    assert list(strict(plan("8.1"))) == []
    assert "8.15" in next(strict(plan("8.15")))
    twice = [(False, '[2, "1", "Heartbeat", {}]'), (False, '[2, "2", "Heartbeat", {}]')]
    assert "open" in next(strict(twice))
    assert "nothing" in next(strict([(False, '[3, "1", {}]')]))
