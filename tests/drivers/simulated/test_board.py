"""The simulated board as a host: greeting, a charge, orders, the dark; and that its energy is true."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.board_protocol import ProtocolError, encode
from drivers.simulated.board import SimulatedBoard
from tests.drivers.simulated.stand import FOREVER, Stand


def kinds(messages: list[dict[str, object]]) -> list[object]:
    return [message["type"] for message in messages]


def test_the_greeting() -> None:
    """hello, each connector, then each one's present states; all of it fits into packets."""
    stand = Stand(connectors=2, phases=3, max_amps=16.0)
    assert kinds(stand.greeting) == ["hello", "connector", "connector"] + ["pilot", "cable", "contactor", "meter"] * 2
    assert stand.greeting[0]["connectors"] == 2
    assert stand.greeting[2] == {
        "type": "connector",
        "connector": 2,
        "min_amps": 6.0,
        "max_amps": 16.0,
        "phases": 3,
        "outlet": "cable",
        "lock": False,
        "meter": True,
        "measurands": [
            "Energy.Active.Import.Register",
            "Voltage",
            "Current.Import",
            "Power.Active.Import",
            "SoC",
            "Temperature",
        ],
    }
    assert all(encode(message) for message in stand.greeting)


def test_nothing_is_said_before_the_greeting() -> None:
    """A client that has said hello hears its greeting first; a fault on record that is over is told there."""
    stand = Stand(greet=False)
    assert stand.board.wake_at() == 0.0
    assert stand.hear(stand.board.receive(1000.0, {"type": "hello", "version": 1})) == []
    stand.latched("diode")
    stand.latched("weld")
    stand.latched("weld", 9)  # of a board that was bigger
    stand.latched("overtemperature", None)
    assert stand.said == []
    told = stand.board.greet(1000.0)
    assert [(m["code"], m["on"]) for m in told if m["type"] == "fault"] == [("weld", True), ("diode", False)]
    stand.hear(stand.board.receive(1001.0, {"type": "hello", "version": 1}))
    stand.wait(60.0)
    assert stand.said == []


def test_the_greeting_tells_of_the_last_unplugging() -> None:
    """Who was away learns when the plug was out last, before what is plugged in now."""
    stand = Stand()
    stand.sim("plug")
    stand.wait(30.0)
    stand.sim("unplug")
    stand.wait(5.0)
    stand.sim("plug")
    stand.wait(5.0)
    pilots = [(m["state"], m["at"]) for m in stand.board.greet(stand.now) if m["type"] == "pilot"]
    assert pilots == [("A", pytest.approx(1030.0, abs=0.2)), ("B", stand.now)]


def test_a_charge() -> None:
    """Plug, offer, C after a second, closed within 3 s, current within 5 s; stop, open within 6 s, a last reading."""
    stand = Stand(**FOREVER)
    stand.sim("plug")
    stand.wait(3.0)
    assert stand.last("pilot") == {"type": "pilot", "connector": 1, "state": "B", "at": 1000.0}
    stand.offer(16.0, lease_s=1e9)
    stand.wait(5.0)
    assert stand.last("pilot")["state"] == "C" and stand.last("pilot")["at"] == 1004.0
    closed = stand.last("contactor")
    assert closed["closed"] and closed["confirmed"] and closed["at"] == pytest.approx(1004.12)
    after = stand.said.index(closed) + 1
    assert (stand.said[after]["type"], stand.said[after]["wh"]) == ("meter", 0.0)
    assert stand.last("meter")["amps"] == [16.0] and stand.last("meter")["watts"] == [3680.0]
    stand.wait(3600.0)
    assert stand.offer(0.0)["amps"] == 0.0
    stand.wait(3.0)
    opened = stand.last("contactor")
    assert not opened["closed"] and opened["confirmed"]
    final = stand.said[stand.said.index(opened) + 1]
    assert final["type"] == "meter" and final["at"] >= opened["at"] and final["amps"] == [0.0]
    assert final["wh"] == pytest.approx(3680.0 * (opened["at"] - closed["at"] - 2.0) / 3600.0, abs=0.05)
    assert stand.last("pilot")["state"] == "B"


