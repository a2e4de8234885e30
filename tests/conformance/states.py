"""The reusable and memory states of the catalogue: exchanges that bring a station where a case begins."""

from __future__ import annotations

import time
from typing import Any

from tests.conformance.judge import VALID, Failed, Item, Lab, Swap, Want, want
from tests.conformance.transcript import Payload, utc


def start(lab: Lab, id_tag: str = VALID, connector: int | None = None, **fields: Any) -> Want:
    number = lab.connector if connector is None else connector
    return want("StartTransaction", connectorId=number, idTag=id_tag, **fields)


def started(lab: Lab, id_tag: str = VALID, connector: int | None = None, **fields: Any) -> Swap:
    """StartTransaction <> StatusNotification Charging."""
    return Swap((start(lab, id_tag, connector, **fields), lab.status("Charging", connector=connector)))


def stopped(lab: Lab, *statuses: str, optional: bool = False, **fields: Any) -> Swap:
    """StopTransaction of the running transaction <> StatusNotification Finishing (or `statuses`)."""
    stop = want("StopTransaction", transactionId=lab.central.transaction, **fields)
    return Swap((stop, lab.status(*(statuses or ("Finishing",)), optional=optional)))


def by_hand_or(*reasons: str) -> tuple[str, Any]:
    """Reason Local, or omitted (which means Local)."""
    allowed = ("Local", *reasons)
    return f"reason={'|'.join(allowed)} or omitted", lambda payload: payload.get("reason", "Local") in allowed


def no_field(name: str) -> tuple[str, Any]:
    return f"no {name}", lambda payload: name not in payload


async def asks_remotely(lab: Lab) -> bool:
    """AuthorizeRemoteTxRequests as the station shows it."""
    known = await lab.setting("AuthorizeRemoteTxRequests")
    return known is not None and known[0].lower() == "true"


async def authorized(lab: Lab, id_tag: str = VALID, plugged: bool = False) -> None:
    """A valid card is presented: Authorize <> Preparing (unless it was Preparing already)."""
    await lab.tap(id_tag)
    wants = [want("Authorize", idTag=id_tag)] + ([] if plugged else [lab.status("Preparing")])
    await lab.expect(Swap(tuple(wants)))


async def charging(
    lab: Lab, id_tag: str = VALID, *, reserved: bool = False, authorize: bool | None = None,
    profile: Payload | None = None, connector: int | None = None, **start_fields: Any,
) -> int:  # fmt: skip
    """State Charging (by remote start); `authorize` None: Authorize is optional.  Returns the transactionId."""
    number = lab.connector if connector is None else connector
    asks = await asks_remotely(lab)
    plug_first = not lab.product.lock_before_authorization
    if plug_first:
        await lab.plug(number)
        if not reserved:
            await lab.expect(lab.status("Preparing", connector=number))
    request: Payload = {"connectorId": number, "idTag": id_tag} | ({"chargingProfile": profile} if profile else {})
    began = time.monotonic()
    await lab.ask("RemoteStartTransaction", request, "Accepted")
    preparing = lab.status("Preparing", connector=number, optional=plug_first)
    items: list[Item] = []
    if asks:
        asked = want("Authorize", idTag=id_tag, optional=authorize is None and (reserved or not asks))
        items.append(Swap((asked, preparing)) if reserved or not plug_first else asked)
    elif reserved or not plug_first:
        items.append(preparing)
    if items:
        await lab.expect(*items)
    if not plug_first:
        await lab.plug(number)
    calls = await lab.expect(started(lab, id_tag, number, **start_fields))
    if plug_first:
        first = next(call for call in calls if call.action == "StartTransaction")
        lab.causes.append(("remote start", first.at - began))
    return lab.central.transaction


async def charging_by_card(lab: Lab, id_tag: str = VALID) -> int:
    """The same by a card at the reader."""
    if not lab.product.lock_before_authorization:
        await lab.plug()
        await lab.expect(lab.status("Preparing"))
        await authorized(lab, id_tag, plugged=True)
    else:
        await authorized(lab, id_tag)
        await lab.plug()
    await lab.expect(started(lab, id_tag))
    return lab.central.transaction


async def remote_stop(lab: Lab, *statuses: str) -> None:
    """RemoteStopTransaction of what runs: StopTransaction Remote <> Finishing."""
    began = time.monotonic()
    await lab.ask("RemoteStopTransaction", {"transactionId": lab.central.transaction}, "Accepted")
    calls = await lab.expect(stopped(lab, *statuses, reason="Remote"))
    stop = next(call for call in calls if call.action == "StopTransaction")
    lab.causes.append(("remote stop", stop.at - began))


async def make_unavailable(lab: Lab, connector: int) -> None:
    """SetConnectorUnavailable / SetChargePointUnavailable (0)."""
    await lab.ask("ChangeAvailability", {"connectorId": connector, "type": "Inoperative"}, "Accepted")
    if connector:
        await lab.expect(lab.status("Unavailable", connector=connector))
    else:
        await lab.expect(lab.statuses("Unavailable"))


async def others_unavailable(lab: Lab) -> None:
    for number in lab.others:
        await make_unavailable(lab, number)


async def others_occupied(lab: Lab) -> None:
    """A shared reader must mean the connector under test."""
    for number in lab.others:
        await charging(lab, "OTHER-1", connector=number)


async def make_faulted(lab: Lab, connector: int) -> None:
    """SetConnectorFaulted / SetChargePointFaulted (0)."""
    if connector:
        await lab.fault("rcd", True, connector)
        await lab.expect(lab.status("Faulted", connector=connector))
    else:
        await lab.fault("undervoltage", True)
        await lab.expect(lab.statuses("Faulted"))


async def reserve(
    lab: Lab, id_tag: str = VALID, connector: int | None = None, *, parent: str | None = None,
    expires_in_s: float = 3600.0, number: int = 7, status: str = "Accepted",
) -> None:  # fmt: skip
    """State Reserved."""
    where = lab.connector if connector is None else connector
    request: Payload = {
        "connectorId": where, "expiryDate": utc(expires_in_s), "idTag": id_tag, "reservationId": number,
    }  # fmt: skip
    await lab.ask("ReserveNow", request | ({"parentIdTag": parent} if parent else {}), status)
    if status == "Accepted" and where:
        await lab.expect(lab.status("Reserved", connector=where))


async def id_cached(lab: Lab, id_tag: str = VALID) -> None:
    """Memory IdTagCached."""
    await lab.configure_if_there(AuthorizationCacheEnabled=True)
    await charging(lab, id_tag)
    await lab.tap(id_tag)
    await lab.expect(stopped(lab))
    await lab.unplug()
    await lab.expect(lab.status("Available"))


async def id_listed(lab: Lab, id_tag: str = VALID) -> None:
    """Memory IdTagLocalAuthList."""
    await lab.configure_if_there(LocalAuthListEnabled=True)
    await send_list(lab, 1, "Full", [{"idTag": id_tag, "idTagInfo": {"status": "Accepted"}}])


async def send_list(lab: Lab, version: int, kind: str, entries: list[Payload] | None, *allowed: str) -> None:
    request: Payload = {"listVersion": version, "updateType": kind}
    if entries is not None:
        request["localAuthorizationList"] = entries
    await lab.ask("SendLocalList", request, *(allowed or ("Accepted",)))


async def list_version(lab: Lab, wanted: int) -> None:
    version = (await lab.ask("GetLocalListVersion", {}, "conf")).payload["listVersion"]
    if version != wanted:
        raise Failed(f"listVersion is {version}, wanted {wanted}")
