"""What happened while we were away: each row of the table, and a board that is missing or wrong."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.records import LatchedFault, Transaction, Unit
from ocpp16.station.recovery import contradictions
from tests.ocpp16.rig import SILENCE, Station, clock_text


def running(*, offline: bool = False, **first: Any) -> Station:
    """Charging for 100 s, 50 Wh."""
    station = Station(AllowOfflineTxForUnknownId=True, **first).online()
    if offline:
        station.disconnect()
    station.charging()
    station.wait(100)
    station.meter(50)
    return station.forget()


def charging_states(station: Station) -> tuple[ev.Event, ...]:
    return (
        ev.PilotChanged(1, "C", station.mono), ev.ContactorChanged(1, True, True, station.mono), station.reading(),
    )  # fmt: skip


def plugged_states(station: Station) -> tuple[ev.Event, ...]:
    return (
        ev.PilotChanged(1, "B", station.mono), ev.ContactorChanged(1, False, True, station.mono), station.reading(),
    )  # fmt: skip


def empty_states(station: Station) -> tuple[ev.Event, ...]:
    return (
        ev.PilotChanged(1, "A", station.mono), ev.ContactorChanged(1, False, True, station.mono), station.reading(),
    )  # fmt: skip


def stops(station: Station) -> list[tuple[str, int, str]]:
    return [(s["reason"], s["meterStop"], s["timestamp"]) for s in station.heard("StopTransaction")]


# --- the table ------------------------------------------------------------------------------------------------------


def test_only_we_were_away() -> None:
    """Same session: the same transaction goes on, without a gap and without a new word to the Central System."""
    station = running().restart(after_s=3).started(attached=False)
    station.attach(*charging_states(station))
    assert (station.offered(), station.status()) == (32.0, "Charging")
    station.connect()
    assert station.actions()[0] == "BootNotification"
    assert "StartTransaction" not in station.actions()
    station.tap("CARD")
    station.open_contactor(more_wh=5)
    assert stops(station) == [("Local", 1055, clock_text(1103))]


def test_times_stay_exact_when_only_we_were_away() -> None:
    """Same session: frequent values, written ahead of their time, go on bearing exactly their own."""
    station = running(MeterValueSampleInterval=10).restart(after_s=3).started(attached=False)
    station.attach(*charging_states(station))
    station.connect()
    station.wait(30)
    times = [said["meterValue"][0]["timestamp"] for said in station.heard("MeterValues")]
    assert times[-3:] == [clock_text(1110), clock_text(1120), clock_text(1130)]
    station.unplug()
    assert stops(station)[0][2] == clock_text(1133)


def test_only_we_were_away_while_it_was_stopping() -> None:
    """Same session: an end that was under way is carried through."""
    for closed in (True, False):
        station = running()
        station.tap("CARD")
        station.wait(4)
        station.restart().started(attached=False)
        station.attach(*(charging_states(station) if closed else plugged_states(station)))
        station.connect()
        if closed:
            station.open_contactor()
        station.wait(3)
        assert [reason for reason, _, _ in stops(station)] == ["Local"]


def test_unplugged_while_we_were_away() -> None:
    """Same session, the plug pulled meanwhile: ended EVDisconnected, with the register of now."""
    station = running().restart().started(attached=False)
    station.wh[1] += 7
    station.attach(*empty_states(station))
    station.connect()
    assert stops(station) == [("EVDisconnected", 1057, clock_text(1102))]


def test_unplugged_while_we_were_away_and_it_may_stay() -> None:
    """Same session, the plug pulled, StopTransactionOnEVSideDisconnect false: it goes on."""
    station = running(StopTransactionOnEVSideDisconnect=False).restart().started(attached=False)
    station.attach(*empty_states(station))
    station.connect()
    assert (stops(station), station.status()) == ([], "SuspendedEV")


def test_the_board_was_away_the_cable_stayed() -> None:
    """Same boot, new session, cable in: it goes on, suspended until the car asks again."""
    station = running().restart(board_restarts=True).started(attached=False)
    station.attach(*plugged_states(station))
    station.connect()
    assert (stops(station), station.offered(), station.status()) == ([], 32.0, "SuspendedEV")
    station.draw()
    assert station.status() == "Charging"


def test_the_board_was_away_the_cable_is_gone() -> None:
    """Same boot, new session, cable gone: ended EVDisconnected at the last time we know of."""
    station = running().restart(board_restarts=True).started(attached=False)
    station.attach(*empty_states(station))
    station.connect()
    assert stops(station) == [("EVDisconnected", 1050, clock_text(1060))]


def test_frequent_values_do_not_date_the_stop_after_now() -> None:
    """The stop of a cable that is gone is dated at the last moment on record."""
    station = running(MeterValueSampleInterval=10).restart(board_restarts=True).started(attached=False)
    station.attach(*empty_states(station))
    station.connect()
    assert stops(station)[0][::2] == ("EVDisconnected", clock_text(1060))


@pytest.mark.parametrize("offline", [False, True])
def test_darkness(offline: bool) -> None:
    """New boot, no note: ended PowerLoss with the meter's own register and the last time we lived at."""
    station = running(offline=offline).restart(dark=True).started(attached=False)
    station.wh[1] += 9  # what was drawn between our last record and the dark
    station.attach(*plugged_states(station))
    station.connect()
    assert stops(station) == [("PowerLoss", 1059, clock_text(1060))]
    assert station.statuses() == ["Finishing"]
    assert station.offered() == 0.0


