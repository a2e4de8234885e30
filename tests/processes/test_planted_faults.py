"""Planted faults: what a technician gets from `evsectl doctor` and `evsectl why`, to the first line.

Each fault alone, in pairs, and beside a warning that is not the cause.  The real programs, the simulated board.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench

NO_SUCH_NAME = "ws://csms.invalid/ocpp"


async def doctor(station: Bench) -> tuple[int, list[str]]:
    """Exit code and lines, without the clock of this machine, which nobody may have synchronised."""
    code, text = await station.ctl_code(
        "--config", str(station.config), "doctor", "--board", str(station.home / "board.toml")
    )
    return code, [line for line in text.splitlines() if not line.startswith("warning clock")]


async def first_line(station: Bench, pattern: str) -> list[str]:
    """The lines of `doctor`, of which the first must be this."""
    code, lines = await doctor(station)
    assert code == 1 and re.fullmatch(pattern, lines[0]), lines
    return lines


@pytest.fixture
async def station() -> AsyncIterator[Bench]:
    async with ScriptedCentralSystem() as central, Bench(central.url) as bench:
        bench.central = central  # type: ignore[attr-defined]
        await bench.at_peace()
        yield bench


def central_of(station: Bench) -> ScriptedCentralSystem:
    central: Any = station
    found: ScriptedCentralSystem = central.central
    return found


async def test_nothing_is_wrong(station: Bench) -> None:
    """Exit 0, no fault."""
    code, lines = await doctor(station)
    assert code == 0 and not [line for line in lines if line.startswith("FAULT")], lines


FAULTS = {
    "weld": r"FAULT   connector: connector 1: Fault weld: the contactor does not open \(.*\)\. Switch the supply off, "
    r"replace the contactor, then evsectl selftest --clear-latched\.",
    "pilot-short": r"FAULT   connector: connector 1: Fault pilot-short: the control pilot is shorted or lost \(.*\)\. "
    r"Check the pilot wire and the car's inlet\.",
    "overtemperature": r"FAULT   connector: connector 1: Fault overtemperature: too hot inside \(.*\)\. .*",
    "store-full": r"FAULT   store: Fault store-full: nothing can be recorded \(.*\)\. Make room on the disk "
    r"or check the SD card\.",
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_of_the_board(station: Bench, fault: str) -> None:
    """The cause in the first line, with its remedy."""
    await station.sim("fault", fault, "on")
    await station.until(lambda s: s["status"] == "Faulted" or s["connectors"][0]["status"] == "Faulted")
    await first_line(station, FAULTS[fault])


async def test_a_car_without_its_diode(station: Bench) -> None:
    """Seen when the pilot signals a current."""
    await station.sim("fault", "diode", "on")
    await station.sim("plug")
    await station.sim("tap", "CARD-1")
    await station.until(lambda s: s["connectors"][0]["faults"])
    await first_line(station, r"FAULT   connector: connector 1: Fault diode: the car's pilot diode is missing \(.*")


async def test_a_meter_that_is_silent(station: Bench) -> None:
    """Seen while it charges."""
    await station.charge()
    await station.sim("fault", "meter-lost", "on")
    await station.until(lambda s: s["connectors"][0]["faults"], 25)
    await first_line(station, r"FAULT   connector: connector 1: Fault meter-lost: the meter does not answer \(.*")


async def test_a_reader_that_is_unplugged(station: Bench) -> None:
    """A warning: a remote start still works, so nothing is a fault."""
    await station.sim("fault", "reader-lost", "on")
    await station.until(lambda s: s["connectors"][0]["faults"])
    code, lines = await doctor(station)
    assert code == 0 and lines[0].startswith(
        "warning connector: connector 1: No car is plugged in. Warning reader-lost:"
    )


async def test_out_of_service(station: Bench) -> None:
    """The back-office has done it, and is named."""
    await central_of(station).call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    await first_line(
        station,
        r"FAULT   connector: connector 1: Connector 1 was set out of service \(ChangeAvailability Inoperative\)\. The "
        r"back-office can set it Operative \(ChangeAvailability\)\.",
    )


async def test_a_profile_holds_nothing(station: Bench) -> None:
    """It charges nothing, and the profile is named."""
    await station.charge()
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 0}]}
    profile = {"chargingProfileId": 3, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}
    profile |= {"chargingProfileKind": "Relative", "chargingSchedule": schedule}
    await central_of(station).call("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile})
    await station.until(lambda s: s["connectors"][0]["offered_amps"] == 0)
    await first_line(station, r"FAULT   connector: connector 1: TxDefaultProfile 3 \(.*\) allows 0 A; .*")


async def test_the_board_is_gone(station: Bench) -> None:
    """Its process has ended."""
    assert station.board_process is not None
    station.board_process.kill()
    await station.until(lambda s: s["board"] is None)
    await station.until(lambda s: s["status"] == "Faulted" or s["connectors"][0]["status"] == "Faulted")
    await first_line(station, r"FAULT   board: Fault board-missing: the board does not answer \(.*\)\. .*")


async def test_evsed_does_not_run(station: Bench) -> None:
    """Its store still answers; the rest is looked at."""
    station.kill()
    await station.gone()
    await first_line(station, r"FAULT   daemon: evsed is not running, .* See `systemctl status evsed` and .*")


@pytest.mark.parametrize(
    ("status", "pattern"),
    [
        (401, r"FAULT   link: HTTP: .*credentials.* \(http-401, \d+ s ago\)\. .*"),
        (404, r"FAULT   link: HTTP: .*path or identity.* \(http-404, \d+ s ago\)\. .*"),
    ],
)
async def test_a_back_office_that_refuses(status: int, pattern: str) -> None:
    """Wrong password, wrong identity: each by its code."""
    async with ScriptedCentralSystem() as central:
        central.http.extend([status] * 100)
        async with Bench(central.url) as station:
            await station.until(lambda s: s["link"]["last_failure"])
            await first_line(station, pattern)


async def test_a_name_that_is_not_there() -> None:
    """DNS is dead, or the name is wrong."""
    async with Bench(NO_SUCH_NAME) as station:
        await station.until(lambda s: s["link"]["last_failure"], 20)
        await first_line(station, r"FAULT   link: DNS: .* \(dns-[a-z-]+, \d+ s ago\)\. .*")


# --- two at once, and what is not the cause --------------------------------------------------------------------------


@pytest.mark.parametrize("pair", [("weld", "reader-lost"), ("pilot-short", "overtemperature"), ("weld", "store-full")])
async def test_two_faults_at_once(station: Bench, pair: tuple[str, str]) -> None:
    """Both are named."""
    for fault in pair:
        await station.sim("fault", fault, "on")
    await station.until(lambda s: s["connectors"][0]["status"] == "Faulted" and len(s["connectors"][0]["faults"]) > 0)
    await station.until(lambda s: pair[1] in str(s) or s["store"]["state"] != "ok")
    _, lines = await doctor(station)
    text = "\n".join(lines)
    assert all(fault in text or (fault == "store-full" and "store" in text) for fault in pair), lines


async def test_no_connection_and_a_fault(station: Bench) -> None:
    """The connector's fault and the link's, each in a line of its own."""
    await central_of(station).shut()
    await station.sim("fault", "weld", "on")
    await station.until(lambda s: s["link"]["last_failure"] and s["connectors"][0]["status"] == "Faulted")
    _, lines = await doctor(station)
    assert lines[0].startswith("FAULT   connector: connector 1: Fault weld") and lines[1].startswith("FAULT   link: ")


async def test_a_warning_does_not_mislead(station: Bench) -> None:
    """A lost reader is warned of; that the connector is out of service is the cause, and stands first."""
    await station.sim("fault", "reader-lost", "on")
    await central_of(station).call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    station.config.chmod(0o666)
    _, lines = await doctor(station)
    assert lines[0].startswith("FAULT   connector: connector 1: Connector 1 was set out of service")
    assert any(line.startswith("warning configuration: ") for line in lines)
