"""The four indicators of the certificate's performance table, on loopback: median, minimum, maximum."""

from __future__ import annotations

from tests.bench.measure import Row, median
from tests.bench.processes import CALM, ONE_KEY, booted
from tests.bench.wire import Wire
from tests.csms.station import Station

TARGETS_MS = {"response": 2.0, "triggered function": 5.0, "remote start": 5.0, "remote stop": 10.0}


async def indicators(runs: int = 5) -> list[Row]:
    """Response time, triggered function, remote start and remote stop (beyond the car: it rests already)."""
    wire = Wire()
    station = Station(wire.url, **CALM)
    times: dict[str, list[float]] = {name: [] for name in TARGETS_MS}
    try:
        await station.start()
        booted(wire)
        wire.serve_action("StatusNotification", connectorId=1, status="Available")
        for _ in range(runs):
            times["response"] += [wire.call("GetConfiguration", ONE_KEY) * 1000 for _ in range(10)]
            beat = {"requestedMessage": "Heartbeat"}
            times["triggered function"] += [_until(wire, "TriggerMessage", beat, "Heartbeat") for _ in range(10)]
            await station.ctl("sim", "plug")
            wire.serve_action("StatusNotification", connectorId=1, status="Preparing")
            order = {"idTag": "BENCH", "connectorId": 1}
            times["remote start"].append(_until(wire, "RemoteStartTransaction", order, "StartTransaction"))
            wire.serve_action("StatusNotification", connectorId=1, status="Charging")
            await station.ctl("sim", "ev", "pause")
            wire.serve_action("StatusNotification", connectorId=1, status="SuspendedEV")
            stop = {"transactionId": wire.transaction}
            times["remote stop"].append(_until(wire, "RemoteStopTransaction", stop, "StopTransaction"))
            await station.ctl("sim", "unplug")
            wire.serve_action("StatusNotification", connectorId=1, status="Available")
    finally:
        await station.__aexit__(None, None, None)
        wire.close()
    return [_row(name, found) for name, found in times.items()]


def _row(name: str, found: list[float]) -> Row:
    """Judged by the median; the best and the worst are stated."""
    middle, target = median(found), TARGETS_MS[name]
    measured = f"{middle:.2f} ms ({min(found):.2f} to {max(found):.2f})"
    return Row(f"indicator: {name}", f"<= {target:.0f} ms", measured, None, middle <= target, len(found))


def _until(wire: Wire, action: str, payload: dict[str, object], then: str) -> float:
    """Milliseconds from our CALL to the CALL that it brings about."""
    wire.count += 1
    began = wire.send([2, f"i{wire.count}", action, payload])
    came, _ = wire.serve_action(then)
    return (came - began) * 1000
