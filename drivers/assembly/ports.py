"""Opens what a board file names: one object for each bus, port, chip and channel, whoever asks for it.

Nothing is opened before its first use; what fails then is a value of the device, and it is tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from drivers.board_file.model import Bus
from drivers.driver_table import SerialSettings


class Ports(Protocol):
    """The machine's ports."""

    def serial(self, path: str, settings: SerialSettings, direction: str) -> Any: ...
    def modbus(self, line: Any) -> Any: ...
    def i2c(self, path: str) -> Any: ...
    def spi(self, path: str) -> Any: ...
    def keyboard(self, path: str) -> Any: ...
    def file(self, path: str) -> Any: ...
    def gpio(self) -> Any: ...
    def pwm(self, device: str, channel: int, inverted: bool) -> Any: ...


class MachinePorts:
    """Those of this machine; each library is imported with the first port of its kind."""

    def serial(self, path: str, settings: SerialSettings, direction: str) -> Any:
        from drivers.ports.serial_port import SerialPort

        return SerialPort(path, settings, direction)  # type: ignore[arg-type]

    def modbus(self, line: Any) -> Any:
        from drivers.ports.modbus import ModbusMaster

        return ModbusMaster(line)

    def i2c(self, path: str) -> Any:
        from drivers.ports.i2c_bus import I2cBus

        return I2cBus(path)

    def spi(self, path: str) -> Any:
        from drivers.ports.spi_device import SpiDevice

        return SpiDevice(path)

    def keyboard(self, path: str) -> Any:
        from drivers.ports.key_events import KeyEvents

        return KeyEvents(path)

    def file(self, path: str) -> Any:
        from drivers.ports.sysfs_file import SysfsFile

        return SysfsFile(path)

    def gpio(self) -> Any:
        from drivers.ports.gpio import Gpio

        return Gpio()

    def pwm(self, device: str, channel: int, inverted: bool) -> Any:
        from drivers.ports.sysfs_pwm import SysfsPwm

        return SysfsPwm(device, channel, inverted=inverted)


class SharedPorts:
    """Each port once.  `threads`: the slow devices that belong to it, by the name of the port.

    A device that blocks must not hold up another one's port: each port has a thread, and each converter one of its own.
    """

    def __init__(self, buses: Mapping[str, Bus], ports: Ports) -> None:
        self._buses = buses
        self._ports = ports
        self._opened: dict[tuple[object, ...], Any] = {}
        self.threads: dict[str, list[Any]] = {}

    def _once(self, key: tuple[object, ...], make: Any) -> Any:
        if key not in self._opened:
            self._opened[key] = make()
        return self._opened[key]

    def port(self, kind: str, value: Any, settings: SerialSettings | None) -> tuple[str, Any]:
        """The port of a kind of `PortKind` that a key's value names; the name of its thread, and itself."""
        match kind:
            case "gpio":
                return "gpio", self._once(("gpio",), self._ports.gpio)
            case "modbus":
                return f"bus {value}", self._once(("modbus", value), lambda: self._modbus(value))
            case "i2c":
                return f"bus {value}", self._i2c(value)
            case "serial":
                chosen = settings or SerialSettings()
                return value, self._once(("serial", value), lambda: self._ports.serial(value, chosen, "adapter"))
            case "spi" | "keyboard" | "file":
                return value, self._once((kind, value), lambda: getattr(self._ports, kind)(value))
            case "pwm":
                return "pwm", self._pwm(value)
            case "ads1115":
                return "", self._ads1115(value).inputs(value["high"], value["low"])
            case "mcp3008":
                return "", self._mcp3008(value["device"]).inputs(value["input"])
        raise ValueError(f"no port is called {kind}")

    def _modbus(self, name: str) -> Any:
        bus = self._buses[name]
        settings = SerialSettings(bus.values["baud"], bus.values["parity"], bus.values["stop_bits"])
        return self._ports.modbus(self._ports.serial(bus.device, settings, bus.values["direction"]))

    def _i2c(self, name: str) -> Any:
        path = self._buses[name].device
        return self._once(("i2c", path), lambda: self._ports.i2c(path))

    def _pwm(self, value: Mapping[str, Any]) -> Any:
        key = ("pwm", value["device"], value["channel"])
        return self._once(key, lambda: self._ports.pwm(value["device"], value["channel"], value["inverted"]))

    def _ads1115(self, value: Mapping[str, Any]) -> Any:
        from drivers.pilots.ads1115 import Ads1115

        bus, address = value["bus"], value["address"]
        return self._converter(f"ADC {bus} 0x{address:02x}", lambda: Ads1115(self._i2c(bus), address))

    def _mcp3008(self, path: str) -> Any:
        from drivers.pilots.mcp3008 import Mcp3008

        return self._converter(f"ADC {path}", lambda: Mcp3008(self._ports.spi(path)))

    def _converter(self, thread: str, make: Any) -> Any:
        converter = self._once((thread,), make)
        self.threads.setdefault(thread, [converter])
        return converter
