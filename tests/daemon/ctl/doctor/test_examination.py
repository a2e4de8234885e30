"""The whole examination: with a daemon that answers, with its store alone, with nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.ctl.client import Unreachable
from daemon.ctl.doctor import examination
from daemon.ctl.doctor.findings import Area, Finding, Weight
from daemon.ctl.doctor.machine import Machine
from tests.daemon.ctl.doctor.test_installation import configured, units
from tests.daemon.ctl.doctor.test_station import LINKED, reason


class Answering:
    """A daemon by its answers; None: it gives none."""

    def __init__(self, answers: dict[str, Any] | None) -> None:
        self._answers = answers

    def request(self, do: str) -> dict[str, Any]:
        if self._answers is None:
            raise Unreachable("evsed is not reachable at /x")
        return {"ok": True, **self._answers.get(do, {})}

    def clean(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer


def faults(found: list[Finding]) -> list[str]:
    return [each.text for each in found if each.weight is Weight.FAULT]


def test_with_a_daemon(tmp_path: Path) -> None:
    """Its answers are weighed with what the machine shows."""
    daemon: Any = Answering({"status": {"status": LINKED}, "why": {"why": [reason("weld", "Fault weld.")]}})
    found = examination.examined(configured(tmp_path), [], daemon, machine=Machine(tmp_path))
    assert faults(found)[0] == "connector 1: Fault weld."
    assert {Area.CONFIGURATION, Area.DISK, Area.LINK, Area.STORE} <= {each.area for each in found}


def test_from_its_store(tmp_path: Path) -> None:
    """The daemon is down: that is the first fault, and the rest is looked at."""
    daemon: Any = Answering(None)
    found = examination.examined(
        configured(tmp_path),
        [],
        daemon,
        machine=Machine(tmp_path),
        stored=lambda do, *_: {"ok": True, "why": [reason("daemon-down", "Not running.")]},
    )
    assert "Not running." in faults(found)


def test_without_anything(tmp_path: Path) -> None:
    """No daemon, no store: said once, beside the mistakes of the configuration."""
    found = examination.examined(configured(tmp_path), ["evsed.toml:1: wrong"], Answering(None))  # type: ignore[arg-type]
    assert faults(found)[0] == "evsed.toml:1: wrong"
    assert sum(each.area is Area.DAEMON for each in found) == 1


def test_a_unit_that_does_not_run_stands_once(tmp_path: Path) -> None:
    """Not again as a socket that does not answer."""
    config = configured(tmp_path)
    found = examination.examined(config, [], Answering(None), machine=units(tmp_path / "root"))  # type: ignore[arg-type]
    assert "evsed.service is not running" in faults(found) and not any(each.area is Area.DAEMON for each in found)


def test_a_board_of_its_own_process(tmp_path: Path) -> None:
    """Its file is looked at."""
    config = configured(tmp_path, '[board]\nkind = "process"\n')
    file = tmp_path / "board.toml"
    file.write_text("kind = 3\n")
    found = examination.examined(config, [], Answering(None), file, Machine(tmp_path))  # type: ignore[arg-type]
    assert any(each.area is Area.BOARD_FILE for each in found)


def test_mistakes(tmp_path: Path) -> None:
    """Those for which evsed would not start, a line each."""
    configured(tmp_path)
    assert examination.mistakes([tmp_path / "evsed.toml"]) == []
    (tmp_path / "evsed.toml").write_text('[station]\nid = ""\n')
    assert any("evsed.toml:2: [station] id" in line for line in examination.mistakes([tmp_path / "evsed.toml"]))
