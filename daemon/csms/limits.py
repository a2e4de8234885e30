"""The limits of one connection to the Central System: sizes, times, counts."""

from __future__ import annotations

import msgspec


class ConnectionLimits(msgspec.Struct, frozen=True):
    """What a Central System may cost us.  Seconds, bytes, counts; all above 0."""

    frame_bytes: int = 65_536
    """Longest message accepted, 262,144 at most."""
    reconnect_max_s: float = 300.0
    """Longest wait between two attempts."""
    open_s: float = 15.0
    """From the name lookup to the agreed subprotocol."""
    close_s: float = 2.0
    """A connection that is being closed is cut after this."""
    silence_s: float = 10.0
    """Nothing at all received for the ping interval and so much more: the peer is gone."""
    probe_s: float = 3.0
    """So long after an unanswered ping a message of OCPP is asked for as a second proof."""
    last_words_s: float = 10.0
    """A sentence that is no message counts as the reason of an end that follows within this."""
    stall_s: float = 30.0
    """A peer that accepts no data for this long is gone."""
    queue_frames: int = 1_000
    """Frames waiting for a slow peer; one more closes the connection."""
    fragments: int = 1_024
    """Fragments of one message."""
    pings_per_s: int = 20
    """Control frames accepted, sustained; twice as many at once."""
    settle_s: float = 600.0
    """A connection that lasted this long counts as stable."""
    first_retry_s: float = 1.0
    """The first attempt after a loss comes within this, at random."""
    orders_burst: int = 60
    """CALLs of one action taken at once …"""
    orders_per_s: float = 2.0
    """… and sustained."""
    glances_burst: int = 2_000
    """CALLs of one action that costs less than a millisecond of a processor and no write, taken at once …"""
    glances_per_s: float = 50.0
    """… and sustained."""
    writes_burst: int = 240
    """CALLs that may write to the store, all actions together, taken at once …"""
    writes_per_s: float = 0.5
    """… and sustained: 1,800 commits an hour at most."""
    answers_burst: int = 200
    """Answers that no CALL of ours asked for, taken at once …"""
    answers_per_s: float = 100.0
    """… and sustained."""
