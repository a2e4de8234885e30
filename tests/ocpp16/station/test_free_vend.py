"""Free vend: which cars begin without a card, which do not, and what `why` says (§4.1, §4.8)."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.records import Transaction
from tests.ocpp16.rig import SILENCE, Station, refused


def station(product: Product | None = None, **first: Any) -> Station:
    return Station(product, free_vend="FREE", **first).online()


def tags(of: Station) -> list[tuple[str, str]]:
    """(idTag, reason of the end or "") of each transaction."""
    return [(row.id_tag, row.reason if row.ended else "") for row in of.rows(Transaction)]


def why(of: Station) -> tuple[str, str, str]:
    row: Any = of.cp.why(of.now())[0]
    return row["code"], row["text"], row["remedy"]


def test_a_plug_begins() -> None:
    """The car is plugged in, the idTag is asked about, the transaction begins; without the setting nothing does."""
    free, cards = station(), Station().online()
    for one in (free, cards):
        one.plug()
    assert [said.payload for said in free.said if said.action == "Authorize"] == [{"idTag": "FREE"}]
    assert (tags(free), free.offered()) == ([("FREE", "")], 32.0)
    assert (tags(cards), cards.heard("Authorize")) == ([], [])


def test_once_for_each_plug() -> None:
    """A refusal by the Central System stands until the plug is pulled, however long, and `why` tells it."""
    free = station(AuthorizationCacheEnabled=False)
    free.script["Authorize"] = refused("Blocked")
    free.plug()
    free.wait(3600)
    assert len(free.heard("Authorize")) == 1
    assert why(free) == (
        "card-refused",
        "The idTag of [station] free_vend was refused: Blocked (Central System).",
        "Have the idTag of [station] free_vend accepted at the back-office, or set another one; then plug in again.",
    )
    free.unplug()
    free.plug()
    assert len(free.heard("Authorize")) == 2


@pytest.mark.parametrize("stop", ["remote", "technician", "unlock", "fault"])
def test_no_stop_is_followed_by_a_start(stop: str) -> None:
    """Whoever ended it: the car has to be unplugged first, also after Inoperative, a fault or a restart of evsed."""
    free = station(Product(fixed_cable=stop != "unlock"))
    free.cable(locked=True) if stop == "unlock" else None
    free.plug()
    if stop == "remote":
        free.request("RemoteStopTransaction", transactionId=free.transaction().transaction_id)
    elif stop == "technician":
        free.happens(ev.StopAsked(1))
    elif stop == "unlock":
        free.step(ev.FrameReceived('[2,"u1","UnlockConnector",{"connectorId":1}]'))
    else:
        free.fault("rcd")
        free.fault("rcd", on=False)
    free.wait(60)
    for kind in ("Inoperative", "Operative"):
        free.request("ChangeAvailability", connectorId=0, type=kind)
    free.wait(600)
    free.restart().happens(ev.Started())
    free.attach(ev.PilotChanged(1, "B", free.mono), free.reading())
    free.connect()
    free.wait(600)
    assert len(tags(free)) == 1 and tags(free)[0][1]
    assert why(free)[0] in ("finished", "served") and "Unplug and plug in again" in why(free)[2]
    free.unplug()
    if stop == "unlock":
        free.cable(locked=True)
    free.plug()
    assert len(tags(free)) == 2


def test_what_hinders_is_waited_for() -> None:
    """A car that came during a fault, while Inoperative, or before the first registration, begins when that is over."""
    faulty, closed = station(), station()
    faulty.fault("overtemperature")
    closed.request("ChangeAvailability", connectorId=1, type="Inoperative")
    new = Station(free_vend="FREE").started()
    for one in (faulty, closed, new):
        one.plug()
        assert tags(one) == []
    faulty.fault("overtemperature", on=False)
    closed.request("ChangeAvailability", connectorId=1, type="Operative")
    new.connect()
    assert [tags(one) for one in (faulty, closed, new)] == [[("FREE", "")]] * 3


@pytest.mark.parametrize(("allowed", "began"), [(True, 1), (False, 0)])
def test_offline(allowed: bool, began: int) -> None:
    """§3.5.4: offline as the settings let a card; what was refused is asked about with the next connection."""
    free = station(AllowOfflineTxForUnknownId=allowed)
    free.disconnect()
    free.plug()
    assert len(tags(free)) == began
    if not allowed:
        assert why(free)[1].startswith("The idTag of [station] free_vend was refused: Invalid")
        assert "connection" in why(free)[2]
    free.connect()
    assert len(tags(free)) == 1


def test_no_answer() -> None:
    """Where the Central System does not answer, it is asked again a minute later, not at once."""
    free = station(AllowOfflineTxForUnknownId=False, MessageTimeout=10)
    free.script["Authorize"] = SILENCE
    free.plug()
    free.wait(69)
    assert len(free.heard("Authorize")) == 1
    free.wait(2)
    assert len(free.heard("Authorize")) == 2


def test_the_list_changes() -> None:
    """§5.15: a new Local Authorization List may know the idTag: it is tried again."""
    free = station(LocalPreAuthorize=True, LocalAuthListEnabled=True)
    free.script["Authorize"] = refused("Invalid")
    free.plug()
    entry = {"idTag": "FREE", "idTagInfo": {"status": "Accepted"}}
    free.request("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[entry])
    assert tags(free) == [("FREE", "")]


def test_the_car_leaves_before_the_answer() -> None:
    """Nothing waits for a car that has gone."""
    free = station()
    free.script["Authorize"] = SILENCE
    free.plug()
    free.unplug()
    free.answer({"idTagInfo": {"status": "Accepted"}})
    free.settle()
    free.wait(1)
    assert free.cp.status(free.now())["connectors"][0]["waiting_card"] is None  # type: ignore[index]
    assert free.status() == "Available"


def test_a_card_comes_first() -> None:
    """A card that was accepted before the plug begins its own transaction."""
    free = station()
    free.tap("04A2")
    free.plug()
    assert tags(free) == [("04A2", "")]


def test_who_goes_down_begins_nothing() -> None:
    """§5.14: during a reset a plug is left alone; the transaction that the reset ended begins anew afterwards."""
    free = station()
    free.plug()
    free.request("Reset", type="Soft")
    free.wait(60)
    assert [reason for _, reason in tags(free)] == ["SoftReset"]
    free.restart().happens(ev.Started())
    free.attach(ev.PilotChanged(1, "B", free.mono), free.reading())
    free.connect()
    assert [reason for _, reason in tags(free)] == ["SoftReset", ""]


def test_another_car_came_meanwhile() -> None:
    """While evsed was away the served car left and another one came: that one begins."""
    free = station()
    free.plug()
    free.request("RemoteStopTransaction", transactionId=free.transaction().transaction_id)
    free.wait(60)
    free.restart(after_s=10.0).happens(ev.Started())
    free.attach(ev.PilotChanged(1, "A", free.mono - 5.0), ev.PilotChanged(1, "B", free.mono - 2.0), free.reading())
    free.connect()
    assert len(tags(free)) == 2


def test_an_open_transaction_holds_no_cable() -> None:
    """E 3.80 false: the transaction stays open when the car is unplugged, but nobody has a card to free the cable."""
    free = station(Product(fixed_cable=False, phases=1), StopTransactionOnEVSideDisconnect=False)
    free.cable(locked=True)
    free.plug()
    assert free.outlets[1].locked
    free.pilot("A")
    assert tags(free) == [("FREE", "")] and not free.outlets[1].locked


def test_why_without_cards() -> None:
    """`why` never asks for a card that nobody needs."""
    free = station()
    assert why(free)[2] == "Plug the car in: it charges without a card ([station] free_vend)."
    free.script["Authorize"] = SILENCE
    free.plug()
    assert why(free)[1] == "The Central System was asked about card FREE 0 s ago; no answer yet."
    assert why(free)[2] == "It is given up in 30 s (MessageTimeout)."
