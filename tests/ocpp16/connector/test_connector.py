"""A connector's story: cable, card, transaction (§4.1, §4.8, §4.10, §5.11), in the order in which it happens."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from ocpp16 import events as ev
from ocpp16.connector import connector as connector_module
from ocpp16.product import Product
from ocpp16.records import CachedTag
from tests.ocpp16.rig import ACCEPTED, SILENCE, Station, calls, clock_text, limit_to, refused

SOCKET = Product(fixed_cable=False)


# --- the beginning --------------------------------------------------------------------------------------------------


def test_plug_first() -> None:
    """§4.1, §4.8: Preparing, Authorize, StartTransaction, Charging, in this order."""
    station = Station().online()
    station.plug()
    station.tap("CARD")
    step = station.draw()
    assert station.heard() == [
        {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": clock_text(1000)},
        {"idTag": "CARD"},
        {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": clock_text(1000)},
        {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": clock_text(1000)},
    ]
    assert calls(step)[0][0] == "StatusNotification"


def test_card_first() -> None:
    """§4.1: Authorize, Preparing, then with the plug StartTransaction."""
    station = Station().online()
    station.tap("CARD")
    assert station.actions() == ["Authorize", "StatusNotification"]
    assert station.statuses() == ["Preparing"]
    station.mono += 20
    station.plug()
    assert station.actions()[-1] == "StartTransaction"
    assert station.heard("StartTransaction")[0]["timestamp"] == clock_text(1020)


def test_card_first_then_nothing() -> None:
    """§9.1.7: without a plug within ConnectionTimeOut it is given up: Available, no transaction."""
    station = Station().online()
    station.tap("CARD")
    station.wait(59.9)
    assert station.statuses() == ["Preparing"]
    station.wait(0.2)
    assert station.statuses() == ["Preparing", "Available"]
    station.plug()
    assert station.heard("StartTransaction") == []


def test_connection_time_out_bites_on_the_next_preparing() -> None:
    """§9.1.7: a new ConnectionTimeOut counts from the next Preparing."""
    station = Station().online()
    station.request("ChangeConfiguration", key="ConnectionTimeOut", value="5")
    station.tap("CARD")
    station.wait(5)
    assert station.statuses() == ["Preparing", "Available"]


def test_card_shown_again() -> None:
    """§4.9 B1: the same card, shown again before the plug, gives up."""
    station = Station().online()
    station.tap("CARD")
    station.tap("card")
    assert station.statuses() == ["Preparing", "Available"]


def test_other_card_while_one_waits() -> None:
    """§4.1: another card does not take what one waits for."""
    station = Station().online()
    station.tap("CARD")
    station.tap("OTHER")
    station.plug()
    assert [start["idTag"] for start in station.heard("StartTransaction")] == ["CARD"]
    assert len(station.heard("Authorize")) == 1


def test_plug_without_card_stays_preparing() -> None:
    """§4.9: a plug without a card stays Preparing until a card or the unplugging."""
    station = Station().online()
    station.plug()
    station.wait(7200)
    assert station.statuses() == ["Preparing"]
    station.unplug()
    assert station.statuses() == ["Preparing", "Available"]


def test_refused_card_starts_nothing() -> None:
    """§4.1: a refused card: Authorize, and nothing else."""
    station = Station().online()
    station.plug()
    station.forget()
    station.script["Authorize"] = refused()
    station.tap("CARD")
    station.wait(200)
    assert station.actions() == ["Authorize"]


def test_unplugged_before_the_answer() -> None:
    """§4.1: a car that left before the answer may come back within ConnectionTimeOut."""
    station = Station().online()
    station.plug()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    station.unplug()
    station.answer(ACCEPTED)
    station.settle()
    assert station.heard("StartTransaction") == []
    station.plug()
    assert len(station.heard("StartTransaction")) == 1


def test_unplugged_while_the_lock_is_awaited() -> None:
    """§9.1.7: unplugging while an accepted card waits starts ConnectionTimeOut anew."""
    station = Station(SOCKET).online()
    station.cable()
    station.plug()
    station.tap("CARD")
    station.wait(50)
    station.unplug()
    station.wait(59)
    assert station.status() == "Preparing"
    station.wait(2)
    assert station.status() == "Available"


def test_never_accepted_station_starts_nothing() -> None:
    """§4.2.1: before a Central System has accepted the station for the first time nobody charges."""
    station = Station(records=[CachedTag(id_tag="card", status="Accepted")]).started()
    station.charging()
    assert station.transaction() is None
    assert station.offered() == 0.0
    assert station.cp.why(station.now())[0]["code"] == "never-registered"


def test_waits_for_the_meter() -> None:
    """§4.8: meterStart is the meter's register: without a reading there is no start."""
    station = Station().online(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono))
    station.tap("CARD")
    assert station.transaction() is None
    assert station.cp.why(station.now())[0]["code"] == "waiting-meter"
    station.meter()
    assert station.heard("StartTransaction")[0]["meterStart"] == 1000


