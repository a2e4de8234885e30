"""The security log: a chain that shows changes, a bound that a flood does not pass, an end that may be torn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.security.security_log import NAMES, SecurityLog, read, with_times


def fields(number: int, **more: Any) -> dict[str, Any]:
    made = {"number": number, "event": "InvalidMessages", "detail": "a frame", "times": 1, "boot": "b", "mono": 5.0}
    return {**made, "at": "2026-12-01T00:00:00.000Z", **more}


def filled(folder: Path, count: int = 5, **more: Any) -> SecurityLog:
    log = SecurityLog(folder, pytest.fail, **more)
    for number in range(log.last + 1, log.last + count + 1):
        log.append(fields(number))
    return log


def test_entries_are_chained_and_private(tmp_path: Path) -> None:
    filled(tmp_path)
    assert (tmp_path / NAMES[0]).stat().st_mode & 0o777 == 0o600
    found = read(tmp_path)
    assert ([entry.number for entry in found.entries], found.problems) == ([1, 2, 3, 4, 5], [])
    assert filled(tmp_path, 2).last == 7
    assert read(tmp_path).problems == []


@pytest.mark.parametrize(
    ("tamper", "problem"),
    [
        (lambda lines: [lines[0], lines[1].replace(b"a frame", b"nothing"), *lines[2:]], "entry 2 was changed"),
        (lambda lines: [lines[0], *lines[2:]], "between entries 1 and 3 the chain is broken"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "between entries 1 and 3 the chain is broken"),
        (lambda lines: [*lines[:2], b"rubbish\n", *lines[2:]], "security.log line 3 is no entry"),
        (lambda lines: [*lines[:2], lines[1], *lines[2:]], "between entries 2 and 2 the chain is broken"),
    ],
)
def test_what_was_changed_removed_or_inserted_shows(tmp_path: Path, tamper: Any, problem: str) -> None:
    filled(tmp_path)
    path = tmp_path / NAMES[0]
    path.write_bytes(b"".join(tamper(path.read_bytes().splitlines(keepends=True))))
    assert problem in read(tmp_path).problems


def test_a_flood_does_not_pass_its_bound_and_keeps_the_chain(tmp_path: Path) -> None:
    log = filled(tmp_path, 500, file_bytes=10_000)
    sizes = [(tmp_path / name).stat().st_size for name in NAMES]
    assert all(size <= 10_000 for size in sizes) and log.last == 500
    found = read(tmp_path)
    assert found.problems == [] and found.entries[-1].number == 500
    assert len(list(tmp_path.iterdir())) == 2


def test_each_torn_end_is_cut_and_the_log_goes_on(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    path = tmp_path / NAMES[0]
    whole = path.read_bytes()
    last = whole.rfind(b"\n", 0, len(whole) - 1) + 1
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        log = filled(tmp_path, 1)
        assert log.last == 3, end
        assert read(tmp_path).problems == [], end
    path.write_bytes(whole[:last] + b"\0" * 100 + b"\n")
    assert SecurityLog(tmp_path, pytest.fail).last == 2


def test_entries_that_were_not_written_show(tmp_path: Path) -> None:
    log = filled(tmp_path, 2)
    log.append(fields(5))
    assert read(tmp_path).problems == ["entries 3 to 4 were not written"]


def test_a_disk_that_fails_is_told_and_leaves_no_half_entry(tmp_path: Path) -> None:
    told: list[str] = []
    log = SecurityLog(tmp_path, told.append)
    log.append(fields(1))
    log.append(fields(2))
    assert read(tmp_path).problems == [] and told == []
    log.append({"number": "x"})
    assert len(told) == 1
    (tmp_path / NAMES[0]).unlink()
    (tmp_path / NAMES[0]).mkdir()
    log.append(fields(3))
    assert len(told) == 2
    assert "security.log cannot be read" in read(tmp_path).problems[0]
    SecurityLog(tmp_path, told.append)
    assert len(told) == 3


def test_what_happened_before_the_time_was_known_gets_it(tmp_path: Path) -> None:
    log = SecurityLog(tmp_path, pytest.fail)
    log.append(fields(1, at=None, mono=2.0))
    log.append(fields(2, mono=5.0))
    log.append(fields(3, at=None, boot="other"))
    assert [entry.at for entry in with_times(read(tmp_path).entries)] == [
        "2026-11-30T23:59:57.000Z", "2026-12-01T00:00:00.000Z", None,
    ]  # fmt: skip
