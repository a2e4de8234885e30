"""Opens every contactor and parks every pilot, whatever a dead board process left behind; run after any death of it.

With `--watch` (evsed-safe.service) it stands by, everything loaded, and acts in the moment in which a board process
dies.  It shares with that no more than the ports: the board file is read here as it stands, without a check; one that
was made wrong while the board ran must not keep a contactor closed.  The contactors' lines come first, by the kernel
alone: nothing else is loaded before they are open.
"""

from __future__ import annotations

import os
import sys
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
if __name__ == "__main__" and TOP not in sys.path:  # as a file, `python -I -S safe.py`: the quickest way to start
    sys.path.insert(0, TOP)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, Final

    from drivers.assembly.ports import Ports
    from drivers.process.config import BoardConfig

    Act = Callable[[], object]
    OpenLine = Callable[[int | str, bool], object]

FILE: Final = "/etc/evsed/board.toml"
STEADY_NS: Final = 1_000_000
SOCKET: Final = "/run/evsed/board.sock"
TRIES: Final = 40
PAUSE_S: Final = 0.005
"""A line is free a little after the process that held it has died."""
EVSE_DIN_AMPS: Final = 1000
LOOKS_EVERY_S: Final = 0.1
"""So often a board process that may have begun to live is looked for."""

DRIVEN: Final = ("line", "lines", "series")


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


def _pause(seconds: float) -> None:
    import time

    time.sleep(seconds)


def _put(line: int | str, high: bool) -> None:
    from drivers.ports.kernel_lines import put

    put(line, high)


def open_contactors(
    content: Mapping[str, Any], put: OpenLine = _put, pause: Callable[[float], object] = _pause
) -> tuple[int, list[str]]:
    """Put each contactor's line to the level that opens it; how many, and what could not be done."""
    acts: list[Act] = []
    for connector in _tables(content.get("connector")):
        for contactor in _tables({"": connector.get("contactor")}):
            acts += [
                lambda line=line, high=high: put(line, high)  # type: ignore[misc]
                for line, high in _lines(contactor)
            ]
    return _done(acts, pause)


def park_pilots(
    content: Mapping[str, Any], ports: Ports, pause: Callable[[float], object] = _pause
) -> tuple[int, list[str]]:
    """Every generator steady, every external controller told 0 A."""
    return _done(list(_parkings(content, ports)), pause)


def _done(acts: list[Act], pause: Callable[[float], object]) -> tuple[int, list[str]]:
    """Each act is tried again where it fails; none keeps the next one from being done."""
    done, failures = 0, []
    for act in acts:
        failure = None
        for _ in range(TRIES):
            failure = _tried(act)
            if failure is None:
                break
            pause(PAUSE_S)
        done += failure is None
        failures += [failure] if failure else []
    return done, failures


def _parkings(content: Mapping[str, Any], ports: Ports) -> Iterator[Act]:
    for connector in _tables(content.get("connector")):
        for pilot in _tables({"": connector.get("pilot")}):
            if pilot.get("driver") == "evse-din":
                yield lambda pilot=pilot: _forbid(content, pilot, ports)  # type: ignore[misc]
            for pwm in _tables({"": pilot.get("pwm")}):
                yield lambda pwm=pwm: ports.pwm(  # type: ignore[misc]
                    pwm["device"], pwm.get("channel", 0), pwm.get("inverted", False)
                ).set(STEADY_NS)


def _lines(contactor: Mapping[str, Any]) -> list[tuple[Any, bool]]:
    """The lines that a contactor's table drives, each with the level that opens it; of a pump's lines that is low."""
    low = contactor.get("active", "high") == "low"
    pump = contactor.get("driver") == "gpio-pump"
    found = []
    for name in (name for name in DRIVEN if name in contactor):
        value = contactor[name]
        for line in value if isinstance(value, list) else [value]:
            found.append((line, low and (name == "series" or not pump)))
    return found


def _tables(value: Any) -> Iterator[Mapping[str, Any]]:
    """The tables of a table; what is none is passed over."""
    if isinstance(value, dict):
        yield from (inner for inner in value.values() if isinstance(inner, dict))


def _forbid(content: Mapping[str, Any], pilot: Mapping[str, Any], ports: Ports) -> object:
    """An EVSE-DIN goes on by itself: it has to be told 0 A."""
    from drivers.driver_table import SerialSettings

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
    return None if failure is None else str(failure)


