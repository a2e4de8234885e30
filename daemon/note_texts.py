"""The catalogue of notes: code -> priority and what a person should know and do.  Plain data.

A field that a note does not carry is written as "-".  Priorities are syslog's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7


class Line(NamedTuple):
    priority: int
    text: str


CATALOGUE: Mapping[str, Line] = {
    # the unit
    "started": Line(NOTICE, "evsed {version} started as {station}, product {product}, board {board}"),
    "ended": Line(NOTICE, "evsed ends: {reason}"),
    "insecure": Line(
        WARNING, "connecting without security (profile {profile}): anyone on the way can read and forge. {hint}"
    ),
    "broken-belief": Line(ERROR, "broken belief, offers withdrawn, restarting: {error}"),
    "commit-failed": Line(ERROR, "the store cannot be written, offers withdrawn, restarting: {error}"),
    "store-news": Line(WARNING, "store: {detail}"),
    "store-state": Line(WARNING, "the store is {state}: {detail}"),
    "slow-loop": Line(WARNING, "the main loop was held up for {ms} ms by {event}"),
    "restart": Line(NOTICE, "restarting: {how}"),
    "reboot-hook": Line(NOTICE, "the reboot hook {outcome}: {detail}"),
    "no-reboot-hook": Line(WARNING, "no [hooks] reboot is set: only evsed restarts, the system does not"),
    "recorder": Line(WARNING, "the flight recorder cannot write: {error}; the station goes on without it"),
    "config-dropped": Line(WARNING, "a stored value is no longer allowed and its first value serves: {detail}"),
    # the board
    "board-attached": Line(NOTICE, "board {board} attached, {connectors} connector(s), session {session}"),
    "board-lost": Line(ERROR, "no board: {reason}; nothing can be charged. Is evsed-board running?"),
}
