"""`relay test`, `lock test`, `lamp test`: never with a vehicle, each movement checked, and what to check."""

from __future__ import annotations

import pytest

from drivers.bench import outputs
from drivers.board_protocol import LAMPS
from drivers.devices import DeviceFailure
from tests.drivers.bench.stand import BOARD, Stand


@pytest.fixture
def stand() -> Stand:
    """A contactor that follows its line, and a lock that follows its motor."""
    stand = Stand()
    levels = stand.ports.fake.levels

    def move() -> None:
        levels[27] = levels.get(17, False)
        if levels.get(5):
            levels[13] = True
        if levels.get(6):
            levels[13] = False

    stand.clock.each = move
    return stand


def test_a_contactor_that_works(stand: Stand) -> None:
    """Open, closed, open; left open, with the pilot steady."""
    assert list(outputs.try_relays(stand.bench)) == [
        {"connector": 1, "driver": "gpio", "ok": True, "saw": "open, closed, open", "expected": "open, closed, open"}
    ]
    assert ("set", 17, True) in stand.ports.fake.log
    assert stand.ports.fake.levels[17] is False
    assert stand.ports.channel.duty_ns == 1_000_000


@pytest.mark.parametrize("volts", [9.0, 6.0, 3.0, 0.0])
def test_refused_while_a_vehicle_is_plugged_in(stand: Stand, volts: float) -> None:
    """Nothing is switched."""
    stand.ports.ads.volts = volts
    (found,) = outputs.try_relays(stand.bench)
    assert "vehicle" in found["problem"]
    assert found["saw"] == f"{volts:.1f} V"
    assert ("set", 17, True) not in stand.ports.fake.log


def test_refused_where_nobody_knows(stand: Stand) -> None:
    """A pilot that cannot be read, or none at all."""
    failure = DeviceFailure("PWM", "gone", "look")
    stand.ports.channel.set = lambda duty_ns: failure  # type: ignore[method-assign, assignment, return-value]
    (found,) = outputs.try_relays(stand.bench)
    assert (found["problem"], found["advice"]) == ("gone", "PWM: look")
    connector = stand.bench.board.connectors[0]
    parts = {name: part for name, part in connector.parts.items() if name != "pilot"}
    board = stand.bench.board._replace(connectors=(connector._replace(parts=parts),))
    (found,) = outputs.try_relays(stand.bench._replace(board=board))
    assert found["problem"] == "there is no pilot in the board file"
    assert ("set", 17, True) not in stand.ports.fake.log


@pytest.mark.parametrize(("stuck", "problem"), [(True, "the contactor is closed"), (False, "the contactor is open")])
def test_a_contactor_that_does_not_follow(stand: Stand, stuck: bool, problem: str) -> None:
    """Welded, or it does not close: what was expected, what was seen, what to check; and it is left open."""
    stand.clock.each = lambda: stand.ports.fake.levels.__setitem__(27, stuck)
    (found,) = outputs.try_relays(stand.bench)
    assert found["problem"] == problem
    assert (found["expected"], found["saw"]) == (("open", "closed") if stuck else ("closed", "open"))
    assert found["advice"]
    assert stand.ports.fake.levels[17] is False


def test_lines_that_fail(stand: Stand) -> None:
    """Coil and contact."""
    stand.ports.fake.busy[17] = "'GPIO busy'"
    (found,) = outputs.try_relays(stand.bench)
    assert found["problem"] == "another program or overlay holds the line"
    stand.ports.fake.busy = {27: "'GPIO busy'"}
    stand.clock.now += 1.0
    (found,) = outputs.try_relays(stand.bench)
    assert found["advice"].startswith("GPIO 27")


def test_without_an_auxiliary_contact() -> None:
    """It must be heard."""
    stand = Stand(BOARD.replace("feedback = 27\n", ""))
    (found,) = outputs.try_relays(stand.bench)
    assert found["ok"]
    assert "heard" in found["saw"]


def test_a_controller_that_switches_by_itself() -> None:
    """There is no contactor of ours; and a board without one says so."""
    text = BOARD.replace(BOARD[BOARD.index("[connector.1.pilot]") : BOARD.index("[connector.1.meter]")], "")
    text += '\n[connector.1.pilot]\ndriver = "evse-din"\nbus = "rs485"\naddress = 5\n'
    (found,) = outputs.try_relays(Stand(text).bench)
    assert found["problem"] == "its controller switches it"
    stand = Stand()
    connector = stand.bench.board.connectors[0]
    parts = {name: part for name, part in connector.parts.items() if name != "contactor"}
    board = stand.bench.board._replace(connectors=(connector._replace(parts=parts),))
    (found,) = outputs.try_relays(stand.bench._replace(board=board))
    assert found["problem"] == "there is no contactor in the board file"


def test_a_lock_that_works(stand: Stand) -> None:
    """Locked, unlocked, the motor off."""
    assert list(outputs.try_locks(stand.bench)) == [
        {
            "connector": 1,
            "driver": "gpio-motor",
            "ok": True,
            "expected": "locked, unlocked",
            "saw": "locked, unlocked",
        }
    ]
    assert not stand.ports.fake.levels[5]
    assert not stand.ports.fake.levels[6]


@pytest.mark.parametrize("stuck", [False, True])
def test_a_lock_that_is_stuck(stand: Stand, stuck: bool) -> None:
    """Either way, after three seconds."""
    stand.clock.each = lambda: stand.ports.fake.levels.__setitem__(13, stuck)
    (found,) = outputs.try_locks(stand.bench)
    assert found["problem"] == ("it stays locked" if stuck else "it stays unlocked")
    assert "exchanged" in found["advice"]


def test_a_lock_whose_lines_fail(stand: Stand) -> None:
    """Motor and contact; and an outlet without one."""
    stand.ports.fake.busy[13] = "broken"
    (found,) = outputs.try_locks(stand.bench)
    assert found["problem"] == "broken"
    stand.ports.fake.busy = {5: "broken"}
    (found,) = outputs.try_locks(stand.bench)
    assert found["problem"] == "broken"
    connector = stand.bench.board.connectors[0]
    board = stand.bench.board._replace(connectors=(connector._replace(parts={}),))
    (found,) = outputs.try_locks(stand.bench._replace(board=board))
    assert found["problem"] == "there is no lock in the board file"


def test_every_status_on_the_lamp(stand: Stand) -> None:
    """Each with what is to be seen; dark at the end."""
    found = list(outputs.try_lamps(stand.bench))
    assert [each["lamp"] for each in found] == [*LAMPS[1:], "off"]
    assert found[0] == {"lamp": "available", "expected": "green, steady", "driver": "gpio"}
    assert not stand.ports.fake.levels[20]
    assert not stand.ports.fake.levels[21]


def test_a_lamp_that_fails(stand: Stand) -> None:
    """One finding; and a board without a lamp."""
    stand.ports.fake.busy[20] = "broken"
    (found,) = outputs.try_lamps(stand.bench)
    assert found == {
        "lamp": "available",
        "driver": "gpio",
        "problem": "broken",
        "advice": found["advice"],
    }
    bench = stand.bench._replace(board=stand.bench.board._replace(station={}))
    (found,) = outputs.try_lamps(bench)
    assert found["problem"] == "there is no lamp in the board file"
