"""Heartbeat (§4.6): sent after HeartbeatInterval without another CALL, and once a day for the time (J 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ocpp16.configuration.configuration import Configuration
from ocpp16.configuration.key_names import Key
from ocpp16.configuration.keys import DAY
from ocpp16.messages.core import HeartbeatConf, HeartbeatReq
from ocpp16.rpc.call_outcome import Failure
from ocpp16.rpc.registration_gate import Gate
from ocpp16.rpc.session import Session
from ocpp16.state.context import Context
from ocpp16.state.timers import Timer

MARGIN = 0.05
MARGIN_S = 1.0
"""A Heartbeat comes so much of the interval early, but not more seconds: some Central Systems cut at the interval."""


class Heartbeat:
    """Sets and serves the heartbeat timer; none is sent before the station is accepted."""

    def __init__(
        self, context: Context, session: Session, configuration: Configuration, learn_time: Callable[[datetime], None]
    ) -> None:
        self.context = context
        self.session = session
        self.configuration = configuration
        self.learn_time = learn_time
        """Called with the currentTime of each Heartbeat.conf."""
        self._last = 0.0
        configuration.on_change.append(self._interval_changed)

    @property
    def _interval_s(self) -> float:
        """HeartbeatInterval (0 means once a day), less the margin."""
        interval = self.configuration.number(Key.HeartbeatInterval) or DAY
        return interval - min(MARGIN * interval, MARGIN_S)

    @property
    def _due_at(self) -> float:
        """§4.6: the interval counts from the last CALL; but once a day only a Heartbeat brings the time (J 5.3)."""
        return min(self.session.last_sent_at + self._interval_s, self._last + DAY)

    def accepted(self, has_time: bool) -> None:
        """BootNotification.conf has brought the time: the day counts from here; or, without it, a Heartbeat asks."""
        self._last = self.context.now.mono
        if has_time:
            self.arm()
        else:
            self.send()

    def arm(self) -> None:
        """Set the timer to the next time at which a Heartbeat is due."""
        self.context.timers.set(Timer.HEARTBEAT, max(self._due_at, self.context.now.mono))

    def due(self) -> None:
        """The timer expired."""
        if not self.session.is_open:
            return
        if self.context.now.mono < self._due_at:
            self.arm()  # another CALL was sent meanwhile
        else:
            self.send()

    def prove(self) -> None:
        """The Central System has said nothing for a while, not even to a ping: ask, where nothing else is asked."""
        if self.session.is_open and not self.session.busy:
            self.send()

    def send(self, triggered: bool = False) -> None:
        """Send a Heartbeat now; `triggered`: on request of the Central System (§5.17)."""
        now = self.context.now.mono
        self._last = now
        self.context.timers.set(Timer.HEARTBEAT, now + self._interval_s)
        self.session.call(HeartbeatReq(), self._answered, triggered=triggered)

    def _answered(self, answer: HeartbeatConf | Failure) -> None:
        if isinstance(answer, HeartbeatConf) and answer.current_time is not None:
            self.learn_time(answer.current_time)

    def _interval_changed(self, name: str) -> None:
        if name == Key.HeartbeatInterval and self.session.gate is Gate.OPEN:
            self.arm()
