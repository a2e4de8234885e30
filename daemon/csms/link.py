"""The link to the Central System: dials, carries texts, backs off, for as long as it is wanted.  It reads no text.

The one door to `websockets`, opened at the first dial: start-up does not wait for it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from daemon.csms import backoff, tcp_connect
from daemon.csms.backoff import Backoff, Failed, LinkLimits
from daemon.csms.connection import SUBPROTOCOL, WebSocketConnection
from ocpp16.events import Event, FrameReceived, LinkDown, LinkUp
from ocpp16.step import Link

__all__ = ["CentralSystemLink", "LinkLimits"]

_FLUSH_POLL_S = 0.005


def machine_of(url: str, limits: LinkLimits, headers: Mapping[str, str]) -> Any:
    """RFC 6455 as a machine without I/O, our request in it: no extension (so no compression), one subprotocol."""
    import logging

    from websockets.client import ClientProtocol
    from websockets.typing import Subprotocol
    from websockets.uri import parse_uri

    silent = logging.Logger("wire", logging.CRITICAL + 1)  # its debug lines would hold credentials and card numbers
    machine = ClientProtocol(
        parse_uri(url), subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=limits.frame_bytes, logger=silent
    )
    request = machine.connect()
    request.headers.update({"User-Agent": "evsed", **headers})
    machine.send_request(request)
    return machine


class CentralSystemLink:
    """What the hall drives: `want` the level, `send` texts, `run` for ever.

    `deliver` takes LinkUp, FrameReceived and LinkDown in the order in which they happened; `log` a code and its fields.
    `crowded` true: too many events wait, read no more for now.  `headers` and `ssl_context` are asked at each dial.
    """

    def __init__(
        self,
        url: str,
        station_id: str,
        seed: int,
        deliver: Callable[[Event], None],
        limits: LinkLimits | None = None,
        log: Callable[[str, dict[str, Any]], None] = lambda code, fields: None,
        *,
        crowded: Callable[[], bool] = lambda: False,
        headers: Callable[[], Mapping[str, str]] = dict,
        ssl_context: Callable[[], ssl.SSLContext | None] = lambda: None,
    ) -> None:
        self.url = backoff.central_system_url(url, station_id)
        self.crowded = crowded
        self._limits = limits or LinkLimits()
        self._deliver = deliver
        self._log = log
        self._headers = headers
        self._ssl_context = ssl_context
        self._backoff = Backoff(seed, self._limits)
        self._wanted = Link(connected=False)
        self._turned = asyncio.Event()
        self._wire: WebSocketConnection | None = None
        self._next_at = float("-inf")  # the first try of a life is due at once
        self._since = float("nan")
        self._failed: tuple[Failed, float] | None = None
        self._dropped = 0

    # --- for the hall ---------------------------------------------------------------------------------------------

    def want(self, link: Link) -> None:
        """The level.  Another `epoch`: close what is open and dial anew; another ping interval counts at once."""
        before, self._wanted = self._wanted, link
        if (before.connected, before.epoch) != (link.connected, link.epoch):
            self._turned.set()
        elif self._wire is not None and before.ping_interval_s != link.ping_interval_s:
            self._wire.keep_alive(link.ping_interval_s)

    def send(self, text: str) -> bool:
        """Give a frame to the open connection, never blocking.  False, and said so: there is none, it is gone."""
        if self._wire is not None and self._wire.push(text):
            return True
        self._dropped += 1
        self._log("link-frame-dropped", {"chars": len(text), "dropped": self._dropped})
        return False

    def settled(self) -> None:
        """The Central System accepted us: the next loss is a first one again."""
        self._backoff.settled(self._now())

    async def flush(self, timeout_s: float) -> bool:
        """Wait until all frames given so far reached the other side's kernel; False: no connection, or too slow."""
        until = self._now() + timeout_s
        while self._wire is not None and self._wire.is_open():
            if not self._wire.unsent():
                return True
            if self._now() >= until:
                return False
            await asyncio.sleep(_FLUSH_POLL_S)
        return False

    @property
    def state(self) -> dict[str, Any]:
        """For a person: seconds are ages, except `next_attempt_s`, which is to come.  None: not so, or never."""
        now, wire = self._now(), self._wire
        failed, at = self._failed or (None, now)
        due = wire is None and self._wanted.connected
        return {
            "url": self.url,
            "connected": wire is not None,
            "since_s": round(now - self._since, 1) if self._since == self._since else None,
            "received_age_s": round(now - wire.heard_at, 1) if wire is not None else None,
            "last_failure": failed and {"stage": failed.stage, "cause": failed.cause, "age_s": round(now - at, 1)},
            "next_attempt_s": round(max(0.0, self._next_at - now), 1) if due else None,
            "waiting_frames": wire.waiting() if wire is not None else 0,
            "dropped_frames": self._dropped,
        }

    async def run(self) -> None:
        """Be connected while that is wanted.  Cancel to end: an open connection is closed within `close_s`."""
        while True:
            self._turned.clear()
            turned = asyncio.ensure_future(self._turned.wait())
            lives = {asyncio.ensure_future(self._live())} if self._wanted.connected else set()
            try:
                await asyncio.wait({turned, *lives}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                turned.cancel()
                for life in lives:
                    life.cancel()
                    await asyncio.wait({life})
            if lives and self._turned.is_set():
                self._backoff.reset()
                self._plan(Failed("", ""))
            for life in lives:
                if not life.cancelled():
                    life.result()  # a broken belief is ours: it ends the daemon

    # --- for the wire ---------------------------------------------------------------------------------------------

    def on_open(self, wire: WebSocketConnection) -> None:
        self._wire, self._since = wire, self._now()
        self._log("link-up", {"url": self.url})
        self._deliver(LinkUp())
        wire.keep_alive(self._wanted.ping_interval_s)

    def on_text(self, text: str) -> None:
        self._deliver(FrameReceived(text))

    def flapping(self) -> bool:
        return self._backoff.flapping(self._now())

    # --- one attempt after the other ------------------------------------------------------------------------------

    async def _live(self) -> None:
        """One attempt and, where it succeeds, the life of its connection."""
        await asyncio.sleep(self._next_at - self._now())
        try:
            wire = await self._dial()
            await asyncio.wait([wire.ended])
        except Failed as failed:
            self._plan(failed)
            self._down("link-failed", failed)
        except asyncio.CancelledError:
            if self._wire is not None:
                await self._wire.farewell()
                self._down("link-down", Failed("", "closed by ourselves"))
            raise
        else:
            end = wire.ended.result()
            self._backoff.lost(self._now(), lived_s=self._now() - self._since)
            self._plan(end)
            self._down("link-down", end)

    def _plan(self, failed: Failed) -> None:
        asked_s = min(failed.retry_after_s, self._limits.reconnect_max_s)
        self._next_at = self._now() + asked_s + self._backoff.wait_s()

    def _down(self, code: str, failed: Failed) -> None:
        was_up, self._wire = self._wire is not None, None
        if was_up or self._failed is None:
            self._since = self._now()
        self._failed = failed, self._now()
        in_s = round(max(0.0, self._next_at - self._now()), 1)
        self._log(code, {"stage": failed.stage, "cause": failed.cause, "next_attempt_s": in_s})
        self._deliver(LinkDown(failed.stage, failed.cause))

    async def _dial(self) -> WebSocketConnection:
        """An open connection with the subprotocol agreed, within `open_s`.  Raises Failed."""
        address = urlsplit(self.url)
        host, port = address.hostname or "", address.port or (443 if address.scheme == "wss" else 80)
        where = f"{backoff.one_line(host, 60)} port {port}"
        context = self._ssl_context() if address.scheme == "wss" else None
        if address.scheme == "wss" and context is None:
            raise Failed("TLS", "wss:// is asked for and TLS is not set up", "nothing is sent in the clear instead")
        loop = asyncio.get_running_loop()
        wire = WebSocketConnection(machine_of(self.url, self._limits, self._headers()), self, self._limits, loop)
        stage = "DNS"
        limit = asyncio.timeout(self._limits.open_s)
        try:
            async with limit:
                addresses = await tcp_connect.resolve(host, port)
                stage = "TCP"
                sock = await tcp_connect.first_to_connect(addresses)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(self._limits.stall_s * 1000))
                stage = "TLS" if context else "HTTP"
                await loop.create_connection(
                    lambda: wire, sock=sock, ssl=context, server_hostname=host if context else None
                )
                stage = "HTTP"
                await asyncio.wait([wire.opened])
        except OSError as error:
            if limit.expired():
                raise backoff.late(stage, where, self._limits.open_s, wire.heard) from None
            raise backoff.unreachable(error, where, stage) from None
        finally:
            wire.give_up_unless_open()
        if failed := wire.opened.result():
            raise failed
        return wire

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
