"""Energy meters: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import Driver, Parameter

BUS: Final = (2400, 4800, 9600, 19200, 38400)


def _meter(module: str, name: str, says: str, bauds: tuple[int, ...], last_address: int = 247) -> Driver:
    def make(**arguments: Any) -> Any:
        from importlib import import_module  # a board has one kind of meter, or two

        from drivers.meters.register_meter import RegisterMeter

        return RegisterMeter(getattr(import_module(f"drivers.meters.{module}"), name), **arguments)

    parameters = {
        "address": Parameter("whole", required=True, low=1, high=last_address, says="Modbus address of the meter"),
        "fuse_amps": Parameter("number", 100.0, low=6, high=125, unit="A", says="the fuse before the meter, per phase"),
    }
    return Driver(make, {"bus": "modbus"}, parameters, bauds=bauds, says=says)


DRIVERS: Final = {
    "sdm120": _meter("eastron", "SDM120", "Eastron SDM120, one phase", (2400, 4800, 9600)),
    "sdm230": _meter("eastron", "SDM230", "Eastron SDM230, one phase", (1200, *BUS)),
    "sdm630": _meter("eastron", "SDM630", "Eastron SDM630, three phases", BUS),
    "sdm72": _meter("eastron", "SDM72", "Eastron SDM72 (first version): energy and total power", BUS),
    "sdm72v2": _meter("eastron", "SDM72_V2", "Eastron SDM72 V2, three phases", BUS),
    "abb-b21": _meter("abb", "B21", "ABB B21, one phase", (1200, *BUS, 57600, 115200)),
    "abb-b23": _meter("abb", "B23", "ABB B23, three phases", (1200, *BUS, 57600, 115200)),
    "em111": _meter("carlo_gavazzi", "EM111", "Carlo Gavazzi EM111, one phase", (9600, 19200, 38400, 57600, 115200)),
    "em340": _meter("carlo_gavazzi", "EM340", "Carlo Gavazzi EM340, ET340: three phases", (9600, 19200, 38400, 115200)),
    "orno-514": _meter("orno", "WE514", "Orno OR-WE-514, one phase", ()),
    "orno-515": _meter("orno", "WE515", "Orno OR-WE-515, one phase", ()),
    "orno-516": _meter("orno", "WE516", "Orno OR-WE-516, three phases", ()),
    "orno-517": _meter("orno", "WE517", "Orno OR-WE-517, three phases", ()),
    "pzem-004t": _meter("pzem", "PZEM_004T", "PZEM-004T version 3: no meter for billing", (9600,), 248),
}
