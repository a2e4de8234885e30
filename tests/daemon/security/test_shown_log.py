"""The security log as rows and as an upload: the window, and what is wrong."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from daemon.security.security_log import NAMES, SecurityLog
from daemon.security.shown_log import shown, write_upload
from tests.daemon.security.test_security_log import fields, filled


def test_rows_are_the_newest(tmp_path: Path) -> None:
    assert shown(tmp_path) == {"security_log": [], "problems": []}
    filled(tmp_path)
    assert [row["number"] for row in shown(tmp_path, 2)["security_log"]] == [4, 5]
    assert shown(tmp_path, 0)["security_log"] == []
    assert len(shown(tmp_path)["security_log"]) == 5


def test_an_upload_holds_its_window_and_what_is_wrong(tmp_path: Path) -> None:
    log = SecurityLog(tmp_path, pytest.fail)
    for number in range(1, 5):
        log.append(fields(number, at=f"2026-12-01T00:00:0{number}.000Z"))
    log.append(fields(5, at=None, boot="dark"))
    path = tmp_path / NAMES[0]
    path.write_bytes(path.read_bytes().replace(b":02.000Z", b":02.001Z"))
    began = datetime.fromisoformat("2026-12-01T00:00:02Z").timestamp()
    write_upload(tmp_path, tmp_path / "up.jsonl", began, began + 1)
    lines = [json.loads(line) for line in (tmp_path / "up.jsonl").read_text().splitlines()]
    assert [line.get("number", line.get("problem")) for line in lines] == [2, 3, 5, "entry 2 was changed"]
    assert (tmp_path / "up.jsonl").stat().st_mode & 0o777 == 0o600
