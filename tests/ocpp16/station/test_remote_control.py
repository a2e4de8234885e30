"""RemoteStartTransaction and RemoteStopTransaction, from the answer to the first ampere (§5.11, §5.12)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.product import Product
from ocpp16.records import CachedTag
from tests.ocpp16.rig import ACCEPTED, SILENCE, CallError, Station, refused

SOCKET = Product(fixed_cable=False)


def start(station: Station, connector: int | None = 1, card: str = "CARD", **more: Any) -> Any:
    where = {} if connector is None else {"connectorId": connector}
    answer = station.request("RemoteStartTransaction", idTag=card, **where, **more)
    return answer["status"] if isinstance(answer, dict) else answer


# --- remote start ---------------------------------------------------------------------------------------------------


def test_remote_start_plugged() -> None:
    """§5.11: the answer, then Authorize like a card, then StartTransaction."""
    station = Station().online()
    station.plug()
    station.forget()
    answer, step = station.ask("RemoteStartTransaction", idTag="CARD", connectorId=1)
    assert answer == {"status": "Accepted"}
    assert step.frames[0].startswith("[3,")
    station.settle()
    station.draw()
    assert station.actions() == ["Authorize", "StartTransaction", "StatusNotification"]
    assert station.heard("StartTransaction")[0]["idTag"] == "CARD"


def test_remote_start_first() -> None:
    """§5.11: without a plug: Preparing, ConnectionTimeOut runs, the plug begins."""
    station = Station().online()
    assert start(station) == "Accepted"
    assert station.statuses() == ["Preparing"]
    station.wait(30)
    station.plug()
    assert len(station.heard("StartTransaction")) == 1


def test_remote_start_times_out() -> None:
    """§5.11: no plug within ConnectionTimeOut: Available, no transaction."""
    station = Station().online()
    start(station)
    station.wait(61)
    assert station.statuses() == ["Preparing", "Available"]
    station.plug()
    assert station.heard("StartTransaction") == []


def test_remote_start_refused_card() -> None:
    """§5.11: the answer is Accepted before the card is judged; a refused one simply does not start."""
    station = Station().online()
    station.plug()
    station.script["Authorize"] = refused()
    assert start(station) == "Accepted"
    station.wait(100)
    assert station.heard("StartTransaction") == []


def test_remote_start_unasked() -> None:
    """§9.1.4: AuthorizeRemoteTxRequests false: at once, the Central System judges in StartTransaction.conf."""
    station = Station(AuthorizeRemoteTxRequests=False).online()
    station.plug()
    start(station)
    assert "Authorize" not in station.actions()
    assert len(station.heard("StartTransaction")) == 1


def test_remote_start_from_the_cache() -> None:
    """§5.11: with AuthorizeRemoteTxRequests the local rules hold as for a card."""
    station = Station(records=[CachedTag(id_tag="card", status="Accepted")], LocalPreAuthorize=True).online()
    station.plug()
    start(station)
    assert "Authorize" not in station.actions()
    assert len(station.heard("StartTransaction")) == 1


def test_authorize_key_bites_on_the_next_remote_start() -> None:
    """§9.1.4: a new AuthorizeRemoteTxRequests counts from the next remote start."""
    station = Station().online()
    station.request("ChangeConfiguration", key="AuthorizeRemoteTxRequests", value="false")
    start(station)
    assert "Authorize" not in station.actions()


@pytest.mark.parametrize("connector", [0, -1, 2])
def test_remote_start_on_no_connector(connector: int) -> None:
    """§5.11: connector 0 and connectors that are not there: Rejected."""
    assert start(Station().online(), connector) == "Rejected"


def test_remote_start_where_it_cannot_be() -> None:
    """§5.11: Rejected where the connector is out of service, faulted, or in a transaction."""
    station = Station().online()
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    assert start(station) == "Rejected"
    station.request("ChangeAvailability", connectorId=1, type="Operative")
    station.fault("rcd")
    assert start(station) == "Rejected"
    station.fault("rcd", on=False)
    station.charging()
    assert start(station) == "Rejected"
    assert start(station, None) == "Rejected"


@pytest.mark.parametrize("asked", [True, False])
def test_second_remote_start(asked: bool) -> None:
    """§5.11: while one waits (for its plug, or for the answer about its card) a second is Rejected."""
    station = Station().online()
    if asked:
        station.script["Authorize"] = SILENCE
    start(station)
    assert start(station, 1, "OTHER") == "Rejected"
    assert start(station, None, "OTHER") == "Rejected"


PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
    "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}]},
}  # fmt: skip


def test_remote_start_with_a_profile() -> None:
    """§5.11: the charging profile holds from the first ampere of the transaction that it came with."""
    station = Station().online()
    assert start(station, 1, chargingProfile=PROFILE) == "Accepted"
    station.plug()
    assert station.offered() == 10.0


def test_remote_start_with_a_profile_that_nobody_can_follow() -> None:
    """§5.11: a product without SmartCharging cannot follow a charging profile: Rejected."""
    assert start(Station(Product(profiles=("Core",))).online(), 1, chargingProfile=PROFILE) == "Rejected"


def test_remote_start_picks_a_connector() -> None:
    """§5.11: without connectorId the station picks: a plugged one before an empty one, the lowest of several."""
    station = Station(Product(connectors=3)).online()
    station.plug(2)
    start(station, None)
    assert station.heard("StartTransaction")[0]["connectorId"] == 2
    start(station, None, "OTHER")
    assert station.statuses(1) == ["Preparing"]
    assert start(station, None, "THIRD") == "Accepted"
    assert station.statuses(3) == ["Preparing"]


def test_remote_start_while_leaving() -> None:
    """§5.14: nothing begins on the way down."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.ask("Reset", type="Soft")
    assert station.ask("RemoteStartTransaction", idTag="CARD")[0] == {"status": "Rejected"}


