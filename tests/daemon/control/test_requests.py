"""What is answered at the control socket."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from daemon.control.requests import TRACE_LINES, ControlRequests
from daemon.control.server import RequestRefused
from daemon.step_executor import Watcher
from ocpp16.events import Event, Now, QueueAsked, ResetAsked, SelftestAsked, SettingAsked, StopAsked
from ocpp16.step import Reply

Row = dict[str, object]


class Views:
    """A contract machine that shows something to everybody."""

    def status(self, now: Now) -> Row:
        return {"status": "Available"}

    def why(self, now: Now, connector: int | None) -> list[Row]:
        return [row for row in ({"connector": 1}, {"connector": 2}) if connector in (None, row["connector"])]

    def queue(self) -> list[Row]:
        return [{"item": 4}]

    def transaction_rows(self) -> list[Row]:
        return [{"number": 7}]

    def configuration_rows(self) -> list[Row]:
        return [{"key": "HeartbeatInterval", "value": "3"}]


class Rig:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.dials = True
        self.watchers: set[Watcher] = set()
        self.answer: Callable[[Event], Reply | None] = lambda event: Reply(event.ref, True, "done")  # type: ignore[attr-defined]
        notes = [{"code": "a"}, {"code": "b"}]
        self.requests = ControlRequests(
            Views(),
            lambda: Now(1.0, None),
            self._deliver,
            lambda: {"version": "1"},
            lambda: notes,
            self.watchers,
            self._sim,
            self._reconnect,
        )

    def _deliver(self, event: Event) -> None:
        self.events.append(event)
        if reply := self.answer(event):
            asyncio.get_running_loop().call_soon(self.requests.answered, reply)

    async def _reconnect(self) -> tuple[bool, str]:
        return self.dials, "how it ended"

    async def _sim(self, words: list[str], connector: int | None) -> tuple[bool, str]:
        return words != ["bad"], f"{words} {connector}"


async def test_queries_show_what_the_machine_shows() -> None:
    """Each question of the page has its answer, with what the daemon adds."""
    queries = Rig().requests.queries
    assert queries["status"]({}) == {"status": {"status": "Available", "version": "1"}}
    assert queries["queue"]({}) == {"queue": [{"item": 4}]}
    assert queries["transactions"]({}) == {"transactions": [{"number": 7}]}


async def test_why_is_asked_of_one_connector_or_all() -> None:
    """A connector that is not there is a usage error."""
    why = Rig().requests.queries["why"]
    assert len(why({})["why"]) == 2 and len(why({"connector": 2})["why"]) == 1
    with pytest.raises(RequestRefused, match="no connector 3"):
        why({"connector": 3})


async def test_keys_are_found_in_any_case() -> None:
    """One key or all; an unknown one is a usage error."""
    look = Rig().requests.queries["configuration"]
    assert look({}) == look({"key": "heartbeatinterval"})
    with pytest.raises(RequestRefused, match="no key"):
        look({"key": "x"})


async def test_the_newest_notes() -> None:
    """All that are remembered, or the last few."""
    log = Rig().requests.queries["log"]
    assert len(log({})["log"]) == 2 and log({"last": 1})["log"] == [{"code": "b"}]
    assert log({"last": 0})["log"] == [] == log({"last": -3})["log"]


ACTS: list[tuple[str, dict[str, Any], Event]] = [
    ("set", {"key": "heartbeatinterval", "value": "9"}, SettingAsked(1, "heartbeatinterval", "9")),
    ("stop", {}, StopAsked(1, None)),
    ("stop", {"connector": 2}, StopAsked(1, 2)),
    ("reset", {}, ResetAsked(1, "Soft")),
    ("reset", {"hard": True}, ResetAsked(1, "Hard")),
    ("park", {"item": 4}, QueueAsked(1, "park", 4)),
    ("retry", {}, QueueAsked(1, "retry", None)),
    ("selftest", {}, SelftestAsked(1, False)),
    ("selftest", {"clear_latched": True}, SelftestAsked(1, True)),
]


@pytest.mark.parametrize(("what", "request_", "event"), ACTS)
async def test_actions_become_events_and_wait_for_the_reply(what: str, request_: dict[str, Any], event: Event) -> None:
    """Each act of the page is one event; its reply is the answer."""
    rig = Rig()
    assert await rig.requests.actions[what](request_) == {"ok": True, "text": "done"}
    assert rig.events == [event]


ABSENT: list[tuple[str, dict[str, Any]]] = [
    ("set", {"key": "NoSuchKey", "value": "1"}),
    ("stop", {"connector": 3}),
    ("park", {"item": 5}),
    ("retry", {"item": 5}),
    ("sim", {"words": ["plug"], "connector": 0}),
]


@pytest.mark.parametrize(("what", "request_"), ABSENT)
async def test_what_is_not_there_is_a_usage_error(what: str, request_: dict[str, Any]) -> None:
    """A key, connector or item that this station does not have never reaches core or board."""
    rig = Rig()
    with pytest.raises(RequestRefused, match="there is no") as refused:
        await rig.requests.actions[what](request_)
    assert refused.value.usage and rig.events == []


async def test_a_refusal_is_an_answer() -> None:
    """What the contract machine refuses is answered with its reason."""
    rig = Rig()
    rig.answer = lambda event: Reply(1, False, "no transaction runs")
    assert await rig.requests.actions["stop"]({}) == {"ok": False, "error": "no transaction runs"}


async def test_replies_find_home() -> None:
    """Two waiting clients each get their own reply; an unexpected or late one is ignored."""
    rig = Rig()
    rig.answer = lambda event: None
    first, second = (asyncio.ensure_future(rig.requests.actions["stop"]({})) for _ in range(2))
    await asyncio.sleep(0)
    rig.requests.answered(Reply(2, True, "second"))
    rig.requests.answered(Reply(9, True, "nobody"))
    assert (await second)["text"] == "second"
    first.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await first
    rig.requests.answered(Reply(1, True, "too late"))


async def test_missing_and_wrong_fields_are_refused() -> None:
    """What an act needs must be there, and of its type."""
    rig = Rig()
    for what, request in (
        ("set", {"key": "K"}),
        ("park", {}),
        ("sim", {"words": [1]}),
        ("sim", {}),
        ("stop", {"connector": "1"}),
    ):
        with pytest.raises(RequestRefused):
            await rig.requests.actions[what](request)
    assert rig.events == []


async def test_the_simulation_is_played() -> None:
    """Command words and connector are passed on; a refusal is answered."""
    act = Rig().requests.actions["sim"]
    assert await act({"words": ["plug"], "connector": 1}) == {"ok": True, "text": "['plug'] 1"}
    assert not (await act({"words": ["bad"]}))["ok"]


async def test_a_follower_sees_what_happens() -> None:
    """Frames and notes come as they are; a slow client gets the number of dropped lines; at the end it is removed."""
    rig = Rig()
    stream = rig.requests.subscriptions["trace"]({})
    assert await anext(stream) == {"following": True}
    next_line = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    (watch,) = rig.watchers
    watch({"n": 0, "mono": 2.0})
    assert await next_line == {"n": 0, "mono": 2.0, "utc": None}
    for number in range(TRACE_LINES + 3):
        watch({"n": number, "mono": 2.0})
    lost, next_one = await anext(stream), await anext(stream)
    assert (lost["n"], lost["dropped"], next_one["n"], "dropped" in next_one) == (0, 3, 1, False)
    await stream.aclose()
    assert rig.watchers == set()


async def test_b14_lines_of_the_trace_have_their_time() -> None:
    """Frames and notes: monotonic, and UTC as far as it is known when they are seen."""
    rig = Rig()
    rig.requests._utc = lambda mono: mono + 100.0
    stream = rig.requests.subscriptions["trace"]({})
    await anext(stream)
    asked = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    (watch,) = rig.watchers
    watch({"frame": "[2]", "from": "station", "mono": 2.0})
    watch({"note": {"text": "x", "mono": 3.0, "utc": None}})
    watch({"note": {"text": "y", "mono": 4.0, "utc": 7.0}})
    assert (await asked)["utc"] == 102.0
    assert (await anext(stream))["note"]["utc"] == 103.0 and (await anext(stream))["note"]["utc"] == 7.0
    await stream.aclose()


async def test_15_reconnect_is_answered_with_how_it_ended() -> None:
    """Whether the attempt succeeded, and its end in words."""
    rig = Rig()
    assert await rig.requests.actions["reconnect"]({}) == {"ok": True, "text": "how it ended"}
    rig.dials = False
    assert await rig.requests.actions["reconnect"]({}) == {"ok": False, "error": "how it ended"}
