"""`evsectl doctor`: everything that could keep the station from its work, looked at once, each with its remedy.

It asks the daemon, reads files and changes nothing.  With the daemon down it says so and looks at the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from daemon.config.loader import load
from daemon.config.model import Config, ConfigError
from daemon.ctl import offline
from daemon.ctl.client import Daemon, Unreachable
from daemon.ctl.doctor import installation, station
from daemon.ctl.doctor.findings import Area, Finding, Weight, in_order
from daemon.ctl.doctor.machine import Machine


def mistakes(files: Sequence[Path]) -> list[str]:
    """Every problem of the configuration for which `evsed` would refuse to start."""
    try:
        load(files)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def examined(
    config: Config,
    problems: Sequence[str],
    daemon: Daemon,
    board_file: Path | None = None,
    machine: Machine | None = None,
    stored: Callable[..., dict[str, Any]] = offline.answer,
) -> list[Finding]:
    """All findings, the heaviest first.  `problems`: those of `mistakes`; `board_file` None: the default one.

    `stored`: what the store answers in place of a daemon that is down.
    """
    machine = machine or Machine()
    found = [
        *installation.configuration(config, problems),
        *machine.findings(config.store_dir),
        *installation.permissions(config.store_dir),
        *_of_the_board(config, board_file, machine),
        *_of_the_station(config, daemon, stored),
    ]
    return in_order(_without_echoes(found))


def _of_the_board(config: Config, file: Path | None, machine: Machine) -> Iterator[Finding]:
    is_own = config.board.kind == "simulated"
    yield from installation.units(machine, is_own)
    if not is_own:
        yield from installation.board_file(file, machine)


def _of_the_station(config: Config, daemon: Daemon, stored: Callable[..., dict[str, Any]]) -> Iterator[Finding]:
    try:
        status, reasons, certificates = (
            _answer(config, daemon, stored, do) for do in ("status", "why", "certificates")
        )
    except Unreachable as failure:
        yield Finding(Area.DAEMON, Weight.FAULT, str(failure), "See systemctl status evsed and journalctl -u evsed.")
        return
    rows, chain = reasons.get("why", []), certificates.get("certificates", [])
    if status["source"] == "store":
        yield from station.connectors({}, rows)
        yield from station.of_certificates(chain)
    else:
        yield from station.findings(status.get("status", {}), rows, chain)


def _answer(config: Config, daemon: Daemon, stored: Callable[..., dict[str, Any]], do: str) -> dict[str, Any]:
    """Of the daemon or, where it gives none, of the store.  Raises Unreachable without either."""
    try:
        return {**daemon.request(do), "source": "daemon"}
    except Unreachable as failure:
        return {**daemon.clean(stored(do, config, failure)), "source": "store"}


def _without_echoes(found: Sequence[Finding]) -> list[Finding]:
    """A daemon that does not run stands once: as its unit where it is one, else as what the client has seen."""
    if not any(each.area is Area.UNITS and each.text == "evsed.service is not running" for each in found):
        return list(found)
    return [each for each in found if each.area is not Area.DAEMON]
