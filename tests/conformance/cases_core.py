"""The Core cases that need a link, one function an id (`tc_003` is TC_003_CS); what is wanted stands in their lines."""

from __future__ import annotations

import itertools
import time

from tests.conformance.judge import INVALID, VALID, VALID_2, Lab, Swap, boot, swap, want
from tests.conformance.states import (
    asks_remotely,
    authorized,
    charging,
    id_cached,
    make_unavailable,
    others_occupied,
    remote_stop,
    started,
    stopped,
)  # fmt: skip
from tests.conformance.transcript import Payload, seconds, utc

BEAT_S = 2
"""HeartbeatInterval and wait of a refused registration in the boot cases."""
SLACK_S = 1.0
"""How far a spacing may be off: OCPP counts whole seconds."""
PLUG_IN_S = 2
SAMPLE_S = 2
CLOCK_S = 3
MANDATORY = {
    "AuthorizeRemoteTxRequests": "R|RW", "ClockAlignedDataInterval": "RW", "ConnectionTimeOut": "RW",
    "ConnectorPhaseRotation": "RW", "GetConfigurationMaxKeys": "R", "HeartbeatInterval": "RW",
    "LocalAuthorizeOffline": "RW", "LocalPreAuthorize": "RW", "MeterValuesAlignedData": "RW",
    "MeterValuesSampledData": "RW", "MeterValueSampleInterval": "RW", "NumberOfConnectors": "R", "ResetRetries": "RW",
    "StopTransactionOnInvalidId": "RW", "StopTxnAlignedData": "RW", "StopTxnSampledData": "RW",
    "SupportedFeatureProfiles": "R", "TransactionMessageAttempts": "RW", "TransactionMessageRetryInterval": "RW",
    "UnlockConnectorOnEVSideDisconnect": "R|RW",
}  # fmt: skip
OF_PROFILES = {
    "LocalAuthListManagement": {
        "LocalAuthListEnabled": "RW", "LocalAuthListMaxLength": "R", "SendLocalListMaxLength": "R",
    },
    "SmartCharging": {
        "ChargeProfileMaxStackLevel": "R", "ChargingScheduleAllowedChargingRateUnit": "R",
        "ChargingScheduleMaxPeriods": "R", "MaxChargingProfilesInstalled": "R",
    },
}  # fmt: skip
FINISHED = ("Finishing", "Preparing")
GONE = ("Available", "Unavailable")


def beat_s(lab: Lab) -> int:
    """The interval that is told: the product's own limits count."""
    return min(max(BEAT_S, lab.product.heartbeat_interval_min_s), lab.product.heartbeat_interval_max_s)


async def beats(lab: Lab, first_at: float) -> None:
    """Heartbeats at the accepted interval, three of them."""
    last, every_s = first_at, beat_s(lab)
    for _ in range(3):
        (call,) = await lab.expect(want("Heartbeat"), within=every_s + 4, free=())
        gap = call.at - last
        lab.require(abs(gap - every_s) <= SLACK_S, f"Heartbeat after {gap:.2f} s, wanted {every_s}")
        last = call.at


async def cold(lab: Lab, status: str) -> float:
    """Power-cycled, and the next BootNotification is answered so; when that came."""
    lab.central.script("BootNotification", lambda _: refused(status))
    lab.central.interval = beat_s(lab)
    await lab.power_cut()
    await lab.power_back()
    (first,) = await lab.expect(boot(), within=20)
    return first.at


def refused(status: str) -> Payload:
    return {"status": status, "currentTime": utc(), "interval": BEAT_S}


async def second_boot(lab: Lab, first_at: float) -> None:
    (again,) = await lab.expect(boot(), within=BEAT_S + 5, free=())
    spacing = again.at - first_at
    lab.require(abs(spacing - BEAT_S) <= SLACK_S, f"the second BootNotification came {spacing:.2f} s after the first")
    await lab.expect(lab.statuses("Available"))
    await beats(lab, again.at)


async def tc_001(lab: Lab) -> None:
    first_at = await cold(lab, "Rejected")
    await lab.quiet(BEAT_S - 0.3, but=())
    await second_boot(lab, first_at)


