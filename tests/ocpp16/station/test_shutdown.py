"""Going down: how long the last messages are awaited, and what a supervisor changes (§5.14)."""

from __future__ import annotations

from ocpp16 import events as ev
from ocpp16.records import Unit
from tests.ocpp16.rig import SILENCE, CallError, Station, calls, hows


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
    assert station.cp.parts.shutdown.finished
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
    assert hows(station.last) == ["SoftReset"] or station.cp.parts.shutdown.finished


def test_nothing_after_the_end() -> None:
    """After its Restart a life is over: every further step is empty."""
    station = Station().online()
    station.request("Reset", type="Soft")
    for event in (ev.PilotChanged(1, "B", 0.0), ev.CardPresented(1, "CARD", 0.0), ev.Tick()):
        step = station.cp.step(station.now(), event)
        assert (step.frames, step.records, step.jobs, step.wake_at) == ((), (), (), None)


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


def test_shutdown_with_the_board() -> None:
    """The board dies with us: the transaction ends with Reboot within the time that the supervisor gives."""
    station = Station().online().charging()
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.parts.shutdown.finished
    assert station.rows(Unit)[0].shutdown == "Reboot"


def test_shutdown_while_resetting() -> None:
    """A supervisor that wants us to end shortens the wait of a reset, not its kind; a reset lengthens nothing."""
    station = Station().online().charging()
    station.ask("Reset", type="Hard")
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.parts.shutdown.pending is not None
    assert (station.cp.parts.shutdown.finished, station.cp.parts.shutdown.pending.how) == (True, "HardReset")
    station = Station().online().charging()
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.happens(ev.ShutdownAsked(ends_charge=True))
    station.wait(3.6)
    assert station.cp.parts.shutdown.finished


def test_reason_of_a_reset_that_the_supervisor_hurries() -> None:
    """§7.38: a transaction that a reset ended keeps the reset's reason, also in the note for the next life."""
    station = Station().online().charging()
    station.ask("Reset", type="Hard")
    station.happens(ev.ShutdownAsked(ends_charge=True))
    assert station.rows(Unit)[0].shutdown == "HardReset"
    assert calls(station.last) == []