def test_simulated_time_costs_little() -> None:
    """A one-hour charge with 60 s samples wakes the board about 70 times, and an idle board never."""
    stand = Stand(meter_period_s=60.0, meter_repeats=False, **FOREVER)
    stand.wait(86_400.0)
    assert stand.advances == 0
    stand.charging()
    stand.wait(3600.0)
    stand.offer(0.0)
    stand.wait(10.0)
    assert stand.advances <= 75


def test_one_late_call_is_as_good_as_many() -> None:
    """Each thing happens at its own second, however late the caller comes."""
    often, late = Stand(**FOREVER), Stand(**FOREVER)
    for stand in (often, late):
        stand.sim("plug")
        stand.offer(10.0, lease_s=1e9)
    often.wait(7200.0)
    late.now += 7200.0
    late.hear(late.board.advance(late.now))
    assert often.said == late.said and often.wh() == late.wh()


def test_the_meter_period() -> None:
    """Every second while the contactor is closed, else every ten; unchanged readings only in real time."""
    stand = Stand(**FOREVER)
    stand.wait(100.0)
    assert len(stand.of("meter")) == 10
    stand.charging()
    before = len(stand.of("meter"))
    stand.wait(30.0)
    assert len(stand.of("meter")) == before + 30


def test_the_pilot_follows_the_offer_and_never_exceeds_it() -> None:
    """A lower offer counts at once, and the car follows within 5 s."""
    stand = Stand(**FOREVER)
    stand.charging(32.0)
    stand.offer(6.0)
    stand.wait(5.0)
    assert stand.last("meter")["amps"] == [6.0]


def test_a_delayed_raise_is_acknowledged_twice() -> None:
    """The ack says what is really signalled and why it is less; it comes again when that changes."""
    stand = Stand(**FOREVER)
    stand.charging(10.0)
    stand.offer(8.0)
    ack = stand.offer(10.0)
    assert ack["amps"] == 10.0
    stand.offer(8.0)
    ack = stand.offer(16.0)
    assert (ack["amps"], ack["why"]) == (8.0, "raised at most once in 5 s")
    stand.wait(5.0)
    assert stand.last("ack") == {**ack, "amps": 16.0, "why": ""}


def test_a_lapsed_lease() -> None:
    """Twenty silent seconds: steady; the car stops, the contactor opens, at most 6 s later."""
    stand = Stand()
    stand.sim("plug")
    stand.offer(16.0)
    stand.wait(19.0)
    assert stand.last("contactor")["closed"]
    stand.wait(7.0)
    assert not stand.last("contactor")["closed"] and stand.faults() == []
    assert stand.last("ack")["why"] == "the lease ran out"


def test_three_phases() -> None:
    """Three phases are three times the power, each with its own values."""
    stand = Stand(phases=3, **FOREVER)
    stand.charging(16.0)
    assert stand.last("meter")["watts"] == [3680.0] * 3
    start = stand.wh()
    stand.wait(3600.0)
    assert stand.wh() - start == pytest.approx(3 * 3680.0)


def test_two_connectors_are_independent() -> None:
    """Plug, offer and fault at one; nothing moves at the other."""
    stand = Stand(connectors=2, **FOREVER)
    assert stand.sim("plug", connector=2) == (True, "done")
    stand.offer(16.0, connector=2, lease_s=1e9)
    stand.wait(60.0)
    assert {m["connector"] for m in stand.of("contactor")} == {2} and stand.wh(1) == 0.0 and stand.wh(2) > 50.0


def test_a_card() -> None:
    """Any text of one to twenty characters; of the one reader, or of a connector's."""
    stand = Stand(connectors=2)
    assert stand.sim("tap", "04A2B9 ü") == (True, "read")
    stand.sim("tap", "X", connector=2)
    assert [(m["id_tag"], m["connector"]) for m in stand.of("card")] == [("04A2B9 ü", None), ("X", 2)]


