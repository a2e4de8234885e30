"""Addresses, waiting and causes: numbers and words only."""

from __future__ import annotations

import socket
import ssl
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.csms import backoff
from daemon.csms.backoff import Backoff, Failed, LinkLimits, central_system_url, one_line

LIMITS = LinkLimits()


# --- the address ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "station_id", "whole"),
    [
        ("wss://host/ocppj", "RDAM 123", "wss://host/ocppj/RDAM%20123"),  # the example of J §3.1.1
        ("wss://host/ocppj/", "RDAM 123", "wss://host/ocppj/RDAM%20123"),
        ("ws://host", "CP1", "ws://host/CP1"),
        ("ws://host/", "CP1", "ws://host/CP1"),
        ("ws://host:9000/a/b//", "CP/1", "ws://host:9000/a/b/CP%2F1"),
        ("ws://host/a%20b", "100%", "ws://host/a%20b/100%25"),
        ("ws://host/a?token=x%20y", "CP1", "ws://host/a/CP1?token=x%20y"),
        ("ws://[2001:db8::1]:80/a", "CP1", "ws://[2001:db8::1]:80/a/CP1"),
        ("ws://bücher.example/ä", "CP1", "ws://xn--bcher-kva.example/%C3%A4/CP1"),
    ],
)
def test_the_url(url: str, station_id: str, whole: str) -> None:
    """J §3.1.1: URL, slash, identity percent-encoded once; the endpoint's path is kept."""
    assert central_system_url(url, station_id) == whole


@pytest.mark.parametrize(
    ("url", "piece"),
    [
        ("http://host/", "ws://"),
        ("host:9000", "ws://"),
        ("ws:///path", "no host"),
        ("ws://user:secret@host/", "user name"),
        ("ws://host/#part", "fragment"),
        ("ws://host:99999/", "Port"),
        ("ws://host:0/", "Port"),
    ],
)
def test_a_url_that_cannot_be_dialled(url: str, piece: str) -> None:
    """What cannot be dialled is refused in words, and the words hold no secret."""
    with pytest.raises(ValueError, match=piece) as refused:
        central_system_url(url, "CP1")
    assert "secret" not in str(refused.value)


@given(st.text(min_size=1, max_size=48))
def test_an_identity_is_one_segment(station_id: str) -> None:
    """Whatever the identity holds, it is one printable segment of the path."""
    try:
        whole = central_system_url("ws://host/x", station_id)
    except UnicodeEncodeError:
        return  # lone surrogates are refused by the configuration
    assert whole.isascii() and whole.isprintable() and whole.count("/") == 4 and "?" not in whole


# --- the waiting ----------------------------------------------------------------------------------------------------


def waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.wait_s() for _ in range(count)]


def test_the_ceilings() -> None:
    """Within 1 s, then full jitter below 1, 2, 4 … s, never above the ceiling."""
    ceilings = [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0, 300.0]
    longest = [0.0] * len(ceilings)
    for seed in range(500):
        longest = [max(pair) for pair in zip(longest, waits(Backoff(seed, LIMITS), len(ceilings)), strict=True)]
    for most, ceiling in zip(longest, ceilings, strict=True):
        assert 0.95 * ceiling < most <= ceiling


def test_the_same_seed_waits_the_same() -> None:
    """Jitter comes from the seed."""
    assert waits(Backoff(3, LIMITS), 20) == waits(Backoff(3, LIMITS), 20) != waits(Backoff(4, LIMITS), 20)


def test_it_never_overflows() -> None:
    """A year of failures still waits at most the ceiling."""
    assert max(waits(Backoff(1, LIMITS), 100_000)) <= 300.0


