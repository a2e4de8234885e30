"""The places: nobody locks those out who may act, whoever comes in whatever order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.control.places import KEPT, PLACES, Place, Places


class Room:
    """Places, and who was ended."""

    def __init__(self) -> None:
        self.places = Places()
        self.ended: list[Place] = []

    def come(self, may_act: bool) -> Place | None:
        place = Place(may_act, lambda: self.ended.append(place))
        return place if self.places.take(place) else None

    def lookers(self, count: int) -> list[Place]:
        return [place for _ in range(count) if (place := self.come(False)) is not None]


def test_13_the_looker_that_is_idle_longest_makes_room() -> None:
    """An answer makes it the youngest again; one that is busy stays."""
    room = Room()
    first, second, third, *_ = room.lookers(PLACES - KEPT)
    room.places.busy(first)
    room.places.rest(first)
    room.places.busy(second)
    assert room.come(False) is not None and room.ended == [third]


def test_13_busy_lookers_make_no_room_for_another() -> None:
    """But for one who may act they do."""
    room = Room()
    for place in room.lookers(PLACES - KEPT):
        room.places.busy(place)
    assert room.come(False) is None and room.ended == []
    assert all(room.come(True) is not None for _ in range(KEPT + 1)) and len(room.ended) == 1


def test_13_those_who_may_act_replace_their_own_idle_ones() -> None:
    """Sixteen forgotten connections of root lock root not out; sixteen acts that run do."""
    room = Room()
    places = [room.come(True) for _ in range(PLACES)]
    assert room.come(True) is not None and room.ended == places[:1]
    for place in room.places._taken:
        room.places.busy(place)
    assert room.come(True) is None


def test_13_followers_leave_places() -> None:
    """Of either right; who stops following counts no longer."""
    room = Room()
    followers = [place for _ in range(PLACES - KEPT) if (place := room.come(True)) is not None]
    assert all(room.places.follow(place) for place in followers)
    last = room.come(True)
    assert last is not None and not room.places.follow(last)
    room.places.rest(followers[0])
    assert room.places.follow(last)


def test_8_an_idle_place_can_be_freed() -> None:
    """Of lookers first; a busy one is not idle."""
    room = Room()
    admin, looker = room.come(True), room.come(False)
    busy = room.come(False)
    assert busy is not None
    room.places.busy(busy)
    assert room.places.free_one() and room.places.free_one() and not room.places.free_one()
    assert room.ended == [looker, admin]


def test_a_place_is_given_back_once() -> None:
    """Also after it was taken away; and resting does not bring it back."""
    room = Room()
    place = room.come(True)
    assert place is not None and len(room.places) == 1
    room.places.give_back(place)
    room.places.give_back(place)
    room.places.rest(place)
    assert len(room.places) == 0


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["idle", "busy", "follow"])), max_size=80))
def test_13_there_is_always_a_place_for_those_who_may_act(clients: list[tuple[bool, str]]) -> None:
    """Whatever lookers do, and as long as those who may act are not busy on all places themselves."""
    room = Room()
    for may_act, then in clients:
        place = room.come(may_act)
        if place is not None and then != "idle" and not may_act:
            room.places.busy(place)
            if then == "follow":
                room.places.follow(place)
    assert room.come(True) is not None and len(room.places) <= PLACES
    assert sum(not place.may_act for place in room.places._taken) <= PLACES - KEPT