def test_darkness_and_the_car_has_left() -> None:
    """New boot, no plug: the same bill, and the connector is free."""
    station = running().restart(dark=True).started()
    station.connect()
    assert stops(station) == [("PowerLoss", 1050, clock_text(1060))]
    assert station.statuses() == ["Available"]


def test_darkness_at_once() -> None:
    """A power cut right after the start: the stop is never dated before the start."""
    station = Station().online().charging()
    station.restart(dark=True).started()
    station.connect()
    assert stops(station) == [("PowerLoss", 1000, clock_text(1000))]


def test_darkness_is_told_after_the_boot() -> None:
    """§6.7 of the field: BootNotification first, then the stop; nothing else before Accepted."""
    station = running().restart(dark=True).started()
    station.boot_answer = {"status": "Pending", "interval": 30}
    station.connect()
    assert set(station.actions()) == {"BootNotification"}
    station.boot_answer = {"status": "Accepted", "interval": 300}
    station.wait(30)
    assert len(stops(station)) == 1


def test_no_resume_after_darkness() -> None:
    """D: energy does not flow again by itself; a card begins a new transaction."""
    station = running().restart(dark=True).started(attached=False)
    station.attach(*plugged_states(station))
    station.connect()
    station.tap("CARD")
    assert station.offered() == 32.0
    assert len(station.heard("StartTransaction")) == 1


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
def test_planned_reboot(kind: str, reason: str) -> None:
    """New boot with a note: what could not be closed before it ends with the reason of the reset."""
    station = running()
    station.ask("Reset", type=kind)
    station.restart(dark=True).started(attached=False)
    station.attach(*plugged_states(station))
    station.connect()
    assert [stop[0] for stop in stops(station)] == [reason]


def test_note_counts_once() -> None:
    """A note belongs to one restart: a power cut later is a power cut."""
    station = Station().online()
    station.request("Reset", type="Soft")
    station.restart().started()
    assert station.rows(Unit)[0].shutdown == ""
    station.connect()
    station.charging()
    station.restart(dark=True).started()
    station.connect()
    assert [stop[0] for stop in stops(station)] == ["PowerLoss"]


def test_supervisor_stops_us_while_the_board_lives() -> None:
    """The supervisor ends us, the board keeps the charge for its lease: same session, it goes on."""
    station = running()
    station.happens(ev.ShutdownAsked(ends_charge=False))
    assert station.offered() == 32.0
    station.restart().started(attached=False)
    station.attach(*charging_states(station))
    assert station.status() == "Charging"


def test_start_is_told_after_the_darkness() -> None:
    """E 3.18 is not for this: a start that was never told is told with its own time, then its stop."""
    station = Station().online()
    station.script["StartTransaction"] = SILENCE
    station.charging()
    station.restart(dark=True).started()
    station.script.clear()
    station.connect()
    assert [said for said in station.actions() if said.endswith("Transaction")][-2:] == [
        "StartTransaction", "StopTransaction",
    ]  # fmt: skip
    assert station.heard("StopTransaction")[0]["transactionId"] == 101


# --- 3: a stop that could not be written is still a stop --------------------------------------------------------------


def told(station: Station, offer: str, offer_at: float | None) -> tuple[ev.ConnectorShape, ...]:
    return tuple(replace(shape, offer=offer, offer_at=offer_at) for shape in station.shapes())


def test_3_an_offer_withdrawn_without_a_reason_on_record_was_a_stop() -> None:
    """Same session, withdrawn after the start, no stop on record: ends Other, with the register once it is open."""
    station = running().restart().started(attached=False)
    station.attach(*charging_states(station), shapes=told(station, "withdrawn", 1099.0))
    assert (station.offered(), station.outlets[1].transaction) == (0.0, False)
    station.connect()
    assert stops(station) == []
    station.open_contactor(more_wh=5)
    assert stops(station) == [("Other", 1055, clock_text(1102))]
    assert "stop-recovered" in [code for code, _ in station.notes]


