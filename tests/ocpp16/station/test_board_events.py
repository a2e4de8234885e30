"""Facts of the board and the store on their way to the connectors: faults, acknowledged offers, a full store (§7.6)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import LatchedFault, Sample
from ocpp16.status.faults import FAULTS
from tests.ocpp16.rig import SILENCE, Station, noted

STATION_WIDE = ("overtemperature", "undervoltage", "store-full")


@pytest.mark.parametrize("code", [code for code, fault in FAULTS.items() if fault.ends_transaction])
def test_fault_that_ends(code: str) -> None:
    """§7.6: a fault that forbids energy: no offer, Faulted with its code, StopTransaction Other."""
    station = Station().online().charging().forget()
    step = station.fault(code)
    assert step.outlets[0].offered_amps == 0.0
    assert station.status() == "Faulted"
    station.open_contactor()
    assert station.heard("StopTransaction")[0]["reason"] == "Other"
    assert station.heard("StatusNotification")[0]["errorCode"] == str(FAULTS[code].error)


@pytest.mark.parametrize(
    "code", [code for code, fault in FAULTS.items() if fault.blocks_running and not fault.ends_transaction]
)
def test_fault_that_passes(code: str) -> None:
    """§4.9: a fault that passes by itself takes the energy and gives it back; the transaction goes on."""
    station = Station().online().charging()
    station.fault(code)
    assert (station.offered(), station.status()) == (0.0, "Faulted")
    station.wait(300)
    station.fault(code, on=False)
    assert station.offered() == 32.0
    assert station.heard("StopTransaction") == []


@pytest.mark.parametrize("code", [code for code, fault in FAULTS.items() if not fault.blocks_running])
def test_fault_that_warns(code: str) -> None:
    """§4.9: a warning takes nothing from who charges; where it blocks a start nobody else begins."""
    station = Station().online().charging()
    station.fault(code)
    assert (station.offered(), station.status()) == (32.0, "Charging")
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    assert station.status() == ("Faulted" if FAULTS[code].blocks_start else "Available")


def test_point_4_without_its_reader_a_station_starts_remotely() -> None:
    """§4.9: energy can still be given, so that a lost reader is a warning, of connector 0 and of each connector."""
    station = Station().online()
    station.fault("reader-lost", connector=None)
    told = [(each["connectorId"], each["status"], each["errorCode"]) for each in station.heard("StatusNotification")]
    assert sorted(told) == [(0, "Available", "ReaderFailure"), (1, "Available", "ReaderFailure")]
    assert station.request("RemoteStartTransaction", idTag="CARD", connectorId=1) == {"status": "Accepted"}
    station.plug()
    assert station.transaction() is not None and station.offered() == 32.0
    (why,) = station.cp.why(station.now())
    assert "Warning reader-lost: the card reader does not answer" in str(why["text"])


def test_fault_before_the_start() -> None:
    """§4.9 B9: nothing begins while there is a fault; an accepted card begins when it is gone."""
    station = Station().online()
    station.tap("CARD")
    station.fault("rcd")
    station.plug()
    assert station.heard("StartTransaction") == []
    station.fault("rcd", on=False)
    assert len(station.heard("StartTransaction")) == 1


def test_fault_of_one_connector() -> None:
    """§4.9: a fault of one connector leaves the others and the station alone."""
    station = Station(Product(connectors=2)).online()
    station.fault("rcd", connector=2)
    assert (station.statuses(0), station.statuses(1), station.statuses(2)) == ([], [], ["Faulted"])


def test_note_says_what_to_do() -> None:
    """A person reads what is wrong and what to do, once when it comes and once when it goes."""
    station = Station().online()
    on = station.fault("rcd").notes[0]
    off = station.fault("rcd", on=False).notes[0]
    assert (on.code, off.code) == ("fault-on", "fault-off")
    assert on.fields["why"] == "residual current detected"
    assert on.fields["remedy"]


def test_fault_that_was_never_there() -> None:
    """The end of a fault that nobody knew is no news."""
    assert Station().online().fault("rcd", on=False).notes == ()


def test_unlatched_fault_is_not_kept() -> None:
    """Only a latched fault is on record."""
    station = Station().online()
    station.fault("rcd")
    assert station.rows(LatchedFault) == []


def test_what_is_really_signalled() -> None:
    """What the board signals, and why it is less, can be looked at."""
    station = Station().online().charging()
    station.happens(ev.OfferAcked(1, 16.0, "too warm"))
    row = station.cp.status(station.now())["connectors"][0]  # type: ignore[index]
    assert (row["offered_amps"], row["signalled_amps"], row["signalled_why"]) == (32.0, 16.0, "too warm")


# --- a full store ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["full", "unwritable"])
def test_store(state: str) -> None:
    """Below the watermark: offers fall, transactions end, Faulted is told, the station stays connected and recovers."""
    station = Station().online().charging().forget()
    step = station.happens(ev.StoreChanged(state, "no room"))  # type: ignore[arg-type]
    assert step.outlets[0].offered_amps == 0.0
    assert noted(step) == [f"store-{state}"]
    assert station.link is not None
    assert station.link.connected
    station.open_contactor()
    told = station.heard("StatusNotification")
    assert ("Faulted", "InternalError", "store-full") in [
        (said["status"], said["errorCode"], said.get("vendorErrorCode")) for said in told
    ]
    station.happens(ev.StoreChanged("ok"))
    assert station.heard("StopTransaction")[0]["reason"] == "Other"
    station.tap("CARD")
    assert station.offered() == 32.0


def test_full_store_begins_nothing() -> None:
    """Nothing begins while nothing can be recorded, by card or remotely."""
    station = Station().online()
    station.happens(ev.StoreChanged("full"))
    station.plug()
    station.tap("CARD")
    assert station.request("RemoteStartTransaction", idTag="CARD", connectorId=1) == {"status": "Rejected"}
    assert station.heard("StartTransaction") == []
    assert station.cp.why(station.now())[0]["code"] == "store-full"


def test_stop_of_a_full_store_is_told() -> None:
    """A reserve of room serves the records of what ends: its stop is told while the store is full."""
    station = Station().online().charging()
    station.happens(ev.StoreChanged("full"))
    station.open_contactor()
    assert len(station.heard("StopTransaction")) == 1


def test_stop_of_an_unwritable_store_waits() -> None:
    """Where nothing can be written the stop is told when it could be committed."""
    station = Station().online().charging()
    station.happens(ev.StoreChanged("unwritable"))
    station.open_contactor()
    assert station.heard("StopTransaction") == []
    station.happens(ev.StoreChanged("ok"))
    assert len(station.heard("StopTransaction")) == 1
    assert station.transaction().stop == "confirmed"  # type: ignore[union-attr]


def test_answer_while_nothing_can_be_written() -> None:
    """A start that was in flight when the store failed: what its answer said is written as soon as it can be."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.happens(ev.StoreChanged("unwritable"))
    station.script.clear()
    station.settle()
    assert station.transaction().start == "waiting"  # type: ignore[union-attr]
    station.happens(ev.StoreChanged("ok"))
    assert station.transaction().transaction_id == 101  # type: ignore[union-attr]


def test_store_state_told_twice() -> None:
    """The same state again is no news."""
    station = Station().online()
    station.happens(ev.StoreChanged("full"))
    assert station.happens(ev.StoreChanged("full")).notes == ()
    assert noted(station.happens(ev.StoreChanged("ok"))) == ["store-ok"]
    assert station.rows(Sample) == []
