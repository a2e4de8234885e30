"""One line for each job, in the journal's form."""

from __future__ import annotations

from collections.abc import Mapping

from daemon.jobs.job_log import JobLog
from daemon.jobs.protocol import JobAnswer


def test_point_5_each_job_leaves_one_line() -> None:
    """With its kind, how it ended and its code; a request that cannot be read is an unknown job; nothing is forged."""
    seen: list[tuple[int, str, Mapping[str, str]]] = []
    log = JobLog(lambda *line: seen.append(line))
    log.ended(b'{"v":1,"job":"reboot","ref":7}\n', JobAnswer(True))
    log.ended(b"nonsense", JobAnswer(False, "invalid request: x\nforged\x1b[2J"))
    assert [(priority, text) for priority, text, _ in seen] == [
        (6, "job reboot: done: no detail"),
        (4, "job unknown: failed: invalid request: x\\nforged\\x1b[2J"),
    ]
    assert [fields["EVSED_CODE"] for _, _, fields in seen] == ["job-done", "job-failed"]
