"""RemoteStart, RemoteStop, UnlockConnector, DataTransfer, Reset, the end of a life (§5.5, §5.11 to §5.18)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import CachedTag, Unit
from tests.ocpp16.rig import ACCEPTED, SILENCE, CallError, Station, calls, hows, refused

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


# --- unlock ---------------------------------------------------------------------------------------------------------


def test_unlock_without_a_lock() -> None:
    """§5.18: a fixed cable: NotSupported, and a running transaction is not touched."""
    station = Station().online()
    assert station.request("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    station.charging()
    assert station.request("UnlockConnector", connectorId=1) == {"status": "NotSupported"}
    assert station.status() == "Charging"


@pytest.mark.parametrize("connector", [0, 2, -1])
def test_unlock_on_no_connector(connector: int) -> None:
    """E 3.87: a connector that is not there: NotSupported."""
    assert Station(SOCKET).online().request("UnlockConnector", connectorId=connector) == {"status": "NotSupported"}


@pytest.mark.parametrize(("ok", "status"), [(True, "Unlocked"), (False, "UnlockFailed")])
def test_unlock(ok: bool, status: str) -> None:
    """§5.18: the lock is opened by the board, and the answer is what came of it."""
    station = Station(SOCKET).online()
    answer, step = station.ask("UnlockConnector", connectorId=1)
    assert answer is None
    (order,) = step.orders
    assert (order.what, order.connector) == ("unlock", 1)
    step = station.happens(ev.BoardDone(order.ref, ok, "stuck"))
    assert f'"status":"{status}"' in step.frames[0]


def charging_socket() -> Station:
    station = Station(SOCKET).online()
    station.cable(locked=True)
    return station.charging().forget()


def test_unlock_while_charging() -> None:
    """§5.18: the transaction ends first, with reason UnlockCommand; then the lock, then the answer."""
    station = charging_socket()
    answer, step = station.ask("UnlockConnector", connectorId=1)
    assert (answer, step.orders) == (None, ())
    step = station.open_contactor()
    (order,) = step.orders
    assert station.heard("StopTransaction")[0]["reason"] == "UnlockCommand"
    assert '"status":"Unlocked"' in station.happens(ev.BoardDone(order.ref, True)).frames[0]
    assert not station.outlets[1].locked


def test_unlock_twice() -> None:
    """§5.18: while one is under way a second fails."""
    station = charging_socket()
    station.ask("UnlockConnector", connectorId=1)
    assert station.ask("UnlockConnector", connectorId=1)[0] == {"status": "UnlockFailed"}


def test_unlock_and_the_board_is_lost() -> None:
    """§5.18: nobody answers what was ordered: UnlockFailed."""
    station = Station(SOCKET).online()
    station.ask("UnlockConnector", connectorId=1)
    assert '"status":"UnlockFailed"' in station.step(ev.BoardLost("gone")).frames[0]


def test_unlock_releases_a_held_cable() -> None:
    """§5.18: a cable that stayed locked for its owner is released, too."""
    station = Station(SOCKET, UnlockConnectorOnEVSideDisconnect=False).online()
    station.cable(locked=True)
    station.charging().unplug()
    assert station.outlets[1].locked
    station.ask("UnlockConnector", connectorId=1)
    assert not station.outlets[1].locked


def test_word_that_nobody_waits_for() -> None:
    """An answer of the board to nothing changes nothing."""
    station = Station().online()
    assert station.step(ev.BoardDone(77, True)).frames == ()


def test_unlock_answered_twice() -> None:
    """An order that was given up and then done after all is answered once."""
    station = Station(SOCKET).online()
    _, step = station.ask("UnlockConnector", connectorId=1)
    station.step(ev.BoardLost("gone"))
    assert station.step(ev.BoardDone(step.orders[0].ref, True)).frames == ()


# --- data transfer --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vendor", "status"),
    [("com.nobody", "UnknownVendorId"), ("evsed", "UnknownMessageId"), ("EVSED", "UnknownMessageId")],
)
def test_data_transfer(vendor: str, status: str) -> None:
    """§5.5: an unknown vendor: UnknownVendorId without data; our own with an unknown message: UnknownMessageId."""
    station = Station().online()
    assert station.request("DataTransfer", vendorId=vendor, messageId="x", data="y") == {"status": status}


# --- reset ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "how"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
def test_reset_idle(kind: str, how: Any) -> None:
    """§5.14: Accepted, and the life ends; the note of a planned end is on disk before."""
    station = Station().online()
    answer, step = station.ask("Reset", type=kind)
    assert answer == {"status": "Accepted"}
    assert hows(step) == [how]
    assert station.rows(Unit)[0].shutdown == how


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_reset_while_charging(kind: str) -> None:
    """§5.14: the transaction ends gracefully and its stop is delivered before the restart."""
    station = Station().online().charging()
    answer, step = station.ask("Reset", type=kind)
    assert (answer, step.jobs, step.outlets[0].offered_amps) == ({"status": "Accepted"}, (), 0.0)
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == f"{kind}Reset"
    assert hows(station.last) == [f"{kind}Reset"]


def test_reset_with_a_silent_central_system() -> None:
    """§5.14: the last answers are awaited for thirty seconds; the stop waits on disk for the next life."""
    station = Station(MessageTimeout=600).online().charging()
    station.ask("Reset", type="Soft")
    station.script["StopTransaction"] = SILENCE
    station.script["StatusNotification"] = SILENCE
    station.open_contactor()
    jobs = []
    for _ in range(31):
        station.wait(1)
        jobs += station.last.jobs
    station.mono += 0
    assert station.cp.remote.gone
    station.restart().started()
    station.script.clear()
    station.connect()
    assert [stop["reason"] for stop in station.heard("StopTransaction")][-1] == "SoftReset"


def test_reset_offline() -> None:
    """§5.14: without a connection nothing is awaited but the car's own stop."""
    station = Station().online().charging()
    station.disconnect()
    station.happens(ev.ResetAsked(1, "Soft"))
    assert station.last.jobs == ()
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    step = station.meter()
    assert hows(step) == ["SoftReset"]