def test_words_it_does_not_know() -> None:
    """done ok=false, naming what is allowed; a connector that is not there too."""
    stand = Stand()
    ok, detail = stand.sim("dance")
    assert not ok and "plug, unplug" in detail
    ok, detail = stand.sim("plug", connector=3)
    assert (ok, detail) == (False, "connector 3: this board has 1")
    with pytest.raises(ProtocolError, match="this board has 1"):
        stand.offer(16.0, connector=2)


def test_deeds_without_effect_are_done() -> None:
    """Exit 0 also when nothing changed: no car to unplug, one already there, no car to pause."""
    stand = Stand()
    for words in (["unplug"], ["ev", "pause"], ["plug"], ["plug"], ["fault", "rcd", "off"]):
        assert stand.sim(*words) == (True, "done")
    stand.wait(1.0)
    assert [m["state"] for m in stand.of("pilot")] == ["B"]


# --- orders -----------------------------------------------------------------------------------------------------------


def test_meter_read() -> None:
    """A fresh reading of one connector or all, or the admission that there is none to be believed."""
    stand = Stand(connectors=2, meter_repeats=False)
    assert stand.do("meter-read") == (True, "read") and len(stand.of("meter")) == 2
    stand.do("meter-read", connector=2)
    assert len(stand.of("meter")) == 3
    stand.fault("meter-lost")
    stand.wait(5.0)
    assert stand.do("meter-read", connector=1) == (False, "no valid reading of connector 1")


def test_unlock_without_lock_or_under_voltage() -> None:
    """A fixed cable has no lock; a live outlet is not unlocked."""
    assert Stand().do("unlock", connector=1) == (False, "no lock: the cable is fixed")
    stand = Stand(socket=True, **FOREVER)
    stand.charging(locked=True)
    assert stand.do("unlock", connector=1) == (False, "there is voltage: end the charge first")


def test_an_unlock_that_is_overtaken_is_answered() -> None:
    """The level unlocks and locks anew before the lock has moved: whoever asked is told at once."""
    stand = Stand(socket=True)
    stand.sim("plug")
    stand.offer(0.0, locked=True)
    stand.wait(1.0)
    assert stand.do("unlock", connector=1) is None
    stand.offer(0.0, locked=False)
    stand.offer(16.0, locked=True)
    assert (stand.last("done")["ok"], stand.last("done")["detail"]) == (False, "it was locked anew")


def test_unlock_says_done_when_the_lock_has_moved() -> None:
    """Against the level that is held; the driver who has left takes his cable along; the next one is locked again."""
    stand = Stand(socket=True)
    stand.sim("plug")
    stand.offer(0.0, locked=True)
    stand.wait(1.0)
    assert stand.last("cable")["locked"]
    stand.sim("unplug")
    assert stand.do("unlock", connector=1) is None
    stand.wait(1.0)
    assert stand.last("done")["ok"] and stand.last("done")["detail"] == "unlocked"
    assert not stand.last("cable")["present"]
    stand.sim("plug")
    stand.offer(0.0, locked=True)
    stand.wait(1.0)
    assert stand.last("cable")["locked"]


def test_a_lock_that_is_stuck_closed() -> None:
    """Unlocking fails after three tries; the fault ends at once when the lock moves again."""
    stand = Stand(socket=True)
    stand.sim("plug")
    stand.offer(0.0, locked=True)
    stand.wait(1.0)
    stand.fault("lock-closed")
    stand.do("unlock", connector=1)
    stand.wait(4.0)
    assert (stand.last("done")["ok"], stand.last("done")["detail"]) == (False, "it does not unlock")
    assert stand.faults() == [("lock-closed", True)]
    stand.fault("lock-closed", "off")
    stand.wait(0.5)
    assert stand.faults()[-1] == ("lock-closed", False) and not stand.last("cable")["locked"]


def test_selftest() -> None:
    """Refused while charging; passed where nothing is wrong; else it names what is."""
    stand = Stand(connectors=2, **FOREVER)
    assert stand.do("selftest") == (True, "passed")
    stand.charging()
    assert stand.do("selftest") == (False, "connector 1 is charging")
    assert stand.do("selftest", connector=2) == (True, "passed")
    stand.offer(0.0)
    stand.wait(5.0)
    stand.fault("pilot-short")
    stand.fault("overtemperature")
    stand.wait(1.0)
    assert stand.do("selftest") == (False, "wrong: overtemperature, 1: pilot-short")