async def tc_002(lab: Lab) -> None:
    first_at = await cold(lab, "Pending")
    keys = (await lab.ask("GetConfiguration", {}, "conf")).payload.get("configurationKey", [])
    lab.require(len(keys) > len(MANDATORY), f"only {len(keys)} keys while Pending")
    await lab.configure(MeterValueSampleInterval=7)
    await second_boot(lab, first_at)
    kept = await lab.setting("MeterValueSampleInterval")
    lab.require(kept is not None and kept[0] == "7", f"what was set while Pending is {kept} now")


async def tc_003(lab: Lab) -> None:
    await lab.plug()
    await lab.expect(lab.status("Preparing"))
    await lab.tap(VALID)
    await lab.expect(want("Authorize", idTag=VALID), started(lab))


async def tc_004_1(lab: Lab) -> None:
    await lab.configure(MeterValueSampleInterval=30)
    await authorized(lab)
    await lab.plug()
    await lab.expect(started(lab))


async def tc_004_2(lab: Lab) -> None:
    await lab.configure(ConnectionTimeOut=PLUG_IN_S)
    await authorized(lab)
    await released(lab)


async def released(lab: Lab) -> None:
    """Nobody plugs in: Available again when ConnectionTimeOut is over."""
    began = time.monotonic()
    (call,) = await lab.expect(lab.status("Available"), within=PLUG_IN_S + 5)
    lab.require(call.at - began >= PLUG_IN_S - SLACK_S, f"Available already after {call.at - began:.2f} s")
    await lab.quiet()


async def tc_068(lab: Lab) -> None:
    await others_occupied(lab)
    await charging(lab)
    await lab.tap(VALID_2)
    await lab.quiet(1.5)
    await lab.tap(VALID)
    await lab.expect(stopped(lab, idTag=VALID))


async def tc_069(lab: Lab) -> None:
    for id_tag in (VALID, VALID_2):
        lab.central.cards[id_tag] = {"status": "Accepted", "parentIdTag": "PARENT-1"}
    await others_occupied(lab)
    await charging(lab)
    await lab.tap(VALID_2)
    await lab.expect(want("Authorize", idTag=VALID_2), stopped(lab, idTag=VALID_2))


# --- the plug is pulled at the car ------------------------------------------------------------------------------------


async def pulled(lab: Lab, stop: bool, unlock: bool) -> None:
    await lab.configure_if_there(
        MinimumStatusDuration=0, StopTransactionOnEVSideDisconnect=stop, UnlockConnectorOnEVSideDisconnect=unlock
    )
    await charging(lab)
    await lab.unplug()


async def tc_005_1(lab: Lab) -> None:
    await pulled(lab, True, True)
    await lab.expect(stopped(lab, reason="EVDisconnected"))


async def tc_005_2(lab: Lab) -> None:
    await pulled(lab, True, False)
    await lab.expect(stopped(lab, "Finishing", "Available", reason="EVDisconnected"))
    await lab.ask(
        "UnlockConnector",
        {"connectorId": lab.connector},
        "NotSupported" if lab.product.fixed_cable else "Unlocked",
    )


async def tc_005_3(lab: Lab) -> None:
    await pulled(lab, False, False)
    (call,) = await lab.expect(lab.status("SuspendedEV", "SuspendedEVSE"))
    lab.require("disconnect" in call.payload.get("info", ""), "info does not tell that the EV side was disconnected")
    await remote_stop(lab, "Finishing", "Available")


# --- cache ------------------------------------------------------------------------------------------------------------


async def tc_007_1(lab: Lab) -> None:
    await lab.configure_if_there(LocalPreAuthorize=True)
    await id_cached(lab)
    await lab.tap(VALID)
    await lab.expect(lab.status("Preparing"))
    await lab.plug()
    await lab.expect(started(lab))


async def tc_007_2(lab: Lab) -> None:
    await lab.configure_if_there(LocalPreAuthorize=True, AuthorizeRemoteTxRequests=True)
    await cached_by_remote(lab)
    await lab.plug()
    await lab.expect(lab.status("Preparing"))
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": VALID}, "Accepted")
    await lab.expect(started(lab))


