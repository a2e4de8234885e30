"""StatusNotification: when, in which order, what is left out (§4.9, E 3.19, E 3.22)."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.messages.types import ChargePointErrorCode
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, CallError, Station, calls, clock_text, refused


def duration(seconds: int) -> Station:
    return Station(MinimumStatusDuration=seconds).online()


# --- at each change -------------------------------------------------------------------------------------------------


def test_on_change() -> None:
    """E 3.19: every change is told, with the time at which it came."""
    station = Station().online()
    station.mono += 7
    step = station.step(ev.PilotChanged(1, "B", station.mono))
    assert calls(step) == [
        (
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": "Preparing", "timestamp": clock_text(1007)},
        )
    ]


def test_nothing_without_change() -> None:
    """§4.9: what did not change is not told again."""
    station = Station().online()
    station.wait(250)
    station.meter()
    assert station.heard("StatusNotification") == []


def test_order_of_the_events() -> None:
    """§4.9: statuses are told in the order of what happened, also where the Central System is slow."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    for state in ("B", "A", "B", "A"):
        station.pilot(state)
    station.script.clear()
    station.settle()
    assert station.statuses() == ["Preparing", "Available", "Preparing", "Available"]


def test_time_of_the_change_not_of_the_sending() -> None:
    """§4.9: the timestamp is that of the change."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.mono += 5
    station.unplug()
    station.mono += 5
    station.script.clear()
    station.settle()
    assert station.heard("StatusNotification")[-1]["timestamp"] == clock_text(1005)


def test_fault_with_vendor_code() -> None:
    """§6.47: a fault carries its error code, the vendor and the vendor's own code."""
    station = Station().online()
    station.fault("rcd")
    told = station.heard("StatusNotification")[-1]
    assert told["connectorId"] == 1
    assert (told["status"], told["errorCode"]) == ("Faulted", "GroundFailure")
    assert (told["vendorId"], told["vendorErrorCode"], told["info"]) == ("evsed", "rcd", "residual current detected")


def test_error_cleared() -> None:
    """§4.9: when the fault is gone, the status that was before it comes back with NoError."""
    station = Station().online()
    station.plug()
    station.fault("rcd")
    station.fault("rcd", on=False)
    assert station.statuses() == ["Preparing", "Faulted", "Preparing"]
    assert station.heard("StatusNotification")[-1]["errorCode"] == "NoError"


def test_warning_comes_and_goes() -> None:
    """§4.9: a warning leaves the status as it is."""
    station = Station().online().charging().forget()
    station.fault("reader-lost", connector=None)
    station.fault("reader-lost", on=False, connector=None)
    told = [(s["connectorId"], s["status"], s["errorCode"]) for s in station.heard("StatusNotification")]
    assert (1, "Charging", "ReaderFailure") in told
    assert told[-1] == (0, "Available", "NoError") or told[-1] == (1, "Charging", "NoError")


def test_station_fault_is_told_for_connector_0() -> None:
    """§4.9: a fault of the whole station is told for connector 0 and for each connector."""
    station = Station(Product(connectors=2)).online()
    station.fault("overtemperature", connector=None)
    assert [station.statuses(number) for number in range(3)] == [["Faulted"]] * 3


def test_connector_0_is_independent() -> None:
    """§4.9: a charging connector leaves connector 0 as it is."""
    station = Station().online().charging()
    assert station.statuses(0) == []


def test_lost_time_is_left_out() -> None:
    """§4.9: no timestamp is better than a wrong one."""
    station = Station().started()
    station.boot_answer = {"status": "Accepted", "interval": 300}
    request = station.cp.parts.notifications.request(0, station.cp.parts.notifications.shown(0))  # type: ignore[arg-type]
    assert request.timestamp is None


# --- MinimumStatusDuration ------------------------------------------------------------------------------------------


def test_short_status_is_skipped() -> None:
    """§4.9: a status that did not last MinimumStatusDuration is not told."""
    station = duration(10)
    station.plug()
    station.wait(9)
    station.unplug()
    station.wait(60)
    assert station.statuses() == []


def test_status_is_told_when_it_has_lasted() -> None:
    """§4.9: a status is told as soon as it has lasted that long, with the time at which it began."""
    station = duration(10)
    station.plug()
    station.wait(9.9)
    assert station.statuses() == []
    station.wait(0.2)
    assert station.statuses() == ["Preparing"]
    assert station.heard("StatusNotification")[0]["timestamp"] == clock_text(1000)


def test_duration_restarts_with_each_change() -> None:
    """§4.9: each change starts the time anew."""
    station = duration(10)
    station.plug()
    station.wait(6)
    station.tap("CARD")
    station.draw()
    station.wait(6)
    assert station.statuses() == []
    station.wait(5)
    assert station.statuses() == ["Charging"]


def test_skipped_status_leaves_no_illegal_step() -> None:
    """§4.9: what is told follows the table of transitions also where a status between was too short."""
    station = duration(10).charging()
    station.wait(20)
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    station.plug()
    station.wait(20)
    assert station.statuses() == ["Charging", "Finishing", "Preparing"]


