"""Back-offices as they are: what evcc, Home Assistant, SteVe, CitrineOS and a strict validator send; no judgement here.

Each writes its own set-up and limits as its source or its users report them; `strict` holds any traffic to the schemas.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.conformance.wire import schema_faults
from tests.csms.scripted import Payload, ScriptedCentralSystem, utc

HA_MEASURANDS = (
    "Current.Export Current.Import Current.Offered Energy.Active.Export.Interval Energy.Active.Export.Register "
    "Energy.Active.Import.Interval Energy.Active.Import.Register Energy.Reactive.Export.Interval "
    "Energy.Reactive.Export.Register Energy.Reactive.Import.Interval Energy.Reactive.Import.Register Frequency "
    "Power.Active.Export Power.Active.Import Power.Factor Power.Offered Power.Reactive.Export Power.Reactive.Import "
    "RPM SoC Temperature Voltage"
).split()
EVCC_MEASURANDS = (
    "Power.Active.Import Energy.Active.Import.Register Current.Import Voltage Current.Offered Power.Offered SoC"
).split()


class BackOffice(ScriptedCentralSystem):
    """A good Central System that remembers both directions; the rest is what each does on top."""

    def __init__(self, interval: int = 300) -> None:
        super().__init__(interval)
        self.said: list[tuple[bool, str]] = []
        """Every frame as text: to the station or not."""
        self.keys: dict[str, str] = {}
        self.refused: list[str] = []
        """What the set-up asked for in vain."""

    async def _hear(self, text: str | bytes) -> None:
        self.said.append((False, str(text)))
        await super()._hear(text)

    async def send(self, frame: list[Any]) -> None:
        self.said.append((True, json.dumps(frame)))
        await super().send(frame)

    async def ask(self, action: str, **payload: Any) -> Payload:
        """The payload of the answer; AssertionError for a CALLERROR."""
        frame = await self.call(action, payload)
        assert frame[0] == 3, f"{action} {payload}: {frame}"
        return dict(frame[2])

    async def wish(self, action: str, **payload: Any) -> bool:
        """Ask for what may be refused; whether it was accepted."""
        status = str((await self.ask(action, **payload)).get("status"))
        if status not in ("Accepted", "RebootRequired"):
            self.refused.append(f"{action} {payload.get('key') or payload.get('requestedMessage') or ''}: {status}")
        return status in ("Accepted", "RebootRequired")

    async def change(self, key: str, value: str) -> bool:
        return await self.wish("ChangeConfiguration", key=key, value=value)

    async def trigger(self, message: str, connector: int | None = None) -> bool:
        """Trigger, and wait for the message if it was accepted."""
        since = len(self.got)
        fields = {} if connector is None else {"connectorId": connector}
        done = await self.wish("TriggerMessage", requestedMessage=message, **fields)
        if done:
            await self.wait(message, since=since)
        return done

    async def read_keys(self) -> None:
        everything = await self.ask("GetConfiguration")
        self.keys = {one["key"]: one.get("value", "") for one in everything["configurationKey"]}

    # --- what each does in its own way ------------------------------------------------------------------------------

    async def set_up(self) -> None:
        """What it sends when the station has booted."""
        await self.read_keys()

    async def limit(self, amps: float) -> None:
        """Hold the station to so many ampere; AssertionError if it is not taken."""
        await self.profile(1, id=1, purpose="TxDefaultProfile", amps=amps)

    async def start(self) -> bool:
        """Start from afar; False: it leaves that to the driver's card."""
        return (await self.ask("RemoteStartTransaction", connectorId=1, idTag="OFFICE"))["status"] == "Accepted"

    async def stop(self, transaction: int) -> None:
        assert (await self.ask("RemoteStopTransaction", transactionId=transaction))["status"] == "Accepted"

    async def profile(self, connector: int, *, id: int, purpose: str, amps: float, kind: str = "Absolute") -> None:
        """SetChargingProfile with one period from now on, at the highest stack level."""
        schedule: Payload = {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": amps}],
        }
        if kind == "Absolute":
            schedule["startSchedule"] = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        one: Payload = {
            "chargingProfileId": id,
            "stackLevel": int(self.keys.get("ChargeProfileMaxStackLevel", "0")),
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": kind,
            "chargingSchedule": schedule,
        }
        if purpose == "TxProfile":
            one["transactionId"] = self.transaction
        answer = await self.ask("SetChargingProfile", connectorId=connector, csChargingProfiles=one)
        assert answer == {"status": "Accepted"}, (one, answer)

    def good_answer(self, action: str) -> Payload:
        if action in ("FirmwareStatusNotification", "DiagnosticsStatusNotification"):
            return {}
        return super().good_answer(action)