async def cached_by_remote(lab: Lab) -> None:
    """Memory IdTagCached, also where nobody can stop with a card."""
    await lab.configure_if_there(AuthorizationCacheEnabled=True)
    if lab.product.local_stop:
        await id_cached(lab)
        return
    await charging(lab)
    await remote_stop(lab)
    await lab.unplug()
    await lab.expect(lab.status("Available"))


async def tc_061_1(lab: Lab) -> None:
    await lab.configure_if_there(AuthorizationCacheEnabled=True, LocalPreAuthorize=True)
    await lab.configure(ConnectionTimeOut=PLUG_IN_S)
    await authorized(lab)
    await lab.expect(lab.status("Available"), within=PLUG_IN_S + 5)
    await lab.ask("ClearCache", {}, "Accepted")
    await lab.tap(VALID)
    await lab.expect(want("Authorize", idTag=VALID))


async def tc_061_2(lab: Lab) -> None:
    await lab.configure_if_there(LocalPreAuthorize=True, AuthorizeRemoteTxRequests=True)
    await cached_by_remote(lab)
    await lab.ask("ClearCache", {}, "Accepted")
    await charging(lab, authorize=True)


# --- remote start and stop --------------------------------------------------------------------------------------------


async def tc_010(lab: Lab) -> None:
    await charging(lab)


async def remote_first(lab: Lab) -> None:
    asks = await asks_remotely(lab)
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": VALID}, "Accepted")
    await lab.expect(*([want("Authorize", idTag=VALID)] if asks else []), lab.status("Preparing"))


async def tc_011_1(lab: Lab) -> None:
    for value in (True, False):
        await lab.configure_if_there(AuthorizeRemoteTxRequests=value)
        await remote_first(lab)
        await lab.plug()
        await lab.expect(started(lab))
        await remote_stop(lab)
        await lab.unplug()
        await lab.expect(lab.status("Available"))


async def tc_011_2(lab: Lab) -> None:
    await lab.configure(ConnectionTimeOut=PLUG_IN_S)
    await remote_first(lab)
    await released(lab)


async def tc_012(lab: Lab) -> None:
    await charging(lab)
    await remote_stop(lab)
    await lab.quiet()


async def tc_026(lab: Lab) -> None:
    await lab.configure_if_there(LocalPreAuthorize=False)
    await charging(lab)
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": VALID_2}, "Rejected")
    await lab.quiet()


async def tc_027(lab: Lab) -> None:
    await lab.ask("RemoteStartTransaction", {"connectorId": 0, "idTag": VALID}, "Rejected", "CALLERROR")
    await lab.quiet()


async def tc_028(lab: Lab) -> None:
    transaction = await charging(lab)
    await lab.ask("RemoteStopTransaction", {"transactionId": transaction + 1000}, "Rejected")
    await lab.quiet()


# --- reset ------------------------------------------------------------------------------------------------------------


async def reset_idle(lab: Lab, kind: str) -> None:
    await make_unavailable(lab, lab.connector)
    await lab.ask("Reset", {"type": kind}, "Accepted")
    await lab.expect(boot(), lab.statuses("Available", own=("Unavailable",)), within=25)
    await lab.ask("ChangeAvailability", {"connectorId": lab.connector, "type": "Operative"}, "Accepted")
    await lab.expect(lab.status("Available"))


async def tc_013(lab: Lab) -> None:
    await reset_idle(lab, "Hard")


async def tc_014(lab: Lab) -> None:
    await reset_idle(lab, "Soft")


async def tc_015(lab: Lab) -> None:
    await charging(lab)
    await lab.ask("Reset", {"type": "Hard"}, "Accepted")
    await stop_and_boot(lab, "HardReset")


async def tc_016(lab: Lab) -> None:
    await charging(lab)
    await lab.ask("Reset", {"type": "Soft"}, "Accepted")
    await lab.expect(stopped(lab, reason="SoftReset"))
    await lab.expect(boot(), lab.statuses("Available", own=FINISHED), within=25)
    await lab.quiet(0.8, "StopTransaction")


