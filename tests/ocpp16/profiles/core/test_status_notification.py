"""StatusNotification: when, in which order, what is left out (§4.9, E 3.19, E 3.22)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.messages.types import ChargePointErrorCode
from ocpp16.product import Product
from tests.ocpp16.rig import SILENCE, CallError, Script, Station, calls, clock_text, refused


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


@pytest.mark.parametrize("code", ["NotImplemented", "NotSupported"])
def test_a_status_that_nobody_wants_is_not_repeated(code: str) -> None:
    """J 4.2.3: where StatusNotification is not known, it is told once."""
    station = Station().online()
    station.script["StatusNotification"] = CallError(code)
    station.plug()
    station.wait(60)
    station.disconnect()
    station.connect()
    assert station.statuses() == ["Preparing"]


@pytest.mark.parametrize("answer", [CallError("InternalError"), CallError("OccurenceConstraintViolation"), SILENCE])
def test_point_4_a_refused_status_is_told_again(answer: Script) -> None:
    """§4.9: once after 10 s, dated as it began, and after a reconnect; else Charging would be shown for ever."""
    station = Station(MessageTimeout=1).online()
    station.script["StatusNotification"] = answer
    station.plug()
    began = station.heard("StatusNotification")[0]["timestamp"]
    station.wait(9)
    assert station.statuses() == ["Preparing"]
    station.wait(100)
    assert station.statuses() == ["Preparing"] * 2
    station.script.clear()
    station.disconnect()
    station.connect()
    assert station.statuses() == ["Preparing"] * 3
    assert {told["timestamp"] for told in station.heard("StatusNotification")} == {began}
    station.disconnect()
    station.connect()
    station.wait(60)
    assert station.statuses() == ["Preparing"] * 3


def test_point_4_an_overtaken_status_is_not_told_again() -> None:
    """§4.9: the repetition is of the present status; no history."""
    station = Station().online()
    station.script["StatusNotification"] = CallError("InternalError")
    station.plug()
    station.script.clear()
    station.unplug()
    station.wait(30)
    assert station.statuses() == ["Preparing", "Available"]
    station.script["StatusNotification"] = CallError("InternalError")
    station.plug()
    station.wait(30)
    assert station.statuses()[2:] == ["Preparing"] * 2, "another occurrence has its own repetition"


def test_point_4_a_status_is_dated_when_it_began() -> None:
    """§6.47: not with the newest meter value, though that lies later: after an outage, on request, clock-aligned."""
    station = Station(ClockAlignedDataInterval=900, MeterValueSampleInterval=10).online()
    station.disconnect()
    station.wait(7)
    at = clock_text(station.mono)
    station.charging()
    station.wait(2000)
    station.connect()
    assert [told["timestamp"] for told in station.heard("StatusNotification")] == [at]
    station.forget()
    station.request("TriggerMessage", requestedMessage="StatusNotification", connectorId=1)
    assert [told["timestamp"] for told in station.heard("StatusNotification")] == [at]


# --- several faults -------------------------------------------------------------------------------------------------


def told(station: Station, connector: int = 1) -> list[tuple[str, str]]:
    """Status and error code of all that was said about a connector."""
    said = [each for each in station.heard("StatusNotification") if each["connectorId"] == connector]
    return [(each["status"], each["errorCode"]) for each in said]


def test_point_4_an_rcd_trip_behind_a_lost_reader() -> None:
    """§4.9: the reader is a warning, the trip ends the transaction; each is told when it comes."""
    station = Station().online().charging().forget()
    station.fault("reader-lost", connector=None)
    assert told(station) == [("Charging", "ReaderFailure")]
    assert told(station, 0) == [("Available", "ReaderFailure")]
    station.fault("rcd")
    assert told(station)[1:] == [("Faulted", "GroundFailure")]
    station.fault("rcd", on=False)
    assert told(station)[-1][1] == "ReaderFailure"
    station.fault("reader-lost", connector=None, on=False)
    assert (told(station)[-1][1], told(station, 0)[-1]) == ("NoError", ("Available", "NoError"))


def test_point_4_a_lesser_fault_is_told_with_the_status_unchanged() -> None:
    """§4.9: the gravest stays shown, the further one has its own message; in the end the gravest is the last word."""
    station = Station().online()
    station.fault("rcd")
    station.mono += 5
    station.fault("overtemperature")
    at = clock_text(station.mono)
    assert told(station) == [("Faulted", "GroundFailure"), ("Faulted", "HighTemperature")]
    assert station.heard("StatusNotification")[-1]["timestamp"] == at
    assert station.cp.status(station.now())["connectors"][0]["error"] == "GroundFailure"  # type: ignore[index]
    station.wait(100)
    assert len(told(station)) == 2
    station.fault("overtemperature", on=False)
    assert told(station)[2:] == [("Faulted", "GroundFailure")]
    station.fault("rcd", on=False)
    assert told(station)[3:] == [("Available", "NoError")]


def test_point_4_of_equal_faults_the_newest_is_shown() -> None:
    """§4.9: and the older one is shown again when the newer is over."""
    station = Station().online()
    for code in ("rcd", "diode"):
        station.mono += 1
        station.fault(code)
    station.fault("diode", on=False)
    assert told(station) == [("Faulted", "GroundFailure"), ("Faulted", "OtherError"), ("Faulted", "GroundFailure")]


def test_point_4_further_faults_of_an_outage_are_told_afterwards() -> None:
    """§4.9: errors that came without a connection are told on the next one, the gravest as the status."""
    station = Station().online()
    station.disconnect()
    station.fault("rcd")
    station.fault("overtemperature")
    station.connect()
    assert told(station) == [("Faulted", "GroundFailure"), ("Faulted", "HighTemperature")]
    station.disconnect()
    station.connect()
    assert len(told(station)) == 2


def test_point_4_a_refused_further_fault_is_told_again() -> None:
    """§4.9: like a status: once after 10 s, and after a reconnect."""
    station = Station().online()
    station.fault("rcd")
    station.script["StatusNotification"] = CallError("InternalError")
    station.fault("overtemperature")
    station.wait(100)
    assert told(station)[1:] == [("Faulted", "HighTemperature")] * 2
    station.script.clear()
    station.disconnect()
    station.connect()
    assert told(station)[3:] == [("Faulted", "HighTemperature")]


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
