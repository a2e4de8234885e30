"""Stage, cause and hint of each way in which a connection fails."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.csms import failure_causes
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode


@given(st.integers(100, 599), st.text(max_size=300), st.text(max_size=300), st.text(max_size=20))
def test_every_status_has_its_line(status: int, phrase: str, location: str, retry_after: str) -> None:
    """Any HTTP answer makes one short line that still ends in a hint."""
    failed = failure_causes.refused_upgrade(status, phrase, location, retry_after)
    assert failed.stage == "HTTP" and str(status) in failed.cause and len(failed.cause) <= 200
    assert not failed.cause.endswith("...")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), (" 120 ", 120.0), ("", 0.0), ("-1", 0.0), ("Wed, 21 Oct 2026", 0.0), ("9" * 9, 0.0)],
)
def test_retry_after(text: str, seconds: float) -> None:
    """Retry-After counts in seconds; dates and nonsense do not count."""
    assert failure_causes.refused_upgrade(429, "", "", text).retry_after_s == seconds


@pytest.mark.parametrize(
    ("error", "stage", "piece"),
    [
        (socket.gaierror(socket.EAI_NONAME, "x"), "DNS", "no such name"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "DNS", "name server"),
        (socket.gaierror(-99, "strange\n"), "DNS", "strange\\n"),
        (ConnectionRefusedError(111, "refused"), "TCP", "nothing listens"),
        (OSError(101, "unreachable"), "TCP", "network up"),
        (OSError(113, "unreachable"), "TCP", "no route to this host"),
        (TimeoutError(110, "timed out"), "TCP", "does not answer"),
        (OSError(5, "odd"), "TCP", "'odd'"),
        (OSError("no address"), "TCP", "'no address'"),
    ],
)
def test_out_of_reach(error: OSError, stage: str, piece: str) -> None:
    """Each way not to get there has its stage and its hint."""
    failed = failure_causes.unreachable(error, "csms.example port 80")
    assert (failed.stage, piece in failed.cause) == (stage, True), failed.cause
    assert failed.cause.startswith("csms.example port 80") and failed.code.startswith(stage.lower())


@pytest.mark.parametrize("stage", ["DNS", "TCP", "TLS", "HTTP"])
def test_late(stage: str) -> None:
    """A time that ran out names the stage, the host and the time."""
    failed = failure_causes.late(stage, "csms.example port 80", 15.0, b"")
    assert failed.stage == stage and "csms.example port 80" in failed.cause and "15 s" in failed.cause
    assert "'HTTP/1.1 401'" in failure_causes.late("HTTP", "h", 15.0, b"HTTP/1.1 401\r\nX: y").cause


def test_the_upgrade() -> None:
    """No answer, no HTTP, a handshake that does not agree: HTTP up to the status line, WebSocket after it."""
    assert (failure_causes.no_answer().stage, failure_causes.not_http(b"", "").stage) == ("HTTP", "HTTP")
    assert "but 'SSH-2.0'" in failure_causes.not_http(b"SSH-2.0\r\n", "?").cause
    assert failure_causes.invalid_handshake("accept").stage == "WebSocket"
    assert "chose no subprotocol" in failure_causes.wrong_subprotocol(None).cause
    assert "'ocpp2.0'" in failure_causes.wrong_subprotocol("ocpp2.0").cause


def test_an_open_connection() -> None:
    """What the peer sent is a matter of WebSocket, what it did not accept or acknowledge one of TCP."""
    closed = failure_causes.closed_by_peer(4000, "a\nforged line", "see its log")
    assert (closed.stage, closed.cause) == (
        "WebSocket",
        "the Central System closed with 4000 'a\\nforged line': see its log",
    )
    assert failure_causes.against_protocol("reserved").stage == "WebSocket"
    assert failure_causes.not_accepted("a binary frame").cause.startswith("received a binary frame")
    for failed in (
        failure_causes.broken_off(was_reset=True),
        failure_causes.stalled(),
        failure_causes.silent(20.0),
        failure_causes.queue_full(3),
    ):
        assert failed.stage == "TCP"


def test_point_3_what_we_cut_ourselves() -> None:
    """A dead path or peer, seen by us, is not a peer that comes and goes."""
    ours = [failure_causes.stalled(), failure_causes.silent(20.0), failure_causes.queue_full(3)]
    theirs = [failure_causes.broken_off(True), failure_causes.closed_by_peer(1000, "", "")]
    assert [failed.by_us for failed in ours + theirs] == [True] * 3 + [False] * 2


def test_point_6_last_words() -> None:
    """A sentence before the end is quoted, once, in one line."""
    said = failure_causes.closed_by_peer(1008, "", "see its log", "no such\nstation")
    assert said.cause == "the Central System closed with 1008 'no such\\nstation': see its log"
    same = failure_causes.closed_by_peer(1008, "no", "see its log", "no")
    assert same.cause == "the Central System closed with 1008 'no': see its log"
    assert "was reset, after 'no'" in failure_causes.broken_off(True, "no").cause


def test_a_failure_is_an_exception_with_one_line() -> None:
    """Stage, cause and hint; the hint stays where the cause is long."""
    failed = ConnectionFailed("HTTP", "x" * 300, "hint", code=FailureCode.HTTP_REFUSED)
    assert failed.args == ("HTTP", failed.cause) and len(failed.cause) == 200
