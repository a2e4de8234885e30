"""Card numbers become others of the same shape; secrets become zeros."""

from __future__ import annotations

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from daemon.recorder.pseudonyms import CACHED, Pseudonyms
from ocpp16.events import CardPresented, FrameReceived, SettingAsked, Tick
from ocpp16.records import CachedTag, FirmwareUpdate, ListedTag, Reservation, Setting, Stamp, Transaction, Unit

P = Pseudonyms(b"k" * 32)
TAGS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)


def shape(text: str) -> str:
    return "".join("0" if c.isdigit() else "A" if c.isupper() else "a" if c.islower() else c for c in text)


@given(TAGS)
def test_the_shape_stays(tag: str) -> None:
    """Length, digits, letters and their case stay where they were, all else to the letter."""
    assert shape(P.tag(tag)) == shape(tag)


@given(TAGS, TAGS)
def test_equal_stays_equal_and_different_different(one: str, other: str) -> None:
    """Two cards are the same card afterwards exactly where they were before, whatever their case."""
    assert (P.tag(one).lower() == P.tag(other).lower()) == (one.lower() == other.lower())


def test_it_is_a_permutation() -> None:
    """Of all texts of one shape no two meet."""
    all_of_them = ["".join(pair) for pair in itertools.product("0123456789", "abcdef")]
    assert sorted(map(P.tag, all_of_them)) == sorted(all_of_them)


def test_another_key_gives_other_numbers() -> None:
    """Another key gives other pseudonyms."""
    assert P.tag("04A2B9C1D2E3F4") != Pseudonyms(b"x" * 32).tag("04A2B9C1D2E3F4") != "04A2B9C1D2E3F4"


def test_odd_letters_are_left_whole() -> None:
    """Letters beyond ASCII, even those that change length with their case, do no harm."""
    assert len(P.tag("İ1")) == 2 and P.tag("Ä") == "Ä"


def test_the_cache_is_bounded() -> None:
    """However many cards come, few are remembered, and the answer stays the same."""
    first = P.tag("AAAA0000")
    for number in range(CACHED + 1):
        P.tag(f"AAAA{number:04}")
    assert len(P._known) <= CACHED and P.tag("AAAA0000") == first


def test_frames_keep_everything_but_the_card() -> None:
    """In a frame only card numbers change, in whatever spelling of JSON."""
    text = '[2,"1","Authorize", {"idTag" : "04A2B9"}]'
    assert P.frame(text) == text.replace("04A2B9", P.tag("04A2B9"))
    nested = '[3,"1",{"idTagInfo":{"status":"Accepted","parentIdTag":"GROUP1"}}]'
    assert P.frame(nested) == nested.replace("GROUP1", P.tag("GROUP1"))
    assert P.frame('{"idTag":"a\\"b"}') == '{"idTag":"' + json.dumps(P.tag('a"b'))[1:-1] + '"}'
    assert P.frame('{"idTag":"a\\qb"}') == '{"idTag":"0000"}'
    assert P.frame("no JSON, idTag none") == "no JSON, idTag none"


def test_escapes_hide_no_card() -> None:
    """A name or number spelled in escapes is found too; what is no JSON stays."""
    assert "04A2" not in P.frame('[2,"1","Authorize",{"idT\\u0061g":"04A2"}]')
    assert P.frame("\\u broken") == "\\u broken"


def test_events_are_written_without_cards() -> None:
    """Events that carry a card or a secret lose it, others stay as they are."""
    assert P.event(CardPresented(1, "04A2", 2.0)) == CardPresented(1, P.tag("04A2"), 2.0)
    assert P.event(FrameReceived('{"idTag":"04A2"}')) == FrameReceived('{"idTag":"' + P.tag("04A2") + '"}')
    assert P.event(SettingAsked(1, "AuthorizationKey", "abc")) == SettingAsked(1, "AuthorizationKey", "000")
    assert P.event(SettingAsked(1, "HeartbeatInterval", "3")) == SettingAsked(1, "HeartbeatInterval", "3")
    assert P.event(Tick()) == Tick()


def test_records_are_written_without_cards() -> None:
    """Rows that carry cards or secrets lose them, others stay as they are."""
    cached = P.record(CachedTag(id_tag="04a2", status="Accepted", parent_id_tag="g1"))
    assert isinstance(cached, CachedTag) and (cached.id_tag, cached.parent_id_tag) == (P.tag("04a2"), P.tag("g1"))
    listed = P.record(ListedTag(id_tag="04a2", status="Accepted"))
    assert isinstance(listed, ListedTag) and (listed.id_tag, listed.parent_id_tag) == (P.tag("04a2"), None)
    kept = P.record(Reservation(reservation_id=1, connector=1, id_tag="04a2", parent_id_tag="g1", expires_utc=1.0))
    assert isinstance(kept, Reservation) and (kept.id_tag, kept.parent_id_tag) == (P.tag("04a2"), P.tag("g1"))
    update = FirmwareUpdate(location="ftp://u:secret@h/f", retrieve_utc=1.0, retries_left=0, retry_interval_s=0)
    written_update = P.record(update)
    assert isinstance(written_update, FirmwareUpdate) and written_update.location == "ftp://u:000000@h/f"
    stamp = Stamp(mono=1.0, boot="b")
    row = Transaction(
        number=1, connector=1, id_tag="04A2", began=stamp, meter_start_wh=0, start_seq=1, last_wh=0, last=stamp
    )
    written = P.record(row)
    assert isinstance(written, Transaction) and written.id_tag == P.tag("04A2") and written.parent_id_tag is None
    assert P.record(Setting(name="AuthorizationKey", value="abc")) == Setting(name="AuthorizationKey", value="000")
    assert P.record(Unit()) == Unit()


def test_notes_are_written_without_cards() -> None:
    """Fields of a note that hold a card hold its pseudonym, a secret is hidden."""
    assert P.fields({"id_tag": "04A2", "wh": 1}) == {"id_tag": P.tag("04A2"), "wh": 1}
    assert P.fields({"key": "AuthorizationKey", "value": "x"})["value"] == "(hidden)"
