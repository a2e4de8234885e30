"""The Local Authorization List: each verdict of SendLocalList, and what the list decides."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp16.product import Product
from tests.ocpp16.station import Station

SMALL = Product(local_list_max_length=3, send_local_list_max_length=2)


def entry(id_tag: str, status: str | None = "Accepted", **more: str) -> dict[str, Any]:
    return {"idTag": id_tag} if status is None else {"idTag": id_tag, "idTagInfo": {"status": status, **more}}


def send(station: Station, version: int, kind: str, *entries: dict[str, Any]) -> Any:
    answer = station.request("SendLocalList", listVersion=version, updateType=kind, localAuthorizationList=[*entries])
    assert isinstance(answer, dict)
    return answer["status"]


def version(station: Station) -> Any:
    answer = station.request("GetLocalListVersion")
    assert isinstance(answer, dict)
    return answer["listVersion"]


def test_full_and_differential() -> None:
    """§5.15: Full replaces, Differential adds, changes and (without idTagInfo) takes away."""
    station = Station().online()
    assert version(station) == 0
    assert send(station, 2, "Full", entry("A"), entry("B")) == "Accepted" and version(station) == 2
    assert send(station, 5, "Differential", entry("B", None), entry("C"), entry("unknown", None)) == "Accepted"
    assert version(station) == 5
    lookup = station.cp.local_list.lookup
    assert [lookup(card) is not None for card in "abc"] == [True, False, True]


@pytest.mark.parametrize("number", [4, 5])
def test_version_mismatch(number: int) -> None:
    """§5.15: a Differential must bring a higher version; list and version stay."""
    station = Station().online()
    send(station, 5, "Full", entry("A"))
    assert send(station, number, "Differential", entry("B")) == "VersionMismatch"
    assert version(station) == 5 and station.cp.local_list.lookup("B") is None


@pytest.mark.parametrize(
    ("number", "kind", "entries"),
    [
        (0, "Full", (entry("A"),)),
        (-1, "Full", (entry("A"),)),
        (2, "Full", (entry("A"), entry("a"))),
        (2, "Full", (entry("A", None),)),
        (2, "Full", (entry("A"), entry("B"), entry("C"))),
        (2, "Differential", (entry("X"), entry("Y"))),
    ],
    ids=["version 0", "version -1", "twice", "no idTagInfo", "too many at once", "too many in all"],
)
def test_what_fails_changes_nothing(number: int, kind: str, entries: tuple[dict[str, Any], ...]) -> None:
    """§5.15, E 3.52: a list that cannot be taken whole is not taken at all."""
    station = Station(product=SMALL).online()
    assert send(station, 1, "Full", entry("K"), entry("L")) == "Accepted"
    assert send(station, number, kind, *entries) == "Failed"
    assert version(station) == 1
    assert [station.cp.local_list.lookup(card) is not None for card in ("K", "L", "X")] == [True, True, False]


def test_an_emptied_list_is_version_0() -> None:
    """§5.13: 0 says that the list is empty, whatever version emptied it."""
    station = Station().online()
    send(station, 3, "Full", entry("A"))
    assert send(station, 4, "Full") == "Accepted" and version(station) == 0
    assert send(station, 4, "Differential", entry("A")) == "VersionMismatch"


def test_switched_off() -> None:
    """§9.2: LocalAuthListEnabled false: not supported, and not used."""
    station = Station(LocalPreAuthorize="true").online()
    send(station, 1, "Full", entry("A"))
    station.request("ChangeConfiguration", key="LocalAuthListEnabled", value="false")
    assert version(station) == -1 and send(station, 2, "Full") == "NotSupported"
    station.tap("A")
    assert "Authorize" in station.actions()


def test_the_list_decides_before_the_cache() -> None:
    """§3.5.2, §4.1: with LocalPreAuthorize a valid listed card starts unasked; another one is asked about."""
    station = Station(LocalPreAuthorize="true").online()
    send(station, 1, "Full", entry("A"), entry("B", "Blocked"), entry("C", "ConcurrentTx"))
    station.plug()
    station.tap("A")
    assert station.actions().count("Authorize") == 0 and station.heard("StartTransaction")
    assert station.cp.local_list.lookup("C").accepted  # type: ignore[union-attr]
    station = Station(LocalPreAuthorize="true").online()
    send(station, 1, "Full", entry("B", "Blocked"))
    station.tap("B")
    assert station.actions().count("Authorize") == 1


def test_offline_a_listed_card_that_is_not_valid_is_refused() -> None:
    """§3.5.4: offline the list's word is final, even where unknown cards may charge."""
    station = Station(AllowOfflineTxForUnknownId="true").online()
    send(station, 1, "Full", entry("B", "Blocked"), entry("E", expiryDate="2000-01-01T00:00:00Z"))
    station.disconnect()
    station.plug()
    for card in ("B", "E"):
        station.tap(card)
        assert station.transaction() is None
    station.tap("UNKNOWN")
    assert station.transaction() is not None


def test_it_survives_the_dark() -> None:
    """§3.5.2: the list is kept over power cuts; an equal list is written once."""
    station = Station().online()
    send(station, 7, "Full", entry("A", parentIdTag="G"))
    answer = station.ask(
        "SendLocalList", listVersion=7, updateType="Full", localAuthorizationList=[entry("A", parentIdTag="G")]
    )
    assert answer[1].records == ()
    station.restart(dark=True).online()
    assert version(station) == 7 and station.cp.local_list.lookup("A").parent_id_tag == "G"  # type: ignore[union-attr]


def test_no_room() -> None:
    """A store below its watermark takes no list."""
    from ocpp16.events import StoreChanged

    station = Station().online()
    station.happens(StoreChanged("full", "no room"))
    assert send(station, 1, "Full", entry("A")) == "Failed"
