"""The cases of Reservation and Remote Trigger, one function an id; what is wanted stands in their lines."""

from __future__ import annotations

import time

from tests.conformance.judge import FOREIGN, PARENT, VALID, VALID_2, Lab, Swap, Want, want
from tests.conformance.states import (
    authorized,
    charging,
    make_faulted,
    make_unavailable,
    no_field,
    others_unavailable,
    reserve,
    started,
)  # fmt: skip
from tests.conformance.transcript import Payload

RESERVED_S = 2.5
ID = 7


async def tc_046_1(lab: Lab) -> None:
    await others_unavailable(lab)
    await reserve(lab, VALID, number=ID)
    await lab.tap(FOREIGN)
    await lab.quiet()
    await lab.tap(VALID)
    await lab.expect(Swap((want("Authorize", optional=True, idTag=VALID), lab.status("Preparing"))))
    await lab.plug()
    await lab.expect(started(lab, reservationId=ID))


async def tc_046_2(lab: Lab) -> None:
    await reserve(lab, VALID, number=ID)
    await charging(lab, VALID, reserved=True, reservationId=ID)


async def tc_047(lab: Lab) -> None:
    await others_unavailable(lab)
    began = time.monotonic()
    await reserve(lab, VALID, expires_in_s=RESERVED_S, number=ID)
    (call,) = await lab.expect(lab.status("Available"), within=RESERVED_S + 5)
    lab.require(call.at - began >= RESERVED_S - 1, f"Available already after {call.at - began:.2f} s")
    await charging(lab, VALID_2)
    begun = [one.payload for one in lab.central.calls if one.action == "StartTransaction"][-1]
    lab.require("reservationId" not in begun, "StartTransaction carries an expired reservation")


async def tc_048_1(lab: Lab) -> None:
    await make_faulted(lab, lab.connector)
    await reserve(lab, status="Faulted")


async def tc_048_2(lab: Lab) -> None:
    await occupy(lab, lab.connector)
    await reserve(lab, status="Occupied")


async def occupy(lab: Lab, connector: int) -> None:
    """SetConnectorOccupied; where nobody can plug in before, by a card or a remote start."""
    if lab.product.lock_before_authorization:
        await lab.ask("RemoteStartTransaction", {"connectorId": connector, "idTag": VALID}, "Accepted")
        await lab.expect(Swap((want("Authorize", optional=True), lab.status("Preparing", connector=connector))))
    else:
        await lab.plug(connector)
        await lab.expect(lab.status("Preparing", connector=connector))


async def tc_048_3(lab: Lab) -> None:
    await make_unavailable(lab, lab.connector)
    await reserve(lab, status="Unavailable")


async def tc_048_4(lab: Lab) -> None:
    await reserve(lab, status="Rejected")


async def tc_049(lab: Lab) -> None:
    await others_unavailable(lab)
    await reserve(lab, VALID, connector=0, number=ID)
    await lab.expect(lab.status("Reserved"))
    await charging(lab, VALID, reserved=True, reservationId=ID)


async def tc_050_1(lab: Lab) -> None:
    await make_faulted(lab, 0)
    await reserve(lab, connector=0, status="Faulted")


async def tc_050_2(lab: Lab) -> None:
    for number in lab.connectors:
        await occupy(lab, number)
    await reserve(lab, connector=0, status="Occupied")


async def tc_050_3(lab: Lab) -> None:
    await make_unavailable(lab, 0)
    await reserve(lab, connector=0, status="Unavailable")


async def tc_050_4(lab: Lab) -> None:
    await reserve(lab, connector=0, status="Rejected")


async def tc_051(lab: Lab) -> None:
    await reserve(lab, VALID, number=ID)
    await lab.ask("CancelReservation", {"reservationId": ID}, "Accepted")
    await lab.expect(lab.status("Available"))
    await charging(lab, VALID_2)
    begun = [call.payload for call in lab.central.calls if call.action == "StartTransaction"][-1]
    lab.require("reservationId" not in begun, "StartTransaction carries the cancelled reservation")


async def tc_052(lab: Lab) -> None:
    await reserve(lab, number=ID)
    await lab.ask("CancelReservation", {"reservationId": ID + 1}, "Rejected")
    await lab.quiet()


def in_one_group(lab: Lab) -> None:
    for id_tag in (VALID, VALID_2):
        lab.central.cards[id_tag] = {"status": "Accepted", "parentIdTag": PARENT}


async def tc_053_1(lab: Lab) -> None:
    in_one_group(lab)
    await others_unavailable(lab)
    await reserve(lab, VALID, parent=PARENT, number=ID)
    await authorized(lab, VALID_2)
    await lab.plug()
    await lab.expect(started(lab, VALID_2, reservationId=ID))


async def tc_053_2(lab: Lab) -> None:
    in_one_group(lab)
    await lab.configure_if_there(AuthorizeRemoteTxRequests=True)
    await reserve(lab, VALID, parent=PARENT, number=ID)
    await charging(lab, VALID_2, reserved=True, authorize=True, reservationId=ID)


# --- Remote Trigger ---------------------------------------------------------------------------------------------------


async def trigger(lab: Lab, wanted: Want, connector: int | None = None, *, optional: bool = False) -> Payload:
    """TriggerMessage, its answer first, then the message itself."""
    request: Payload = {"requestedMessage": wanted.action} | ({} if connector is None else {"connectorId": connector})
    await lab.settle(0.05)
    began = time.monotonic()
    reply = await lab.ask("TriggerMessage", request, *(("Accepted", "NotImplemented") if optional else ("Accepted",)))
    if reply.status == "NotImplemented":
        return {}
    answered = time.monotonic()
    (call,) = await lab.expect(wanted, free=())
    lines = lab.central.transcript.lines
    answer = max(n for n, line in enumerate(lines) if line.who == "CP=" and line.what == "TriggerMessage")
    message = max(n for n, line in enumerate(lines) if line.who == "CP>" and line.what == wanted.action)
    lab.require(message > answer, f"{wanted.action} came before the answer to TriggerMessage")
    lab.causes.append(("triggered function", max(call.at, answered) - began))
    return call.payload


async def tc_054(lab: Lab) -> None:
    number = lab.connector
    told = await trigger(lab, want("MeterValues", no_field("transactionId"), connectorId=number), number)
    contexts = {sample.get("context") for entry in told["meterValue"] for sample in entry["sampledValue"]}
    lab.require(contexts == {"Trigger"}, f"context is {contexts}, wanted Trigger")
    await trigger(lab, want("Heartbeat"))
    await trigger(lab, lab.status("Available"), number)
    if lab.product.has("FirmwareManagement"):
        await trigger(lab, want("DiagnosticsStatusNotification", status="Idle"))
        await trigger(lab, want("FirmwareStatusNotification", status="Idle"), optional=True)
    await lab.quiet()


async def tc_055(lab: Lab) -> None:
    request = {"requestedMessage": "MeterValues", "connectorId": lab.product.connectors + 1}
    await lab.ask("TriggerMessage", request, "Rejected", "CALLERROR")
    await lab.quiet(1.2, but=())
