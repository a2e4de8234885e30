"""What the tests of metering share: MeterValues and transactionData as a Central System reads them."""

from __future__ import annotations

from typing import Any

from ocpp16.product import Product
from tests.ocpp16.rig import Station

REGISTER = "Energy.Active.Import.Register"
ALL = "Energy.Active.Import.Register,Voltage,Current.Import,Power.Active.Import,SoC,Temperature"
THREE = Product(phases=3, measurands=(*Product().measurands, "Current.Offered", "Power.Offered"))


def values(station: Station) -> list[dict[str, Any]]:
    """Each MeterValues.req, flat: connector, transaction, and its one MeterValue."""
    return [
        {"connector": said["connectorId"], "transaction": said.get("transactionId"), **said["meterValue"][0]}
        for said in station.heard("MeterValues")
    ]


def contexts(meter_value: dict[str, Any]) -> set[str]:
    return {value.get("context", "Sample.Periodic") for value in meter_value["sampledValue"]}


def stop_data(station: Station) -> list[tuple[str, str, list[str]]]:
    """(time, context, measurands) of each MeterValue in StopTransaction.req."""
    (stop,) = station.heard("StopTransaction")
    return [
        (value["timestamp"], contexts(value).pop(), [entry["measurand"] for entry in value["sampledValue"]])
        for value in stop.get("transactionData", [])
    ]


def stopped(station: Station, after_s: float) -> Station:
    station.charging()
    station.meter(0, volts=(230.0,))
    station.wait(after_s)
    station.tap("CARD")
    station.open_contactor()
    return station