def test_3_withdrawn_in_the_instant_of_the_start_was_a_stop() -> None:
    """The safe side: nothing flows to a car whose start and stop fell together."""
    station = running()
    began = station.transaction().began.mono
    station = station.restart().started(attached=False)
    station.attach(*plugged_states(station), shapes=told(station, "withdrawn", began))
    station.connect()
    assert station.offered() == 0.0 and stops(station)[0][0] == "Other"


def test_3_the_contactor_is_open_already() -> None:
    """The same, its contactor open: the present register closes the bill."""
    station = running().restart().started(attached=False)
    station.attach(*plugged_states(station), shapes=told(station, "withdrawn", 1099.0))
    station.connect()
    assert stops(station) == [("Other", 1050, clock_text(1102))]
    assert station.status() == "Finishing"


@pytest.mark.parametrize(
    ("offer", "at"), [("kept", 1000.0), ("lapsed", 1000.0), ("", None), ("withdrawn", 990.0), ("withdrawn", None)]
)
def test_3_any_other_offer_goes_on(offer: str, at: float | None) -> None:
    """Kept, lapsed, unknown, or withdrawn before this transaction began (no offer had been made yet): it goes on."""
    station = running().restart().started(attached=False)
    station.attach(*charging_states(station), shapes=told(station, offer, at))
    station.connect()
    assert (stops(station), station.status(), station.offered()) == ([], "Charging", 32.0)


def test_3_a_stop_on_record_keeps_its_reason() -> None:
    """Withdrawn, and the reason is on record: the end that was under way is carried through."""
    station = running()
    station.tap("CARD")
    station.wait(4)
    station.restart().started(attached=False)
    station.attach(*charging_states(station), shapes=told(station, "withdrawn", 1100.0))
    station.connect()
    station.open_contactor()
    assert [reason for reason, _, _ in stops(station)] == ["Local"]


def test_3_a_stop_in_memory_alone_is_found_again() -> None:
    """The store cannot be written, a driver stops, the process ends: the next life ends the transaction."""
    station = running()
    station.step(ev.StoreChanged("unwritable"))
    assert (station.offered(), station.outlets[1].transaction) == (0.0, False)
    station.restart().started(attached=False)
    station.attach(*plugged_states(station), shapes=told(station, "withdrawn", 1100.5))
    station.connect()
    assert [reason for reason, _, _ in stops(station)] == ["Other"]


# --- time that nobody knew ------------------------------------------------------------------------------------------