def tables(text: str) -> Mapping[str, Any]:
    """What a board file says; of one that is no TOML (any more), what each of its sections says for itself."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        pass
    whole: dict[str, Any] = {}
    sections = text.replace("\r", "").split("\n[")
    for section in [sections[0], *(f"[{each}" for each in sections[1:])]:
        try:
            _merge(whole, tomllib.loads(section))
        except (tomllib.TOMLDecodeError, RecursionError):
            continue
    return whole


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def _content(file: str) -> Mapping[str, Any]:
    """Empty where the file cannot be read: then the board's own reader says why."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            return tables(opened.read().decode("utf-8", "replace"))
    except OSError:
        return {}


def _options(arguments: Sequence[str]) -> tuple[str, bool]:
    """The board file that is named, or the usual one; whether to stand by."""
    if not arguments:
        return FILE, False
    import argparse

    parser = argparse.ArgumentParser("drivers.safe", description=__doc__)
    parser.add_argument("--config", metavar="FILE", default=FILE)
    parser.add_argument("--watch", action="store_true", help="stand by for the death of the board process")
    options = parser.parse_args(arguments)
    return str(options.config), bool(options.watch)


def main(arguments: Sequence[str] | None = None, put: OpenLine = _put, ports: Ports | None = None) -> int:
    """Exit code: 0 everything is open, 1 something cannot be opened, 2 configuration."""
    file, watch = _options(sys.argv[1:] if arguments is None else arguments)
    if watch:
        Guard(file, put, ports).run()
    content = _content(file)
    if content.get("kind") == "parts" or "connector" in content:
        return _end(*_open_all(content, put, ports))
    from pathlib import Path

    from drivers.process.config import ConfigRefused, read

    try:
        closed = make_safe(read(Path(file)))
    except ConfigRefused as problems:
        return _end(2, str(problems))
    except OSError as error:
        return _end(1, str(error))
    return _end(0, f"safe, {closed} contactor(s) opened")


def _open_all(content: Mapping[str, Any], put: OpenLine, ports: Ports | None) -> tuple[int, str]:
    """Exit code, and what there is to say."""
    opened, stuck = open_contactors(content, put)
    parked, failures = _park(content, ports)
    failures = [*stuck, *failures]
    return (1 if failures else 0), "\n".join([*failures, f"safe: {opened + parked} contactor lines and pilots"])


class Guard:
    """Stands by; opens everything where no board process lives: at its own start, and at each death."""

    def __init__(self, file: str, put: OpenLine = _put, ports: Ports | None = None) -> None:
        from drivers.process import sign_of_life

        self._life = sign_of_life
        self._file, self._put, self._ports = file, put, ports
        self._content: Mapping[str, Any] = {}

    def run(self) -> None:
        """Never ends by itself."""
        self.act()
        while True:
            if self.begun():
                self._life.wait_for_death(self._path())
                self.act()
            else:
                _pause(LOOKS_EVERY_S)

    def begun(self) -> bool:
        """Whether a board process lives; then its file is what counts, whatever becomes of it while it lives."""
        self._content = _content(self._file)
        return self._life.lives(self._path())

    def act(self) -> None:
        """Open everything; a file that is gone by now leaves what was read before."""
        content = _content(self._file) if not self._content else self._content
        if not self._life.lives(self._path()):
            _end(*_open_all(content, self._put, self._ports))

    def _path(self) -> str:
        return self._life.path_of(str(self._content.get("socket", SOCKET)))


def _park(content: Mapping[str, Any], ports: Ports | None) -> tuple[int, list[str]]:
    """By the ports of this machine, whose libraries are looked for only now."""
    if ports is None:
        import site

        if "site-packages" not in "".join(sys.path):
            site.main()
        from drivers.assembly.ports import MachinePorts

        ports = MachinePorts()
    return park_pilots(content, ports)


def _end(code: int, text: str) -> int:
    """Say it, but wait for no reader: whatever starts the board process anew waits for this end."""
    from drivers.process.board_process import FLUSHES_WITHIN_S
    from drivers.process.log import LineLog

    log = LineLog()
    for line in text.splitlines():
        log.line("safe", line)
    log.flush(FLUSHES_WITHIN_S)
    return code


if __name__ == "__main__":
    sys.exit(main())
