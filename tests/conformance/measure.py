"""What a running station says of itself, and how fast it is: limits read back, and the certificate's four indicators.

Measured once on loopback and once over the simulated mobile link.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.conformance import pics
from tests.conformance.judge import VALID, Failed, Lab, want
from tests.conformance.run import Place
from tests.conformance.states import charging, remote_stop
from tests.conformance.wire import Stopped

RESPONSE, TRIGGERED, REMOTE_START, REMOTE_STOP = "response", "triggered function", "remote start", "remote stop"
INDICATORS = (
    (RESPONSE, "OCPP response timeout", 15.0),
    (TRIGGERED, "OCPP triggered function timeout", 30.0),
    (REMOTE_START, "Transaction authorization time by RemoteStartTransaction", 15.0),
    (REMOTE_STOP, "Transaction authorization end time by RemoteStopTransaction", 15.0),
)
"""Which, its name in the certificate, the declared maximum in seconds."""
SESSIONS, TRIGGERS, QUESTIONS = 3, 6, 10
PATIENCE_S = 45.0
Samples = dict[str, list[float]]


@dataclass
class Facts:
    """As read back from a running station."""

    boot: dict[str, Any] = field(default_factory=dict)
    keys: dict[str, tuple[str, bool]] = field(default_factory=dict)
    limits: list[tuple[pics.Limit, str, bool | None]] = field(default_factory=list)
    """(what is declared, what was read, whether they agree; None: it cannot be read)."""


async def facts(place: Place) -> Facts:
    async with place(False) as lab:
        await lab.booted()
        found = Facts(boot=next(call.payload for call in lab.central.calls if call.action == "BootNotification"))
        rows = (await lab.ask("GetConfiguration", {}, "conf")).payload.get("configurationKey", [])
        found.keys = {row["key"]: (row.get("value", ""), row["readonly"]) for row in rows}
        for limit in pics.limits(lab.product):
            found.limits.append((limit, *await _read(lab, limit, found.keys)))
        return found


async def _read(lab: Lab, limit: pics.Limit, keys: dict[str, tuple[str, bool]]) -> tuple[str, bool | None]:
    """What the station says, or does at the limit."""
    if limit.key not in keys:
        return "not reported: this product does not have the key", None
    if not limit.setting.endswith(("minimum", "maximum")):
        told = keys[limit.key][0]
        return told, told == limit.declared
    at = int(limit.declared)
    beyond = at - 1 if limit.setting.endswith("minimum") else at + 1
    taken = [await _takes(lab, limit.key, value) for value in (at, beyond)]
    right = taken == [True, False]
    words = "accepted" if taken[0] else "refused", "accepted" if taken[1] else "refused"
    return f"{at} is {words[0]}, {beyond} is {words[1]}", right


async def _takes(lab: Lab, key: str, value: int) -> bool:
    return (await lab.ask("ChangeConfiguration", {"key": key, "value": str(value)})).status == "Accepted"


async def indicators(place: Place, mobile: bool) -> Samples:
    """The four, in a run of their own: nothing else goes on at this station."""
    samples: Samples = {name: [] for name, _, _ in INDICATORS}
    async with place(mobile) as lab:
        lab.within_s = PATIENCE_S
        try:
            await lab.booted(PATIENCE_S * 2)
            await _sessions(lab)
            await _triggers(lab)
            for _ in range(QUESTIONS):
                await lab.ask("GetConfiguration", {"key": ["HeartbeatInterval"]}, "conf")
        except (Failed, Stopped) as failed:
            lab.remarks.append(str(failed))
        samples[RESPONSE] = [took for _, took in lab.central.measured]
        for name, took in lab.causes:
            samples[name].append(took)
    return samples


async def _sessions(lab: Lab) -> None:
    for _ in range(SESSIONS):
        await charging(lab, VALID)
        await remote_stop(lab)
        await lab.unplug()
        await lab.expect(lab.status("Available"))


async def _triggers(lab: Lab) -> None:
    if not lab.product.has("RemoteTrigger"):
        return
    for _ in range(TRIGGERS):
        began = time.monotonic()
        await lab.ask("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Accepted")
        (call,) = await lab.expect(want("Heartbeat"), free=())
        lab.causes.append((TRIGGERED, call.at - began))


def row(values: Iterable[float]) -> tuple[float, float, float, int] | None:
    """(minimum, maximum, average, number); None: nothing was measured."""
    every = list(values)
    return (min(every), max(every), sum(every) / len(every), len(every)) if every else None
