"""Which CALL of the Central System is answered by whom, per feature profile: one row a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp16.assembly import Assembly
from ocpp16.messages.core import UnlockConnectorReq
from ocpp16.messages.types import Message
from ocpp16.rpc.calls import Postponed
from ocpp16.rpc.payload import Refusal

Answer = Callable[[Any], Any]


def tables(parts: Assembly) -> dict[str, dict[str, Answer]]:
    """The messages of each profile that is built."""
    return {
        "Core": {
            "ChangeAvailability": parts.availability.on_change_availability,
            "ChangeConfiguration": parts.configuration.on_change_configuration,
            "ClearCache": parts.authorization.on_clear_cache,
            "DataTransfer": parts.remote.on_data_transfer,
            "GetConfiguration": parts.configuration.on_get_configuration,
            "RemoteStartTransaction": parts.remote.on_remote_start,
            "RemoteStopTransaction": parts.remote.on_remote_stop,
            "Reset": parts.remote.on_reset,
        },
        "LocalAuthListManagement": {
            "GetLocalListVersion": parts.local_list.on_get_version,
            "SendLocalList": parts.local_list.on_send,
        },
        "Reservation": {
            "ReserveNow": parts.reservations.on_reserve,
            "CancelReservation": parts.reservations.on_cancel,
        },
        "SmartCharging": {
            "SetChargingProfile": parts.smart.on_set,
            "ClearChargingProfile": parts.smart.on_clear,
            "GetCompositeSchedule": parts.smart.on_composite,
        },
        "RemoteTrigger": {"TriggerMessage": parts.trigger.on_trigger},
        "FirmwareManagement": {
            "UpdateFirmware": parts.firmware.on_update,
            "GetDiagnostics": parts.diagnostics.on_get_diagnostics,
        },
    }


class Answers:
    """The answers of this product."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts
        every = tables(parts)
        self._own = {
            action: answer for name in parts.product.profiles for action, answer in every.get(name, {}).items()
        }
        # The list and reservations have words of their own for "not supported" (§5.13, §5.15, §5.14)
        self._own |= every["LocalAuthListManagement"] | {"ReserveNow": parts.reservations.on_reserve} | self._own

    def __call__(self, action: str, request: Message, call_id: str) -> Message | Refusal | Postponed:
        """The confirmation, a CALLERROR, or the word that it comes later."""
        if isinstance(request, UnlockConnectorReq):
            return self._parts.remote.on_unlock(request, call_id)
        answer = self._own.get(action)
        if answer is None:  # known to OCPP, not to this product
            return Refusal("NotSupported", f"{action} is not supported by this station")
        result: Message | Refusal = answer(request)
        return result