def test_a_short_life_resets_nothing() -> None:
    """A connection that did not last leaves the waiting where it was."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.lost(1_000.0, lived_s=599.0)
    assert max(waits(backoff, 5)) > 8


def test_ten_minutes_of_life_reset() -> None:
    """A connection that lived ten minutes makes the next try a first one."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.lost(1_000.0, lived_s=600.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_accepted_resets() -> None:
    """The core's word that the Central System accepted us resets too."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    backoff.settled(1_000.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_accepted_is_not_believed_while_connections_come_and_go() -> None:
    """Two stations with one identity throw each other out: accepted each time, yet we slow down."""
    backoff = Backoff(1, LIMITS)
    waits(backoff, 12)
    for loss in range(3):
        assert not backoff.flapping(1_000.0 + loss)
        backoff.lost(1_000.0 + loss, lived_s=5.0)
    backoff.settled(1_010.0)
    assert backoff.flapping(1_010.0) and max(waits(backoff, 5)) > 8
    assert not backoff.flapping(1_000.0 + 600.0)
    backoff.settled(1_600.0)
    assert max(waits(backoff, 2)) <= 1.0


def test_a_thousand_stations_spread() -> None:
    """After a Central System that was away for some minutes, 1,000 stations come back over a minute and more."""
    at = []
    for seed in range(1_000):
        backoff, now = Backoff(seed, LIMITS), 0.0
        while now < 300.0:
            now += backoff.wait_s()
        at.append(now - 300.0)
    assert max(at) > 60 and max(sum(1 for t in at if second <= t < second + 1) for second in range(300)) < 60


# --- the words ------------------------------------------------------------------------------------------------------


@given(st.text(max_size=400))
def test_one_line(text: str) -> None:
    """No text of the other side can begin a new line, move a cursor or fill a log."""
    line = one_line(text)
    assert line.isascii() and line.isprintable() and len(line) <= 200


def test_what_is_plain_stays_plain() -> None:
    """Printable ASCII is left as it is."""
    assert one_line('[2,"1"] it\'s 5 < 7~') == '[2,"1"] it\'s 5 < 7~'
    assert one_line("a\n<0>kernel: \x1b[2Jü") == "a\\n<0>kernel: \\x1b[2J\\xfc"


@given(st.integers(100, 599), st.text(max_size=300), st.text(max_size=300), st.text(max_size=20))
def test_every_status_has_its_line(status: int, phrase: str, location: str, retry_after: str) -> None:
    """Any HTTP answer makes one short line that still ends in a hint."""
    failed = backoff.refused_upgrade(status, phrase, location, retry_after)
    assert failed.stage == "HTTP" and str(status) in failed.cause and len(failed.cause) <= 200
    assert not failed.cause.endswith("...")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), (" 120 ", 120.0), ("", 0.0), ("-1", 0.0), ("Wed, 21 Oct 2026", 0.0), ("9" * 9, 0.0)],
)
def test_retry_after(text: str, seconds: float) -> None:
    """Retry-After counts in seconds; dates and nonsense do not count."""
    assert backoff.refused_upgrade(429, "", "", text).retry_after_s == seconds


@pytest.mark.parametrize(
    ("error", "stage", "text_stage", "piece"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "DNS", "DNS", "no such name"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "DNS", "DNS", "name server"),
        (socket.gaierror(-99, "strange\n"), "DNS", "DNS", "strange\\n"),
        (ConnectionRefusedError(111, "refused"), "TCP", "TCP", "nothing listens"),
        (OSError(101, "unreachable"), "TCP", "TCP", "network up"),
        (OSError(113, "unreachable"), "TCP", "TCP", "no route to this host"),
        (TimeoutError(110, "timed out"), "TCP", "TCP", "does not answer"),
        (OSError(5, "odd"), "TCP", "TCP", "'odd'"),
        (OSError("no address"), "TCP", "TCP", "'no address'"),
        (ssl.SSLError(1, "[SSL] wrong version number"), "TLS", "TLS", "no secure connection"),
        (ConnectionResetError(104, "reset"), "TLS", "TLS", "no secure connection"),
    ],
)
def test_out_of_reach(error: OSError, stage: str, text_stage: str, piece: str) -> None:
    """Each way not to get there has its stage and its hint."""
    failed = backoff.unreachable(error, "csms.example port 80", stage)
    assert (failed.stage, piece in failed.cause) == (text_stage, True), failed.cause
    assert failed.cause.startswith(("csms.example port 80", "no secure connection with csms.example port 80"))


@pytest.mark.parametrize("stage", ["DNS", "TCP", "TLS", "HTTP"])
def test_late(stage: str) -> None:
    """A time that ran out names the stage, the host and the time."""
    failed = backoff.late(stage, "csms.example port 80", 15.0, b"")
    assert failed.stage == stage and "csms.example port 80" in failed.cause and "15 s" in failed.cause
    assert "'HTTP/1.1 401'" in backoff.late("HTTP", "h", 15.0, b"HTTP/1.1 401\r\nX: y").cause


class InvalidMessage(Exception):
    """As the library calls an answer that is no HTTP."""


def test_no_beginning() -> None:
    """No answer, no HTTP, a handshake that fails: HTTP up to the status line, WebSocket after it."""
    assert "without an answer" in backoff.no_beginning(InvalidMessage(), None, b"").cause
    assert "without an answer" in backoff.no_beginning(InvalidMessage(), ConnectionResetError(), b"HTTP").cause
    assert "but 'SSH-2.0'" in backoff.no_beginning(InvalidMessage("?"), None, b"SSH-2.0\r\n").cause
    assert backoff.no_beginning(ValueError("accept"), None, b"HTTP/1.1 101").stage == "WebSocket"


def test_ended() -> None:
    """A close frame comes first, then what broke the protocol, then the network."""
    close = SimpleNamespace(code=1008, reason="")
    assert "1008: it finds us" in backoff.ended(close, ValueError("x"), None, False).cause
    assert "this identity" not in backoff.ended(close, None, None, False).cause
    assert "another station use this identity" in backoff.ended(close, None, None, True).cause
    assert backoff.ended(None, ValueError("reserved"), None, False).stage == "WebSocket"
    assert backoff.ended(None, EOFError(), None, False).stage == "TCP"


def test_a_failure_is_an_exception_with_one_line() -> None:
    """Stage, cause and hint; the hint stays where the cause is long."""
    failed = Failed("HTTP", "x" * 300, "hint")
    assert failed.args == ("HTTP", failed.cause) and len(failed.cause) == 200
