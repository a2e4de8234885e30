"""A failure that repeats is written three times, then hourly with a count; a new cause at once."""

from __future__ import annotations

from daemon.journal.failing_again import QUIET_S, FailingAgain, Verdict
from daemon.journal.journal import Journal

REFUSED = {"stage": "TCP", "cause": "refused"}


def test_point_5_a_day_without_a_network_is_few_lines() -> None:
    """A try every five minutes for a day: three lines, then one an hour with what was left out."""
    now = [0.0]
    lines: list[str] = []
    journal = Journal(lambda priority, text, fields: lines.append(text), lambda: now[0])
    for _ in range(288):
        journal.log("link-failed", **REFUSED, next_attempt_s=300)
        now[0] += 300.0
    assert len(lines) < 60 and lines[3] == "11 more messages of the kind link-failed in the last 3600 s were left out"


def test_a_new_cause_and_a_new_row_are_written_at_once() -> None:
    """Another cause, or a success in between, begins anew; other codes are no matter of this."""
    again = FailingAgain()
    assert [again.judge("link-failed", REFUSED, 0.0).shown for _ in range(5)] == [True, True, True, False, False]
    assert again.judge("link-failed", {**REFUSED, "cause": "DNS"}, 1.0) == Verdict(True)
    for _ in range(4):
        again.judge("link-failed", REFUSED, 2.0)
    assert again.judge("link-up", {}, 3.0).shown and again.judge("link-failed", REFUSED, 4.0).shown
    assert all(again.judge("plugged", {}, 5.0).shown for _ in range(9))
    again = FailingAgain()
    for _ in range(5):
        again.judge("boot-pending", {"interval": 300}, 0.0)
    assert again.judge("boot-pending", {"interval": 300}, QUIET_S) == Verdict(True, 2, QUIET_S)
