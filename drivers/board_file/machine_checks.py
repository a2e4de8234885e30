"""What this machine says of a board file: audio that holds the PWM, lines that persist, devices that are not there.

A file is often checked on a desk: what is only missing is warned of; what is there and in the way is a problem.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from drivers.board_file.conflicts import Conflicts, uses
from drivers.board_file.fail_safe import refusal
from drivers.board_file.file_keys import Role
from drivers.board_file.model import PartsBoard, Problem
from drivers.board_file.reader import key_of

CONFIG_TXT: Final = ("boot/firmware/config.txt", "boot/config.txt")
UNSTABLE: Final = re.compile(r"/dev/tty(USB|ACM)\d+")
PATHS: Final = (Role.SERIAL_PORT, Role.SPI_DEVICE, Role.INPUT_DEVICE)
GROUPS: Final = {
    Role.SERIAL_PORT: "dialout",
    Role.SPI_DEVICE: "spi",
    Role.INPUT_DEVICE: "input",
    "serial": "dialout",
    "i2c": "i2c",
}
ENABLED_BY: Final = {
    "/dev/i2c-1": "dtparam=i2c_arm=on",
    "/dev/spidev0.0": "dtparam=spi=on",
    "/dev/spidev0.1": "dtparam=spi=on",
    "/dev/serial0": "enable_uart=1",
}
"""What has to stand in config.txt for a device to be there."""


class Machine:
    """The file system of a machine, from `root` on."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def text(self, path: str) -> str:
        """A file's text; empty where it cannot be read."""
        try:
            return (self.root / path.lstrip("/")).read_text("utf-8", "replace")
        except OSError:
            return ""

    def exists(self, path: str) -> bool:
        return os.path.exists(self.root / path.lstrip("/"))

    def lines_persist(self) -> bool | None:
        """Whether a line keeps its level when its owner dies; None: this kernel says nothing about it."""
        found = [
            path.read_text("ascii", "replace").strip()
            for path in sorted(self.root.glob("sys/module/*/parameters/persist_gpio_outputs"))
        ]
        return any(value in ("Y", "1") for value in found) if found else None

    def audio_holds_pwm(self) -> str:
        """Why the analogue audio output has the PWM for itself; empty: it has not."""
        if re.search(r"bcm2835[ _]headpho", self.text("proc/asound/cards"), re.IGNORECASE):
            return "the analogue audio output is running"
        for path in CONFIG_TXT:
            settings = re.findall(r"^\s*dtparam=(?:.*,)?audio=(\w+)", self.text(path), re.MULTILINE)
            if settings and settings[-1] == "on":
                return f"/{path} has dtparam=audio=on"
        return ""

    def pwm_devices(self) -> tuple[str, ...]:
        """The names of the devices that have a PWM chip."""
        chips = sorted(self.root.glob("sys/class/pwm/pwmchip*/device"))
        return tuple(dict.fromkeys(chip.resolve().name for chip in chips))

    def revision(self) -> str:
        """Of the Pi, as eight hexadecimal digits; empty where this is none."""
        try:
            return (self.root / "proc/device-tree/system/linux,revision").read_bytes().hex()[-8:].lstrip("0")
        except OSError:
            return ""

    def pwm_chips(self, board: PartsBoard | None) -> tuple[str, ...]:
        """The real folders of the PWM chips that a board uses."""
        wanted = {part.values["pwm"]["device"] for part in board.parts() if part.values.get("pwm")} if board else set()
        chips = sorted(self.root.glob("sys/class/pwm/pwmchip*"))
        return tuple(str(chip.resolve()) for chip in chips if (chip / "device").resolve().name in wanted)

    def stable_names(self, path: str) -> list[str]:
        """The names of a serial port that do not change, by-id first."""
        port = (self.root / path.lstrip("/")).resolve()
        links = [*sorted(self.root.glob("dev/serial/by-id/*")), *sorted(self.root.glob("dev/serial/by-path/*"))]
        return ["/" + str(link.relative_to(self.root)) for link in links if link.resolve() == port]


def look(board: PartsBoard, machine: Machine, line_of: Callable[..., int]) -> Conflicts:
    """What the machine has against the board."""
    found = Conflicts([], [])

    def note(into: list[Problem], path: tuple[str, ...], why: str) -> None:
        into.append(Problem(line_of(*path), key_of(path), why))

    pwms = [(*part.path, "pwm") for part in board.parts() if isinstance(part.values.get("pwm"), dict)]
    if pwms and (why := machine.audio_holds_pwm()):
        remedy = f"audio takes both channels: write dtparam=audio=off into /{CONFIG_TXT[0]} and restart"
        note(found.problems, pwms[0], f"{why}: {remedy}")
    known = machine.pwm_devices()
    for part in board.parts():
        pwm = part.values.get("pwm")
        if isinstance(pwm, dict) and pwm.get("device") not in known:
            there = f"this machine has {', '.join(known)}" if known else "this machine has no PWM"
            remedy = f"write dtoverlay=pwm-2chan,pin=12,func=4,pin2=13,func2=4 into /{CONFIG_TXT[0]}"
            note(found.warnings, (*part.path, "pwm", "device"), f"there is no {pwm.get('device')}: {there}; {remedy}")
    for path, device, group in _devices(board):
        if UNSTABLE.fullmatch(device):
            names = machine.stable_names(device) or ["/dev/serial/by-id/... or /dev/serial/by-path/..."]
            note(found.warnings, path, f"{device} may be another device after the next start; take {names[0]}")
        if not machine.exists(device):
            enable = f" (config.txt: {ENABLED_BY[device]})" if device in ENABLED_BY else ""
            note(found.warnings, path, f"{device} is not there: plug it in, or enable it{enable}; its group is {group}")
    persists = machine.lines_persist()
    if persists and refusal(board.fail_safe, True) and not refusal(board.fail_safe, None):
        note(found.warnings, ("fail_safe",), f"nothing will be energised: {refusal(board.fail_safe, True)}")
    return found


def _devices(board: PartsBoard) -> list[tuple[tuple[str, ...], str, str]]:
    """Every path of a device: its key, itself, the group that may use it."""
    found: list[tuple[tuple[str, ...], str, str]] = [
        (("bus", bus.name, "port" if bus.kind == "serial" else "device"), bus.device, GROUPS[bus.kind])
        for bus in board.buses.values()
    ]
    for part in board.parts():
        found += [(use.path, str(use.value), GROUPS[use.role]) for use in uses(part) if use.role in PATHS]
    return found
