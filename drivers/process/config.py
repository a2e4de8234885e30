"""`board.toml` -> the board that it describes, or every problem with its file, line and key.  Opens no socket.

Here the simulated board; one of parts is read in `drivers/board_file/`, and only then is that imported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from drivers.board_file.toml_reader import Toml, TomlRefused, nearest, read_toml
from drivers.board_protocol import MAX_LEASE_S
from drivers.devices import BoardHost
from drivers.process.log import Log
from drivers.reflex.pilot_signal import MIN_AMPS

if TYPE_CHECKING:
    from drivers.board_file.model import PartsBoard
    from drivers.simulated.keeper import WorldKeeper

DEFAULT_FILE: Final = Path("/etc/evsed/board.toml")
FIRST_WH: Final = 1_234_567
"""A real meter never begins at 0: back-offices take a register of 0 for one that counts the session."""
PATH: Final = "a path; a relative one counts from the folder of this file; ~ is not expanded"


class BoardKey(NamedTuple):
    """A setting: its default, what fits, and that as a text."""

    first: Any
    fits: Callable[[Any], bool]
    allowed: str


def _whole(low: int, high: int, first: int) -> BoardKey:
    return BoardKey(
        first, lambda value: type(value) is int and low <= value <= high, f"a whole number from {low} to {high}"
    )


def _number(low: float, high: float, first: float) -> BoardKey:
    allowed = f"a number from {low:g} to {high:g}"
    return BoardKey(first, lambda value: type(value) in (int, float) and low <= value <= high, allowed)


def _names(first: list[str]) -> BoardKey:
    return BoardKey(
        first,
        lambda value: type(value) is list and len(value) <= 8 and all(type(one) is str and one for one in value),
        "a list of at most 8 names",
    )


def _path(first: str) -> BoardKey:
    return BoardKey(first, lambda value: type(value) is str and value != "" and not value.startswith("~"), PATH)


KEYS: Final[dict[str, dict[str, BoardKey]]] = {
    "": {
        "kind": BoardKey("simulated", lambda value: value == "simulated", '"simulated" or "parts"'),
        "socket": _path("/run/evsed/board.sock"),
        "connectors": _whole(1, 16, 1),
        "lease_s": _number(1, MAX_LEASE_S, 20.0),
        "client_users": _names(["evsed"]),
        "socket_group": BoardKey("", lambda value: type(value) is str, "the name of a group"),
    },
    "simulated": {
        "state_dir": _path("/var/lib/evsed"),
        "phases": BoardKey(1, lambda value: type(value) is int and value in (1, 3), "1 or 3"),
        "outlet": BoardKey("cable", lambda value: value in ("cable", "socket"), '"cable" or "socket"'),
        "min_amps": _number(MIN_AMPS, 80, MIN_AMPS),
        "max_amps": _number(MIN_AMPS, 80, 32.0),
        "ventilated": BoardKey(False, lambda value: type(value) is bool, "true or false"),
        "meter_wh": _whole(0, 1_000_000_000, FIRST_WH),
    },
}
"""Section ("": outside of any) -> key -> what it may be."""


class BoardConfig(NamedTuple):
    """A checked `board.toml`."""

    socket: Path
    connectors: int
    lease_s: float
    state_dir: Path
    phases: int
    outlet: str
    max_amps: float
    ventilated: bool
    client_users: Sequence[str] = ("evsed",)
    """Who may control the board, besides root and the user of this process."""
    socket_group: str = ""
    """Whose members may connect at all; empty: the group of this process."""
    min_amps: float = MIN_AMPS
    meter_wh: int = FIRST_WH
    """What the meter of connector 1 shows in a new world; that of connector 2 twice as much, and so on."""
    parts: PartsBoard | None = None
    """A board of parts: what follows from the simulated one's keys is then of no account."""
    warnings: tuple[str, ...] = ()
    """What is allowed and should be known, one a line."""


class ConfigRefused(Exception):
    """Exit 2: every problem, one a line."""


class Hosted(NamedTuple):
    """A board and what it needs of its process."""

    host: BoardHost
    keep: Callable[[], str]
    """Call after each turn: keeps a simulated world; answers `dark` or `reboot` where the unit has ended."""
    settle: Callable[[float], bool]
    """Waits until all that was kept is in its file, but for so many seconds at most."""
    stuck: Callable[[float], str] = lambda _: ""
    """Which part has made no progress for too long; empty: none.  While any has not, the watchdog is not fed."""