def test_service_clears_a_weld_only_when_it_is_gone() -> None:
    """`clear-latched` says what is still there."""
    stand = Stand()
    stand.fault("weld")
    stand.wait(1.0)
    assert stand.do("clear-latched") == (False, "still there: 1: weld")
    stand.fault("weld", "off")
    stand.wait(1.0)
    assert stand.present() == {"weld"}
    assert stand.do("clear-latched", connector=1) == (True, "cleared")
    assert stand.present() == set()


# --- the dark ---------------------------------------------------------------------------------------------------------


def test_a_power_cut() -> None:
    """The register, the car, its battery and the cable stay; contactor and boot id do not; nothing happens any more."""
    stand = Stand(seed=5, **FOREVER)
    stand.sim("soc", "50")
    stand.charging()
    stand.wait(1800.0)
    wh = stand.wh()
    assert stand.sim("power-cut") == (True, "done")
    assert stand.board.ended == "dark" and stand.board.wake_at() == float("inf")
    assert stand.board.advance(stand.now + 1e6) == []
    kept = json.loads(json.dumps(stand.board.state()))
    again = Stand(kept, **FOREVER)
    assert (again.board.boot_id, again.board.session_id) == ("simulated-5-2", "simulated-5-2.1")
    states = {m["type"]: m for m in again.greeting}
    assert states["pilot"]["state"] == "B" and not states["contactor"]["closed"]
    assert states["meter"]["wh"] == pytest.approx(wh, abs=0.001) and states["meter"]["soc"] > 52.0


def test_a_restart_of_the_board_process_is_another_session_of_the_same_boot() -> None:
    """Contactor open, cable and car as they were, same boot id; in evsed's own process each start is another boot."""
    stand = Stand(**FOREVER)
    stand.charging()
    kept = stand.board.state()
    again = SimulatedBoard(state=kept)
    assert again.boot_id == stand.board.boot_id and again.session_id != stand.board.session_id
    told = {m["type"]: m for m in again.greet(5.0)}
    assert told["pilot"]["state"] == "B" and not told["contactor"]["closed"] and told["cable"]["present"]
    assert SimulatedBoard(state=kept, new_boot=True).boot_id != stand.board.boot_id


def test_a_hard_reset_is_another_boot() -> None:
    """The unit starts anew from its state."""
    stand = Stand()
    assert stand.sim("hard-reset") == (True, "done") and stand.board.ended == "reboot"
    assert SimulatedBoard(state=stand.board.state()).boot_id != stand.board.boot_id


def test_backup_power() -> None:
    """The mains fail: the contactor drops out, the fault `mains` is told, and the unit goes dark within ten seconds."""
    stand = Stand(**FOREVER)
    stand.charging()
    boot = stand.board.boot_id
    assert stand.sim("backup-power") == (True, "done")
    assert stand.faults() == [("mains", True)] and stand.last("fault")["connector"] is None
    stand.wait(0.2)
    assert not stand.last("contactor")["closed"] and stand.last("meter")["volts"] == [0.0]
    stand.wait(7.0)
    assert stand.board.ended == ""
    stand.wait(2.0)
    assert stand.board.ended == "dark"
    assert SimulatedBoard(state=stand.board.state()).boot_id != boot


def test_causes_outlive_the_dark() -> None:
    """A welded contact is still welded, a frozen meter frozen, a hot summer hot."""
    stand = Stand()
    for name in ("weld", "meter-frozen"):
        stand.fault(name)
    stand.sim("temperature", "75")
    again = Stand(json.loads(json.dumps(stand.board.state())))
    assert {m["code"] for m in again.greeting if m["type"] == "fault"} == {"weld", "overtemperature"}
    again.fault("weld", "off")
    again.fault("meter-frozen", "off")
    assert again.sim("temperature", "20") == (True, "done")
    assert ("overtemperature", False) in again.faults()


