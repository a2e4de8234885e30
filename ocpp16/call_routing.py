"""Which CALL of the Central System is answered by whom, per feature profile: one row a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp16.messages.call_error import Refusal
from ocpp16.messages.core import UnlockConnectorReq
from ocpp16.messages.types import Message
from ocpp16.parts import Assembly
from ocpp16.rpc.pending_calls import Postponed

CallAnswer = Callable[[Any], Any]
REFUSALS = frozenset({"Rejected", "NotImplemented", "NotSupported", "Unknown"})
TELL_THEMSELVES = frozenset({"ChangeConfiguration", "ReserveNow", "DataTransfer"})
"""They note more than a status."""
CHANGES = frozenset({"SetChargingProfile", "ClearChargingProfile", "SendLocalList", "ChangeAvailability"})
TOLD = (
    *("connector_id", "transaction_id", "reservation_id", "id", "requested_message"),
    *("type", "list_version", "update_type"),
)
"""Fields of a request that say what it was about, and nothing about persons."""


def tables(parts: Assembly) -> dict[str, dict[str, CallAnswer]]:
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


class CallRouter:
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
        result: Message | Refusal
        if answer is None:  # known to OCPP, not to this product
            result = Refusal("NotSupported", f"{action} is not supported by this station")
        else:
            result = answer(request)
        if isinstance(result, Refusal):
            self._parts.context.note("call-refused", action=action, code=result.code, reason=result.description)
        else:
            self._note(action, request, result)
        return result

    def _note(self, action: str, request: Message, result: Message) -> None:
        """A technician reads what the Central System was refused, and what it changed."""
        status = str(getattr(result, "status", ""))
        if action in TELL_THEMSELVES or not (status in REFUSALS or action in CHANGES):
            return
        told = {name: getattr(request, name) for name in TOLD if hasattr(request, name)}
        what = ", ".join(f"{name} {value}" for name, value in told.items() if value is not None)
        code = "command-refused" if status in REFUSALS else "command-taken"
        self._parts.context.note(code, action=action, what=what or "-", status=status)