def test_register_in_whole_wh() -> None:
    """§4.8: meterStart and meterStop are whole Wh of the register, never rounded up."""
    station = Station().online()
    station.meter(0.9)
    station.charging()
    station.meter(10.05)
    station.tap("CARD")
    station.open_contactor()
    assert station.heard("StartTransaction")[0]["meterStart"] == 1000
    assert station.heard("StopTransaction")[0]["meterStop"] == 1010


def test_no_gap_between_bills() -> None:
    """§4.8: where nothing flowed, meterStart of the next transaction is meterStop of the last."""
    station = Station().online().charging()
    station.meter(33.7)
    station.tap("CARD")
    station.open_contactor()
    station.tap("NEXT")
    assert station.heard("StopTransaction")[0]["meterStop"] == station.heard("StartTransaction")[1]["meterStart"]


# --- while it runs --------------------------------------------------------------------------------------------------


def test_car_pauses_and_resumes() -> None:
    """§4.9 C4, D3: the car pauses: SuspendedEV; it resumes: Charging; the offer stays."""
    station = Station().online().charging()
    station.pilot("B")
    station.open_contactor()
    assert (station.status(), station.offered()) == ("SuspendedEV", 32.0)
    station.draw()
    assert station.statuses() == ["Preparing", "Charging", "SuspendedEV", "Charging"]


def test_car_never_asks() -> None:
    """§4.9 B4: a car that does not ask for energy: SuspendedEV, after the time that a car may need to wake up."""
    station = Station().online()
    station.plug()
    station.tap("CARD")
    station.wait(14)
    assert station.statuses() == ["Preparing"]
    station.wait(2)
    assert station.statuses() == ["Preparing", "SuspendedEV"]


def test_station_pauses() -> None:
    """§4.9 C5, E3: the station withholds energy: SuspendedEVSE, also where the car pauses too; then Charging."""
    station = Station().online().charging()
    limit_to(station, 0.0)
    assert (station.status(), station.offered()) == ("SuspendedEVSE", 0.0)
    assert station.cp.why(station.now())[0]["code"] == "limit"
    station.pilot("B")
    assert station.status() == "SuspendedEVSE"
    limit_to(station, 10.0)
    station.pilot("C")
    assert (station.status(), station.offered()) == ("Charging", 10.0)


# --- the second card ------------------------------------------------------------------------------------------------


def in_group(**first: object) -> Station:
    """A transaction begun by CARD of GROUP; OTHER of GROUP and STRANGER of nobody."""
    station = Station(**first).online()  # type: ignore[arg-type]
    station.script["Authorize"] = lambda payload: {
        "idTagInfo": {"status": "Accepted"}
        | (
            {}
            if payload["idTag"] == "STRANGER"
            else {"parentIdTag": "Group" if payload["idTag"] == "CARD" else "GROUP"}
        )
    }
    station.script["StartTransaction"] = {
        "transactionId": 5, "idTagInfo": {"status": "Accepted", "parentIdTag": "Group"},
    }  # fmt: skip
    return station.charging()


def test_same_card_stops_without_asking() -> None:
    """§4.10: the card that began ends it; Authorize.req is forbidden."""
    station = Station().online().charging().forget()
    station.tap("card")
    station.open_contactor()
    assert station.heard("Authorize") == []
    stop = station.heard("StopTransaction")[0]
    assert (stop["idTag"], stop["reason"], stop["transactionId"]) == ("card", "Local", 101)


def test_group_known_locally() -> None:
    """§4.10: another card of the group, known here and allowed by the local rules, ends it without asking."""
    station = in_group(LocalPreAuthorize=True)
    station.cp.parts.authorization.ask_central_system("OTHER", lambda *_: None)
    station.happens(ev.Tick())
    station.forget()
    station.tap("OTHER")
    station.open_contactor()
    assert station.heard("Authorize") == []
    assert station.heard("StopTransaction")[0]["idTag"] == "OTHER"


