"""How fast a Central System's messages are taken: a rate for each kind, and one for all that may write.  No I/O.

What comes faster waits here, in its order, and later in the connection, which then is not read: nothing is refused, and
our answers keep the order of the orders.  Answers to our own CALLs do not wait behind orders.
"""

from __future__ import annotations

import re
from collections import deque

from daemon.csms.limits import ConnectionLimits
from daemon.token_bucket import TokenBucket
from ocpp16.messages import core, firmware, local_list, remote_trigger, reservation, security, smart_charging

HELD_BYTES = 262_144
"""From so many held characters on the connection is not read: pings behind them are answered later …"""
HELD_FRAMES = 1_000
"""… or from so many messages on."""

ORDERS = frozenset(
    action
    for table in (core, firmware, local_list, remote_trigger, reservation, security, smart_charging)
    for action in table.INCOMING
)
LOOKS = frozenset(
    {
        "DataTransfer",
        "ExtendedTriggerMessage",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetInstalledCertificateIds",
        "GetLocalListVersion",
        "TriggerMessage",
    }
)
"""Orders that write nothing to the store …"""
GLANCES = LOOKS - {"ExtendedTriggerMessage", "GetCompositeSchedule", "TriggerMessage"}
"""… and those of them that neither compute long nor have us say anything but the answer."""
ANSWER, UNKNOWN, UNREADABLE = "an answer", "an unknown action", "an unreadable message"

_CALL = re.compile(r'\ufeff?\s{0,9}\[\s{0,9}2\s{0,9},\s{0,9}"[^"\\]{0,99}"\s{0,9},\s{0,9}"([A-Za-z]{1,40})"')
_ANSWER = re.compile(r"\ufeff?\s{0,9}\[\s{0,9}[34]\s{0,9},")


def kind_of(text: str) -> str:
    """An action, or one of the three others: only what is spelled plainly counts as what it says."""
    if _ANSWER.match(text):
        return ANSWER
    if found := _CALL.match(text):
        return found[1] if found[1] in ORDERS else UNKNOWN
    return UNREADABLE


class Inflow:
    """`put` what was read; `take` what may go on now.  Lives as long as the process: a reconnect fills no bucket."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._buckets: dict[str, TokenBucket] = {}
        self._writes = TokenBucket(limits.writes_burst, limits.writes_per_s)
        self._orders: deque[tuple[str, str]] = deque()
        self._answers: deque[str] = deque()
        self._chars = 0

    def put(self, text: str) -> str:
        """One message of the Central System, of at most the length that the connection allows; its kind."""
        self._chars += len(text)
        kind = kind_of(text)
        if kind is ANSWER:
            self._answers.append(text)
        else:
            self._orders.append((kind, text))
        return kind

    def owed(self, now: float) -> None:
        """A CALL of ours was sent: its answer is no part of the rate, however fast we ask."""
        self._bucket(ANSWER).give(now)

    def take(self, now: float) -> str | None:
        """The next message that may go on; None: none now."""
        if self._answers and self._wait_s(ANSWER, now) == 0.0:
            self._pay(ANSWER, now)
            text = self._answers.popleft()
        elif self._orders and self._wait_s(self._orders[0][0], now) == 0.0:
            kind, text = self._orders.popleft()
            self._pay(kind, now)
        else:
            return None
        self._chars -= len(text)
        return text

    def wait_s(self, now: float) -> float:
        """Seconds until `take` may give something; infinite: nothing is held."""
        heads = [ANSWER] * bool(self._answers) + [kind for kind, _ in list(self._orders)[:1]]
        return min((self._wait_s(kind, now) for kind in heads), default=float("inf"))

    def clear(self) -> None:
        """Their connection has ended: what was not taken was not answered."""
        self._orders.clear()
        self._answers.clear()
        self._chars = 0

    @property
    def held(self) -> int:
        """Messages that wait."""
        return len(self._orders) + len(self._answers)

    @property
    def is_full(self) -> bool:
        """Read nothing more until this turns false."""
        return self._chars >= HELD_BYTES or self.held >= HELD_FRAMES

    @property
    def head(self) -> str:
        """The kind of the message that has waited longest."""
        return self._orders[0][0] if self._orders else ANSWER

    def _bucket(self, kind: str) -> TokenBucket:
        if kind not in self._buckets:
            self._buckets[kind] = TokenBucket(*self._rate(kind))
        return self._buckets[kind]

    def _rate(self, kind: str) -> tuple[int, float]:
        limits = self._limits
        if kind is ANSWER:
            return limits.answers_burst, limits.answers_per_s
        if kind in GLANCES:
            return limits.glances_burst, limits.glances_per_s
        return limits.orders_burst, limits.orders_per_s

    def _wait_s(self, kind: str, now: float) -> float:
        waits = [self._bucket(kind).wait_s(now)]
        if may_write(kind):
            waits.append(self._writes.wait_s(now))
        return max(waits)

    def _pay(self, kind: str, now: float) -> None:
        self._bucket(kind).take(now)
        if may_write(kind):
            self._writes.take(now)


def may_write(kind: str) -> bool:
    """Whether such a message may cause a commit: in doubt it does."""
    return kind not in LOOKS and kind not in (ANSWER, UNKNOWN)