def test_reset_does_not_wait_for_a_retry() -> None:
    """§5.14: a queue that waits for its next try does not hold up the restart."""
    station = Station().online()
    station.script["StartTransaction"] = CallError("InternalError")
    station.charging()
    station.ask("Reset", type="Soft")
    station.open_contactor()
    assert hows(station.last) == ["SoftReset"] or station.cp.remote.gone


def test_second_reset() -> None:
    """§5.14: while one is under way a second is Rejected."""
    station = Station().online().charging()
    station.ask("Reset", type="Soft")
    assert station.ask("Reset", type="Hard")[0] == {"status": "Rejected"}


def test_nothing_after_the_end() -> None:
    """After its Restart a life is over: every further step is empty."""
    station = Station().online()
    station.request("Reset", type="Soft")
    for event in (ev.PilotChanged(1, "B", 0.0), ev.CardPresented(1, "CARD", 0.0), ev.Tick()):
        step = station.cp.step(station.now(), event)
        assert (step.frames, step.records, step.jobs, step.wake_at) == ((), (), (), None)


def test_boot_after_a_reset() -> None:
    """§5.14: the next life begins with BootNotification and the statuses; out of service stays out of service."""
    station = Station().online()
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    station.request("Reset", type="Soft")
    station.forget().restart().started()
    station.connect()
    assert station.actions() == ["BootNotification", "StatusNotification", "StatusNotification"]
    assert (station.statuses(0), station.statuses(1)) == (["Available"], ["Unavailable"])


def test_reset_that_failed() -> None:
    """§9.1.23: a reset that failed for good is told as ResetFailure of connector 0, after the statuses, once."""
    station = Station().online()
    station.request("Reset", type="Hard")
    station.forget().restart()
    station.happens(ev.Started(reset_failed=True))
    station.attach()
    station.connect()
    told = [(said["connectorId"], said["status"], said["errorCode"]) for said in station.heard("StatusNotification")]
    assert told == [(0, "Available", "NoError"), (1, "Available", "NoError"), (0, "Available", "ResetFailure")]
    station.disconnect()
    station.connect()
    assert len(station.heard("StatusNotification")) == 3


def test_order_is_answered_once() -> None:
    """§5.18: an unlock whose answer was given needs no other."""
    station = Station(SOCKET).online()
    _, step = station.ask("UnlockConnector", connectorId=1)
    station.step(ev.BoardDone(step.orders[0].ref, True))
    assert station.step(ev.BoardDone(step.orders[0].ref, True)).frames == ()
    station.cp.remote._unlocked(1, True, "")
    assert station.step(ev.Tick()).frames == ()


def test_waiting_card_is_given_up() -> None:
    """§5.14: an accepted card that waits for its plug does not survive a reset."""
    station = Station().online()
    station.tap("CARD")
    station.request("Reset", type="Soft")
    station.restart().started()
    station.connect()
    station.plug()
    assert station.heard("StartTransaction") == []


def test_card_on_the_way_down() -> None:
    """§5.14: on the way down no card is taken."""
    station = Station().online().charging()
    station.ask("Reset", type="Soft")
    station.forget()
    station.tap("OTHER")
    assert station.said == []
    assert station.notes[-1][1]["reason"] == "restarting"


# --- the supervisor -------------------------------------------------------------------------------------------------


def test_shutdown_with_the_board() -> None:
    """The board dies with us: the transaction ends with Reboot within the time that the supervisor gives."""
    station = Station().online().charging()
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.remote.gone
    assert station.rows(Unit)[0].shutdown == "Reboot"


def test_shutdown_while_resetting() -> None:
    """A supervisor that wants us to end shortens the wait of a reset, not its kind; a reset lengthens nothing."""
    station = Station().online().charging()
    station.ask("Reset", type="Hard")
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.remote.leaving is not None
    assert (station.cp.remote.gone, station.cp.remote.leaving.how) == (True, "HardReset")
    station = Station().online().charging()
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.remote.gone


def test_reason_of_a_reset_that_the_supervisor_hurries() -> None:
    """§7.38: a transaction that a reset ended keeps the reset's reason, also in the note for the next life."""
    station = Station().online().charging()
    station.ask("Reset", type="Hard")
    station.happens(ev.ShutdownAsked(ends_charge=True))
    assert station.rows(Unit)[0].shutdown == "HardReset"
    assert calls(station.last) == []
