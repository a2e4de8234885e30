"""The types of a configuration that was read, and of the problems found in it.  Nothing is read here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from daemon.config.keys import is_secret
from ocpp16.product import Identity, Product

ENVIRONMENT = "environment"
"""Stands for a file where a value comes from no file."""


class Problem(msgspec.Struct, frozen=True):
    """One mistake, for a person with an editor: file, line, key, what is wrong, allowed values, nearest known name."""

    file: str
    line: int
    """From 1; 0: not known, or not in a file."""
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
    """The configuration cannot be used; the text lists all problems, one a line.  Programs exit with 2."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class StationSettings(msgspec.Struct, frozen=True):
    id: str
    vendor: str
    model: str
    serial: str
    box_serial: str
    iccid: str
    imsi: str
    meter_type: str
    meter_serial: str
    free_vend: str
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
    wildcards: bool
    station_key: str = "P-256"
    """Kind of the key of the station's own certificate."""
    certificates_over_ws: bool = True
    """Whether a Central System may install certificates on a connection without TLS."""

    def __repr__(self) -> str:  # secrets stay out of tracebacks
        return f"Csms(url={self.url!r}, security_profile={self.security_profile})"


class BoardSettings(msgspec.Struct, frozen=True):
    kind: str
    socket: str
    users: Sequence[str]
    """Who may be the board, besides root and the user of evsed."""
    connectors: int


class Hooks(msgspec.Struct, frozen=True):
    install: tuple[str, ...]
    reboot: tuple[str, ...]
    trial: tuple[str, ...] = ()
    commit: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()
    version: tuple[str, ...] = ()


class Firmware(msgspec.Struct, frozen=True):
    """How signed images are judged."""

    roots: str = ""
    """Folder of manufacturer roots and revocation lists, besides those that were installed."""
    allow_downgrade: bool = False
    pkcs1_v15: bool = False


class Transfers(msgspec.Struct, frozen=True):
    schemes: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    allow_loopback: bool


class Config(msgspec.Struct, frozen=True):
    """Every setting, checked."""

    station: StationSettings
    csms: Csms
    store_dir: Path
    board: BoardSettings
    state_dir: Path
    """Where a simulated board saves its state."""
    meter_wh: int
    """What the meter of its connector 1 shows in a new world; that of connector 2 twice as much, and so on."""
    control_socket: Path
    jobs_socket: str
    hooks: Hooks
    transfers: Transfers
    ocpp: dict[str, str]
    """Initial values of OCPP configuration keys, as OCPP texts."""
    product: Product
    identity: Identity
    firmware: Firmware = Firmware()
    warnings: tuple[Problem, ...] = ()
    """Files that others may read or change: no reason to refuse the configuration."""
    doubts: tuple[Problem, ...] = ()
    """What is probably not meant so, and no reason to refuse it either."""


class Draft(msgspec.Struct):
    """What was read so far: values by (section, key), each with its origin, and the problems."""

    values: dict[tuple[str, str], Any] = {}
    origin: dict[tuple[str, str], tuple[str, int]] = {}
    """File and line of each value; line 0: looked up in the text of the file when the value is wrong."""
    texts: dict[str, str] = {}
    """Text of each TOML file."""
    problems: list[Problem] = []
    unread: bool = False
    """A file could not be read, so its values are missing."""
    secrets: dict[str, str] = {}
    """Files that hold a secret, each with the key of one."""
    files: list[str] = []
    """All files that were read but credentials."""

    def put(self, section: str, name: str, value: Any, file: str, line: int) -> None:
        self.values[section, name] = value
        self.origin[section, name] = (file, line)
        if value and file != ENVIRONMENT and is_secret(section, name):
            self.secrets[file] = f"[{section}] {name}"

    def folder(self, section: str, name: str) -> Path:
        """From where a relative path in this value counts: the folder of its file; of none, the current one."""
        file, _ = self.origin.get((section, name), (ENVIRONMENT, 0))
        return Path.cwd() if file == ENVIRONMENT else Path(file).parent.absolute()

    def refuse(self, section: str, name: str, what: str, allowed: str = "", nearest: str = "") -> None:
        """Adds a problem of this key, with the file and line of its value."""
        file, line = self.origin.get((section, name), ("the configuration", 0))
        line = line or self.line(file, section, name)
        self.problems.append(Problem(file, line, f"[{section}] {name}", what, allowed, nearest))

    def line(self, file: str, section: str, name: str = "") -> int:
        """Line of a key (else of its section) in a TOML file, from 1; 0: not found."""
        from daemon.config.line_numbers import line_numbers  # imported late: a valid file needs no line numbers

        lines = line_numbers(self.texts.get(file, ""))
        return lines.get((section, name), lines.get((section, ""), 0))