def test_group_asked() -> None:
    """§4.10: another card, online: Authorize.req, and it ends where its parent is the group of the start."""
    station = in_group()
    station.forget()
    station.tap("OTHER")
    station.open_contactor()
    assert station.actions()[0] == "Authorize"
    assert station.heard("StopTransaction")[0]["idTag"] == "OTHER"


def test_stranger_does_not_stop() -> None:
    """§4.10: a card of another group or of none goes on charging the first one."""
    station = in_group()
    station.forget()
    station.tap("STRANGER")
    assert station.actions() == ["Authorize"]
    assert station.status() == "Charging"


def test_refused_group_member_does_not_stop() -> None:
    """§4.10: a card of the group that is not Accepted ends nothing."""
    station = in_group()
    station.script["Authorize"] = refused("Blocked", parentIdTag="GROUP")
    station.tap("OTHER")
    assert station.status() == "Charging"


def test_group_known_offline() -> None:
    """§4.10: offline a card of the group ends it where the cache knows the group and LocalAuthorizeOffline holds."""
    for allowed in (True, False):
        station = in_group(LocalAuthorizeOffline=allowed)
        station.cp.parts.authorization.ask_central_system("OTHER", lambda *_: None)
        station.happens(ev.Tick())
        station.disconnect()
        station.tap("OTHER")
        station.open_contactor()
        assert (station.transaction().ended is not None) == allowed  # type: ignore[union-attr]


def test_group_unknown_offline() -> None:
    """§4.10: offline a card whose group is not known ends nothing."""
    station = in_group(AllowOfflineTxForUnknownId=True)
    station.disconnect()
    station.tap("OTHER")
    assert station.status() == "Charging"


def test_parent_is_not_compared_with_a_card() -> None:
    """§4.10: the name of the group is no card of it."""
    station = in_group()
    station.script["Authorize"] = refused("Invalid")
    station.tap("GROUP")
    assert station.status() == "Charging"


def test_no_group_no_other_card() -> None:
    """§4.10: a transaction without a group is ended by no other card."""
    station = Station().online().charging()
    station.tap("OTHER")
    assert station.status() == "Charging"


def test_group_answer_after_the_end() -> None:
    """§4.10: an answer that comes when the transaction is over ends nothing."""
    station = in_group()
    station.script["Authorize"] = SILENCE
    station.tap("OTHER")
    station.unplug()
    station.script["Authorize"] = ACCEPTED
    station.settle()
    assert [stop["reason"] for stop in station.heard("StopTransaction")] == ["EVDisconnected"]


def test_card_while_stopping() -> None:
    """§4.10: while the end is under way a further card changes nothing."""
    station = Station().online().charging()
    station.tap("CARD")
    station.tap("CARD")
    station.open_contactor()
    assert len(station.heard("StopTransaction")) == 1


def test_no_local_stop() -> None:
    """C-08: a product without local stop leaves it to the Central System."""
    station = Station(Product(local_stop=False)).online().charging()
    station.tap("CARD")
    assert station.status() == "Charging"


def test_no_local_start() -> None:
    """C-07: a product without local start starts by no card."""
    station = Station(Product(local_start=False)).online()
    station.plug()
    station.tap("CARD")
    assert station.heard("Authorize") == []


# --- StartTransaction.conf not Accepted -----------------------------------------------------------------------------

STATUSES = ["Blocked", "Expired", "Invalid", "ConcurrentTx"]


def judged(status: str, offline: bool = False, **first: object) -> Station:
    """A transaction that the Central System refuses after the start, online or after an offline start."""
    station = Station(AllowOfflineTxForUnknownId=True, **first).online()  # type: ignore[arg-type]
    station.script["StartTransaction"] = {"transactionId": 5, **refused(status)}
    if offline:
        station.disconnect()
    station.charging()
    if offline:
        station.connect()
    return station


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("status", STATUSES)
def test_invalid_id_stops(status: str, offline: bool) -> None:
    """§4.8, E 3.17: StopTransactionOnInvalidId true: energy ends, StopTransaction DeAuthorized, Finishing."""
    station = judged(status, offline)
    station.open_contactor()
    stop = station.heard("StopTransaction")[0]
    assert (stop["reason"], stop["transactionId"], "idTag" in stop) == ("DeAuthorized", 5, False)
    assert (station.status(), station.offered()) == ("Finishing", 0.0)


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("status", STATUSES)
def test_invalid_id_suspends(status: str, offline: bool) -> None:
    """§4.8: StopTransactionOnInvalidId false: energy ends, SuspendedEVSE, the transaction stays open."""
    station = judged(status, offline, StopTransactionOnInvalidId=False)
    assert (station.status(), station.offered()) == ("SuspendedEVSE", 0.0)
    assert station.cp.why(station.now())[0]["code"] == "refused-card"
    assert station.heard("StopTransaction") == []
    station.tap("CARD")
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "Local"