def read(file: Path | None, machine_root: Path = Path("/")) -> BoardConfig:
    """The board's configuration; all defaults where the default file is not there.  ConfigRefused otherwise."""
    path = file or DEFAULT_FILE
    try:
        toml = read_toml(path)
    except FileNotFoundError as error:
        if file is not None:
            raise ConfigRefused(f"{path}: cannot be read: {error.strerror}") from error
        toml = Toml({}, {})
    except OSError as error:
        raise ConfigRefused(f"{path}: cannot be read: {error.strerror}") from error
    except TomlRefused as error:
        raise ConfigRefused(f"{path}:{error.line}: {error}" if error.line else f"{path}: {error}") from error
    if toml.content.get("kind") == "parts":
        return _parts(path, toml, machine_root)
    problems: list[str] = []
    values = _section(path, toml, "", toml.content, problems)
    values |= _section(path, toml, "simulated", toml.content.get("simulated", {}), problems)
    if not problems and values["min_amps"] > values["max_amps"]:
        where = f"{path}:{toml.line('simulated', 'min_amps')}: [simulated] min_amps"
        problems.append(f"{where}: {values['min_amps']:g} A are above max_amps ({values['max_amps']:g} A)")
    if problems:
        raise ConfigRefused("\n".join(problems))
    del values["kind"]
    return BoardConfig(**values | {"socket": Path(values["socket"]), "state_dir": Path(values["state_dir"])})


def _parts(path: Path, toml: Toml, machine_root: Path) -> BoardConfig:
    from drivers.board_file.check import checked
    from drivers.board_file.machine_checks import Machine

    found = checked(toml.content, toml.text, Machine(machine_root))
    if found.problems:
        raise ConfigRefused("\n".join(problem.said(path) for problem in found.problems))
    board = found.board
    return BoardConfig(
        socket=board.socket,
        connectors=len(board.connectors),
        lease_s=board.lease_s,
        state_dir=Path("/"),
        phases=board.connectors[0].phases,
        outlet="socket" if board.connectors[0].socket else "cable",
        max_amps=board.connectors[0].max_amps,
        ventilated=board.connectors[0].ventilated,
        client_users=board.client_users,
        socket_group=board.socket_group,
        parts=board,
        warnings=tuple(warning.said(path) for warning in found.warnings),
    )


def _section(path: Path, toml: Toml, section: str, content: Any, problems: list[str]) -> dict[str, Any]:
    keys = KEYS[section]
    values = {name: key.first for name, key in keys.items()}
    if not isinstance(content, dict):
        problems.append(f"{path}:{toml.line('', section)}: {section}: it must be a section; allowed: [{section}]")
        return values
    names = [*keys, *(other for other in KEYS if not section and other)]
    for name, value in content.items():
        where = f"{path}:{toml.line(section, name)}: {f'[{section}] ' if section else ''}{name}"
        if name in keys:
            values[name] = value
            if not keys[name].fits(value):
                problems.append(f"{where}: {value!r:.60} does not fit; allowed: {keys[name].allowed}")
            elif keys[name].allowed is PATH:
                values[name] = str(path.parent.absolute() / value)
        elif name not in names:
            close = nearest(name, names)
            guess = f"; did you mean {close}?" if close else ""
            problems.append(f"{where}: there is no such key; allowed: {', '.join(names)}{guess}")
    return values


def keeper_of(config: BoardConfig, log: Log) -> WorldKeeper:
    """What keeps the simulated world; one for the life of the process.  OSError where its folder cannot be made."""
    from drivers.simulated.keeper import WorldKeeper

    config.state_dir.mkdir(parents=True, exist_ok=True)
    return WorldKeeper(config.state_dir, lambda text: log("world", text))


def host_of(config: BoardConfig, seed: int, keeper: WorldKeeper) -> Hosted:
    """The board, in the world that an earlier one left."""
    from drivers.simulated import state
    from drivers.simulated.board import SimulatedBoard

    board = SimulatedBoard(
        config.connectors,
        state.load(config.state_dir),
        seed=seed,
        lease_s=config.lease_s,
        phases=config.phases,
        socket=config.outlet == "socket",
        min_amps=float(config.min_amps),
        max_amps=float(config.max_amps),
        ventilated=config.ventilated,
        first_wh=float(config.meter_wh),
    )

    def keep() -> str:
        keeper.keep(board.state())
        return board.ended

    keep()  # its session is counted before a client connects
    return Hosted(board, keep, keeper.settle)
