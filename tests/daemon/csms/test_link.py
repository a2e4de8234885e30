"""The link without a network: what it reports, and that it dials no earlier than it is wanted."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from daemon.csms.limits import ConnectionLimits
from daemon.csms.link import CentralSystemLink
from ocpp16.events import Event, FrameReceived, LinkDown, LinkQuiet, SecuritySeen
from ocpp16.step import Link

NOBODY = "ws://" + "x" * 64 + "/ocpp"
"""A name that no resolver is asked for."""


class Station:
    def __init__(self, url: str = NOBODY, **limits: float) -> None:
        self.events: list[Event] = []
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.wanted = 3
        self.enough = asyncio.Event()
        """As many events as wanted have come."""
        self.crowded = False
        self.link = CentralSystemLink(
            url, "CP1", 1, self._deliver, ConnectionLimits(**limits), lambda *line: self.logged.append(line),  # type: ignore[arg-type]
            hall_crowded=lambda: self.crowded,
        )  # fmt: skip

    def _deliver(self, event: Event) -> None:
        self.events.append(event)
        if len(self.events) == self.wanted:
            self.enough.set()


async def test_an_attempt_after_the_other() -> None:
    """Each failed attempt is a LinkDown with stage and cause, and a line of the log; the trying never ends."""
    station = Station(reconnect_max_s=0.0)
    station.link.want(Link())
    task = asyncio.ensure_future(station.link.run())
    await station.enough.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    first = station.events[0]
    assert isinstance(first, LinkDown) and first.stage == "DNS" and station.events == [first] * 3
    assert station.logged[0] == (
        "link-failed",
        {"stage": "DNS", "failure": "dns-no-such-name", "cause": first.cause, "next_attempt_s": 0.0},
    )
    assert station.link.state["last_failure"]["cause"] == first.cause


async def test_not_wanted_not_dialled() -> None:
    """While no connection is wanted, nothing is dialled."""
    station = Station(reconnect_max_s=0.0)
    task = asyncio.ensure_future(station.link.run())
    for _ in range(20):
        await asyncio.sleep(0)
    station.link.want(Link(connected=False))
    for _ in range(20):
        await asyncio.sleep(0)
    assert station.events == [] and not task.done()
    assert station.link.state["next_attempt_s"] is None
    task.cancel()
    await asyncio.wait({task})


async def test_sending_without_a_connection() -> None:
    """A frame without a connection is dropped, counted and logged; flush does not wait."""
    station = Station()
    assert not station.link.send("[2]")
    assert station.logged == [("link-frame-dropped", {"chars": 3, "dropped": 1})]
    assert not await station.link.flush(60)


async def test_the_state_before_anything() -> None:
    """The state is complete and JSON from the first moment."""
    station = Station("ws://host/ocpp/")
    state = json.loads(json.dumps(station.link.state))
    assert state == {
        "url": "ws://host/ocpp/CP1",
        "connected": False,
        "since_s": None,
        "received_age_s": None,
        "last_failure": None,
        "next_attempt_s": None,
        "waiting_frames": 0,
        "dropped_frames": 0,
        "held_frames": 0,
    }
    station.link.want(Link())
    assert station.link.state["next_attempt_s"] == 0.0
    station.link.settled()


async def test_12_orders_beyond_the_rate_are_taken_more_slowly() -> None:
    """They wait in their order, which is noted once; nothing is refused, and an answer overtakes them."""
    station = Station(orders_burst=1, orders_per_s=100.0)
    station.wanted = 6
    orders = [f'[2,"{number}","TriggerMessage",{{}}]' for number in range(4)]
    for text in [*orders, '[3,"x",{}]']:
        station.link.on_text(text)
    slowed = SecuritySeen("TooManyMessages", "slowed down: TriggerMessage")
    assert station.events == [FrameReceived(orders[0]), slowed, FrameReceived('[3,"x",{}]')]
    assert station.link.state["held_frames"] == 3 and not station.link.crowded()
    await station.enough.wait()
    assert station.events[3:] == [FrameReceived(text) for text in orders[1:]]
    assert station.logged == [("link-slowed", {"kind": "TriggerMessage"})]


async def test_point_6_last_words_are_those_of_a_text_that_is_no_message() -> None:
    """A message explains nothing; a sentence does, in one line, until its connection has ended."""
    station = Station()
    station.link.on_text('[2,"1","Reset",{}]')
    assert station.link.last_words() == ""
    station.link.on_text("Charge point\nunknown")
    station.link.on_text('[3,"x",{}]')
    assert station.link.last_words() == "Charge point\\nunknown"
    old = Station(last_words_s=-1.0)
    old.link.on_text("long ago")
    assert old.link.last_words() == ""


async def test_point_3_a_quiet_link_is_an_event() -> None:
    """The contract machine decides what to ask."""
    station = Station()
    station.link.on_quiet()
    assert station.events == [LinkQuiet()]


async def test_8_a_crowded_hall_gets_no_frame() -> None:
    """What was read already waits while too many events wait; that alone is not the Central System's fault."""
    station = Station()
    station.crowded, station.wanted = True, 1
    station.link.on_text("[3]")
    assert station.link.crowded() and station.events == []
    station.crowded = False
    await station.enough.wait()
    assert station.events == [FrameReceived("[3]")] and station.logged == []


async def test_12_what_waits_ends_with_its_connection() -> None:
    """Its answer could not be sent any more: the next connection does not begin with the orders of the last one."""
    station = Station(orders_burst=1, reconnect_max_s=0.0)
    for number in range(3):
        station.link.on_text(f'[2,"{number}","Reset",{{}}]')
    station.link.want(Link())
    task = asyncio.ensure_future(station.link.run())
    await station.enough.wait()
    assert station.link.state["held_frames"] == 0 and sum(isinstance(e, FrameReceived) for e in station.events) == 1
    task.cancel()
    await asyncio.wait({task})


async def test_wss_is_never_dialled_in_the_clear() -> None:
    """Without TLS set up a wss URL is a failed attempt of stage TLS; no name is asked, no byte sent."""
    station = Station("wss://host/ocpp", reconnect_max_s=0.0)
    station.link.want(Link())
    task = asyncio.ensure_future(station.link.run())
    await station.enough.wait()
    task.cancel()
    await asyncio.wait({task})
    assert isinstance(station.events[0], LinkDown) and station.events[0].stage == "TLS"


def test_a_wrong_url_is_refused_when_built() -> None:
    """What can never be dialled is a ValueError at once."""
    with pytest.raises(ValueError, match="ws://"):
        CentralSystemLink("http://host", "CP1", 1, lambda event: None)


def test_websockets_is_imported_late() -> None:
    """Importing the link does not import websockets: start-up does not wait for it."""
    code = "import daemon.csms.link, sys; sys.exit('websockets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_15_a_redial_waits_for_nothing() -> None:
    """Whatever wait was planned is left out; who asked is told how the attempt ended."""
    station = Station(reconnect_max_s=1e6, first_retry_s=1e6)
    station.wanted = 1
    station.link.want(Link())
    task = asyncio.ensure_future(station.link.run())
    await station.enough.wait()
    assert station.link.state["next_attempt_s"] > 100
    async with asyncio.timeout(10):
        ok, text = await station.link.redial()
    assert not ok and text.startswith("connection failed, DNS: ") and len(station.events) == 2
    assert ("link-redial", {}) in station.logged
    station.link.want(Link(connected=False))
    assert await station.link.redial() == (False, "no connection is wanted now: the station is ending or restarting")
    task.cancel()
    await asyncio.wait({task})