def test_faulted_is_not_delayed() -> None:
    """§4.9: Faulted does not wait."""
    station = duration(10)
    station.fault("rcd")
    assert station.statuses() == ["Faulted"]


def test_duration_per_connector() -> None:
    """§4.9: one connector's change does not hold up another's."""
    station = Station(Product(connectors=2), MinimumStatusDuration=10).online()
    station.plug(1)
    station.wait(6)
    station.plug(2)
    station.wait(5)
    assert (station.statuses(1), station.statuses(2)) == (["Preparing"], [])


def test_duration_changes_now() -> None:
    """§9.1.18: MinimumStatusDuration counts from the next change."""
    station = duration(10)
    station.request("ChangeConfiguration", key="MinimumStatusDuration", value="0")
    station.plug()
    assert station.statuses() == ["Preparing"]


def test_duration_runs_out_while_unlinked() -> None:
    """§4.9: what has lasted without a connection is told on the next one, once."""
    station = duration(10)
    station.plug()
    station.disconnect()
    station.wait(20)
    station.connect()
    station.wait(20)
    assert station.statuses() == ["Preparing"]


# --- after an offline spell -----------------------------------------------------------------------------------------


def test_only_differences_after_reconnect() -> None:
    """§4.9: after an offline spell only the statuses that differ are told, as they are now, without history."""
    station = Station(Product(connectors=2)).online()
    station.disconnect()
    station.plug(1)
    station.unplug(1)
    station.plug(2)
    station.connect()
    assert (station.statuses(0), station.statuses(1), station.statuses(2)) == ([], [], ["Preparing"])


def test_unconfirmed_status_is_told_again() -> None:
    """§4.9: a status whose confirmation was lost with the connection is told again."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.disconnect()
    station.script.clear()
    station.connect()
    assert station.statuses() == ["Preparing", "Preparing"]


def test_waiting_status_is_told_again() -> None:
    """§4.9: the same holds for a status that still waited for its turn."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.unplug()
    station.disconnect()
    station.script.clear()
    station.connect()
    assert station.statuses()[-1] == "Available"


def test_status_without_answer_is_told_again_on_the_next_connection() -> None:
    """§4.9: a status that nobody confirmed within MessageTimeout is not known to have arrived."""
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.wait(31)
    station.disconnect()
    station.script.clear()
    station.connect()
    assert station.statuses() == ["Preparing", "Preparing"]


def test_refused_status_is_not_repeated() -> None:
    """§4.9: a CALLERROR is an answer: the status arrived."""
    station = Station().online()
    station.script["StatusNotification"] = CallError("InternalError")
    station.plug()
    station.disconnect()
    station.connect()
    assert station.statuses() == ["Preparing"]


# --- with the transaction's own messages ----------------------------------------------------------------------------


def test_start_before_charging() -> None:
    """§4.8: Preparing, StartTransaction, Charging."""
    station = Station().online().charging()
    assert station.actions() == ["StatusNotification", "Authorize", "StartTransaction", "StatusNotification"]
    assert station.statuses() == ["Preparing", "Charging"]


def test_status_does_not_wait_for_a_refused_start() -> None:
    """§3.7: a StatusNotification is no transaction message: it overtakes a queue that waits for a retry."""
    station = Station().online()
    station.script["StartTransaction"] = CallError("InternalError")
    station.charging()
    assert station.statuses() == ["Preparing", "Charging"]


def test_told_before_accepted_is_told_after() -> None:
    """E 3.22: nothing of before the acceptance counts as told."""
    station = Station().started()
    station.boot_answer = {"status": "Pending", "interval": 10}
    station.connect()
    station.tap("CARD")
    station.fault("rcd")
    station.boot_answer = {"status": "Accepted", "interval": 300}
    station.wait(10)
    assert (station.statuses(0), station.statuses(1)) == (["Available"], ["Faulted"])


def test_warning_while_unlinked() -> None:
    """§4.9: a warning that nobody can hear is not kept for later."""
    station = Station().online()
    station.disconnect()
    station.cp.parts.notifications.warn(ChargePointErrorCode.RESET_FAILURE, "x" * 60)
    station.connect()
    assert station.heard("StatusNotification") == []


def test_refused_card_shows_nothing() -> None:
    """§4.1: a refused card changes no status."""
    station = Station().online()
    station.script["Authorize"] = refused()
    station.tap("CARD")
    assert station.heard("StatusNotification") == []


def test_triggered_status_counts_as_told() -> None:
    """E 3.19: what was told on request is what the Central System knows: the way back is told, too."""
    station = Station(MinimumStatusDuration=5).online()
    station.plug()
    station.wait(1)
    station.request("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
    station.unplug()
    station.wait(10)
    assert station.statuses() == ["Preparing", "Available"]


def test_first_status_is_not_delayed() -> None:
    """§4.4: the set after the registration is told at once, also where a board comes later than the registration."""
    station = Station(MinimumStatusDuration=60).started(attached=False)
    station.connect()
    station.attach()
    assert station.statuses() == ["Available"]
