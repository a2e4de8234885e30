"""Who may charge: the decision table of §3.5 in full, and the authorization cache."""

from __future__ import annotations

from itertools import product as every

import pytest

from ocpp16 import events as ev
from ocpp16.messages.datetimes import to_text
from ocpp16.product import Product
from ocpp16.profiles.core.authorization import CACHE_CAP, MAX_ASKED
from ocpp16.records import CachedTag, Transaction
from ocpp16.state.id_tags import Verdict, same
from tests.ocpp16.rig import ACCEPTED, NOON, SILENCE, CallError, Station, refused

HOUR = 3600.0


def tag(status: str = "Accepted", parent: str | None = None, expires_in: float | None = None) -> CachedTag:
    """What the cache holds of the card CARD."""
    expires = None if expires_in is None else NOON + expires_in
    return CachedTag(id_tag="card", status=status, parent_id_tag=parent, expires_utc=expires)


CACHED = {
    "nowhere": None,
    "valid": tag(),
    "valid until later": tag(expires_in=HOUR),
    "expired": tag(expires_in=-HOUR),
    "Blocked": tag("Blocked"),
    "Expired": tag("Expired"),
    "Invalid": tag("Invalid"),
}
LINKS = ("online", "offline", "no answer", "CALLERROR")
SWITCH = (True, False)


def decision(link: str, pre: bool, offline: bool, unknown: bool, cached: str) -> tuple[bool, bool]:
    """The table: (does the transaction start, is the Central System asked)."""
    valid = cached.startswith("valid")
    if link == "online" and pre and valid:
        return True, False
    if link == "online":
        return True, True  # the Central System of this table says Accepted
    asked = link != "offline" and not (pre and valid)
    if not asked and link != "offline":
        return True, False
    if valid and offline:
        return True, asked
    if cached == "nowhere" or valid:
        return unknown, asked
    return False, asked


@pytest.mark.parametrize(
    ("link", "pre", "offline", "unknown", "cached"), list(every(LINKS, SWITCH, SWITCH, SWITCH, CACHED))
)
def test_decision_table(link: str, pre: bool, offline: bool, unknown: bool, cached: str) -> None:
    """§3.5, §4.1: whether a card starts, and whether the Central System is asked, row by row."""
    row = CACHED[cached]
    station = Station(
        records=[] if row is None else [row],
        LocalPreAuthorize=pre,
        LocalAuthorizeOffline=offline,
        AllowOfflineTxForUnknownId=unknown,
    ).online()
    station.plug()
    if link == "offline":
        station.disconnect()
    elif link != "online":
        station.script["Authorize"] = SILENCE if link == "no answer" else CallError("InternalError")
    station.tap("CARD")
    station.wait(31)
    started = station.transaction() is not None
    assert (started, "Authorize" in station.actions()) == decision(link, pre, offline, unknown, cached)


@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_only_accepted_starts(status: str) -> None:
    """§4.1: of all answers to Authorize.req only Accepted starts; there is no StartTransaction.req."""
    station = Station().online()
    station.script["Authorize"] = refused(status)
    station.plug()
    station.tap("CARD")
    station.wait(120)
    assert station.heard("StartTransaction") == []
    assert station.offered() == 0.0


def test_no_energy_before_the_answer() -> None:
    """§4.1: no energy before the authorization."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.plug()
    station.tap("CARD")
    station.pilot("C")
    assert station.offered() == 0.0
    assert station.cp.why(station.now())[0]["code"] == "waiting-answer"
    station.answer(ACCEPTED)
    assert station.offered() == 32.0


def test_no_authorize_afterwards_for_an_offline_start() -> None:
    """§4.8: a transaction that was authorized offline is not authorized again after the reconnect."""
    station = Station(records=[tag()]).online()
    station.disconnect()
    station.charging()
    station.connect()
    assert "Authorize" not in station.actions()
    assert "StartTransaction" in station.actions()


def test_offline_is_before_accepted_too() -> None:
    """§4.2: while the Central System has not accepted us it cannot be asked."""
    station = Station(records=[tag()]).online()
    station.restart().started()
    station.boot_answer = {"status": "Pending", "interval": 300}
    station.connect()
    station.charging()
    assert station.transaction() is not None
    assert set(station.actions()) == {"BootNotification"}


def test_no_offline_authorization() -> None:
    """C-01: a product without offline authorization starts nothing offline."""
    station = Station(Product(offline_authorization=False), records=[tag()]).online()
    station.disconnect()
    station.charging()
    assert station.transaction() is None


def test_no_offline_unknown_ids() -> None:
    """C-02: a product that starts no unknown cards offline has no AllowOfflineTxForUnknownId."""
    station = Station(Product(offline_unknown_ids=False)).online()
    answer = station.request("GetConfiguration", key=["AllowOfflineTxForUnknownId"])
    assert answer == {"unknownKey": ["AllowOfflineTxForUnknownId"]}
    station.disconnect()
    station.charging()
    assert station.transaction() is None


def test_key_bites_on_the_next_card() -> None:
    """§9.1: LocalPreAuthorize, LocalAuthorizeOffline and AllowOfflineTxForUnknownId count from the next card."""
    station = Station(records=[tag()]).online()
    station.plug()
    for key in ("LocalPreAuthorize", "AllowOfflineTxForUnknownId"):
        station.request("ChangeConfiguration", key=key, value="true")
    station.tap("CARD")
    assert station.heard("Authorize") == []
    assert station.transaction() is not None


def test_case_does_not_matter() -> None:
    """§7.28: identifiers compare case-insensitively."""
    assert same("AbC", "aBc")
    station = Station(records=[tag()], LocalPreAuthorize=True).online()
    station.plug()
    station.tap("cArD")
    assert station.heard("Authorize") == []
    assert station.heard("StartTransaction")[0]["idTag"] == "cArD"


def test_asked_once_for_the_same_card() -> None:
    """A card held to the reader twice is one question."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    station.tap("card")
    station.answer(refused())
    station.settle()
    assert len(station.heard("Authorize")) == 1