def test_invalid_id_gets_some_energy() -> None:
    """§9.1.16: MaxEnergyOnInvalidId Wh after the refusal, then SuspendedEVSE."""
    station = judged("Invalid", StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=50)
    station.meter(49)
    assert (station.status(), station.offered()) == ("Charging", 32.0)
    station.meter(1)
    assert (station.status(), station.offered()) == ("SuspendedEVSE", 0.0)


def test_max_energy_needs_the_other_key() -> None:
    """§9.1.16: with StopTransactionOnInvalidId true MaxEnergyOnInvalidId gives nothing."""
    station = judged("Invalid", MaxEnergyOnInvalidId=50)
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "DeAuthorized"


def test_keys_of_the_invalid_id_bite_at_the_next_verdict() -> None:
    """§9.1: StopTransactionOnInvalidId and MaxEnergyOnInvalidId count from the next StartTransaction.conf."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    for key, value in (("StopTransactionOnInvalidId", "false"), ("MaxEnergyOnInvalidId", "7")):
        station.ask("ChangeConfiguration", key=key, value=value)
    station.answer({"transactionId": 5, **refused()})
    station.settle()
    assert station.offered() == 32.0
    station.meter(7)
    assert station.offered() == 0.0


def test_energy_limit_survives() -> None:
    """§4.8: the end of the energy is a fact that no restart forgets."""
    station = judged("Invalid", StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=50)
    station.meter(20)
    station.restart().started(attached=False)
    station.attach(
        ev.PilotChanged(1, "C", station.mono), ev.ContactorChanged(1, True, True, station.mono), station.reading()
    )
    assert station.offered() == 32.0
    station.meter(30)
    assert station.offered() == 0.0


def test_verdict_after_the_end() -> None:
    """§4.8: where the transaction is over already only the cache is changed."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.script["StartTransaction"] = {"transactionId": 5, **refused()}
    station.disconnect()
    station.charging()
    station.unplug()
    station.connect()
    assert [stop["reason"] for stop in station.heard("StopTransaction")] == ["EVDisconnected"]
    assert station.rows(CachedTag)[0].status == "Invalid"