async def stop_and_boot(lab: Lab, reason: str) -> None:
    """Exactly one StopTransaction, before or after the reboot."""
    stop = want("StopTransaction", transactionId=lab.central.transaction, reason=reason)
    finishing = lab.status("Finishing")
    first = await lab.central.next_call(25)
    lab.central.read -= first is not None
    if first is not None and first.action != "BootNotification":
        await lab.expect(swap(stop, finishing), boot(), lab.statuses("Available", own=FINISHED), within=25)
    else:
        await lab.expect(boot(), within=25)
        await lab.expect(Swap((*lab.statuses("Available", own=FINISHED).wants, stop)))
    await lab.quiet(0.8, "StopTransaction")


# --- unlock -----------------------------------------------------------------------------------------------------------


async def unlock(lab: Lab, wanted: str, connector: int | None = None) -> None:
    await lab.ask("UnlockConnector", {"connectorId": connector or lab.connector}, wanted)


async def tc_017_1(lab: Lab) -> None:
    await unlock(lab, "Unlocked")


async def tc_017_2(lab: Lab) -> None:
    await unlock(lab, "NotSupported")


async def tc_018_1(lab: Lab) -> None:
    await charging(lab)
    await unlock(lab, "Unlocked")
    await lab.expect(stopped(lab, reason="UnlockCommand"))
    await lab.unplug()
    await lab.expect(lab.status("Available"))


async def tc_018_2(lab: Lab) -> None:
    await charging(lab)
    await unlock(lab, "NotSupported")
    await lab.quiet()


async def tc_024(lab: Lab) -> None:
    await remote_first(lab)
    await lab.fault("lock-open", True)
    await lab.plug()
    await lab.expect(lab.status("Faulted", errorCode="ConnectorLockFailure"), within=12)
    await lab.quiet(1.2, "StartTransaction")


async def tc_030(lab: Lab) -> None:
    await charging(lab)
    await lab.fault("lock-closed", True)
    await unlock(lab, "UnlockFailed")


async def tc_031(lab: Lab) -> None:
    await unlock(lab, "NotSupported", lab.product.connectors + 1)


# --- configuration ----------------------------------------------------------------------------------------------------


async def tc_019(lab: Lab) -> None:
    reply = await lab.ask("GetConfiguration", {"key": ["SupportedFeatureProfiles"]}, "conf")
    lab.require(not reply.payload.get("unknownKey"), "SupportedFeatureProfiles is unknown")
    every = (await lab.ask("GetConfiguration", {}, "conf")).payload.get("configurationKey", [])
    access = {row["key"]: "R" if row["readonly"] else "RW" for row in every}
    must = dict(MANDATORY)
    for profile, keys in OF_PROFILES.items():
        must |= keys if lab.product.has(profile) else {}
    wrong = [
        f"{key} is {access.get(key, 'missing')}" for key, may in must.items() if access.get(key) not in may.split("|")
    ]
    lab.require(not wrong, "; ".join(wrong))
    most = await lab.setting("GetConfigurationMaxKeys")
    assert most is not None
    names = list(access)[: int(most[0])]
    picked = (await lab.ask("GetConfiguration", {"key": names}, "conf")).payload
    got = [row["key"] for row in picked.get("configurationKey", [])]
    lab.require(sorted(got) == sorted(names) and not picked.get("unknownKey"), f"asked {names}, got {got}")


async def tc_021(lab: Lab) -> None:
    for value in ("17", "23"):
        await lab.configure(MeterValueSampleInterval=value)
        shown = await lab.setting("MeterValueSampleInterval")
        lab.require(shown is not None and shown[0] == value, f"read back {shown}, wanted {value}")


async def tc_040_1(lab: Lab) -> None:
    await lab.ask("ChangeConfiguration", {"key": "Testing", "value": "true"}, "NotSupported")


async def tc_040_2(lab: Lab) -> None:
    before = await lab.setting("MeterValueSampleInterval")
    request = {"key": "MeterValueSampleInterval", "value": "-1"}
    await lab.ask("ChangeConfiguration", request, "Rejected", "PropertyConstraintViolation")
    after = await lab.setting("MeterValueSampleInterval")
    lab.require(before == after, f"the value was {before} and is {after}")


