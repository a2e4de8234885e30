"""How a transaction ends: every reason of §7.38, the pulled plug of §9.1.25, and the bill that follows (§4.10)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.connector.connector import LAST_READING_S, OPENING_S
from ocpp16.messages.types import Reason
from ocpp16.product import Product
from ocpp16.records import Transaction
from tests.ocpp16.rig import Station, calls, clock_text

SOCKET = Product(fixed_cable=False)


def stop_of(station: Station) -> dict[str, object]:
    (stop,) = station.heard("StopTransaction")
    return stop


# --- the offer falls at once, the bill waits ------------------------------------------------------------------------


def test_stop_by_card() -> None:
    """§4.10: the offer falls at once; StopTransaction and Finishing follow when the contactor is open and was read."""
    station = Station().online().charging()
    station.mono += 100
    station.meter(500)
    station.forget()
    step = station.tap("CARD")
    assert step.outlets[0].offered_amps == 0.0
    assert calls(step) == []
    assert station.cp.why(station.now())[0]["code"] == "stopping"
    station.mono += 4
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    assert station.heard("StopTransaction") == []
    station.meter(3)
    assert stop_of(station) == {
        "meterStop": 1503, "timestamp": clock_text(1104), "transactionId": 101, "idTag": "CARD", "reason": "Local",
    }  # fmt: skip
    assert station.statuses() == ["Finishing"]


def test_reading_from_before_the_opening() -> None:
    """§4.10: a reading from before the opening does not close the bill."""
    station = Station().online().charging()
    station.tap("CARD")
    station.mono += 4
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.happens(ev.MeterSampled(1, station.mono - 1, station.wh[1]))
    assert station.heard("StopTransaction") == []


def test_no_reading_after_the_opening() -> None:
    """§4.10: where no reading comes the bill is closed with the newest one, two seconds later."""
    station = Station().online().charging()
    station.meter(77)
    station.tap("CARD")
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.wait(3)
    assert stop_of(station)["meterStop"] == 1077


def test_no_opening() -> None:
    """§4.10: where the contactor does not open the bill is closed after ten seconds."""
    station = Station().online().charging()
    station.tap("CARD")
    station.wait(9)
    assert station.heard("StopTransaction") == []
    station.wait(2)
    assert stop_of(station)["reason"] == "Local"


def test_contactor_open_already() -> None:
    """§4.10: a paused car: the bill is closed at once."""
    station = Station().online()
    station.plug()
    station.tap("CARD")
    station.tap("CARD")
    assert (
        station.actions()[-2:] == ["StatusNotification", "StopTransaction"]
        or station.actions()[-1] == "StatusNotification"
    )
    assert stop_of(station)["meterStop"] == 1000


def test_finishing_until_the_user_acts() -> None:
    """§4.9 F1: Finishing until the plug is pulled, then Available."""
    station = Station().online().charging()
    station.tap("CARD")
    station.open_contactor()
    station.wait(3600)
    assert station.statuses()[-1] == "Finishing"
    station.unplug()
    assert station.statuses()[-1] == "Available"


def test_next_card_without_unplugging() -> None:
    """§4.9 F2: or until a card starts again: a new transaction."""
    station = Station().online().charging()
    station.tap("CARD")
    station.open_contactor()
    station.forget()
    station.tap("CARD")
    station.draw()
    assert station.statuses() == ["Preparing", "Charging"]
    assert len(station.heard("StartTransaction")) == 1


def test_finishing_survives() -> None:
    """§4.9: after a power cut with the plug still in it is Finishing, not free for another user."""
    station = Station().online().charging()
    station.tap("CARD")
    station.open_contactor()
    station.restart(dark=True).started(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono), station.reading())
    assert station.status() == "Finishing"


# --- every reason ---------------------------------------------------------------------------------------------------


def by_card(station: Station) -> None:
    station.tap("CARD")


def by_remote(station: Station) -> None:
    assert station.request("RemoteStopTransaction", transactionId=101) == {"status": "Accepted"}


def by_plug(station: Station) -> None:
    station.pilot("A")


def by_soft_reset(station: Station) -> None:
    station.request("Reset", type="Soft")


def by_hard_reset(station: Station) -> None:
    station.request("Reset", type="Hard")


def by_supervisor(station: Station) -> None:
    station.happens(ev.ShutdownAsked(ends_charge=True))


def by_fault(station: Station) -> None:
    station.fault("contactor")


def by_full_store(station: Station) -> None:
    station.happens(ev.StoreChanged("full"))


def by_desk(station: Station) -> None:
    station.happens(ev.StopAsked(1))


REASONS = [
    (by_card, "Local", "CARD"),
    (by_desk, "Local", None),
    (by_remote, "Remote", None),
    (by_plug, "EVDisconnected", None),
    (by_soft_reset, "SoftReset", None),
    (by_hard_reset, "HardReset", None),
    (by_supervisor, "Reboot", None),
    (by_fault, "Other", None),
    (by_full_store, "Other", None),
]


@pytest.mark.parametrize(("end", "reason", "id_tag"), REASONS)
def test_reason(end: object, reason: str, id_tag: str | None) -> None:
    """§7.38, §6.49: each end has its reason; only a card that asked for it is named."""
    station = Station().online().charging()
    assert callable(end)
    end(station)
    assert station.offered() == 0.0
    station.open_contactor()
    assert (stop_of(station)["reason"], stop_of(station).get("idTag")) == (reason, id_tag)


def test_reason_unlock() -> None:
    """§5.18, §7.38: UnlockConnector ends the transaction with UnlockCommand."""
    station = Station(SOCKET).online()
    station.cable(locked=True)
    station.charging()
    station.request("UnlockConnector", connectorId=1)
    station.open_contactor()
    assert stop_of(station)["reason"] == "UnlockCommand"


def test_reason_power_loss_with_backup() -> None:
    """AQ-7.1: a unit with backup supply ends the transaction before it goes down."""
    station = Station(Product(stops_before_power_loss=True)).online().charging()
    station.happens(ev.MainsLost())
    station.open_contactor()
    assert stop_of(station)["reason"] == "PowerLoss"


def test_mains_lost_without_backup() -> None:
    """AQ-7.2: without it nothing is done before the dark."""
    station = Station().online().charging()
    station.happens(ev.MainsLost())
    assert (station.status(), station.heard("StopTransaction")) == ("Charging", [])


def test_first_reason_counts() -> None:
    """§4.10: what comes while the end is under way does not change its reason."""
    station = Station().online().charging()
    by_remote(station)
    station.unplug()
    assert stop_of(station)["reason"] == "Remote"


def test_reason_survives_a_restart() -> None:
    """§4.10: the reason of an end that was under way is a fact."""
    station = Station().online().charging()
    by_remote(station)
    station.restart(dark=True).started(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono), station.reading())
    station.connect()
    assert stop_of(station)["reason"] == "Remote"


# --- the plug is pulled at the car ----------------------------------------------------------------------------------


def test_plug_pulled_true() -> None:
    """E 3.80: true: Finishing with the info, StopTransaction EVDisconnected, then Available."""
    station = Station().online().charging().forget()
    station.unplug()
    told = station.heard("StatusNotification")
    assert [(said["status"], said.get("info")) for said in told] == [
        ("Finishing", "EV side disconnected"), ("Available", None),
    ]  # fmt: skip
    assert stop_of(station)["reason"] == "EVDisconnected"


def test_plug_pulled_false() -> None:
    """E 3.80: false: SuspendedEV with the info, the transaction goes on, and the car's return resumes it."""
    station = Station(StopTransactionOnEVSideDisconnect=False).online().charging().forget()
    station.unplug()
    told = station.heard("StatusNotification")[-1]
    assert (told["status"], told["info"]) == ("SuspendedEV", "EV side disconnected")
    assert station.cp.why(station.now())[0]["code"] == "ev-unplugged"
    station.wait(100)
    assert station.heard("StopTransaction") == []
    station.plug()
    station.draw()
    assert station.statuses()[-1] == "Charging"
    station.tap("CARD")
    station.open_contactor()
    assert stop_of(station)["reason"] == "Local"


