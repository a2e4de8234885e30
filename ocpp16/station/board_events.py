"""Events of the board and the store on their way to the connectors: pilot, cable, contactor, meter, faults, room."""

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
from ocpp16.profiles.core.meter_readings import MeterReadings
from ocpp16.records import LatchedFault
from ocpp16.state.active_faults import ActiveFaults
from ocpp16.state.context import Context
from ocpp16.station.card_routing import CardRouting
from ocpp16.status.faults import fault_of


class BoardEvents:
    """Events of a connector that this product does not have are ignored (the mismatch is a fault of its own)."""

    def __init__(
        self,
        context: Context,
        connectors: dict[int, Connector],
        station_faults: ActiveFaults,
        card_routing: CardRouting,
        metering: MeterReadings,
    ) -> None:
        self.context = context
        self.connectors = connectors
        self.station_faults = station_faults
        self.card_routing = card_routing
        self.metering = metering

    def pilot_changed(self, event: PilotChanged) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.pilot_changed(event)
            self.card_routing.plugged_in(connector)

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
        number = event.connector or 0
        faults = self.station_faults if number == 0 else self.connectors[number].state.faults
        if (event.code in faults.codes) == event.on:
            return
        name = f"{number}/{event.code}"
        if event.on and event.latched:
            self.context.save(LatchedFault(name=name, connector=number, code=event.code, detail=event.detail))
        elif not event.on and name in self.context.facts.of(LatchedFault):
            self.context.delete(LatchedFault, name)
        if event.on and event.code == "meter-backwards":
            self.metering.counts_backwards(number)
        self._change(number, event.code, event.on, event.detail)

    def register_low(self, number: int, low: bool, detail: str) -> None:
        """The register of a meter is below what was billed (it was exchanged, or worse), or is so no longer."""
        self._change(number, "meter-low", low, detail)

    def queue_full(self, full: bool, detail: str) -> None:
        """No more undelivered transactions can be kept (True), or there is room again."""
        if full != ("queue-full" in self.station_faults.codes):
            self._change(0, "queue-full", full, detail)

    def _change(self, number: int, code: str, on: bool, detail: str) -> None:
        """A fault of a connector (0: the station) begins or ends."""
        if number > 0:
            connector = self.connectors[number]
            connector.set_fault(code, detail) if on else connector.clear_fault(code)
        elif on:
            self.station_faults.set(code, self.context.now.mono, detail)
        else:
            self.station_faults.clear(code)
        fault = fault_of(code)
        self.context.note(
            "fault-on" if on else "fault-off",
            connector=number,
            fault=code,
            why=fault.why,
            remedy=fault.remedy,
            detail=detail,
        )
        self._faults_changed(number)

    def _faults_changed(self, number: int) -> None:
        for connector in self.connectors.values() if number == 0 else [self.connectors[number]]:
            connector.faults_changed()

    def offer_acked(self, event: OfferAcked) -> None:
        if (connector := self.connectors.get(event.connector)) is not None:
            connector.offer_acked(event)

    def store_changed(self, event: StoreChanged) -> None:
        """Below the watermark, or not writable: nothing new begins, transactions end, the station is Faulted."""
        before = self.station_faults.codes
        self.context.writable = event.state != "unwritable"
        self.context.has_room = event.state == "ok"
        if event.state == "ok":
            self.station_faults.clear("store-full")
        else:
            self.station_faults.set("store-full", self.context.now.mono, event.detail)
            self.station_faults.explain("store-full", event.detail)
        if before != self.station_faults.codes:
            self.context.note("store-" + event.state, detail=event.detail)
            self._faults_changed(0)