def test_card_and_remote_start_at_once() -> None:
    """§5.11: of a card and a remote start the first that is authorized has the connector."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    station.tap("OTHER")
    station.script.clear()
    station.answer(ACCEPTED)
    station.settle()
    station.plug()
    assert [said["idTag"] for said in station.heard("StartTransaction")] == ["CARD"]
    assert ("card-refused", "the connector is taken") in [(c, f.get("reason")) for c, f in station.notes]


# --- remote stop ----------------------------------------------------------------------------------------------------


def test_remote_stop() -> None:
    """§5.12: Accepted, then StopTransaction with reason Remote."""
    station = Station().online().charging()
    answer, step = station.ask("RemoteStopTransaction", transactionId=101)
    assert answer == {"status": "Accepted"}
    assert step.outlets[0].offered_amps == 0.0
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "Remote"


@pytest.mark.parametrize("identifier", [0, -1, 999])
def test_remote_stop_of_an_unknown_id(identifier: int) -> None:
    """§5.12: a transactionId that does not run here: Rejected."""
    station = Station().online().charging()
    assert station.request("RemoteStopTransaction", transactionId=identifier) == {"status": "Rejected"}
    assert station.status() == "Charging"


def test_remote_stop_of_a_start_that_was_never_delivered() -> None:
    """E 3.18, §5.12: -1 stands in our messages only; it stops nothing."""
    station = Station(TransactionMessageAttempts=1).online()
    station.script["StartTransaction"] = CallError("InternalError")
    station.charging()
    assert station.request("RemoteStopTransaction", transactionId=-1) == {"status": "Rejected"}


def test_remote_stop_after_the_end() -> None:
    """§5.12: an id whose transaction is over: Rejected."""
    station = Station().online().charging()
    station.unplug()
    assert station.request("RemoteStopTransaction", transactionId=101) == {"status": "Rejected"}


def test_remote_stop_of_one_of_several() -> None:
    """§5.12: of several the one that is meant ends."""
    station = Station(Product(connectors=2)).online().charging("A", 1).charging("B", 2)
    assert station.request("RemoteStopTransaction", transactionId=102) == {"status": "Accepted"}
    assert (station.offered(1), station.offered(2)) == (32.0, 0.0)
