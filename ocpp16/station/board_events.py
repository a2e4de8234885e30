"""Facts of the board and the store on their way to the connectors: pilot, cable, contactor, meter, faults."""

from __future__ import annotations

from ocpp16.connector.connector import Connector
from ocpp16.events import (
    CableChanged,
    ContactorChanged,
    FaultChanged,
    MeterSampled,
    OfferAcked,
    PilotChanged,
    StoreChanged,
)
from ocpp16.records import LatchedFault
from ocpp16.state.context import Context
from ocpp16.station.card_routing import CardRouting
from ocpp16.status.faults import fault_of


class BoardEvents:
    """Facts of a connector that this product does not have are ignored (the mismatch is a fault of its own)."""

    def __init__(
        self, context: Context, connectors: dict[int, Connector], station_faults: dict[str, str], reader: CardRouting
    ) -> None:
        self.context = context
        self.connectors = connectors
        self.station_faults = station_faults
        self.reader = reader

    def pilot_changed(self, event: PilotChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.pilot_changed(event)
            self.reader.plug_takes_waiting_card(connector)

    def cable_changed(self, event: CableChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.cable_changed(event)

    def contactor_changed(self, event: ContactorChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.contactor_changed(event)

    def meter_sampled(self, event: MeterSampled) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.meter_sampled(event)

    def fault_changed(self, event: FaultChanged) -> None:
        if event.connector is not None and event.connector not in self.connectors:
            return
        faults = self.station_faults if event.connector is None else self.connectors[event.connector].faults
        if (event.code in faults) == event.on:
            return
        name = f"{event.connector or 0}/{event.code}"
        if event.on:
            faults[event.code] = event.detail
            if event.latched:
                self.context.save(
                    LatchedFault(name=name, connector=event.connector or 0, code=event.code, detail=event.detail)
                )
        else:
            faults.pop(event.code, None)
            if name in self.context.facts.of(LatchedFault):
                self.context.delete(LatchedFault, name)
        fault = fault_of(event.code)
        self.context.note(
            "fault-on" if event.on else "fault-off",
            connector=event.connector or 0,
            fault=event.code,
            why=fault.why,
            remedy=fault.remedy,
            detail=event.detail,
        )
        self._faults_changed(event.connector)

    def register_low(self, number: int, low: bool) -> None:
        """The meter counts less than was billed: a swap that nobody declared, or worse."""
        faults = self.connectors[number].faults
        if low:
            faults["meter-low"] = ""
        else:
            faults.pop("meter-low", None)
        fault = fault_of("meter-low")
        code = "fault-on" if low else "fault-off"
        self.context.note(code, connector=number, fault="meter-low", why=fault.why, remedy=fault.remedy, detail="")
        self._faults_changed(number)

    def _faults_changed(self, number: int | None) -> None:
        for connector in self.connectors.values() if number is None else [self.connectors[number]]:
            connector.faults_changed()

    def offer_acked(self, event: OfferAcked) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.signalled_amps, connector.signalled_why = event.amps, event.why

    def store_changed(self, event: StoreChanged) -> None:
        """Below the watermark, or nothing can be written: nothing new begins, what runs ends, and it says so."""
        before = set(self.station_faults)
        self.context.writable = event.state != "unwritable"
        self.context.has_room = event.state == "ok"
        if event.state == "ok":
            self.station_faults.pop("store-full", None)
        else:
            self.station_faults["store-full"] = event.detail
        if before != set(self.station_faults):
            self.context.note("store-" + event.state, detail=event.detail)
            self._faults_changed(None)