async def tc_062(lab: Lab) -> None:
    reply = await lab.ask(
        "DataTransfer",
        {"vendorId": "com.example.nobody"},
        "Rejected",
        "UnknownMessageId",
        "UnknownVendorId",
        "Accepted",
    )
    if reply.status == "Accepted":
        lab.remarks.append("DataTransfer of an unknown vendor was accepted")


# --- meter values -----------------------------------------------------------------------------------------------------


async def values(lab: Lab, key: str, context: str, every_s: int) -> list[float]:
    """Three MeterValues with all measurands of a key; their timestamps."""
    known = await lab.setting(key)
    measurands = (known[0] if known else "") or "Energy.Active.Import.Register"
    transaction = await charging(lab)
    times: list[float] = []
    for _ in range(3):
        (call,) = await lab.expect(
            want("MeterValues", connectorId=lab.connector, transactionId=transaction), within=every_s + 6, free=()
        )
        for entry in call.payload["meterValue"]:
            times.append(seconds(entry["timestamp"]))
            samples = entry["sampledValue"]
            names = {sample.get("measurand", "Energy.Active.Import.Register") for sample in samples}
            contexts = {sample.get("context", "Sample.Periodic") for sample in samples}
            lab.require(names == set(measurands.split(",")), f"measurands are {sorted(names)}, wanted {measurands}")
            lab.require(contexts == {context}, f"context is {contexts}, wanted {context}")
    return times


async def tc_070(lab: Lab) -> None:
    every_s = max(SAMPLE_S, lab.product.sample_interval_min_s)
    await lab.configure(MeterValueSampleInterval=every_s, ClockAlignedDataInterval=0)
    most = lab.product.sampled_data_max_length
    await lab.configure(MeterValuesSampledData=",".join(lab.product.measurands[:most]))
    times = await values(lab, "MeterValuesSampledData", "Sample.Periodic", every_s)
    spaced(lab, times, every_s)


async def tc_071(lab: Lab) -> None:
    await lab.configure(ClockAlignedDataInterval=CLOCK_S)
    most = lab.product.aligned_data_max_length
    await lab.configure(MeterValuesAlignedData=",".join(lab.product.measurands[:most]))
    times = await values(lab, "MeterValuesAlignedData", "Sample.Clock", CLOCK_S)
    lab.require(all(t % CLOCK_S == 0 for t in times), f"a timestamp is not on a boundary of {CLOCK_S} s: {times}")
    spaced(lab, times, CLOCK_S, slack=0.0)


def spaced(lab: Lab, times: list[float], every_s: float, slack: float = SLACK_S) -> None:
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    wrong = [gap for gap in gaps if abs(gap - every_s) > slack]
    lab.require(not wrong, f"spaced by {', '.join(f'{gap:.2f}' for gap in gaps)} s, wanted {every_s}")


# --- refused cards, faults --------------------------------------------------------------------------------------------


async def tc_023_4(lab: Lab) -> None:
    await lab.configure_if_there(MinimumStatusDuration=1, LocalPreAuthorize=True)
    await lab.tap(INVALID)
    await lab.expect(want("Authorize", idTag=INVALID))
    await lab.plug()
    await lab.expect(lab.status("Preparing"))
    await lab.quiet(1.2)
    await lab.tap(INVALID)  # the earlier edition: plugged in first
    await lab.expect(want("Authorize", idTag=INVALID))
    await lab.quiet(1.2)


async def tc_023_5(lab: Lab) -> None:
    await lab.configure_if_there(AuthorizeRemoteTxRequests=True)
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": INVALID}, "Accepted")
    await lab.expect(want("Authorize", idTag=INVALID))
    await lab.plug()
    await lab.expect(lab.status("Preparing"))
    await lab.quiet(1.2)


async def tc_041(lab: Lab) -> None:
    await lab.fault("rcd", True)
    await lab.expect(lab.status("Faulted"))
    await lab.plug()
    if lab.product.local_start:
        await lab.tap(VALID)
    await lab.ask("RemoteStartTransaction", {"connectorId": lab.connector, "idTag": VALID}, "Rejected")
    await lab.quiet(1.5, "StartTransaction", "Authorize")