def test_plug_key_bites_now() -> None:
    """§9.1.25: StopTransactionOnEVSideDisconnect counts from the next pulled plug."""
    station = Station().online().charging()
    station.request("ChangeConfiguration", key="StopTransactionOnEVSideDisconnect", value="false")
    station.unplug()
    assert station.heard("StopTransaction") == []


@pytest.mark.parametrize(("may", "must", "value"), [(True, False, "false"), (False, True, "true")])
def test_plug_key_where_only_one_way_is_built(may: bool, must: bool, value: str) -> None:
    """E 3.80: where only one way is built the key is read-only."""
    station = Station(Product(keep_on_ev_disconnect=may, stop_on_ev_disconnect=must)).online().charging()
    answer = station.request("GetConfiguration", key=["StopTransactionOnEVSideDisconnect"])
    assert isinstance(answer, dict)
    assert answer["configurationKey"][0] == {
        "key": "StopTransactionOnEVSideDisconnect", "readonly": True, "value": value,
    }  # fmt: skip
    station.unplug()
    assert bool(station.heard("StopTransaction")) == must


def test_faulty_pilot_is_no_unplugging() -> None:
    """A pilot that is shorted or lost only holds the energy up: the transaction goes on when it is well again."""
    station = Station().online().charging()
    station.fault("pilot-short")
    station.pilot("E")
    assert (station.status(), station.offered()) == ("Faulted", 0.0)
    station.fault("pilot-short", on=False)
    station.pilot("C")
    assert station.status() in ("Charging", "SuspendedEV")
    assert station.heard("StopTransaction") == []