def test_time_learnt_later() -> None:
    """§3.14: what happened before the time was known is stamped from the monotonic clock, never 1970."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.restart(dark=True).started()
    station.charging()
    station.wait(30)
    station.unplug()
    station.wait(20)
    station.script["BootNotification"] = lambda _: {
        "status": "Accepted", "interval": 300, "currentTime": clock_text(5000),
    }  # fmt: skip
    station.connect()
    assert station.heard("StartTransaction")[0]["timestamp"] == clock_text(5000 - 50)
    assert stops(station)[0][2] == clock_text(5000 - 20)


def test_time_never_learnt() -> None:
    """§3.14: facts of a boot that ended before the time was known get the floor, keep their order, and say so."""
    station = Station(AllowOfflineTxForUnknownId=True).online()
    station.restart(dark=True).started()
    station.charging()
    station.wait(30)
    station.unplug()
    floor = to_text(station.rows(Unit)[0].floor_utc)
    station.restart(dark=True).started()
    station.connect()
    assert station.heard("StartTransaction")[0]["timestamp"] == floor
    assert stops(station)[0][2] == floor
    (row,) = station.cp.transaction_rows()
    assert row["time_exact"] is False


# --- the board itself -----------------------------------------------------------------------------------------------


def test_board_missing() -> None:
    """A station without a board stays connected, is Faulted, and says why; with the board it is well again."""
    station = Station().started(attached=False)
    station.happens(ev.BoardLost("no such socket"))
    station.connect()
    assert (station.statuses(0), station.statuses(1)) == (["Faulted"], ["Faulted"])
    assert station.cp.why(station.now())[0]["code"] == "board-missing"
    station.happens(ev.BoardLost("no such socket"))
    assert [code for code, _ in station.notes].count("board-lost") == 1
    station.attach()
    assert (station.statuses(0)[-1], station.statuses(1)[-1]) == ("Available", "Available")


def test_board_lost_while_charging() -> None:
    """A lost board: no offer, Faulted; when the same session is back the transaction goes on."""
    station = running()
    station.happens(ev.BoardLost("broken pipe"))
    assert (station.offered(), station.status()) == (0.0, "Faulted")
    assert station.heard("StopTransaction") == []
    station.attach(*charging_states(station))
    assert (station.offered(), station.status()) == (32.0, "Charging")


def test_nothing_is_measured_without_a_board() -> None:
    """§4.7: while the board is lost no values are told, for nothing is measured; afterwards they go on."""
    station = running(ClockAlignedDataInterval=30)
    station.happens(ev.BoardLost("broken pipe"))
    station.wait(130)
    assert station.heard("MeterValues") == []
    station.attach(*charging_states(station))
    station.wait(60)
    assert len(station.heard("MeterValues")) == 3


def test_ready_without_a_board() -> None:
    """A belated word of a board that is gone decides nothing."""
    station = running()
    station.happens(ev.BoardLost("gone"))
    station.happens(ev.BoardReady())
    assert station.transaction() is not None
    assert station.transaction().ended is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("product", "shapes"),
    [
        (Product(), (ev.ConnectorShape(1), ev.ConnectorShape(2))),
        (Product(connectors=2), (ev.ConnectorShape(1),)),
        (Product(), (ev.ConnectorShape(1, outlet="socket"),)),
        (Product(fixed_cable=False), (ev.ConnectorShape(1, outlet="cable"),)),
        (Product(phases=3), (ev.ConnectorShape(1, phases=1),)),
    ],
)
def test_board_and_product_contradict_each_other(product: Product, shapes: tuple[ev.ConnectorShape, ...]) -> None:
    """A board that is not what the product says: Faulted with InternalError, and the reason in words."""
    station = Station(product).started(attached=False)
    station.attach(shapes=shapes)
    station.connect()
    told = station.heard("StatusNotification")[0]
    assert (told["status"], told["errorCode"], told["vendorErrorCode"]) == (
        "Faulted",
        "InternalError",
        "board-mismatch",
    )
    assert [fields["detail"] for code, fields in station.notes if code == "board-mismatch"]


def test_other_board_that_fits() -> None:
    """The right board makes it well again."""
    station = Station().started(attached=False)
    station.attach(shapes=(ev.ConnectorShape(1, outlet="socket"),))
    station.attach()
    assert station.status() == "Available"


def test_facts_of_a_connector_that_is_not_there() -> None:
    """Facts about a connector that the product does not have change nothing."""
    station = Station().online()
    for event in (
        ev.PilotChanged(2, "C", 0.0),
        ev.CableChanged(2, True, 32.0, False, 0.0),
        ev.ContactorChanged(2, True, True, 0.0),
        ev.MeterSampled(2, 0.0, 1.0),
        ev.FaultChanged(2, "rcd", True),
        ev.OfferAcked(2, 6.0),
    ):
        step = station.step(event)
        assert (step.frames, step.records, step.notes) == ((), (), ())


# --- latched faults -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("connector", [1, None])
def test_latched_fault_survives(connector: int | None, dark: bool) -> None:
    """A latched fault is on record: no restart clears it, and the board is told at attach."""
    station = Station().online()
    station.fault("weld", connector=connector, latched=True)
    station.restart(dark=dark).started()
    assert station.status() == "Faulted"
    assert [(fault.connector, fault.code) for fault in station.cp.latched()] == [(connector or 0, "weld")]
    station.fault("weld", on=False, connector=connector)
    assert (station.status(), station.rows(LatchedFault)) == ("Available", [])


def test_other_faults_are_told_again() -> None:
    """A fault that is not latched is the board's to tell again."""
    station = Station().online()
    station.fault("rcd")
    station.fault("overtemperature", connector=None)
    station.attach()
    assert station.status() == "Available"


def test_fault_told_twice() -> None:
    """A fault that is told again is no news."""
    station = Station().online()
    station.fault("rcd")
    step = station.fault("rcd")
    assert (step.notes, step.frames) == ((), ())


def test_fault_found_at_attach_ends_the_transaction() -> None:
    """§7.7: a fault that the board tells at attach counts like one that comes later."""
    station = running().restart().started(attached=False)
    station.attach(*plugged_states(station), ev.FaultChanged(1, "rcd", True))
    station.connect()
    assert [stop[0] for stop in stops(station)] == ["Other"]


def test_full_store_is_not_the_boards_affair() -> None:
    """A full store stays full when a board attaches."""
    station = Station().online()
    station.happens(ev.StoreChanged("full"))
    station.attach()
    assert station.status() == "Faulted"


