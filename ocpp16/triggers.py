"""What a Central System can trigger, by message (§5.17): one row a message."""

from __future__ import annotations

from ocpp16.parts import Assembly
from ocpp16.profiles.remote_trigger import Send


class Triggers:
    """The messages of this product."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts

    def table(self) -> dict[str, Send]:
        """By requestedMessage; what is not in it is answered NotImplemented."""
        firmware = self._parts.firmware
        core: dict[str, Send] = {
            "BootNotification": self._trigger_boot,
            "Heartbeat": self._trigger_heartbeat,
            "MeterValues": self._trigger_values,
            "StatusNotification": self._trigger_statuses,
        }
        if not self._parts.product.has("FirmwareManagement"):
            return core
        return core | {
            "DiagnosticsStatusNotification": self._parts.diagnostics.triggered_status,
            "FirmwareStatusNotification": firmware.triggered_status,
        }

    def _trigger_boot(self, connector: int | None) -> bool:
        """E 3.35: not once it is accepted."""
        if not self._parts.registration.accepted:
            self._parts.registration.boot()
        return not self._parts.registration.accepted

    def _trigger_heartbeat(self, connector: int | None) -> bool:
        self._parts.registration.heartbeat.send(triggered=True)
        return True

    def _trigger_values(self, connector: int | None) -> bool:
        """Without a connector, and for the station (it has no main meter): every connector."""
        wanted = list(self._parts.connectors) if not connector else [connector]
        requests = [request for number in wanted if (request := self._parts.meter_values.triggered(number)) is not None]
        for request in requests:
            self._parts.session.call(request, triggered=True)
        return bool(requests)

    def _trigger_statuses(self, connector: int | None) -> bool:
        """Of those whose status is known: after a start the board may not have told yet what is there."""
        notifications = self._parts.notifications
        every = (0, *self._parts.connectors) if connector is None else (connector,)
        known = [number for number in every if notifications.shown(number) is not None]
        for number in known:
            notifications.trigger(number)
        return bool(known)
