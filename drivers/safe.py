"""Opens every contactor and parks every pilot, whatever a dead board process left behind; run after any death of it.

It shares with the board process no more than the ports: the board file is read here as it stands, without a check; one
that was made wrong while the board ran must not keep a contactor closed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from drivers.assembly.ports import MachinePorts, Ports
from drivers.board_file.toml_reader import TomlRefused, read_toml
from drivers.devices import DeviceFailure
from drivers.driver_table import SerialSettings
from drivers.process.board_process import FLUSHES_WITHIN_S
from drivers.process.config import DEFAULT_FILE, BoardConfig, ConfigRefused, read
from drivers.process.log import LineLog

STEADY_NS: Final = 1_000_000
TRIES: Final = 5
PAUSE_S: Final = 0.02
"""A line is free a little after the process that held it has died."""
EVSE_DIN_AMPS: Final = 1000

DRIVEN: Final = ("line", "lines", "series")

Act = Callable[[], object]


def make_safe(config: BoardConfig) -> int:
    """Open every contactor of a simulated board; how many were closed.  OSError where that cannot be done.

    They are in the file of its world.
    """
    from drivers.simulated import state

    world = state.read(config.state_dir)
    if world is None:
        return 0
    closed = [connector for connector in world["connectors"] if connector["contactor"]]
    for connector in closed:
        connector["contactor"] = "weld" in connector["causes"]  # it cannot be opened
    if closed:
        state.save(config.state_dir, world)
    return len(closed)


def open_parts(
    content: Mapping[str, Any], ports: Ports, pause: Callable[[float], object] = time.sleep
) -> tuple[int, list[str]]:
    """Open what the tables of a board of parts name; how many things that were, and what could not be done."""
    done, failures = 0, []
    for act in _acts(content, ports):
        failure = None
        for _ in range(TRIES):
            failure = _tried(act)
            if failure is None:
                break
            pause(PAUSE_S)
        done += failure is None
        failures += [failure] if failure else []
    return done, failures


def _acts(content: Mapping[str, Any], ports: Ports) -> Iterator[Act]:
    """Contactors first: they carry the current."""
    connectors = list(_tables(content.get("connector")))
    gpio = None
    for connector in connectors:
        for contactor in _tables({"": connector.get("contactor")}):
            active = contactor.get("active", "high")
            for line in _lines(contactor):
                gpio = gpio or ports.gpio()
                yield lambda gpio=gpio, line=line, active=active: gpio.output(line, active).set(False)  # type: ignore[misc]
    for connector in connectors:
        for pilot in _tables({"": connector.get("pilot")}):
            if pilot.get("driver") == "evse-din":
                yield lambda pilot=pilot: _forbid(content, pilot, ports)  # type: ignore[misc]
            for pwm in _tables({"": pilot.get("pwm")}):
                yield lambda pwm=pwm: ports.pwm(  # type: ignore[misc]
                    pwm["device"], pwm.get("channel", 0), pwm.get("inverted", False)
                ).set(STEADY_NS)


def _lines(contactor: Mapping[str, Any]) -> list[Any]:
    """The lines that a contactor's table drives."""
    found = [contactor[name] for name in DRIVEN if name in contactor]
    return [line for value in found for line in (value if isinstance(value, list) else [value])]


def _tables(value: Any) -> Iterator[Mapping[str, Any]]:
    """The tables of a table; what is none is passed over."""
    if isinstance(value, dict):
        yield from (inner for inner in value.values() if isinstance(inner, dict))


def _forbid(content: Mapping[str, Any], pilot: Mapping[str, Any], ports: Ports) -> object:
    """An EVSE-DIN goes on by itself: it has to be told 0 A."""
    bus = content["bus"][pilot["bus"]]
    settings = SerialSettings(bus.get("baud", 9600), bus.get("parity", "N"), bus.get("stop_bits", 1))
    line = ports.serial(bus["port"], settings, bus.get("direction", "adapter"))
    failed = ports.modbus(line).write(pilot.get("address", 1), EVSE_DIN_AMPS, (0,))
    return None if failed is None else failed.failure


def _tried(act: Act) -> str | None:
    """Why it could not be done; nothing that goes wrong may keep the next contactor from being opened."""
    try:
        failure = act()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return str(failure) if isinstance(failure, DeviceFailure) else None


def main(arguments: Sequence[str] | None = None, ports: Ports | None = None) -> int:
    """Exit code: 0 everything is open, 1 something cannot be opened, 2 configuration."""
    parser = argparse.ArgumentParser("drivers.safe", description=__doc__)
    parser.add_argument("--config", metavar="FILE", type=Path)
    file = parser.parse_args(arguments).config
    try:
        content = _parts(file or DEFAULT_FILE)
        if content is not None:
            done, failures = open_parts(content, ports or MachinePorts())
            return _end(1 if failures else 0, "\n".join([*failures, f"safe: {done} contactor lines and pilots"]))
        opened = make_safe(read(file))
    except ConfigRefused as problems:
        return _end(2, str(problems))
    except OSError as error:
        return _end(1, str(error))
    return _end(0, f"safe, {opened} contactor(s) opened")


def _parts(file: Path) -> Mapping[str, Any] | None:
    """The tables of a board of parts; None: it is another board, or the file cannot be read."""
    try:
        content = read_toml(file).content
    except (OSError, TomlRefused):
        return None
    return content if content.get("kind") == "parts" else None


def _end(code: int, text: str) -> int:
    """Say it, but wait for no reader: whatever starts the board process anew waits for this end."""
    log = LineLog()
    for line in text.splitlines():
        log.line("safe", line)
    log.flush(FLUSHES_WITHIN_S)
    return code


if __name__ == "__main__":
    sys.exit(main())