def test_connector_that_the_product_has_no_more() -> None:
    """With one connector less, what ran there is closed and told, and its latched fault hurts nobody."""
    two = Station(Product(connectors=2)).online()
    for connector in (1, 2):
        two.plug(connector)
        two.tap(f"CARD{connector}", connector)
    two.disconnect()
    rows = [row for row in two.disk.values() if row.table != "unit"]
    rows.append(LatchedFault(name="2/weld", connector=2, code="weld"))
    station = Station(Product(), records=rows).started()
    station.connect()
    stops_told = [(stop["reason"], stop["transactionId"]) for stop in station.heard("StopTransaction")]
    assert {reason for reason, _ in stops_told} == {"Other", "PowerLoss"}
    assert [row.connector for row in station.rows(Transaction) if row.stop != "confirmed"] == []
    assert (station.status(), len(station.rows(LatchedFault))) == ("Available", 1)


def test_contradictions_of_board_and_product() -> None:
    """Numbers of connectors, outlets and phases that do not fit are told, each of them."""
    shape = ev.ConnectorShape(1, phases=1, outlet="cable")
    product = Product(phases=3, fixed_cable=False)
    assert contradictions(product, [shape, replace(shape, connector=2)]) == [
        "connectors: the product has 1, the board 2",
        "connector 1: the product has a socket, the board a cable",
        "connector 1: 3 phases in the product, 1 on the board",
        "connector 2: the product has a socket, the board a cable",
        "connector 2: 3 phases in the product, 1 on the board",
    ]


@pytest.mark.parametrize("dark", [False, True])
def test_stop_before_the_board_has_spoken(dark: bool) -> None:
    """§4.10: only the board knows whether energy flows, and how much did: the bill waits for it."""
    station = running()
    transaction = station.transaction()
    assert transaction is not None
    station.restart(dark=dark).started(attached=False)
    station.connect()
    assert station.request("RemoteStopTransaction", transactionId=transaction.transaction_id) == {"status": "Accepted"}
    station.wait(60)
    assert stops(station) == []
    station.wh[1] += 30.0
    station.attach(*(plugged_states(station) if dark else charging_states(station)))
    if not dark:
        assert (stops(station), station.offered()) == ([], 0.0)
        station.open_contactor(more_wh=1.0)
    (stop,) = station.heard("StopTransaction")
    assert (stop["reason"], stop["meterStop"]) == ("Remote", 1080 + (0 if dark else 1))


def test_board_lost_while_the_contactor_opens() -> None:
    """Nobody knows when it opened: the bill is closed with the register that the board tells when it is back."""
    station = running()
    station.tap("CARD")
    station.happens(ev.BoardLost("gone"))
    station.wait(60)
    assert stops(station) == []
    station.wh[1] += 7.0
    station.attach(*plugged_states(station))
    station.wait(5)
    (stop,) = station.heard("StopTransaction")
    assert (stop["reason"], stop["meterStop"]) == ("Local", 1057)


def test_meter_of_a_board_that_comes_anew_is_judged() -> None:
    """A meter that counts less than was billed is a fault, also where evsed lived on, and at each attach again."""
    station = running()
    station.tap("CARD")
    station.open_contactor()
    station.unplug()
    station.happens(ev.BoardLost("gone"))
    station.wh[1] = 3.0
    for _ in range(2):
        station.attach()
        assert (station.status(), station.cp.why(station.now())[0]["code"]) == ("Faulted", "meter-low")
        station.happens(ev.BoardLost("gone"))


@pytest.mark.parametrize(
    ("unplugged_ago", "ends", "running_on"), [(50.0, True, False), (50.0, False, True), (500.0, True, True)]
)
def test_car_exchanged_meanwhile(unplugged_ago: float, ends: bool, running_on: bool) -> None:
    """E 3.80: a plug that was out since the start ends it, though one is in again: nobody charges on another's card."""
    station = running(StopTransactionOnEVSideDisconnect=ends).restart(after_s=5).started(attached=False)
    out = ev.PilotChanged(1, "A", station.mono - unplugged_ago)
    station.attach(out, *charging_states(station))
    station.connect()
    assert (station.offered() > 0.0) == running_on
    if not running_on:
        station.open_contactor()
        assert ([stop[0] for stop in stops(station)], station.status()) == (["EVDisconnected"], "Finishing")


def test_last_unplugging_is_no_news() -> None:
    """A finished car that the board tells of again has not gone: it is still Finishing."""
    station = running()
    station.tap("CARD")
    station.open_contactor()
    station.happens(ev.BoardLost("gone"))
    station.attach(ev.PilotChanged(1, "A", station.mono - 500), *plugged_states(station))
    assert station.status() == "Finishing"
