"""The daemon before a referee that we did not write: the package `ocpp` with schema validation, over a real socket.

Every Core message in both directions, with the board in the same process and in its own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from ocpp.exceptions import OCPPError
from ocpp.v16 import call

from tests.csms.central_system import CentralSystem, Heard, Policy
from tests.csms.station import BoardKind, Station

BOARDS: list[BoardKind] = ["simulated", "process"]
Pair = tuple[CentralSystem, Station]


@asynccontextmanager
async def at_the_desk(
    board: BoardKind = "simulated", policy: Policy | None = None, **ocpp: object
) -> AsyncIterator[Pair]:
    """A station that has booted and shown connector 1 Available; afterwards the referee has no complaint."""
    async with CentralSystem(policy) as central, Station(central.url, board=board, **ocpp) as station:
        await central.wait("BootNotification")
        await central.wait("StatusNotification", connectorId=1, status="Available")
        yield central, station
        assert central.refusals() == []
        assert list(breaches(central.heard)) == []


def breaches(heard: list[Heard]) -> Iterator[str]:
    """What breaks §4 of OCPP-J: two CALLs of the station in flight, a CALL answered twice, an answer to nothing."""
    waiting: str | None = None
    asked: set[str] = set()
    for one in heard:
        key = one.frame[1]
        if one.to_station and one.is_call:
            asked.add(key)
        elif one.to_station:
            waiting = None if waiting == key else waiting
        elif one.is_call:
            if waiting is not None:
                yield f"{one.action} is sent while {waiting} waits for its answer"
            waiting = key
        elif key not in asked:
            yield f"an answer to nothing, or a second one: {one.frame}"
        else:
            asked.discard(key)


async def begin(central: CentralSystem, station: Station, card: str = "CARD-1") -> int:
    """Plug, card, charging; our number of the transaction at the Central System."""
    await station.ctl("sim", "plug")
    await central.wait("StatusNotification", connectorId=1, status="Preparing")
    await station.ctl("sim", "tap", card)
    await central.wait("StartTransaction", idTag=card)
    await central.wait("StatusNotification", connectorId=1, status="Charging")
    return central.policy.next_transaction - 1


@pytest.mark.parametrize("board", BOARDS)
async def test_a_session_with_a_card(board: BoardKind) -> None:
    """BootNotification, StatusNotification, Authorize, Start- and StopTransaction, MeterValues are valid (§4)."""
    async with at_the_desk(board, MeterValueSampleInterval=1) as (central, station):
        number = await begin(central, station)
        assert central.requests("Authorize") == [{"idTag": "CARD-1"}]
        await central.wait("MeterValues", transactionId=number)
        await station.ctl("sim", "ev", "pause")
        await central.wait("StatusNotification", status="SuspendedEV")
        await station.ctl("sim", "ev", "charge")
        since = len(central.heard)
        await station.ctl("sim", "tap", "CARD-1")
        stop = await central.wait("StopTransaction", transactionId=number)
        assert stop.get("reason", "Local") == "Local"
        await central.wait("StatusNotification", since=since, status="Finishing")
        await station.ctl("sim", "unplug")
        await central.wait("StatusNotification", since=since, status="Available")
        assert len(central.requests("StartTransaction")) == len(central.requests("StopTransaction")) == 1


@pytest.mark.parametrize("board", BOARDS)
async def test_a_session_from_afar(board: BoardKind) -> None:
    """RemoteStartTransaction and RemoteStopTransaction are answered and followed by their reports (§5.11, §5.12)."""
    async with at_the_desk(board) as (central, station):
        await station.ctl("sim", "plug")
        await central.wait("StatusNotification", status="Preparing")
        assert (await central.ask(call.RemoteStartTransaction(id_tag="REMOTE", connector_id=1))).status == "Accepted"
        await central.wait("StartTransaction", idTag="REMOTE")
        await central.wait("StatusNotification", status="Charging")
        number = central.policy.next_transaction - 1
        assert (await central.ask(call.RemoteStopTransaction(transaction_id=number + 7))).status == "Rejected"
        assert (await central.ask(call.RemoteStopTransaction(transaction_id=number))).status == "Accepted"
        assert (await central.wait("StopTransaction", transactionId=number))["reason"] == "Remote"


async def test_heartbeat() -> None:
    """Heartbeats come in the interval that the Central System sets (§4.6)."""
    async with at_the_desk() as (central, _):
        answer = await central.ask(call.ChangeConfiguration(key="HeartbeatInterval", value="1"))
        assert answer.status == "Accepted"
        await central.wait("Heartbeat", within=5)


async def test_configuration() -> None:
    """GetConfiguration and ChangeConfiguration give each of their answers (§5.3, §5.8)."""
    async with at_the_desk() as (central, _):
        known = await central.ask(call.GetConfiguration(key=["HeartbeatInterval"]))
        assert known.configuration_key[0]["key"] == "HeartbeatInterval"
        unknown = await central.ask(call.GetConfiguration(key=["NoSuchKey"]))
        assert unknown.unknown_key == ["NoSuchKey"]
        everything = await central.ask(call.GetConfiguration())
        assert len(everything.configuration_key) > 20
        for key, value, status in (
            ("MeterValueSampleInterval", "60", "Accepted"),
            ("MeterValueSampleInterval", "soon", "Rejected"),
            ("NumberOfConnectors", "4", "Rejected"),
            ("NoSuchKey", "1", "NotSupported"),
        ):
            assert (await central.ask(call.ChangeConfiguration(key=key, value=value))).status == status, key


async def test_availability() -> None:
    """ChangeAvailability at once, and Scheduled during a transaction (§5.2)."""
    async with at_the_desk() as (central, station):
        for connector in (1, 0):
            for kind, status in (("Inoperative", "Unavailable"), ("Operative", "Available")):
                since = len(central.heard)
                answer = await central.ask(call.ChangeAvailability(connector_id=connector, type=kind))
                assert answer.status == "Accepted"
                await central.wait("StatusNotification", since=since, connectorId=connector, status=status)
        await begin(central, station)
        since = len(central.heard)
        assert (await central.ask(call.ChangeAvailability(connector_id=1, type="Inoperative"))).status == "Scheduled"
        await station.ctl("sim", "tap", "CARD-1")
        await station.ctl("sim", "unplug")
        await central.wait("StatusNotification", since=since, connectorId=1, status="Unavailable")
        assert (await central.ask(call.ChangeAvailability(connector_id=9, type="Operative"))).status == "Rejected"


async def test_the_small_requests() -> None:
    """ClearCache, DataTransfer and UnlockConnector are answered as §5.4, §5.6 and §5.18 say."""
    async with at_the_desk() as (central, _):
        assert (await central.ask(call.ClearCache())).status == "Accepted"
        assert (await central.ask(call.DataTransfer(vendor_id="org.nobody"))).status == "UnknownVendorId"
        assert (await central.ask(call.UnlockConnector(connector_id=1))).status == "NotSupported"  # a fixed cable


async def test_unlocking_a_socket() -> None:
    """A socket with a lock unlocks, and a connector that is not there is not supported (§5.18)."""
    policy = Policy()
    async with CentralSystem(policy) as central, Station(central.url, product="socket-3p") as station:
        await central.wait("StatusNotification", connectorId=1, status="Available")
        assert (await central.ask(call.UnlockConnector(connector_id=1))).status == "Unlocked"
        assert (await central.ask(call.UnlockConnector(connector_id=9))).status == "NotSupported"
        assert central.refusals() == []
        await station.ctl("status")


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
async def test_reset(kind: str) -> None:
    """A Reset is answered, ends the transaction with its reason, and the station boots again (§5.14)."""
    async with at_the_desk() as (central, station):
        number = await begin(central, station)
        since = len(central.heard)
        assert (await central.ask(call.Reset(type=kind))).status == "Accepted"
        assert await station.gone(within=15) == 0
        await station.start()
        await central.wait("BootNotification", since=since)
        stop = await central.wait("StopTransaction", since=since, transactionId=number)
        assert stop["reason"] == f"{kind}Reset"


async def test_registration() -> None:
    """Nothing but BootNotification is sent until one is Accepted, after Pending and Rejected (§4.2)."""
    policy = Policy(boot=[{"status": "Pending", "interval": 1}, {"status": "Rejected", "interval": 1}])
    async with CentralSystem(policy) as central, Station(central.url):
        await central.wait("StatusNotification", connectorId=1, within=40)
        said = [h.action for h in central.heard if not h.to_station and h.is_call]
        assert said[:3] == ["BootNotification"] * 3
        assert "BootNotification" not in said[3:]
        assert central.refusals() == []


async def test_an_unknown_card() -> None:
    """A card that the Central System blocks starts nothing (§4.1)."""
    policy = Policy(cards={"STOLEN": {"status": "Blocked"}})
    async with at_the_desk(policy=policy) as (central, station):
        await station.ctl("sim", "plug")
        await station.ctl("sim", "tap", "STOLEN")
        await central.wait("Authorize", idTag="STOLEN")
        await station.ctl("sim", "unplug")
        await central.wait("StatusNotification", since=0, status="Available")
        assert central.requests("StartTransaction") == []


PASSING = ("pilot-short", "reader-lost", "overtemperature", "undervoltage", "store-full")
"""Faults that are seen without a car and end at once."""
WARNINGS = ("reader-lost",)
"""Those with which the connector still works: the Central System can start."""


@pytest.mark.parametrize("faults", [(*PASSING, "rcd"), ("weld",)], ids=lambda faults: faults[-1])
async def test_faults_are_told_in_valid_words(faults: tuple[str, ...]) -> None:
    """Each fault that shows without a car gives a StatusNotification that the schema accepts (§7.7)."""
    async with at_the_desk() as (central, station):
        for fault in faults:
            since = len(central.heard)
            await station.ctl("sim", "fault", fault, "on")
            said = await central.wait_heard(lambda h: h.payload.get("errorCode") not in (None, "NoError"), since, 6)
            assert said and (said.payload["status"] == "Faulted") == (fault not in WARNINGS), fault
            await station.ctl("sim", "fault", fault, "off")
            if fault in PASSING:
                await central.wait("StatusNotification", since=since, errorCode="NoError", within=6)


@pytest.mark.parametrize(
    ("action", "payload", "codes"),
    [
        ("Nonsense", {}, {"NotImplemented", "NotSupported"}),
        (
            "ChangeAvailability",
            {"connectorId": 1},
            {"OccurenceConstraintViolation", "ProtocolError", "FormationViolation"},
        ),
        ("ChangeAvailability", {"connectorId": "one", "type": "Operative"}, {"TypeConstraintViolation"}),
        ("ChangeAvailability", {"connectorId": 1, "type": "Perhaps"}, {"PropertyConstraintViolation"}),
        ("Reset", [], {"FormationViolation", "TypeConstraintViolation"}),
    ],
)
async def test_wrong_requests_get_the_right_error(action: str, payload: dict[str, object], codes: set[str]) -> None:
    """A request that cannot be carried out gets the CALLERROR of §4.2.3 (OCPP-J) that fits."""
    async with at_the_desk() as (central, _):
        frame = await central.ask_raw(action, payload)
        assert frame[0] == 4 and frame[2] in codes, frame


async def test_an_answer_is_validated_too() -> None:
    """The referee itself refuses what is no OCPP: it would have seen ours."""
    async with at_the_desk() as (central, _):
        with pytest.raises(OCPPError):
            await central.ask(call.ChangeAvailability(connector_id="one", type="Operative"))  # type: ignore[arg-type]