# --- laws -------------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        ("offer", "0"),
        ("offer", "6"),
        ("offer", "16"),
        ("offer", "32"),
        ("sim", "plug"),
        ("sim", "unplug"),
        ("sim", "ev pause"),
        ("sim", "ev charge"),
        ("sim", "ev rude-draw on"),
        ("sim", "ev rude-draw off"),
        ("sim", "ev flap on"),
        ("sim", "ev flap off"),
        ("sim", "soc 99.8"),
        ("sim", "soc 20"),
        ("sim", "fault overcurrent on"),
        ("sim", "fault overcurrent off"),
        ("sim", "fault weld on"),
        ("sim", "fault weld off"),
        ("sim", "fault undervoltage on"),
        ("sim", "fault undervoltage off"),
        ("sim", "fault ev-ignores-stop on"),
        ("sim", "fault meter-frozen on"),
        ("sim", "fault meter-frozen off"),
        ("sim", "fault rcd on"),
        ("sim", "fault rcd off"),
        ("service", ""),
    ]
)
STORY = st.lists(st.tuples(st.floats(0.0, 90.0), WORDS), min_size=4, max_size=25)


def act(stand: Stand, what: str, words: str) -> None:
    if what == "offer":
        stand.offer(float(words), lease_s=1e9)
    elif what == "service":
        stand.do("clear-latched")
    else:
        stand.sim(*words.split())


@settings(max_examples=60)
@given(story=STORY)
def test_the_register_is_the_integral_of_the_power(story: list[tuple[float, tuple[str, str]]]) -> None:
    """Whatever people do: the register equals volts x amperes x time, summed by brute force, within 1 Wh."""
    coarse, fine = Stand(meter_period_s=60.0, meter_repeats=False, **FOREVER), Stand(**FOREVER)
    summed, step = 0.0, 0.05
    for seconds, (what, words) in [(1.0, ("sim", "plug")), (1.0, ("offer", "16")), *story]:
        coarse.wait(seconds)
        connector = fine.board.world.connectors[0]
        end = fine.now + seconds
        while fine.now < end:
            power_before = connector.meter.volts * connector.meter.amps
            then = fine.now
            fine.wait(min(step, end - fine.now))
            power = (power_before + connector.meter.volts * connector.meter.amps) / 2
            summed += power * (fine.now - then) / 3600.0
        act(coarse, what, words)
        act(fine, what, words)
        assert coarse.wh() == pytest.approx(fine.wh(), abs=1e-6)
        assert fine.wh() == pytest.approx(summed, abs=1.0)


@settings(max_examples=60)
@given(story=STORY)
def test_what_is_told_of_a_contactor_is_followed_by_its_reading(story: list[tuple[float, tuple[str, str]]]) -> None:
    """After each change of the contactor comes a reading of at least that second, where the meter is to be believed;
    and all that is said fits into packets."""
    stand = Stand(**FOREVER)
    stand.sim("plug")
    for seconds, (what, words) in story:
        stand.wait(seconds)
        act(stand, what, words)
    for message, following in zip(stand.said, stand.said[1:], strict=False):
        encode(message)
        if message["type"] == "contactor" and following["type"] == "meter":
            assert following["at"] >= message["at"]
    unbelievable = any(code.startswith("meter") for code, _ in stand.faults())
    if not unbelievable:
        told = [i for i, message in enumerate(stand.said) if message["type"] == "contactor"]
        assert all(stand.said[i + 1]["type"] == "meter" for i in told)


def test_a_shut_outlet() -> None:
    """AQ-2: an empty outlet that is wanted shut takes no plug until it is opened."""
    stand = Stand(socket=True)
    stand.offer(0.0, locked=True)
    stand.wait(1.0)
    ok, text = stand.sim("plug")
    assert (ok, "shut" in text) == (True, True)
    stand.offer(0.0, locked=False)
    stand.wait(1.0)
    assert stand.sim("plug") == (True, "done")
    assert [m["present"] for m in stand.said if m["type"] == "cable"][-1] is True
