"""What a configuration is once it is read: frozen types, and the problems met on the way.  Nothing is read here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from ocpp16.product import Identity, Product

NOT_BUILT = "not built yet"


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong, for a person with an editor."""

    file: str
    line: int
    """From 1; 0: not in a line of a file."""
    key: str
    what: str
    allowed: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        text = f"{where}: {self.key}: {self.what}" if self.key else f"{where}: {self.what}"
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        return f"{text}; did you mean {self.nearest}?" if self.nearest else text


class ConfigError(Exception):
    """The configuration cannot be used: exit 2 with all the problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Station(msgspec.Struct, frozen=True):
    id: str
    vendor: str
    model: str
    serial: str
    box_serial: str
    iccid: str
    imsi: str
    meter_type: str
    meter_serial: str
    product: str


class Csms(msgspec.Struct, frozen=True):
    url: str
    security_profile: int
    allow_insecure: bool
    reconnect_max_s: int
    authorization_key: str
    password: str
    ca_file: str
    cert_file: str
    key_file: str

    def __repr__(self) -> str:  # keys stay out of tracebacks
        return f"Csms(url={self.url!r}, security_profile={self.security_profile})"


class Board(msgspec.Struct, frozen=True):
    kind: str
    socket: str
    connectors: int


class Hooks(msgspec.Struct, frozen=True):
    install: tuple[str, ...]
    reboot: tuple[str, ...]


class Transfers(msgspec.Struct, frozen=True):
    schemes: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    allow_loopback: bool


class Config(msgspec.Struct, frozen=True):
    """Everything that is set, checked."""

    station: Station
    csms: Csms
    store_dir: Path
    board: Board
    state_dir: Path
    """Where a simulated board keeps its world."""
    control_socket: Path
    jobs_socket: str
    hooks: Hooks
    transfers: Transfers
    ocpp: dict[str, str]
    """First values of OCPP configuration keys, as OCPP writes them."""
    product: Product
    identity: Identity


class Draft(msgspec.Struct):
    """What was read: values with their origin, and the problems met so far."""

    values: dict[tuple[str, str], Any] = {}
    origin: dict[tuple[str, str], tuple[str, int]] = {}
    """File of each value and its line, or 0: looked up in the text when something is wrong."""
    texts: dict[str, str] = {}
    """The TOML texts by file."""
    problems: list[Problem] = []
    unread: bool = False
    """A file could not be read: what it says is not known."""
    folder: Path = Path(".")
    """Folder of the last file: relative paths of a product profile start here."""

    def put(self, section: str, name: str, value: Any, file: str, line: int) -> None:
        self.values[section, name] = value
        self.origin[section, name] = (file, line)

    def wrong(self, section: str, name: str, what: str, allowed: str = "", nearest: str = "") -> None:
        file, line = self.origin.get((section, name), ("the configuration", 0))
        line = line or self.line(file, section, name)
        self.problems.append(Problem(file, line, f"[{section}] {name}", what, allowed, nearest))

    def line(self, file: str, section: str, name: str = "") -> int:
        """Where a key (or a section) stands in a TOML file; 0: nowhere."""
        from daemon.config.line_numbers import line_numbers  # late: a right file needs no line numbers

        lines = line_numbers(self.texts.get(file, ""))
        return lines.get((section, name), lines.get((section, ""), 0))