class Evcc(BackOffice):
    """evcc: makes the station operative, probes measurands one by one, TxDefaultProfile on the connector."""

    async def set_up(self) -> None:
        await self.wish("ChangeAvailability", connectorId=0, type="Operative")
        await self.read_keys()
        await self.trigger("BootNotification")
        probes = [one for one in EVCC_MEASURANDS if await self.change("MeterValuesSampledData", one)]
        most = int(self.keys.get("MeterValuesSampledDataMaxLength", len(probes)))
        assert await self.change("MeterValuesSampledData", ",".join(probes[:most]))
        assert await self.trigger("MeterValues")
        assert await self.change("MeterValueSampleInterval", "10")
        assert await self.change("WebSocketPingInterval", "30")
        assert await self.trigger("StatusNotification", 1)

    async def limit(self, amps: float) -> None:
        number = int(self.keys["MaxChargingProfilesInstalled"])
        await self.profile(1, id=number, purpose="TxDefaultProfile", amps=amps)
        plan = await self.ask("GetCompositeSchedule", connectorId=1, duration=60)
        assert plan["status"] == "Accepted"
        assert plan["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == amps, plan


class HomeAssistant(BackOffice):
    """lbbrhzn/ocpp: asks before it answers the boot, counts by triggers, 22 measurands, Relative limits."""

    def __init__(self) -> None:
        super().__init__()
        self.early: list[Any] = []
        self.scripts["BootNotification"].append(self._ask_first)

    @staticmethod
    async def _ask_first(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        """GetConfiguration twice while the BootNotification waits, then the answer to it."""
        for key in ("SupportedFeatureProfiles", "NumberOfConnectors"):
            await central.send([2, f"early-{key}", "GetConfiguration", {"key": [key]}])
        await central.normal(central, frame)

    async def set_up(self) -> None:
        for key in ("SupportedFeatureProfiles", "NumberOfConnectors"):
            frame = await self.wait_frame(lambda one, key=key: one[0] == 3 and one[1] == f"early-{key}")  # type: ignore[misc]
            self.early.append(frame[2]["configurationKey"][0]["value"])
        await self.trigger("BootNotification")
        assert await self.trigger("StatusNotification")
        connectors = 0
        while connectors < 10 and await self.trigger("StatusNotification", connectors + 1):
            connectors += 1
        assert connectors == int(self.early[1])
        if not await self.change("MeterValuesSampledData", ",".join(HA_MEASURANDS)):
            found = [one for one in HA_MEASURANDS if await self.change("MeterValuesSampledData", one)]
            assert await self.change("MeterValuesSampledData", ",".join(found))
        assert await self.change("MeterValueSampleInterval", "60")
        assert await self.change("ClockAlignedDataInterval", "900")
        level = await self.ask("GetConfiguration", key=["ChargeProfileMaxStackLevel"])
        self.keys["ChargeProfileMaxStackLevel"] = level["configurationKey"][0]["value"]
        await self.profile(0, id=1000, purpose="ChargePointMaxProfile", amps=32, kind="Relative")
        await self.profile(1, id=2001, purpose="TxDefaultProfile", amps=32, kind="Relative")

    async def limit(self, amps: float) -> None:
        await self.profile(0, id=1000, purpose="ChargePointMaxProfile", amps=amps, kind="Relative")
        await self.profile(1, id=3001, purpose="TxProfile", amps=amps, kind="Relative")


class SteVe(BackOffice):
    """SteVe: its path, NotImplemented for what it does not know, an unknown card gets Invalid with a transaction id."""

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/steve/websocket/CentralSystemService"

    async def set_up(self) -> None:
        await self.read_keys()
        await self.wish("ClearCache")
        await self.wish("ClearChargingProfile")
        assert await self.change("HeartbeatInterval", "14400")

    def good_answer(self, action: str) -> Payload:
        if action == "BootNotification":
            return {"status": "Accepted", "currentTime": utc(), "interval": 14400}
        if action == "StopTransaction":
            return {"idTagInfo": {"status": "Accepted", "expiryDate": "2099-01-01T00:00:00.000Z"}}
        return super().good_answer(action)

    @staticmethod
    async def unknown_card(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        """StartTransaction of a card that it does not know."""
        central.transaction += 1
        answer = {"transactionId": central.transaction, "idTagInfo": {"status": "Invalid"}}
        await central.send([3, frame[1], answer])


class CitrineOS(BackOffice):
    """CitrineOS: Pending with its configuration first; limits with one decimal, a profile in RemoteStart."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts["BootNotification"].append(self._pending)

    @staticmethod
    async def _pending(central: ScriptedCentralSystem, frame: list[Any]) -> None:
        await central.send([3, frame[1], {"status": "Pending", "currentTime": utc(), "interval": 60}])

    async def pending(self) -> None:
        """What it sends to a station that it has not accepted yet."""
        await self.wait("BootNotification")
        await self.read_keys()
        assert await self.change("HeartbeatInterval", "60")
        assert await self.change("MeterValueSampleInterval", "30")
        assert await self.trigger("BootNotification")

    async def set_up(self) -> None:
        await self.wait("StatusNotification", connectorId=0)
        assert await self.trigger("StatusNotification", 1)
        await self.profile(0, id=11, purpose="ChargePointMaxProfile", amps=31.9)

    async def limit(self, amps: float) -> None:
        await self.profile(1, id=12, purpose="TxProfile", amps=amps + 0.3 if amps > 6 else amps)

    async def start(self) -> bool:
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.3}]}
        profile = {
            "chargingProfileId": 13,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": schedule,
        }
        answer = await self.ask("RemoteStartTransaction", connectorId=1, idTag="OFFICE", chargingProfile=profile)
        return bool(answer["status"] == "Accepted")


class Strict(BackOffice):
    """A strict validator: floats everywhere, every purpose, and `strict` afterwards."""

    async def set_up(self) -> None:
        await self.read_keys()
        for message in ("StatusNotification", "MeterValues", "Heartbeat", "FirmwareStatusNotification"):
            assert await self.trigger(message)

    async def limit(self, amps: float) -> None:
        await self.profile(1, id=1, purpose="TxProfile", amps=float(amps))
        for duration in (1, 59, 86400):
            plan = await self.ask("GetCompositeSchedule", connectorId=1, duration=duration, chargingRateUnit="A")
            assert plan["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"] == amps, plan


def strict(said: list[tuple[bool, str]]) -> Iterator[str]:
    """What the schemas, the frames' shape, or the order of CALLs have against a conversation."""
    asked: dict[tuple[bool, str], str] = {}
    for to_station, text in said:
        frame = json.loads(text, parse_float=Decimal)
        kind, key = frame[0], frame[1]
        if kind == 2:
            if not to_station and any(not of for of, _ in asked):
                yield f"{frame[2]} is sent while a CALL of the station is open"
            asked[to_station, key] = frame[2]
            yield from schema_faults(frame[2], frame[3])
            continue
        action = asked.pop((not to_station, key), None)
        if action is None:
            yield f"an answer to nothing: {text}"
        elif kind == 3:
            yield from schema_faults(f"{action}Response", frame[2])
        elif kind == 4 and len(frame) != 5:
            yield f"a CALLERROR has five members: {text}"
