"""The Core cases of broken links and power cuts, one function an id; what is wanted stands in their lines."""

from __future__ import annotations

from tests.conformance.cases_core import FINISHED, SLACK_S, spaced
from tests.conformance.judge import INVALID, VALID, Lab, Swap, boot, want
from tests.conformance.states import (
    by_hand_or,
    charging,
    id_cached,
    id_listed,
    make_unavailable,
    start,
    started,
    stopped,
)  # fmt: skip
from tests.conformance.transcript import seconds, utc

SAMPLE_S = 1
AWAY_S = 2.0
"""How long the network is away at the least; the rest is for the deeds meanwhile."""
BOOT_S = 25.0
RESTS_S = 5.0
"""A contactor that has opened may rest so long before it closes again."""


async def tc_032_1(lab: Lab) -> None:
    await charging(lab)
    await lab.hand("backup-power")
    await lab.expect(stopped(lab, reason="PowerLoss"))
    await lab.expect(boot(), lab.statuses("Available", own=FINISHED), within=BOOT_S)
    await lab.quiet(0.8, "StopTransaction")


async def tc_032_2(lab: Lab) -> None:
    transaction = await charging(lab)
    await lab.wait(1.5)
    cut_at = seconds(utc())
    await lab.power_cut()
    await lab.wait(1.5)
    await lab.power_back()
    stop = want("StopTransaction", transactionId=transaction, reason="PowerLoss")
    passing = lab.status("Charging", "Unavailable", "Available", optional=True)
    used = lab.status(*FINISHED)
    wants = [want_ for want_ in lab.statuses("Available").wants if want_.fields["connectorId"] != lab.connector]
    calls = await lab.expect(boot(), Swap((*wants, used, stop, passing)), within=BOOT_S)
    told = next(call.payload for call in calls if call.action == "StopTransaction")
    lab.require(seconds(told["timestamp"]) <= cut_at + 0.5, "the stop's time is not the last one before the dark")
    began = [c.payload["meterStart"] for c in lab.central.calls if c.action == "StartTransaction"][-1]
    lab.require(told["meterStop"] >= began, f"meterStop {told['meterStop']} lies before meterStart {began}")
    await lab.quiet(0.8, "StopTransaction")


async def tc_034(lab: Lab) -> None:
    await make_unavailable(lab, 0)
    await lab.power_cut()
    await lab.power_back()
    await lab.expect(boot(), lab.statuses("Unavailable"), within=BOOT_S)
    await lab.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"}, "Accepted")
    await lab.expect(lab.statuses("Available"))


async def tc_036(lab: Lab) -> None:
    every_s = max(SAMPLE_S, lab.product.sample_interval_min_s)
    await lab.configure(MeterValueSampleInterval=every_s)
    transaction = await charging(lab)
    await lab.expect(want("MeterValues", transactionId=transaction), free=())
    await lab.break_link()
    away_from = seconds(utc())
    await lab.wait(3 * every_s + 0.6)
    away_to = seconds(utc())
    await lab.restore_link()
    times: list[float] = []
    while not times or times[-1] <= away_to:
        (call,) = await lab.expect(want("MeterValues", transactionId=transaction), free=())
        times += [seconds(entry["timestamp"]) for entry in call.payload["meterValue"]]
    lab.require(times == sorted(times), "queued samples do not come oldest first")
    queued = [at for at in times if away_from <= at <= away_to]
    lab.require(len(queued) >= 3, f"{len(queued)} samples of {away_to - away_from:.1f} s without link came")
    spaced(lab, times, every_s, slack=SLACK_S / 2)


# --- a start without link ---------------------------------------------------------------------------------------------


async def prepare(lab: Lab) -> None:
    """Everything on that lets a card start offline; the valid id is listed, or cached."""
    await lab.configure_if_there(
        LocalAuthorizeOffline=True, LocalAuthListEnabled=True, AuthorizationCacheEnabled=True,
        AllowOfflineTxForUnknownId=True,
    )  # fmt: skip
    if lab.product.has("LocalAuthListManagement"):
        await id_listed(lab)
    elif lab.product.authorization_cache and lab.product.local_stop:
        await id_cached(lab)
        await lab.wait(RESTS_S)


async def offline_start(lab: Lab, id_tag: str) -> tuple[float, float]:
    """Break, start; between which times it began."""
    await lab.break_link()
    since = seconds(utc())
    if lab.product.lock_before_authorization:
        await lab.tap(id_tag)
        await lab.plug()
    else:
        await lab.plug()
        await lab.tap(id_tag)
    until = seconds(utc())
    await lab.wait(AWAY_S)
    return since, until


async def tc_037_1(lab: Lab) -> None:
    await prepare(lab)
    before = len(lab.central.calls)
    since, until = await offline_start(lab, VALID)
    await lab.restore_link()
    calls = await lab.expect(started(lab))
    at = next(seconds(call.payload["timestamp"]) for call in calls if call.action == "StartTransaction")
    lab.require(since - 0.5 <= at <= until + AWAY_S / 2, "the queued StartTransaction does not carry its own time")
    lab.require(not any(call.action == "Authorize" for call in lab.central.calls[before:]), "Authorize of a known card")


async def tc_037_2(lab: Lab) -> None:
    await prepare(lab)
    await lab.configure_if_there(StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=0)
    await offline_start(lab, INVALID)
    await lab.restore_link()
    await lab.expect(started(lab, INVALID), lab.status("SuspendedEVSE"))
    await lab.quiet(1.2, "StopTransaction")


async def tc_037_3(lab: Lab) -> None:
    await prepare(lab)
    await lab.configure_if_there(StopTransactionOnInvalidId=True, MaxEnergyOnInvalidId=0)
    await offline_start(lab, INVALID)
    await lab.restore_link()
    await lab.expect(started(lab, INVALID))
    await lab.expect(stopped(lab, reason="DeAuthorized"))


async def tc_038(lab: Lab) -> None:
    await charging(lab)
    await lab.break_link()
    await lab.tap(VALID)
    await lab.wait(AWAY_S)
    await lab.restore_link()
    stop = want("StopTransaction", by_hand_or(), transactionId=lab.central.transaction)
    await lab.expect(Swap((stop, lab.status("Finishing"))))


async def tc_039(lab: Lab) -> None:
    await prepare(lab)
    await offline_start(lab, VALID)
    await lab.tap(VALID)
    await lab.wait(AWAY_S)
    await lab.unplug()
    await lab.wait(0.5)
    before = lab.central.transaction
    await lab.restore_link()
    await lab.expect(start(lab))
    await lab.expect(want("StopTransaction", by_hand_or(), transactionId=before + 1))
    await lab.quiet(0.8, "StopTransaction", "StartTransaction")