def test_verdict_while_stopping() -> None:
    """§4.8: a refusal that comes while the end is under way does not change its reason."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.tap("CARD")
    station.answer({"transactionId": 5, **refused()})
    station.settle()
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "Local"


# --- a socket with a lock -------------------------------------------------------------------------------------------


def test_lock_before_energy() -> None:
    """§4.1: where there is a lock it holds the cable before the transaction begins."""
    station = Station(SOCKET).online()
    station.cable()
    station.plug()
    assert not station.outlets[1].locked
    station.tap("CARD")
    assert station.outlets[1].locked
    assert station.transaction() is None
    assert station.cp.why(station.now())[0]["code"] == "waiting-lock"
    station.cable(locked=True)
    assert station.transaction() is not None
    assert station.offered() == 32.0


def test_lock_fails() -> None:
    """§7.6: a lock that does not hold is Faulted with ConnectorLockFailure, and nothing starts."""
    station = Station(SOCKET).online()
    station.cable()
    station.plug()
    station.tap("CARD")
    station.fault("lock-open")
    assert station.heard("StatusNotification")[-1]["errorCode"] == "ConnectorLockFailure"
    assert station.statuses()[-1] == "Faulted"
    assert station.heard("StartTransaction") == []


def test_cable_bounds_the_current() -> None:
    """§7.13: what the cable is coded for bounds the offer."""
    station = Station(SOCKET).online()
    station.cable(locked=True, max_amps=20.0)
    station.plug()
    station.tap("CARD")
    assert station.offered() == 20.0


def held_cable() -> Station:
    """UnlockConnectorOnEVSideDisconnect false, and the plug was pulled at the car."""
    station = Station(SOCKET, UnlockConnectorOnEVSideDisconnect=False).online()
    station.script["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"}}
    station.script["StartTransaction"] = {
        "transactionId": 5, "idTagInfo": {"status": "Accepted", "parentIdTag": "GROUP"},
    }  # fmt: skip
    station.cable(locked=True)
    station.charging()
    station.unplug()
    return station


def test_cable_stays_locked() -> None:
    """§9.1.30: UnlockConnectorOnEVSideDisconnect false: the cable stays locked, the connector Finishing."""
    station = held_cable()
    assert station.outlets[1].locked
    assert station.status() == "Finishing"


def test_cable_is_released_for_its_owner() -> None:
    """E 3.5: the card that began, or one of its group, releases the cable."""
    station = held_cable()
    station.tap("CARD")
    assert not station.outlets[1].locked
    station.cable(present=False)
    assert station.status() == "Available"
    station = held_cable()
    station.cp.parts.authorization.ask_central_system("OTHER", lambda *_: None)
    station.happens(ev.Tick())
    station.tap("OTHER")
    assert not station.outlets[1].locked


def test_cable_is_not_released_for_a_stranger() -> None:
    """E 3.5: any other card does not release it."""
    station = held_cable()
    station.script["Authorize"] = refused()
    station.tap("STRANGER")
    assert station.outlets[1].locked


def test_cable_follows_the_car() -> None:
    """§9.1.30: UnlockConnectorOnEVSideDisconnect true: pulling the plug at the car releases the cable."""
    station = Station(SOCKET).online()
    station.cable(locked=True)
    station.charging()
    station.unplug()
    assert not station.outlets[1].locked
    assert station.status() == "Available"


def test_cable_taken_away() -> None:
    """A cable that is gone is held for nobody."""
    station = held_cable()
    station.cable(present=False)
    assert station.status() == "Available"


def invalid_on_a_socket() -> Station:
    """A card that is refused after the start, its cable in the socket; the transaction has ended."""
    station = Station(SOCKET).online()
    station.script["StartTransaction"] = {"transactionId": 5, **refused()}
    station.cable(locked=True)
    station.charging()
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "DeAuthorized"
    return station


def test_cable_of_an_invalid_card_waits_for_its_owner() -> None:
    """§4.8, E 3.5: after DeAuthorized the cable stays locked until the same card, or one of its group, is shown."""
    station = invalid_on_a_socket()
    station.unplug()
    assert (station.outlets[1].locked, station.status()) == (True, "Finishing")
    station.tap("CARD")
    assert not station.outlets[1].locked
    station.cable(present=False)
    assert station.status() == "Available"


def test_nobody_else_begins_on_a_held_cable() -> None:
    """E 3.5: while the cable waits for its owner neither another card nor a remote start begins on it."""
    station = invalid_on_a_socket().forget()
    station.tap("OTHER")
    assert station.request("RemoteStartTransaction", idTag="OTHER", connectorId=1) == {"status": "Rejected"}
    assert station.heard("StartTransaction") == []
    station.tap("CARD")
    station.script.clear()
    station.tap("OTHER")
    assert len(station.heard("StartTransaction")) == 1


def test_cable_stays_while_the_transaction_does() -> None:
    """E 3.80: StopTransactionOnEVSideDisconnect false wins: the transaction goes on, and the cable stays locked."""
    station = Station(SOCKET, StopTransactionOnEVSideDisconnect=False).online()
    station.cable(locked=True)
    station.charging()
    station.unplug()
    assert (station.outlets[1].locked, station.status()) == (True, "SuspendedEV")


def test_held_cable_survives() -> None:
    """E 3.5: a cable that waits for its owner waits across a restart, too."""
    station = held_cable()
    station.restart().started(attached=False)
    station.attach(
        ev.PilotChanged(1, "A", station.mono), ev.CableChanged(1, True, 32.0, True, station.mono), station.reading()
    )
    assert station.outlets[1].locked


# --- its facts ------------------------------------------------------------------------------------------------------


def test_nobody_else_writes_its_state() -> None:
    """A connector's facts are written in its own class: `connector.state.x = ...` stands in no other file."""
    root = Path(connector_module.__file__).parents[1]
    writers = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_written = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if is_written and ast.unparse(node).rpartition(".")[0].endswith("state"):
                writers.add(path.relative_to(root).as_posix())
    assert writers == {"connector/connector.py"}
