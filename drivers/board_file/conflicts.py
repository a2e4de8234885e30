"""What two parts of a board do to each other: lines, addresses, channels, ports and baud rates taken twice or wrongly.

Pure: what only the machine can tell (audio, persistent lines, names of ports) is in `machine_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from drivers.board_file.fail_safe import refusal
from drivers.board_file.file_keys import HIGHEST_LINE, FileKey, Role
from drivers.board_file.model import ConnectorParts, Part, PartsBoard, Problem
from drivers.board_file.reader import key_of
from drivers.board_file.toml_reader import nearest

PWM_PINS: Final = {12: (0,), 13: (1,), 18: (0, 2), 19: (1, 3)}
"""Line (BCM) -> channels of the hardware PWM that can come out there (2 and 3 on a Pi 5)."""
FAN_PWM: Final = "1f0009c000.pwm"
"""Of a Pi 5: it drives the fan, and stands on no pin of the header."""
PULLED_UP: Final = range(9)
"""Lines 0 to 8 are pulled up from power-on until something drives them."""
DEVICE_LINES: Final = {
    "/dev/i2c-0": (0, 1),
    "/dev/i2c-1": (2, 3),
    "/dev/spidev0.0": (8, 9, 10, 11),
    "/dev/spidev0.1": (7, 9, 10, 11),
    "/dev/spidev1.0": (18, 19, 20, 21),
    "/dev/spidev1.1": (17, 19, 20, 21),
    "/dev/spidev1.2": (16, 19, 20, 21),
    "/dev/ttyAMA5": (12, 13),
    "/dev/serial0": (14, 15),
    "/dev/ttyAMA0": (14, 15),
    "/dev/ttyS0": (14, 15),
}
"""Lines of the header that a device takes; SPI devices of one bus have three in common."""


class Use(NamedTuple):
    """A key that names something of the machine."""

    part: Part
    path: tuple[str, ...]
    role: Role
    value: Any

    @property
    def key(self) -> str:
        return key_of(self.path)


class Conflicts(NamedTuple):
    problems: list[Problem]
    warnings: list[Problem]


def find(board: PartsBoard, line_of: Any) -> Conflicts:
    """Every conflict of a board; `line_of(*path)` answers the line of a key."""
    found = _Finder(board, line_of)
    found.lines()
    found.pwm()
    found.adc_inputs()
    found.buses()
    found.ports()
    for connector in board.connectors:
        found.connector(connector)
    found.fail_safe()
    return Conflicts(found.problems, found.warnings)


def uses(part: Part) -> Iterator[Use]:
    """Every key of a part that names something of the machine, also inside its tables."""
    yield from _uses(part, part.path, part.parameters, part.values)


def _uses(
    part: Part, where: tuple[str, ...], parameters: Mapping[str, FileKey], values: Mapping[str, Any]
) -> Iterator[Use]:
    for name, parameter in parameters.items():
        value = values.get(name)
        if value is None:
            continue
        if parameter.role is Role.TABLE:
            if isinstance(value, dict):
                yield from _uses(part, (*where, name), parameter.fields, value)
        elif parameter.role is not Role.VALUE:
            yield Use(part, (*where, name), parameter.role, value)


class _Finder:
    def __init__(self, board: PartsBoard, line_of: Any) -> None:
        self.board = board
        self.line_of = line_of
        self.uses = [use for part in board.parts() for use in uses(part)]
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def wrong(self, path: tuple[str, ...], why: str) -> None:
        self.problems.append(Problem(self.line_of(*path), key_of(path), why))

    def warn(self, path: tuple[str, ...], why: str) -> None:
        self.warnings.append(Problem(self.line_of(*path), key_of(path), why))

    # --- lines --------------------------------------------------------------------------------------------------------

    def lines(self) -> None:
        """A line that two keys name, or that a device of this board needs for itself."""
        taken: dict[str, str] = {str(line): user for line, user in self.device_lines()}
        for use in self.uses:
            if use.role not in (Role.LINE, Role.LINES):
                continue
            for line in use.value if isinstance(use.value, (list, tuple)) else [use.value]:
                first = taken.setdefault(_line_key(line), use.key)
                if first != use.key:
                    self.wrong(use.path, f"line {line} is used twice: {first} has it")
                if (
                    use.part.family == "contactor"
                    and use.role is Role.LINES
                    and "feedback" not in use.path[-1]
                    and _number_of(line) in PULLED_UP
                ):
                    self.warn(
                        use.path,
                        f"line {line} is pulled up until evsed-board drives it: take one of 9 to {HIGHEST_LINE}, "
                        "which are pulled down",
                    )

    def device_lines(self) -> Iterator[tuple[int, str]]:
        """Lines that buses, ports, SPI devices and PWM channels of this board take."""
        for pin, key, _ in self.pwm_outputs():
            yield pin, key
        yield from self.lines_of_devices()

    def lines_of_devices(self) -> Iterator[tuple[int, str]]:
        """Without those of the PWM."""
        devices = [(bus.device, f"[bus.{bus.name}]") for bus in self.board.buses.values()]
        devices += [(use.value, use.key) for use in self.uses if use.role in (Role.SERIAL_PORT, Role.SPI_DEVICE)]
        for device, user in devices:
            for line in DEVICE_LINES.get(device, ()):
                yield line, f"{user} ({device})"

    # --- PWM and ADC --------------------------------------------------------------------------------------------------

    def pwm_outputs(self) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """The line of each PWM output."""
        for part in self.board.parts():
            pwm = part.values.get("pwm")
            if isinstance(pwm, dict) and type(pwm.get("channel")) is int:
                path = (*part.path, "pwm")
                yield pin_of(pwm), key_of(path), path

    def pwm(self) -> None:
        """A line without hardware PWM, a channel that does not come out there, two pilots on one channel."""
        taken: dict[tuple[object, object], str] = {}
        devices = dict(self.lines_of_devices())
        for part in self.board.parts():
            pwm = part.values.get("pwm")
            if not isinstance(pwm, dict) or type(pwm.get("channel")) is not int:
                continue
            path = (*part.path, "pwm")
            channel, pin = pwm["channel"], pin_of(pwm)
            if pin not in PWM_PINS:
                pins = ", ".join(map(str, PWM_PINS))
                self.wrong((*path, "pin"), f"line {pin} has no hardware PWM; allowed: {pins}; there is no software PWM")
            elif channel not in PWM_PINS[pin]:
                fitting = ", ".join(str(line) for line, channels in PWM_PINS.items() if channel in channels)
                self.wrong((*path, "pin"), f"channel {channel} does not come out at line {pin}; allowed: {fitting}")
            elif pin in devices:
                self.wrong(path, f"line {pin} is used twice: {devices[pin]} has it")
            if pwm.get("device") == FAN_PWM:
                self.wrong((*path, "device"), f"{FAN_PWM} drives the fan of a Pi 5; allowed there: 1f00098000.pwm")
            first = taken.setdefault((pwm.get("device"), channel), key_of(path))
            if first != key_of(path):
                self.wrong(path, f"channel {channel} of {pwm.get('device')} is used twice: {first} has it")

    def adc_inputs(self) -> None:
        """One input of an ADC read as two different things."""
        taken: dict[tuple[object, ...], str] = {}
        for part in self.board.parts():
            adc = part.values.get("adc")
            if not isinstance(adc, dict):
                continue
            for name in sorted(_ADC_INPUTS & set(adc)):
                where = (adc.get("bus"), adc.get("device"), adc.get("address"), adc[name])
                key = key_of((*part.path, "adc", name))
                first = taken.setdefault(where, key)
                if first != key:
                    self.wrong((*part.path, "adc", name), f"input {adc[name]} is used twice: {first} has it")

    # --- buses and ports ----------------------------------------------------------------------------------------------

    def buses(self) -> None:
        """Buses that are not there or of the wrong kind, addresses used twice, bauds that a device does not speak."""
        standing: dict[str, list[Use]] = {name: [] for name in self.board.buses}
        for use in self.uses:
            if use.role is not Role.BUS:
                continue
            bus = self.board.buses.get(use.value)
            if bus is None:
                known = ", ".join(self.board.buses) or "none: write a table [bus.NAME]"
                close = nearest(use.value, self.board.buses)
                guess = f"; did you mean {close}?" if close else ""
                self.wrong(use.path, f"there is no bus {use.value!r}; allowed: {known}{guess}")
                continue
            standing[bus.name].append(use)
            needed = "i2c" if _is_adc(use) else use.part.bus_kind
            if needed != bus.kind:
                self.wrong(use.path, f"{bus.name} is a bus of kind {bus.kind}; {use.part.driver} needs one of {needed}")
        self.addresses(standing)
        self.bauds(standing)
        for name, users in standing.items():
            if not users:
                self.warn(("bus", name), "no device stands on this bus")

    def addresses(self, standing: Mapping[str, list[Use]]) -> None:
        """An ADC alone may be shared, by parts of the same kind that read other inputs of it."""
        for users in standing.values():
            taken: dict[object, Part] = {}
            for use in users:
                beside = next(
                    (one for one in self.uses if one.role is Role.ADDRESS and one.path[:-1] == use.path[:-1]), None
                )
                if beside is None:
                    continue
                first = taken.setdefault(beside.value, use.part)
                if first is not use.part and not (_is_adc(use) and "adc" in first.values):
                    why = f"address {beside.value} of {use.value} is used twice: [{first.where}] has it"
                    self.wrong(beside.path, why)

    def bauds(self, standing: Mapping[str, list[Use]]) -> None:
        for name, users in standing.items():
            bus = self.board.buses[name]
            baud = bus.values.get("baud")
            speakers = [use.part for use in users if use.part.entry.bauds]
            deaf = [part for part in speakers if baud not in part.entry.bauds]
            if not deaf or baud is None:
                continue
            common = sorted(set.intersection(*(set(part.entry.bauds) for part in speakers)))
            who = (
                "no device of this bus speaks it"
                if deaf == speakers
                else ", ".join(f"[{part.where}] ({part.driver}) does not speak it" for part in deaf)
            )
            allowed = ", ".join(map(str, common)) or "none that all its devices speak: give them a bus each"
            self.wrong(("bus", name, "baud"), f"{baud} baud: {who}; allowed: {allowed}")

    def ports(self) -> None:
        """A serial port, SPI device or input device that two of the board's tables name."""
        taken: dict[Any, str] = {}
        for bus in self.board.buses.values():
            first = taken.setdefault(bus.device, f"[bus.{bus.name}]")
            if first != f"[bus.{bus.name}]":
                self.wrong(("bus", bus.name), f"{bus.device} is used twice: {first} has it")
        for use in self.uses:
            if use.role in (Role.SERIAL_PORT, Role.INPUT_DEVICE, Role.SPI_DEVICE):
                first = taken.setdefault(use.value, use.key)
                if first != use.key and not (use.role is Role.SPI_DEVICE and use.path[-2:-1] == ("adc",)):
                    self.wrong(use.path, f"{use.value} is used twice: {first} has it")

    # --- a connector as a whole ---------------------------------------------------------------------------------------

    def connector(self, connector: ConnectorParts) -> None:
        """What every connector needs, and what its outlet needs or cannot have."""
        where = ("connector", str(connector.number))
        parts, table = connector.parts, ".".join(where)
        given = set(parts)
        pilot = parts.get("pilot")
        needed = ["pilot", "meter"]
        if pilot is not None and pilot.entry.own_contactor:
            if "contactor" in given:
                self.wrong((*where, "contactor"), f"{pilot.driver} switches the contactor itself: take this table away")
        else:
            needed.append("contactor")
        for family in needed:
            if family not in given:
                self.wrong(where, f"it has no {family}; write a table [{table}.{family}]")
        if connector.socket and "proximity" not in given:
            self.wrong((*where, "outlet"), f'a "socket" needs [{table}.proximity], which tells what the cable carries')
        if connector.socket and "lock" not in given:
            self.warn((*where, "outlet"), f"a socket without [{table}.lock]: the cable can be pulled out under load")
        for family in ("proximity", "lock"):
            if not connector.socket and family in given:
                self.wrong((*where, family), 'only a socket has one; allowed with outlet = "socket"')
        if "rcd" not in given:
            self.warn(where, f"it has no [{table}.rcd]: a residual current is cut off by hardware, and nobody is told")

    def fail_safe(self) -> None:
        """Layers that are declared and not built, or built and not declared."""
        declared = self.board.fail_safe
        contactors = [part for part in self.board.parts() if part.family == "contactor"]
        pumped = [part for part in contactors if part.driver == "gpio-pump"]
        if "pump" in declared:
            for part in contactors:
                if part not in pumped:
                    self.wrong((*part.path, "driver"), 'fail_safe says "pump": a pump needs driver = "gpio-pump"')
        elif pumped:
            self.warn(("fail_safe",), f'[{pumped[0].where}] toggles a pump; declare it: fail_safe = ["pump"]')
        refused = refusal(declared, None)
        if refused and contactors:
            self.warn(("fail_safe",), f"nothing will be energised: {refused}")


_ADC_INPUTS: Final = {"high", "low", "input"}


def pin_of(pwm: Mapping[str, Any]) -> int:
    """The line of a PWM output: as given, or that of the usual overlay (12 and 13; on a Pi 5 also 18 and 19)."""
    pin = pwm.get("pin")
    return pin if type(pin) is int else {0: 12, 1: 13, 2: 18, 3: 19}.get(pwm["channel"], -1)


def _is_adc(use: Use) -> bool:
    return use.path[-2] == "adc"


def _number_of(line: Any) -> int:
    """The BCM number of a line: a number, or a name like GPIO17; -1: not known."""
    if type(line) is int:
        return line
    digits = str(line).upper().removeprefix("GPIO")
    return int(digits) if digits.isdecimal() else -1


def _line_key(line: Any) -> str:
    number = _number_of(line)
    return str(line) if number < 0 else str(number)
