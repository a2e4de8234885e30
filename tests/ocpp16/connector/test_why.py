"""Why it does (not) charge: the one reason, in words that say what to do."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.connector.why import REASONS, REMEMBERED_S, why_of
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.status.faults import FAULTS
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import SILENCE, CallError, Script, Station, limit_to, refused

DUAL = Product(connectors=2)


def why(station: Station, connector: int = 1) -> Any:
    return station.cp.why(station.now(), connector)[0]


@pytest.mark.parametrize("code", [*REASONS, *FAULTS, "gremlin"])
def test_every_reason_says_what_to_do(code: str) -> None:
    """A technician reads one sentence why, and one what to do."""
    why = why_of(code, 6.0, ("6 A cable",))
    assert (why.code, why.amps, why.chain) == (code, 6.0, ("6 A cable",))
    assert why.text[0].isupper()
    assert why.text.endswith(".")
    assert why.remedy[0].isupper()
    assert why.remedy.endswith(".")


def test_a_refused_card_is_remembered_for_a_while() -> None:
    """Who comes after the driver learns that a card was shown, and what was said of it; until the car leaves."""
    station = Station().online()
    station.script["Authorize"] = refused("Blocked")
    station.plug()
    station.tap("CARD")
    assert why(station)["code"] == "card-refused" and "Blocked (Central System)" in why(station)["text"]
    station.wait(REMEMBERED_S)
    assert why(station)["code"] == "not-authorized"
    station.tap("CARD")
    station.unplug()
    assert why(station)["code"] == "no-ev"


@pytest.mark.parametrize("connector", [0, 1])
def test_a_reservation_is_named(connector: int) -> None:
    """Its id and how long it lasts."""
    station = Station().online()
    expires = to_text((station.cp.parts.context.utc or 0.0) + 600)
    station.request("ReserveNow", connectorId=connector, expiryDate=expires, idTag="X", reservationId=42)
    assert why(station)["code"] == "reserved"
    assert "reservation 42 until 2" in why(station)["text"]


@pytest.mark.parametrize(
    ("status", "code"), [("Rejected", "boot-rejected"), ("Pending", "boot-pending"), (None, "boot-unanswered")]
)
def test_before_the_first_acceptance(status: str | None, code: str) -> None:
    """Never accepted has several causes, each with its own remedy."""
    station = Station().started()
    assert why(station)["code"] == "never-registered"
    boot = {"status": status, "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
    station.script["BootNotification"] = boot if status else SILENCE
    station.connect()
    assert why(station)["code"] == code


def test_the_fault_that_needs_a_person_comes_first() -> None:
    """A weld outweighs what passes by itself; the others are named."""
    station = Station().online()
    station.fault("rcd")
    station.fault("weld", latched=True)
    assert why(station)["code"] == "weld" and why(station)["text"].endswith("Also: rcd.")


def test_what_holds_the_limit_down_is_the_remedy() -> None:
    """The lowest bound by name, in tenths of an ampere."""
    station = Station().online().charging()
    limit_to(station, 5.9)
    assert why(station)["code"] == "limit" and why(station)["remedy"].startswith("The lowest bound: 5.9 A Tx")


def test_an_update_closes_the_connectors() -> None:
    """It is not the back-office's ChangeAvailability that does."""
    unit = Unit(Product(connectors=2, secure_firmware=False, download_while_charging=True))
    unit.station.charging()
    unit.update()
    unit.downloaded()
    assert why(unit.station, 2)["code"] == "updating"


def test_no_card_is_advised_where_none_is_taken() -> None:
    """C-07: the remedy is one that this product knows."""
    station = Station(Product(local_start=False, local_stop=False, readers="none")).online()
    assert "card" not in station.cp.why(station.now())[0]["remedy"]
    station.plug()
    assert "remotely" in station.cp.why(station.now())[0]["remedy"]


def test_card_that_only_we_refused() -> None:
    """C-01: offline nobody at the back-office knows of a card that was refused."""
    station = Station().online()
    station.disconnect()
    station.tap("CARD")
    assert station.cp.why(station.now())[0]["code"] == "card-refused"
    assert "back-office" not in station.cp.why(station.now())[0]["remedy"]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (CallError("SecurityError", "who are you?"), "the Central System refused: SecurityError: who are you?"),
        (CallError("InternalError"), "the Central System refused: InternalError"),
        ({"currentTime": "2025-01-01T00:00:00Z"}, "the Central System's answer cannot be used: status: missing"),
        (SILENCE, "the Central System did not answer"),
    ],
)
def test_point_6_who_refused_the_boot(answer: Script, text: str) -> None:
    """§4.2: the Central System's own words, where it said something."""
    station = Station().started()
    station.script["BootNotification"] = answer
    station.connect()
    station.wait(31)
    (row,) = station.cp.why(station.now())
    assert row["text"] == f"BootNotification: {text}."


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (CallError("InternalError", "no disk"), "the Central System refused: InternalError: no disk"),
        (SILENCE, "the Central System did not answer"),
        ({}, "the Central System's answer cannot be used: idTagInfo: missing"),
    ],
)
def test_point_6_who_refused_the_card(answer: Script, text: str) -> None:
    """§3.5.4: never that nobody could be asked, where somebody was."""
    station = Station().online()
    station.plug()
    station.script["Authorize"] = answer
    station.tap("CARD")
    station.wait(31)
    (row,) = station.cp.why(station.now())
    assert row["text"] == f"The card that was shown was refused: Invalid ({text})."


def test_point_6_a_start_without_a_verdict_goes_on() -> None:
    """§4.8: StartTransaction.conf without idTagInfo: the verdict known before holds."""
    for more in ({}, {"idTagInfo": None}, {"idTagInfo": {}}, {"idTagInfo": []}):
        station = Station().online()
        station.script["StartTransaction"] = {"transactionId": 7, **more}
        station.charging()
        transaction = station.transaction()
        assert transaction is not None and (transaction.transaction_id, transaction.start) == (7, "confirmed")
        assert station.offered() == 32.0 and station.cp.why(station.now())[0]["code"] == "charging"
