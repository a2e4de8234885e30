"""The link to the Central System: dials, carries messages, backs off, for as long as it is wanted.  It parses nothing.

`dialling.py`, and with it websockets, is imported at the first dial: start-up does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from daemon.csms.backoff import Backoff
from daemon.csms.endpoint import central_system_url
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.inflow import UNREADABLE, Inflow
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link_security import Credentials, LinkSecurity
from daemon.csms.tls_judgement import Moment
from daemon.journal.redaction import single_line
from ocpp16.events import Event, FrameReceived, LinkDown, LinkQuiet, LinkUp, SecuritySeen
from ocpp16.step import Link

if TYPE_CHECKING:
    from daemon.csms.connection import WebSocketConnection

SENTENCE_CHARS = 200
"""Of a text that is no message, kept to explain an end that follows."""
_FLUSH_POLL_S = 0.005
CROWDED_PAUSE_S = 0.01
"""How soon a held message is tried again while too many events wait."""
SECOND_CONNECTION = "the Central System ends one connection after the other: another station may use this identity"
SLOWED_NOTE_S = 60.0
"""That a Central System is read more slowly is noted once in so many seconds."""


class CentralSystemLink:
    """`want` a connection, `send` frames, `run` for ever.

    `deliver` takes LinkUp, FrameReceived, LinkQuiet and LinkDown in the order in which they happened; `log` a code of
    the journal and its fields.  `hall_crowded` true: too many events wait, deliver no frame for now.  `security` is
    asked at each dial for headers and TLS; None: security profile 0.  `connection_of` gives URL and credentials of a
    connection set; None: `url` and `security` always count.
    """

    def __init__(
        self,
        url: str,
        station_id: str,
        seed: int,
        deliver: Callable[[Event], None],
        limits: ConnectionLimits | None = None,
        log: Callable[[str, dict[str, Any]], None] = lambda code, fields: None,
        *,
        hall_crowded: Callable[[], bool] = lambda: False,
        security: LinkSecurity | None = None,
        connection_of: Callable[[int], tuple[str, Credentials]] | None = None,
    ) -> None:
        self.url = central_system_url(url, station_id)
        self._hall_crowded = hall_crowded
        self._limits = limits or ConnectionLimits()
        self._inflow = Inflow(self._limits)
        self._passing: asyncio.TimerHandle | None = None
        self._slowed_at = float("-inf")
        self._deliver = deliver
        self._log = log
        self._station_id, self._connection_of = station_id, connection_of
        self._set = 0
        """The connection set of the present attempt, or connection."""
        self._security = security or LinkSecurity(Credentials(), lambda: Moment(0.0))
        self._backoff = Backoff(seed, self._limits)
        self._wanted = Link(connected=False)
        self._changed = asyncio.Event()
        self._connection: WebSocketConnection | None = None
        self._next_at = float("-inf")  # the first attempt of a process is due at once
        self._since = float("nan")
        self._failed: tuple[ConnectionFailed, float] | None = None
        self._dropped = 0
        self._asked: list[asyncio.Future[str]] = []
        """Who wants an attempt at once …"""
        self._redialled: list[asyncio.Future[str]] = []
        """… and to know how the present one ends."""
        self._last_words = ("", float("-inf"))

    # --- for the station ------------------------------------------------------------------------------------------

    def want(self, link: Link) -> None:
        """The level to keep.  Another `epoch`: close and dial anew; another ping interval takes effect at once."""
        before, self._wanted = self._wanted, link
        if replace(before, ping_interval_s=0) != replace(link, ping_interval_s=0):
            self._changed.set()
        elif self._connection is not None and before.ping_interval_s != link.ping_interval_s:
            self._connection.keep_alive(link.ping_interval_s)

    async def redial(self) -> tuple[bool, str]:
        """Close what is open and dial now, whatever wait was planned; how that attempt ended, for a person."""
        if not self._wanted.connected:
            return False, "no connection is wanted now: the station is ending or restarting"
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._asked.append(ended)
        self._log("link-redial", {})
        self._changed.set()
        failed = await ended
        return not failed, failed or f"connected to {self.url}"

    def send(self, text: str) -> bool:
        """Send a frame on the open connection, never blocking.  False, and logged: there is none, it is lost."""
        if self._connection is not None and self._connection.send(text):
            if text.startswith("[2,"):
                self._inflow.owed(self._now())
            return True
        self._dropped += 1
        self._log("link-frame-dropped", {"chars": len(text), "dropped": self._dropped})
        return False

    def settled(self) -> None:
        """The Central System accepted the station: back-off starts again from its first wait."""
        self._backoff.settled(self._now())

    async def flush(self, timeout_s: float) -> bool:
        """Wait until the peer acknowledged all frames sent so far; False: no connection, or not within `timeout_s`."""
        until = self._now() + timeout_s
        while self._connection is not None and self._connection.is_open():
            if not self._connection.unsent():
                return True
            if self._now() >= until:
                return False
            await asyncio.sleep(_FLUSH_POLL_S)
        return False

    @property
    def state(self) -> dict[str, Any]:
        """For a person: seconds are ages, except `next_attempt_s`, which is to come.  None: not so, or never."""
        now, connection = self._now(), self._connection
        failed, at = self._failed or (None, now)
        due = connection is None and self._wanted.connected
        return {
            "url": self.url,
            "connected": connection is not None,
            "since_s": round(now - self._since, 1) if self._since == self._since else None,
            "received_age_s": round(now - connection.received_at, 1) if connection is not None else None,
            "last_failure": failed and failed.row(now - at),
            "next_attempt_s": round(max(0.0, self._next_at - now), 1) if due else None,
            "waiting_frames": connection.waiting() if connection is not None else 0,
            "dropped_frames": self._dropped,
            "held_frames": self._inflow.held,
        }

    async def run(self) -> None:
        """Be connected while that is wanted.  Cancel to end: an open connection is closed within `close_s`."""
        while True:
            self._changed.clear()
            changed = asyncio.ensure_future(self._changed.wait())
            attempts = {asyncio.ensure_future(self._attempt())} if self._wanted.connected else set()
            try:
                await asyncio.wait({changed, *attempts}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()
                for attempt in attempts:
                    attempt.cancel()
                    await asyncio.wait({attempt})
            if attempts and self._changed.is_set():
                self._backoff.reset()
                self._plan(ConnectionFailed("", "", code=Code.OURS))
            if self._asked:
                self._redialled, self._asked = self._redialled + self._asked, []
                self._next_at = self._now()
            for attempt in attempts:
                if not attempt.cancelled():
                    attempt.result()  # an internal error ends the daemon

    # --- called by the connection ---------------------------------------------------------------------------------

    def on_open(self, connection: WebSocketConnection) -> None:
        self._connection, self._since = connection, self._now()
        self._log("link-up", {"url": self.url})
        self._tell_redialled("")
        self._deliver(LinkUp(chain=self._security.chain, connection_set=self._set))
        connection.keep_alive(self._wanted.ping_interval_s)

    def _tell_redialled(self, failed: str) -> None:
        for ended in self._redialled:
            if not ended.done():
                ended.set_result(failed)
        self._redialled.clear()

    def on_text(self, text: str) -> None:
        if self._inflow.put(text) is UNREADABLE:  # some say in a plain sentence what is wrong, and hang up
            self._last_words = single_line(text, SENTENCE_CHARS), self._now()
        self._pass_on()

    def crowded(self) -> bool:
        return self._hall_crowded() or self._inflow.is_full

    def _pass_on(self) -> None:
        """Deliver what may be delivered now; the rest waits."""
        if self._passing is not None:
            self._passing.cancel()
            self._passing = None
        while not (crowded := self._hall_crowded()) and (text := self._inflow.take(self._now())) is not None:
            self._deliver(FrameReceived(text))
        if not self._inflow.held:
            return
        wait_s = self._inflow.wait_s(self._now())
        if not crowded:
            self._note_slowed()
        self._passing = asyncio.get_running_loop().call_later(max(wait_s, CROWDED_PAUSE_S), self._pass_on)

    def _note_slowed(self) -> None:
        if self._now() - self._slowed_at >= SLOWED_NOTE_S:
            self._slowed_at = self._now()
            self._log("link-slowed", {"kind": self._inflow.head})
            self._deliver(SecuritySeen("TooManyMessages", f"slowed down: {self._inflow.head}"))

    def flapping(self) -> bool:
        return self._backoff.flapping(self._now())

    def last_words(self) -> str:
        text, at = self._last_words
        return text if self._now() - at <= self._limits.last_words_s else ""

    def on_quiet(self) -> None:
        self._deliver(LinkQuiet())

    # --- one attempt after the other ------------------------------------------------------------------------------

    async def _attempt(self) -> None:
        """One attempt and, where it succeeds, its connection until that ends."""
        await asyncio.sleep(self._next_at - self._now())
        try:
            connection = await self._dial()
            await asyncio.wait([connection.ended])
        except ConnectionFailed as failed:
            self._plan(failed)
            self._down("link-failed", failed)
            self._tell_redialled(f"connection failed, {failed.stage}: {failed.cause}")
        except asyncio.CancelledError:
            if self._connection is not None:
                await self._connection.close()
                self._down("link-down", ConnectionFailed("", "closed by ourselves", code=Code.OURS))
            raise
        else:
            end = connection.ended.result()
            if not end.by_us:  # that we gave up is no sign of a second station
                self._backoff.lost(self._now(), lasted_s=self._now() - self._since)
                if self.flapping():
                    self._deliver(SecuritySeen("SecondConnectionSuspected", SECOND_CONNECTION))
            self._plan(end)
            self._down("link-down", end)

    def _plan(self, failed: ConnectionFailed) -> None:
        requested_s = min(failed.retry_after_s, self._limits.reconnect_max_s)
        self._next_at = self._now() + requested_s + self._backoff.wait_s()

    def _down(self, code: str, failed: ConnectionFailed) -> None:
        was_up, self._connection = self._connection is not None, None
        self._inflow.clear()
        self._last_words = ("", float("-inf"))
        if was_up or self._failed is None:
            self._since = self._now()
        self._failed = failed, self._now()
        in_s = round(max(0.0, self._next_at - self._now()), 1)
        fields = {"stage": failed.stage, "failure": str(failed.code), "cause": failed.cause, "next_attempt_s": in_s}
        self._log(code, fields)
        event = failed.code.event
        self._deliver(LinkDown(failed.stage, failed.cause, in_s, str(failed.code), event, self._set))

    async def _dial(self) -> WebSocketConnection:
        """An open connection with the subprotocol agreed, within `open_s`.  Raises ConnectionFailed."""
        self._take_set(self._wanted.connection_set)
        from daemon.csms.dialling import dial  # late: see the top of this file

        return await dial(self.url, self._security, self._limits, self)

    def _take_set(self, number: int) -> None:
        """From this attempt on the URL and the credentials of that connection set count."""
        self._set = number
        if self._connection_of is not None:
            url, self._security.credentials = self._connection_of(number)
            self.url = central_system_url(url, self._station_id)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
