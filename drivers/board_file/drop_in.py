"""The systemd drop-in of `evsed-board.service` that a board needs: its devices, its one PWM, its groups.  Pure text."""

from __future__ import annotations

from typing import Final

from drivers.board_file.conflicts import uses
from drivers.board_file.file_keys import Role
from drivers.board_file.model import PartsBoard

PATH: Final = "/etc/systemd/system/evsed-board.service.d/board.conf"
CLASSES: Final = {
    "gpio": "char-gpiochip",
    "i2c": "char-i2c",
    "spi": "char-spi",
    "input": "char-input",
}
"""Group -> the device class by its name in /proc/devices."""
PLUGGED: Final = ("/dev/serial/by-", "/dev/ttyUSB", "/dev/ttyACM")
"""Serial ports of adapters that come and go: their numbers change, and a node that is not there cannot be allowed."""
USB_SERIAL: Final = ("char-ttyUSB", "char-ttyACM")


def drop_in(board: PartsBoard | None, revision: str = "", pwm_chips: tuple[str, ...] = ()) -> str:
    """The file's text.

    board      None: a simulated one, which needs nothing
    revision   of the Pi, hexadecimal, which a service without /proc/device-tree cannot read; empty: not known
    pwm_chips  folders below /sys of the PWM chips that it uses; none known: the class's own folder
    """
    lines = [f"# {PATH}: written by evsed-board --print-dropin", "[Service]", "DevicePolicy=closed"]
    if board is None:
        return "\n".join([*lines, "# a simulated board needs no device", ""])
    allowed, groups = _devices(board)
    lines += ["DeviceAllow=", *(f"DeviceAllow={device} rw" for device in allowed)]
    if groups:
        lines.append(f"SupplementaryGroups={' '.join(groups)}")
    if any("pwm" in part.values for part in board.parts()):
        chips = pwm_chips or ("/sys/class/pwm",)
        lines += [f"ReadWritePaths={' '.join(f'-{chip}' for chip in chips)}"]
    lines += ["RuntimeDirectory=evsed-board", "WorkingDirectory=/run/evsed-board", "Environment=LG_WD=/run/evsed-board"]
    lines.append("Environment=BOOT_ID=%b")
    if revision:
        lines.append(f"Environment=RPI_LGPIO_REVISION={revision}")
    lines += ["LimitRTPRIO=60", "LimitMEMLOCK=infinity"]
    lines += ["WatchdogSec=1s" if "watchdog" in board.fail_safe else "WatchdogSec=10s"]
    return "\n".join([*lines, ""])


def _devices(board: PartsBoard) -> tuple[list[str], list[str]]:
    """What may be opened, and the groups that may open it.  Never /dev/gpiomem: it maps every line."""
    allowed: dict[str, None] = {}
    groups: dict[str, None] = {}

    def take(device: str, group: str) -> None:
        allowed.setdefault(device)
        groups.setdefault(group)

    def take_serial(port: str) -> None:
        for device in USB_SERIAL if port.startswith(PLUGGED) else (port,):
            take(device, "dialout")

    for bus in board.buses.values():
        if bus.kind == "serial":
            take_serial(bus.device)
        else:
            take(CLASSES["i2c"], "i2c")
    for part in board.parts():
        if "gpio" in part.entry.ports.values():
            take(CLASSES["gpio"], "gpio")
        if "pwm" in part.values:
            groups.setdefault("gpio")
        for use in uses(part):
            if use.role is Role.SERIAL_PORT:
                take_serial(str(use.value))
            elif use.role is Role.SPI_DEVICE:
                take(str(use.value), "spi")
            elif use.role is Role.INPUT_DEVICE:
                take(CLASSES["input"], "input")
    return list(allowed), list(groups)
