"""The Local Authorization List: each verdict of SendLocalList, and what the list decides."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.records import CachedTag, ListedTag, Record
from ocpp16.step import Save
from tests.ocpp16.rig import NOON, CallError, Station

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
    lookup = station.cp.parts.local_list.lookup
    assert [lookup(card) is not None for card in "abc"] == [True, False, True]


@pytest.mark.parametrize("number", [4, 5])
def test_version_mismatch(number: int) -> None:
    """§5.15: a Differential must bring a higher version; list and version stay."""
    station = Station().online()
    send(station, 5, "Full", entry("A"))
    assert send(station, number, "Differential", entry("B")) == "VersionMismatch"
    assert version(station) == 5 and station.cp.parts.local_list.lookup("B") is None


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
    assert [station.cp.parts.local_list.lookup(card) is not None for card in ("K", "L", "X")] == [True, True, False]


def test_an_emptied_list_is_version_0() -> None:
    """§5.10: 0 says that the list is empty, whatever version emptied it."""
    station = Station().online()
    send(station, 3, "Full", entry("A"))
    assert send(station, 4, "Full") == "Accepted" and version(station) == 0


def test_point_8_one_truth_about_the_version() -> None:
    """§5.15: a Differential is compared with the version that GetLocalListVersion tells."""
    station = Station().online()
    send(station, 3, "Full", entry("A"))
    assert send(station, 5, "Differential", entry("A", None)) == "Accepted" and version(station) == 0
    assert send(station, 1, "Differential", entry("B")) == "Accepted" and version(station) == 1
    assert send(station, 1, "Differential", entry("C")) == "VersionMismatch" and version(station) == 1


@pytest.mark.parametrize("number", [0, -1, 7])
def test_point_8_a_full_list_without_cards_clears_whatever_its_version(number: int) -> None:
    """§5.15: refused, the cards that were to go would stay valid."""
    station = Station().online()
    send(station, 3, "Full", entry("A"))
    assert send(station, number, "Full") == "Accepted" and version(station) == 0
    assert station.cp.parts.local_list.lookup("A") is None
    station.restart().online()
    assert version(station) == 0 and send(station, 1, "Differential", entry("B")) == "Accepted"


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
    assert station.cp.parts.local_list.lookup("C").accepted  # type: ignore[union-attr]
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
    assert version(station) == 7 and station.cp.parts.local_list.lookup("A").parent_id_tag == "G"  # type: ignore[union-attr]


def test_no_room() -> None:
    """A store below its watermark takes no list."""
    from ocpp16.events import StoreChanged

    station = Station().online()
    station.happens(StoreChanged("full", "no room"))
    assert send(station, 1, "Full", entry("A")) == "Failed"


def test_list_expires_in_the_dark() -> None:
    """§3.5.4: a listed card whose expiryDate passes while the unit is dark is Expired afterwards."""
    station = Station(AllowOfflineTxForUnknownId="true").online()
    send(station, 1, "Full", entry("A", expiryDate=to_text(NOON + 3600)))
    station.restart(dark=True).started()
    station.boot_answer["currentTime"] = to_text(NOON + 3601)
    station.connect()
    station.disconnect()
    station.plug()
    station.tap("A")
    assert station.transaction() is None


def test_listed_cards_are_never_cached() -> None:
    """§3.5.2: a card that comes with a list leaves the cache; what is answered about it later stays out of it."""
    station = Station(LocalPreAuthorize="false").online()
    station.tap("A")
    assert [row.id_tag for row in station.rows(CachedTag)] == ["a"]
    send(station, 1, "Full", entry("A"))
    assert station.rows(CachedTag) == []
    station.tap("A")
    station.tap("A")
    assert station.heard("Authorize") == [{"idTag": "A"}] * 2
    assert station.rows(CachedTag) == []


def test_no_conflict_where_both_agree() -> None:
    """§3.5.2: LocalListConflict is told only where list and Central System disagree."""
    station = Station().online()
    send(station, 1, "Full", entry("A"))
    station.tap("A")
    assert {said["errorCode"] for said in station.heard("StatusNotification")} == {"NoError"}


def test_differential_empty() -> None:
    """§5.15: a Differential without entries changes none and takes the new version."""
    station = Station().online()
    send(station, 1, "Full", entry("A"))
    assert station.request("SendLocalList", listVersion=2, updateType="Differential") == {"status": "Accepted"}
    assert version(station) == 2 and station.cp.parts.local_list.lookup("A") is not None


def test_full_takes_any_version() -> None:
    """§5.15: a Full update needs no higher version, and replaces what was there."""
    station = Station().online()
    send(station, 9, "Full", entry("A"))
    assert send(station, 3, "Full", entry("B")) == "Accepted" and version(station) == 3
    assert [row.id_tag for row in station.rows(ListedTag)] == ["b"]


def test_room_is_counted_after_the_change() -> None:
    """§9.2: LocalAuthListMaxLength is about the list as it would be: what goes makes room for what comes."""
    station = Station(product=SMALL).online()
    send(station, 1, "Full", entry("A"), entry("B"))
    assert send(station, 2, "Differential", entry("C")) == "Accepted"
    assert send(station, 3, "Differential", entry("D")) == "Failed"
    assert send(station, 3, "Differential", entry("A", None), entry("D")) == "Accepted"
    assert [row.id_tag for row in station.rows(ListedTag)] == ["b", "c", "d"]


def test_a_hundred_entries_in_one_commit() -> None:
    """§5.15: a list is taken whole: one durable transaction, then the answer."""
    station = Station().online()
    entries = [entry(f"CARD{n}") for n in range(100)]
    answer, step = station.ask("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=entries)
    assert answer == {"status": "Accepted"} and len(step.records) >= 101


def test_a_flood_writes_once() -> None:
    """1,000 equal lists write the list once."""
    station, writes = Station().online(), 0
    for _ in range(1000):
        entries = [entry("A"), entry("B")]
        _, step = station.ask("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=entries)
        writes += len([write for write in step.records if isinstance(write, Save)])
    assert writes <= 4


# --- the truth table ------------------------------------------------------------------------------------------------

LISTED = (None, "Accepted", "ConcurrentTx", "Blocked", "Expired", "Invalid", "past")
CACHED = (None, "Accepted", "Blocked", "past")
VALID = ("Accepted", "ConcurrentTx")


class Decision(NamedTuple):
    starts: bool
    asked: bool
    parent: str | None
    """Whose parentIdTag the transaction bears."""


def decision(link: str, pre: bool, offline: bool, unknown: bool, listed: str | None, cached: str | None) -> Decision:
    """The table of §3.5 and §4.1, as it is read aloud."""
    source = "LIST" if listed else "CACHE" if cached else None
    valid = (listed in VALID) if listed else cached == "Accepted"
    asked = link != "offline" and not (pre and valid)
    if link == "online":
        return Decision(True, asked, "CS" if asked else source)
    if link == "silent" and not asked:
        return Decision(True, False, source)
    if source and not valid:
        return Decision(False, asked, None)
    starts = (bool(source) and offline) or unknown
    return Decision(starts, asked, source if starts else None)


@pytest.mark.parametrize("link", ["online", "offline", "silent"])
@pytest.mark.parametrize("pre", [False, True])
@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("listed", LISTED)
@pytest.mark.parametrize("cached", CACHED)
def test_truth_table(
    link: str, pre: bool, offline: bool, unknown: bool, listed: str | None, cached: str | None
) -> None:
    """§3.5, §4.1: link, keys, list and cache decide whether a card starts, who is asked, and which group it is of."""
    past = NOON - 1
    records: list[Record] = []
    if listed:
        status, expires = ("Accepted", past) if listed == "past" else (listed, None)
        records.append(ListedTag(id_tag="card", status=status, expires_utc=expires, parent_id_tag="LIST"))
    if cached:
        status, expires = ("Accepted", past) if cached == "past" else (cached, None)
        records.append(CachedTag(id_tag="card", status=status, expires_utc=expires, parent_id_tag="CACHE"))
    keys = {"LocalPreAuthorize": pre, "LocalAuthorizeOffline": offline, "AllowOfflineTxForUnknownId": unknown}
    station = Station(records=records, **keys).online()
    station.script["Authorize"] = {"idTagInfo": {"status": "Accepted", "parentIdTag": "CS"}}
    if link == "offline":
        station.disconnect()
    elif link == "silent":
        station.script["Authorize"] = CallError("InternalError")
    station.plug()
    station.tap("CARD")
    transaction = station.transaction()
    found = Decision(
        transaction is not None, bool(station.heard("Authorize")), transaction.parent_id_tag if transaction else None
    )
    assert found == decision(link, pre, offline, unknown, listed, cached)


@pytest.mark.parametrize("listed", ["list", "cache", "nowhere"])
@pytest.mark.parametrize("verdict", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])
@pytest.mark.parametrize("stops", [False, True])
@pytest.mark.parametrize("more_wh", [0, 100])
@pytest.mark.parametrize("link", ["online", "offline"])
def test_truth_table_of_a_later_verdict(listed: str, verdict: str, stops: bool, more_wh: int, link: str) -> None:
    """§4.8, §9.1, E 3.17: what StartTransaction.conf says counts, whoever let the card start, online or offline."""
    records: list[Record] = []
    if listed == "list":
        records.append(ListedTag(id_tag="card", status="Accepted"))
    elif listed == "cache":
        records.append(CachedTag(id_tag="card", status="Accepted"))
    keys = {"StopTransactionOnInvalidId": stops, "MaxEnergyOnInvalidId": more_wh, "LocalPreAuthorize": True}
    station = Station(records=records, AllowOfflineTxForUnknownId=True, **keys).online()
    station.script["StartTransaction"] = {"transactionId": 5, "idTagInfo": {"status": verdict}}
    if link == "offline":
        station.disconnect()
    station.charging()
    if link == "offline":
        assert station.offered() == 32
        station.connect()
    if station.cp.parts.connectors[1].state.closed and station.offered() == 0:
        station.open_contactor()
    transaction = station.transaction()
    assert transaction is not None
    if verdict == "Accepted":
        assert (transaction.ended, station.offered()) == (None, 32)
    elif stops:
        assert (transaction.reason, station.offered()) == ("DeAuthorized", 0)
    elif not more_wh:
        assert (transaction.ended, station.offered(), station.status()) == (None, 0, "SuspendedEVSE")
    else:
        assert (transaction.ended, station.offered()) == (None, 32)
        station.meter(more_wh)
        assert (station.transaction().ended, station.offered()) == (None, 0)  # type: ignore[union-attr]