@pytest.mark.parametrize("code", ["overtemperature", "undervoltage"])
def test_passing_fault_holds_up(code: str) -> None:
    """§4.9: a fault that passes by itself takes the energy, not the transaction."""
    station = Station().online().charging()
    station.fault(code, connector=None)
    assert (station.offered(), station.status()) == (0.0, "Faulted")
    station.fault(code, on=False, connector=None)
    assert (station.offered(), station.status()) == (32.0, "Charging")
    assert station.heard("StopTransaction") == []


def test_time_never_goes_back_within_a_transaction() -> None:
    """§3.14: within a transaction times never go backwards, also where the clock did."""
    station = Station(MeterValueSampleInterval=60, HeartbeatInterval=50).online().charging()
    station.wait(65)
    station.script["Heartbeat"] = {"currentTime": clock_text(900)}
    station.request("ChangeConfiguration", key="HeartbeatInterval", value="5")
    station.wait(10)
    station.tap("CARD")
    station.open_contactor()
    times = [station.heard("StartTransaction")[0]["timestamp"]]
    times += [said["meterValue"][0]["timestamp"] for said in station.heard("MeterValues")]
    times.append(str(stop_of(station)["timestamp"]))
    assert times == sorted(times)


def test_ended_row() -> None:
    """The bill on disk: begin, end, register, reason, confirmed."""
    station = Station().online().charging()
    station.meter(10)
    station.unplug()
    (row,) = station.rows(Transaction)
    assert (row.meter_start_wh, row.meter_stop_wh, row.reason, row.start, row.stop, row.transaction_id) == (
        1000, 1010, "EVDisconnected", "confirmed", "confirmed", 101,
    )  # fmt: skip


def test_timers_that_come_too_late() -> None:
    """Nothing ends twice: a timer of what is over already changes nothing."""
    station = Station().online().charging()
    connector = station.cp.parts.connectors[1]
    connector.opening_timed_out(station.mono)
    assert station.step(ev.Tick()).frames == ()
    station.unplug()
    connector.opening_timed_out(station.mono)
    connector.plug_in_timed_out()
    connector.resume()
    station.cp.parts.recovery.end_after_outage(connector, Reason.OTHER)
    station.cp.parts.sampled_values.due(1, station.mono)
    step = station.step(ev.Tick())
    assert (step.frames, step.records, step.notes) == ((), (), ())


# --- 2: a stop without a fresh register says so -----------------------------------------------------------------------


def ended(station: Station) -> tuple[int | None, bool]:
    charge = station.transaction()
    assert charge is not None and charge.ended is not None
    return charge.meter_stop_wh, charge.stop_exact