def test_too_many_cards() -> None:
    """The number of open questions is bounded; a card beyond it is refused."""
    station = Station().online()
    station.script["Authorize"] = SILENCE
    for number in range(MAX_ASKED + 1):
        station.tap(f"CARD{number}")
    reasons = [str(fields["reason"]) for code, fields in station.notes if code == "card-refused"]
    assert reasons == ["Invalid (the station itself: too many cards at once)"]


def test_connection_lost_while_asking() -> None:
    """§3.5: where the answer is lost with the connection, the offline rules decide."""
    station = Station(records=[tag()]).online()
    station.plug()
    station.script["Authorize"] = SILENCE
    station.tap("CARD")
    station.disconnect()
    assert station.transaction() is not None


# --- the cache ------------------------------------------------------------------------------------------------------


def cached(station: Station) -> list[CachedTag]:
    return station.rows(CachedTag)


@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_authorize_feeds_the_cache(status: str) -> None:
    """§3.5.1: the newest IdTagInfo of every card is kept, valid or not."""
    station = Station().online()
    expiry = to_text(NOON + HOUR)
    station.script["Authorize"] = refused(status, parentIdTag="GROUP", expiryDate=expiry)
    station.tap("CARD")
    row = cached(station)[0]
    assert (row.id_tag, row.status, row.parent_id_tag, row.expires_utc) == ("card", status, "GROUP", NOON + HOUR)


def test_start_feeds_the_cache() -> None:
    """§4.8: StartTransaction.conf updates the cache."""
    station = Station().online()
    station.script["StartTransaction"] = {"transactionId": 1, **refused("Blocked")}
    station.charging()
    assert cached(station)[0].status == "Blocked"


def test_stop_feeds_the_cache() -> None:
    """§4.10: StopTransaction.conf updates the cache where it carries an IdTagInfo, and changes nothing else."""
    station = Station().online().charging()
    station.script["StopTransaction"] = refused("Expired")
    station.tap("CARD")
    station.open_contactor()
    assert cached(station)[0].status == "Expired"
    transaction = station.transaction()
    assert transaction is not None
    assert (transaction.reason, transaction.stop) == ("Local", "confirmed")


def test_stop_without_tag_feeds_the_start_tag() -> None:
    """§4.10: an IdTagInfo in the answer to a stop without idTag is about the card that began."""
    station = Station().online().charging()
    station.script["StopTransaction"] = refused("Expired")
    station.unplug()
    assert [(row.id_tag, row.status) for row in cached(station)] == [("card", "Expired")]


def test_concurrent_tx_overwrites_nothing() -> None:
    """§3.5.1: ConcurrentTx says something about the moment, not about the card."""
    station = Station(records=[tag(parent="GROUP")]).online()
    station.script["Authorize"] = refused("ConcurrentTx")
    station.tap("CARD")
    assert (cached(station)[0].status, cached(station)[0].parent_id_tag) == ("Accepted", "GROUP")


def test_expiry_passes() -> None:
    """§3.5.1: when its expiryDate has passed, a card counts as Expired."""
    station = Station(records=[tag(expires_in=100)], LocalPreAuthorize=True).online()
    known = station.cp.parts.authorization.known("CARD")
    assert known is not None
    assert known.accepted
    station.wait(100)
    assert station.cp.parts.authorization.known("CARD") == Verdict("Expired", None, "cache")


def test_expiry_while_time_is_unknown() -> None:
    """§3.5.1: while the time is unknown an expiry date is not judged."""
    station = Station(records=[tag(expires_in=-HOUR)]).started()
    known = station.cp.parts.authorization.known("CARD")
    assert known is not None
    assert known.accepted


