"""What the profiles beyond Core need to know of the connectors, and tell the rest.  They never meet each other."""

from __future__ import annotations

from functools import partial

from ocpp16.configuration.key_names import Key
from ocpp16.messages.types import ChargePointErrorCode, ChargingProfile
from ocpp16.parts import Assembly
from ocpp16.profiles.reservation import ConnectorUse
from ocpp16.station.remote_control import LAST_WORD_S


class Introductions(Assembly):
    """Introduces lists, reservations, charging profiles and firmware."""

    def _introduce_profiles(self) -> None:
        self.authorization.local_list = self.local_list.lookup
        self.authorization.on_conflict = self._list_conflict
        self.local_list.on_reconciled = self.notifications.no_warning
        self.local_list.switched_on = partial(self.configuration.flag, Key.LocalAuthListEnabled)
        self.reservations.seats = self._seats
        self.smart.hardware_amps = self._hardware_amps
        self.smart.waiting = self._waiting_profiles
        self.smart.drop_waiting = self._drop_waiting_profile
        self.firmware.is_charging = self._is_charging
        self.firmware.reboot = self._reboot_for_firmware
        self.firmware.on_open = self._open_after_firmware

    def _list_conflict(self, id_tag: str) -> None:
        if not self.local_list.contradicted(id_tag):
            return
        self.context.note("list-conflict", id_tag=id_tag)
        self.notifications.warn(ChargePointErrorCode.LOCAL_LIST_CONFLICT, "list and Central System disagree")

    def _seats(self) -> dict[int, ConnectorUse]:
        return {number: connector.seat() for number, connector in self.connectors.items()}

    def _hardware_amps(self, number: int) -> float:
        """Nought where nothing flows whatever a profile says: out of service, or all energy given."""
        connector = self.connectors[number]
        return connector.hardware_amps() if connector.operative and not connector.is_spent else 0.0

    def _waiting_profiles(self) -> dict[int, ChargingProfile]:
        found = {number: connector.waiting_profile for number, connector in self.connectors.items()}
        return {number: profile for number, profile in found.items() if profile is not None}

    def _drop_waiting_profile(self, number: int) -> None:
        self.connectors[number].drop_profile()

    def _is_charging(self) -> bool:
        return bool(self.context.facts.running) or self.remote.leaving is not None  # on the way down nothing begins

    def _reboot_for_firmware(self) -> None:
        self.remote.leave("HardReset", LAST_WORD_S)

    def _open_after_firmware(self) -> None:
        for number, connector in self.connectors.items():
            if number not in self.context.facts.running:
                connector.forget_occupancy()
