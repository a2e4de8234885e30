"""How evsed is installed: its configuration and board file, its units, users and folders.  Reads only."""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from daemon.config.model import Config
from daemon.config.surroundings import missing
from daemon.ctl.doctor.findings import Area, Finding, Weight
from daemon.ctl.doctor.machine import Machine

UNIT_FOLDERS: Final = (
    "etc/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
)
WANTS: Final = "etc/systemd/system/multi-user.target.wants"
UNITS: Final = ("evsed-board.service", "evsed-safe.service", "evsed.service")
USER: Final = "evsed"


# --- configuration ----------------------------------------------------------------------------------------------------


def configuration(
    config: Config, problems: Sequence[str], lacks: Callable[[Config], Iterable[str]] = missing
) -> Iterator[Finding]:
    """Its mistakes (each names file, line and key), what it needs of this machine, what should be known."""
    for problem in problems:
        yield Finding(Area.CONFIGURATION, Weight.FAULT, problem, "Correct it; evsed --check-config tries it again.")
    for lacking in lacks(config):
        area = Area.PERMISSIONS if lacking.startswith("[store]") else Area.CONFIGURATION
        yield Finding(area, Weight.FAULT, lacking)
    for warning in config.warnings:
        yield Finding(Area.CONFIGURATION, Weight.WARNING, str(warning))
    if not problems and not config.warnings:
        yield Finding(Area.CONFIGURATION, Weight.GOOD, f"station {config.station.id}, {config.csms.url}")


def board_file(file: Path | None, machine: Machine) -> Iterator[Finding]:
    """What `evsed-board --check-config` says of the board file and the devices that it names."""
    from drivers.process.config import ConfigRefused, read  # imported late: brings the drivers with it

    try:
        board = read(file, machine.root)
    except ConfigRefused as refused:
        for line in str(refused).splitlines():
            yield Finding(Area.BOARD_FILE, Weight.FAULT, line, "evsed-board --check-config tries it again.")
        return
    for warning in board.warnings:
        is_missing = " is not there: " in warning or "there is no " in warning
        yield Finding(Area.BOARD_FILE, Weight.FAULT if is_missing else Weight.WARNING, warning)
    yield from _console(machine, [bus.device for bus in board.parts.buses.values()] if board.parts else [])
    if not board.warnings:
        what = "a simulated board" if board.parts is None else f"{board.connectors} connector(s), all devices are there"
        yield Finding(Area.BOARD_FILE, Weight.GOOD, what)


def _console(machine: Machine, devices: Sequence[str]) -> Iterator[Finding]:
    """A serial line of the board on which the kernel's console writes, too."""
    consoles = re.findall(r"\bconsole=(tty(?:AMA|S)\d+|serial\d)\b", machine.text("proc/cmdline"))
    for console in consoles:
        port = (machine.root / "dev" / console).resolve()
        for device in devices:
            if (machine.root / device.lstrip("/")).resolve() == port:
                text = f"the kernel's console writes on {device}, which is the board's"
                remedy = f"Take console={console} out of /boot/firmware/cmdline.txt and restart."
                yield Finding(Area.BOARD_FILE, Weight.FAULT, text, remedy)


# --- units ------------------------------------------------------------------------------------------------------------


def units(machine: Machine, is_simulated: bool) -> Iterator[Finding]:
    """Installed, enabled and running, by the files of systemd; nothing where evsed is not a unit of this machine."""
    if not (machine.root / "run/systemd/system").is_dir() or _unit_file(machine, "evsed.service") is None:
        return
    running = []
    for unit in UNITS:
        if unit == "evsed-safe.service" and is_simulated:
            continue
        found, name = _unit_file(machine, unit), unit.removesuffix(".service")
        if found is None:
            yield Finding(Area.UNITS, Weight.FAULT, f"the unit {unit} is not installed", "Install the package again.")
        elif found.resolve() == Path("/dev/null"):
            yield Finding(Area.UNITS, Weight.FAULT, f"{unit} is masked", f"sudo systemctl unmask --now {name}")
        elif not _runs(machine, unit):
            remedy = f"See systemctl status {name} and journalctl -u {name}; sudo systemctl start {name}"
            yield Finding(Area.UNITS, Weight.FAULT, f"{unit} is not running", remedy)
        else:
            running.append(name)
            if unit == "evsed.service" and not (machine.root / WANTS / unit).is_symlink():
                text = "evsed.service is not enabled: it will not start with the machine"
                yield Finding(Area.UNITS, Weight.WARNING, text, "sudo systemctl enable evsed")
    if running:
        yield Finding(Area.UNITS, Weight.GOOD, f"{', '.join(running)}: running")


def _unit_file(machine: Machine, unit: str) -> Path | None:
    paths = (machine.root / folder / unit for folder in UNIT_FOLDERS)
    return next((path for path in paths if path.exists() or path.is_symlink()), None)


def _runs(machine: Machine, unit: str) -> bool:
    """Whether the control group of a unit has a process."""
    return bool(machine.text(f"sys/fs/cgroup/system.slice/{unit}/cgroup.procs").strip())


# --- users and folders ------------------------------------------------------------------------------------------------


def permissions(store_dir: Path, user_of: Callable[[str], pwd.struct_passwd] = pwd.getpwnam) -> Iterator[Finding]:
    """Whether the user of evsed may write its folder; nothing where there is no such user, or no folder yet."""
    try:
        user = user_of(USER)
        status = store_dir.stat()
    except (KeyError, OSError):
        return
    if status.st_uid == user.pw_uid and status.st_mode & 0o300 == 0o300:
        return
    groups = {user.pw_gid, *(entry.gr_gid for entry in grp.getgrall() if USER in entry.gr_mem)}
    if status.st_gid in groups and status.st_mode & 0o030 == 0o030:
        return
    owner = _name(status.st_uid)
    text = f"{store_dir} belongs to {owner} (mode {status.st_mode & 0o777:04o}): the user {USER} cannot write there"
    yield Finding(
        Area.PERMISSIONS, Weight.FAULT, text, f"sudo chown -R {USER}: {store_dir} && sudo chmod 711 {store_dir}"
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