@pytest.mark.parametrize("dark", [True, False])
def test_cache_survives(dark: bool) -> None:
    """E 3.4: the cache survives reset, reboot and power loss."""
    station = Station().online()
    station.tap("CARD")
    station.restart(dark=dark).started()
    assert station.cp.parts.authorization.known("CARD") == Verdict("Accepted", None, "cache")


def test_unchanged_answer_is_not_written() -> None:
    """An answer that says what is known already does not wear the card out."""
    station = Station().online()
    station.plug()
    station.tap("CARD")
    station.tap("CARD")
    before = cached(station)
    station.unplug()
    station.tap("CARD")
    assert [row.used for row in cached(station)] == [row.used for row in before]


def test_card_used_last_keeps_its_place() -> None:
    """Authorize, start and stop of one card move it once: its place in the order is written no oftener than needed."""
    station = Station().online()
    station.plug()
    station.tap("OTHER")
    station.tap("OTHER")
    station.unplug()
    station.plug()
    station.tap("CARD")
    first = {row.id_tag: row.used for row in station.cp.parts.context.facts.of(CachedTag).values()}
    station.tap("CARD")
    assert {row.id_tag: row.used for row in station.cp.parts.context.facts.of(CachedTag).values()} == first
    assert first["card"] == first["other"] + 1


def test_full_cache() -> None:
    """§3.5.1: a full cache gives up what is not valid first, then what was unused longest."""
    rows = [CachedTag(id_tag=f"t{n}", status="Accepted", used=n) for n in range(2, CACHE_CAP + 1)]
    rows.append(CachedTag(id_tag="bad", status="Blocked", used=CACHE_CAP + 5))
    station = Station(records=rows).online()
    station.tap("NEW1")
    kept = {row.id_tag for row in cached(station)}
    assert (len(kept), "bad" in kept, "t2" in kept) == (CACHE_CAP, False, True)
    station.wait(61)
    station.tap("NEW2")
    kept = {row.id_tag for row in cached(station)}
    assert (len(kept), "t2" in kept, "t3" in kept, "new2" in kept) == (CACHE_CAP, False, True, True)


def test_clear_cache() -> None:
    """§5.4: ClearCache forgets every card, for good."""
    station = Station(records=[tag()]).online()
    assert station.request("ClearCache") == {"status": "Accepted"}
    assert cached(station) == []
    station.restart().started()
    assert station.cp.parts.authorization.known("CARD") is None


def test_clear_cache_while_switched_off() -> None:
    """§5.4: a cache that is switched off is cleared as well."""
    station = Station(records=[tag()], AuthorizationCacheEnabled=False).online()
    assert station.request("ClearCache") == {"status": "Accepted"}
    assert cached(station) == []


def test_clear_cache_without_a_cache() -> None:
    """E 3.23: without a cache ClearCache is Rejected."""
    station = Station(Product(authorization_cache=False)).online()
    assert station.request("ClearCache") == {"status": "Rejected"}
    assert station.request("GetConfiguration", key=["AuthorizationCacheEnabled"]) == {
        "unknownKey": ["AuthorizationCacheEnabled"]
    }


def test_clear_cache_that_cannot_be_written() -> None:
    """§5.4: Rejected where it failed."""
    station = Station(records=[tag()]).online()
    station.happens(ev.StoreChanged("unwritable"))
    assert station.request("ClearCache") == {"status": "Rejected"}


def test_cache_switched_off() -> None:
    """§9.1.3: AuthorizationCacheEnabled false: neither read nor filled, from now on."""
    station = Station(records=[tag()], LocalPreAuthorize=True).online()
    station.request("ChangeConfiguration", key="AuthorizationCacheEnabled", value="false")
    station.tap("CARD")
    assert len(station.heard("Authorize")) == 1
    station.tap("CARD")
    station.tap("OTHER")
    assert [row.id_tag for row in cached(station)] == ["card"]


# --- the list, where a product has one ------------------------------------------------------------------------------


def test_list_has_priority() -> None:
    """§3.5.2: what the list says about a card counts, and the card is not kept in the cache."""
    station = Station(records=[tag()], LocalPreAuthorize=True).online()
    listed = {"card": Verdict("Blocked", None, "list"), "other": Verdict("Accepted", "G", "list")}
    station.cp.parts.authorization.local_list = lambda id_tag: listed.get(id_tag.casefold())
    assert station.cp.parts.authorization.known("CARD") == listed["card"]
    station.disconnect()
    station.charging()
    assert station.rows(Transaction) == []
    station.connect()
    station.tap("OTHER")
    assert station.transaction() is not None
    assert station.heard("Authorize") == []
    assert [row.id_tag for row in cached(station)] == ["card"]
