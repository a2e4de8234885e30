"""The daemon before the package `ocpp` with schema validation on: each message of the profiles beyond Core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ocpp.exceptions import OCPPError, PropertyConstraintViolationError
from ocpp.v16 import call

from tests.conformance.cases_firmware import IMAGE, file_server
from tests.csms.central_system import CentralSystem, Policy
from tests.csms.station import Station
from tests.csms.test_referee import begin, breaches

PLAIN = str(Path(__file__).parents[1] / "conformance/products/plain-firmware.toml")
Pair = tuple[CentralSystem, Station]


@asynccontextmanager
async def at_the_desk(product: str = "", **ocpp: object) -> AsyncIterator[Pair]:
    """A station, Available, that may fetch files from this machine; afterwards the referee has no complaint."""
    async with CentralSystem() as central:
        station = Station(central.url, product=product, **ocpp)
        station.config.write_text("[transfers]\nallow_loopback = true\n" + station.config.read_text())
        async with station:
            await central.wait("StatusNotification", connectorId=1, status="Available")
            yield central, station
            assert central.refusals() == []
            assert list(breaches(central.heard)) == []


def utc(seconds: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def profile(number: int, purpose: str, *amps: float, kind: str = "Absolute", **more: Any) -> dict[str, Any]:
    """A profile whose periods last 100 s each."""
    periods = [{"start_period": 100 * place, "limit": limit} for place, limit in enumerate(amps)]
    schedule = {"charging_rate_unit": "A", "charging_schedule_period": periods}
    if kind == "Absolute":
        schedule["start_schedule"] = utc(-1)
    return {
        "charging_profile_id": number,
        "stack_level": 1,
        "charging_profile_purpose": purpose,
        "charging_profile_kind": kind,
        "charging_schedule": schedule,
        **more,
    }


async def status_of(central: CentralSystem, request: Any) -> str:
    return str((await central.ask(request)).status)


# --- Local Auth List Management -----------------------------------------------------------------------------------


async def test_local_list() -> None:
    """SendLocalList and GetLocalListVersion give each of their answers (§5.10, §5.15)."""
    listed = {
        "id_tag": "LISTED",
        "id_tag_info": {"status": "Accepted", "parent_id_tag": "GROUP", "expiry_date": utc(999)},
    }

    def send(version: int, kind: str, *entries: dict[str, Any]) -> call.SendLocalList:
        return call.SendLocalList(list_version=version, update_type=kind, local_authorization_list=list(entries))

    async with at_the_desk() as (central, _):
        assert (await central.ask(call.GetLocalListVersion())).list_version == 0
        for request, status, version in (
            (send(3, "Full", listed), "Accepted", 3),
            (send(4, "Differential", {"id_tag": "BAD", "id_tag_info": {"status": "Blocked"}}), "Accepted", 4),
            (send(2, "Differential", listed), "VersionMismatch", 4),
            (send(5, "Full", *({**listed, "id_tag": f"CARD-{n}"} for n in range(101))), "Failed", 4),
            (send(6, "Differential", {"id_tag": "BAD"}), "Accepted", 6),
        ):
            assert await status_of(central, request) == status
            assert (await central.ask(call.GetLocalListVersion())).list_version == version


async def test_no_local_list() -> None:
    """With the list switched off the version is -1 and an update is NotSupported (§5.10, §5.15)."""
    async with at_the_desk(LocalAuthListEnabled=False) as (central, _):
        assert (await central.ask(call.GetLocalListVersion())).list_version == -1
        request = call.SendLocalList(list_version=1, update_type="Full", local_authorization_list=[])
        assert await status_of(central, request) == "NotSupported"


# --- Reservation --------------------------------------------------------------------------------------------------


async def test_reservation() -> None:
    """ReserveNow and CancelReservation give their answers, and StartTransaction names its reservation (§5.1, §5.13)."""

    def reserve(number: int, connector: int = 1, tag: str = "MINE") -> call.ReserveNow:
        return call.ReserveNow(connector_id=connector, expiry_date=utc(600), id_tag=tag, reservation_id=number)

    async with at_the_desk() as (central, station):
        assert await status_of(central, reserve(7)) == "Accepted"
        await central.wait("StatusNotification", connectorId=1, status="Reserved")
        assert await status_of(central, reserve(8, tag="OTHER")) == "Occupied"
        assert await status_of(central, call.CancelReservation(reservation_id=99)) == "Rejected"
        since = len(central.heard)
        assert await status_of(central, call.CancelReservation(reservation_id=7)) == "Accepted"
        await central.wait("StatusNotification", since=since, connectorId=1, status="Available")
        since = len(central.heard)
        assert await status_of(central, reserve(9)) == "Accepted"
        await central.wait("StatusNotification", since=since, connectorId=1, status="Reserved")
        await station.ctl("sim", "plug")
        await station.ctl("sim", "tap", "MINE")
        await central.wait("StatusNotification", connectorId=1, status="Charging")
        assert central.requests("StartTransaction")[0]["reservationId"] == 9
        assert await status_of(central, reserve(10)) == "Occupied"


async def test_reservation_of_what_cannot_be() -> None:
    """An inoperative connector answers Unavailable, a faulted one Faulted (§5.13)."""
    async with at_the_desk() as (central, station):

        async def answer(number: int) -> str:
            fields = {"connector_id": 1, "expiry_date": utc(600), "id_tag": "MINE", "reservation_id": number}
            return await status_of(central, call.ReserveNow(**fields))

        await central.ask(call.ChangeAvailability(connector_id=1, type="Inoperative"))
        await central.wait("StatusNotification", connectorId=1, status="Unavailable")
        assert await answer(1) == "Unavailable"
        since = len(central.heard)
        await central.ask(call.ChangeAvailability(connector_id=1, type="Operative"))
        await central.wait("StatusNotification", since=since, connectorId=1, status="Available")
        await station.ctl("sim", "fault", "pilot-short", "on")
        await central.wait("StatusNotification", connectorId=1, status="Faulted")
        assert await answer(2) == "Faulted"


# --- Smart Charging -----------------------------------------------------------------------------------------------


async def test_smart_charging() -> None:
    """SetChargingProfile, GetCompositeSchedule and ClearChargingProfile, each purpose (§5.5, §5.7, §5.16)."""
    async with at_the_desk() as (central, station):

        async def install(connector: int, one: dict[str, Any]) -> str:
            return await status_of(central, call.SetChargingProfile(connector_id=connector, cs_charging_profiles=one))

        assert await install(0, profile(1, "ChargePointMaxProfile", 20.3, 16)) == "Accepted"
        assert await install(0, profile(2, "TxDefaultProfile", 13.7, kind="Relative")) == "Accepted"
        daily = profile(3, "TxDefaultProfile", 12, kind="Recurring", recurrency_kind="Daily", stack_level=0)
        daily["charging_schedule"]["start_schedule"] = utc(-3600)
        assert await install(1, daily) == "Accepted"
        assert await install(1, profile(4, "TxProfile", 10, kind="Relative")) == "Rejected"  # no transaction
        with pytest.raises(PropertyConstraintViolationError):  # no such connector
            await install(9, profile(5, "TxDefaultProfile", 10))
        number = await begin(central, station)
        own = profile(4, "TxProfile", 9.1, 7, kind="Relative", transaction_id=number)
        assert await install(1, own) == "Accepted"
        for connector, unit in (
            (1, "A"),
            (0, "A"),
            (1, None),
        ):  # the station's whole draw is that of its only connector
            plan = await central.ask(call.GetCompositeSchedule(connector, 300, unit))
            assert plan.status == "Accepted" and plan.connector_id == connector
            periods = plan.charging_schedule["charging_schedule_period"]
            assert periods[0]["start_period"] == 0
            assert periods[0]["limit"] == Decimal("9.1"), plan
        assert (await central.ask(call.GetCompositeSchedule(9, 300))).status == "Rejected"
        assert await status_of(central, call.ClearChargingProfile(id=4)) == "Accepted"
        assert await status_of(central, call.ClearChargingProfile(id=4)) == "Unknown"
        by_filter = call.ClearChargingProfile(
            connector_id=0, charging_profile_purpose="TxDefaultProfile", stack_level=1
        )
        assert await status_of(central, by_filter) == "Accepted"
        assert await status_of(central, call.ClearChargingProfile()) == "Accepted"
        assert await status_of(central, call.ClearChargingProfile()) == "Unknown"


async def test_a_profile_with_the_remote_start() -> None:
    """RemoteStartTransaction with a TxProfile: the limit holds from the beginning (§5.16.3)."""
    async with at_the_desk() as (central, station):
        await station.ctl("sim", "plug")
        await central.wait("StatusNotification", status="Preparing")
        request = call.RemoteStartTransaction(
            id_tag="REMOTE", connector_id=1, charging_profile=profile(4, "TxProfile", 8.5, kind="Relative")
        )
        assert await status_of(central, request) == "Accepted"
        await central.wait("StatusNotification", status="Charging")
        plan = await central.ask(call.GetCompositeSchedule(1, 60, "A"))
        assert plan.charging_schedule["charging_schedule_period"][0]["limit"] == Decimal("8.5")
        assert (await station.json("status"))["connectors"][0]["offered_amps"] == 8.5


# --- Remote Trigger -----------------------------------------------------------------------------------------------

TRIGGERED = (
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
)


async def test_trigger() -> None:
    """Each message of TriggerMessage comes, after its answer; a connector that is not there is Rejected (§5.17)."""
    async with at_the_desk() as (central, _):
        for message in TRIGGERED:
            since = len(central.heard)
            connector = 1 if message in ("MeterValues", "StatusNotification") else None
            request = call.TriggerMessage(requested_message=message, connector_id=connector)
            assert await status_of(central, request) == "Accepted", message
            await central.wait(message, since=since, **({"connectorId": 1} if connector else {}))
            said = [h.action for h in central.heard[since:] if not h.to_station]
            assert said.index("TriggerMessage") < said.index(message)
        for message in ("DiagnosticsStatusNotification", "FirmwareStatusNotification"):
            assert central.requests(message) == [{"status": "Idle"}]
        boot = call.TriggerMessage(requested_message="BootNotification")
        assert await status_of(central, boot) == "Rejected"  # it has been accepted
        request = call.TriggerMessage(requested_message="StatusNotification", connector_id=9)
        assert await status_of(central, request) == "Rejected"
        with pytest.raises(OCPPError):  # the referee's schema knows no such message
            await central.ask(call.TriggerMessage(requested_message="Nonsense"))


async def test_trigger_before_acceptance() -> None:
    """A station that is Pending sends what it is asked for, its BootNotification too (§4.2, §5.17)."""
    policy = Policy(boot=[{"status": "Pending", "interval": 300}])
    async with CentralSystem(policy) as central, Station(central.url) as station:
        await central.wait("BootNotification")
        while "board: simulated attached" not in station.log_text():  # until then no status is known to be told
            await asyncio.sleep(0.05)
        since = len(central.heard)
        asked = call.TriggerMessage(requested_message="StatusNotification", connector_id=1)
        assert await status_of(central, asked) == "Accepted"
        await central.wait("StatusNotification", since=since, connectorId=1)
        assert await status_of(central, call.TriggerMessage(requested_message="BootNotification")) == "Accepted"
        await central.wait("BootNotification", since=since)
        await central.wait("StatusNotification", since=since, connectorId=0)
        assert central.refusals() == []


# --- Firmware Management ------------------------------------------------------------------------------------------


async def test_firmware() -> None:
    """UpdateFirmware is answered, and each step is told until the new version runs (§5.19, §4.5)."""
    async with at_the_desk(PLAIN) as (central, station), file_server() as files:
        files.files["/image"] = IMAGE
        location = f"http://127.0.0.1:{files.port}/image"
        await central.ask(call.UpdateFirmware(location, utc(), retries=1, retry_interval=1))
        for status in ("Downloading", "Downloaded", "Installing"):
            await central.wait("FirmwareStatusNotification", status=status)
        await station.gone(within=30)
        since = len(central.heard)
        await station.start()
        await central.wait("BootNotification", since=since)
        await central.wait("FirmwareStatusNotification", since=since, status="Installed")


async def test_firmware_that_is_not_there() -> None:
    """A download that fails is told as DownloadFailed (§7.25)."""
    async with at_the_desk(PLAIN) as (central, _), file_server() as files:
        await central.ask(call.UpdateFirmware(f"http://127.0.0.1:{files.port}/none", utc(), retries=0))
        await central.wait("FirmwareStatusNotification", status="DownloadFailed")


async def test_diagnostics() -> None:
    """GetDiagnostics names the file, and the upload is told, well or failed (§5.9, §4.4)."""
    async with at_the_desk() as (central, _), file_server() as files:
        place = f"http://127.0.0.1:{files.port}/logs/"
        answer = await central.ask(call.GetDiagnostics(place, start_time=utc(-3600), stop_time=utc()))
        assert len(answer.file_name) <= 255
        for status in ("Uploading", "Uploaded"):
            await central.wait("DiagnosticsStatusNotification", status=status)
        assert files.taken[f"/logs/{answer.file_name}"]
        await central.ask(call.GetDiagnostics("http://127.0.0.1:9/logs/", retries=0, retry_interval=1))
        await central.wait("DiagnosticsStatusNotification", status="UploadFailed")