def test_2_a_stop_with_the_register_after_the_opening_is_exact() -> None:
    """The reading after the contactor has opened closes the bill, however late the end is decided."""
    station = Station().online().charging()
    station.tap("CARD")
    station.open_contactor(more_wh=12)
    assert ended(station) == (1012, True)


def test_2_a_stop_without_a_reading_is_marked() -> None:
    """The meter is silent: the bill ends with the last known register, the record, `why` and the journal say so."""
    station = Station().online().charging()
    station.meter(10)
    station.reads = False
    station.wait(5)
    station.tap("CARD")
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.wait(LAST_READING_S)
    assert ended(station) == (1010, False)
    assert "stop-inexact" in [code for code, _ in station.notes]
    assert "last known register" in str(station.cp.why(station.now())[0]["text"])
    assert station.cp.transaction_rows()[0]["stop_exact"] is False


def test_2_the_contactor_is_open_and_the_reading_is_older() -> None:
    """Pulled in full charge: the contactor opens, its reading is awaited before the bill is closed."""
    station = Station().online().charging()
    station.mono += 0.1
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.pilot("A")
    assert station.heard("StopTransaction") == []
    station.meter(2)
    assert (ended(station), len(station.heard("StopTransaction"))) == ((1002, True), 1)


def test_2_a_welded_contactor_and_a_living_meter() -> None:
    """The contactor never opens: the bill ends with the register of that moment."""
    station = Station().online().charging()
    station.tap("CARD")
    station.wait(OPENING_S)
    assert ended(station) == (1000, True)


def test_2_after_an_outage_without_a_meter() -> None:
    """Darkness, and the meter does not answer afterwards: the last register on record, marked."""
    station = Station().online().charging()
    station.wait(61)
    station.meter(30)
    station.restart(dark=True).started(attached=False)
    station.attach(ev.PilotChanged(1, "A", station.mono))
    charge = station.transaction()
    assert charge is not None and (charge.reason, charge.stop_exact) == ("PowerLoss", False)


def test_4_a_stalled_station_waits_once_more() -> None:
    """The station stood still for 60 s after a stop, the board perhaps with it: what is awaited may still come."""
    station = Station().online().charging()
    station.tap("CARD")
    station.mono += 60.0
    station.step(ev.Tick())
    assert station.transaction() is not None and station.transaction().ended is None  # type: ignore[union-attr]
    station.open_contactor(more_wh=16)
    assert ended(station) == (1016, True)


def test_4_a_stalled_station_does_not_wait_for_ever() -> None:
    """Nothing comes after the stall either: the bill is closed, and marked."""
    station = Station().online().charging()
    station.reads = False
    station.tap("CARD")
    station.mono += 60.0
    station.step(ev.Tick())
    station.wait(OPENING_S)
    assert ended(station) == (1000, False)


def test_4_a_stop_that_is_carried_out_late_waits_for_the_board_from_then_on() -> None:
    """The store filled in a stall of 60 s: the board hears of the stop at its end; what it said meanwhile counts."""
    station = Station().online().charging()
    station.late_s = 60.0
    station.happens(ev.StoreChanged("full"))
    for _ in range(12):  # the contactor stays closed until the lease has run out
        station.mono += 1
        station.late_s -= 1
        station.meter(1)
    station.mono += 0.5
    station.open_contactor(more_wh=2)
    assert station.transaction().ended is None  # type: ignore[union-attr]  # the offer has not fallen yet
    station.mono += 47.5
    station.late_s = 0.0
    station.meter()
    assert ended(station) == (1014, True)


def test_4_a_contactor_that_closes_before_a_late_stop_is_carried_out() -> None:
    """Stopped while the contactor is open, in a stall: the offer still stood, and the car began to draw."""
    station = Station().online()
    station.plug()
    station.tap("CARD")
    station.late_s = 30.0
    station.happens(ev.StoreChanged("full"))
    station.mono += 1
    station.late_s -= 1
    station.meter()
    station.draw()
    station.mono += 20
    station.late_s -= 20
    station.meter(40)
    station.open_contactor(more_wh=1)
    station.mono += 10
    station.late_s = 0.0
    station.wait(OPENING_S)
    assert ended(station) == (1041, True)
