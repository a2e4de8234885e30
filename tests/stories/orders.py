"""The words of the left side about lists, reservations, charging profiles, triggers, updates and diagnostics."""

from __future__ import annotations

from typing import Any

from ocpp16.events import Now
from tests.sim.central_system import EPOCH, iso
from tests.sim.world import World
from tests.stories.scribe import Scribe

FILES = "https://files.example"
KINDS = ("Absolute", "Relative", "Daily", "Weekly")


class Orders:
    """What a Central System asks beyond Core, in few words; `Player` inherits it."""

    world: World
    scribe: Scribe
    works: tuple[bool, float] = (True, 10.0)

    def _utc(self, seconds: str) -> str:
        return iso(EPOCH + self.world.t + float(seconds))

    def on_list(self, kind: str, version: str, *cards: str) -> None:
        """`list Full 3 CARD CARD=Blocked CARD:GROUP CARD+60 -CARD`: `+60`: it expires in so many seconds."""
        entries = [self._entry(card) for card in cards]
        self.world.ask("SendLocalList", listVersion=int(version), updateType=kind, localAuthorizationList=entries)

    def _entry(self, card: str) -> dict[str, Any]:
        if card.startswith("-"):
            return {"idTag": card[1:]}
        card, _, expires = card.partition("+")
        card, _, group = card.partition(":")
        card, _, status = card.partition("=")
        info = {"status": status or "Accepted"}
        info |= {"parentIdTag": group} if group else {}
        return {"idTag": card, "idTagInfo": info | ({"expiryDate": self._utc(expires)} if expires else {})}

    def on_reserve(self, number: str, card: str, connector: str, seconds: str, group: str = "") -> None:
        """`reserve 7 CARD 1 600 [GROUP]`: connector 1 (0: the station) for 600 s."""
        asked: dict[str, Any] = {"reservationId": int(number), "connectorId": int(connector), "idTag": card}
        asked |= {"parentIdTag": group} if group else {}
        self.world.ask("ReserveNow", expiryDate=self._utc(seconds), **asked)

    def on_cancel(self, number: str) -> None:
        self.world.ask("CancelReservation", reservationId=int(number))

    def on_profile(self, number: str, purpose: str, connector: str, *words: str) -> None:
        """`profile 1 TxDefault 1 0:10 60:16 …`: see `_profile` for what may follow."""
        self.world.ask(
            "SetChargingProfile", connectorId=int(connector), csChargingProfiles=self._profile(number, purpose, words)
        )

    def _profile(self, number: str, purpose: str, words: tuple[str, ...]) -> dict[str, Any]:
        """Periods `start:limit`, a kind (Relative unless told), `start=`, `from=`, `until=` in seconds from now,
        `for=` seconds, `level=`, `unit=`, `phases=`, `transaction=`.
        """
        kind = next((word for word in words if word in KINDS), "Relative")
        more = dict(word.split("=") for word in words if "=" in word)
        periods = [word.split(":") for word in words if ":" in word]
        phases = {"numberPhases": int(more["phases"])} if "phases" in more else {}
        schedule: dict[str, Any] = {
            "chargingRateUnit": more.get("unit", "A"),
            "chargingSchedulePeriod": [{"startPeriod": int(a), "limit": float(b), **phases} for a, b in periods],
        }
        schedule |= {"duration": int(more["for"])} if "for" in more else {}
        schedule |= {"startSchedule": self._utc(more["start"])} if "start" in more else {}
        profile: dict[str, Any] = {
            "chargingProfileId": int(number),
            "stackLevel": int(more.get("level", "0")),
            "chargingProfilePurpose": f"{purpose}Profile",
            "chargingProfileKind": "Recurring" if kind in ("Daily", "Weekly") else kind,
            "chargingSchedule": schedule,
        }
        profile |= {"recurrencyKind": kind} if kind in ("Daily", "Weekly") else {}
        profile |= {"transactionId": int(more["transaction"])} if "transaction" in more else {}
        profile |= {"validFrom": self._utc(more["from"])} if "from" in more else {}
        return profile | ({"validTo": self._utc(more["until"])} if "until" in more else {})

    def on_clear(self, *words: str) -> None:
        """`clear [id=1] [connectorId=0] [stackLevel=0] [chargingProfilePurpose=TxProfile]`."""
        pairs = (word.split("=") for word in words)
        asked = {key: int(value) if value.isdigit() else value for key, value in pairs}
        self.world.ask("ClearChargingProfile", **asked)

    def on_schedule(self, connector: str, seconds: str, unit: str = "") -> None:
        """`schedule 1 600 [W]`: GetCompositeSchedule."""
        more = {"chargingRateUnit": unit} if unit else {}
        self.world.ask("GetCompositeSchedule", connectorId=int(connector), duration=int(seconds), **more)

    def on_remote(self, card: str, *words: str) -> None:
        """`remote CARD 9 0:10 …`: RemoteStartTransaction on connector 1 with a TxProfile of that id."""
        asked: dict[str, Any] = {"idTag": card, "connectorId": 1}
        purpose = next((word for word in words if word.startswith("Tx")), "Tx")
        if words:
            asked["chargingProfile"] = self._profile(words[0], purpose, words[1:])
        self.world.ask("RemoteStartTransaction", **asked)

    def on_trigger(self, message: str, connector: str = "") -> None:
        more = {"connectorId": int(connector)} if connector else {}
        self.world.ask("TriggerMessage", requestedMessage=message, **more)

    def on_update(self, seconds: str, *words: str) -> None:
        """`update 0 [retries=1] [retryInterval=30]`: UpdateFirmware with its retrieveDate so many seconds from now."""
        more = {key: int(value) for key, value in (word.split("=") for word in words)}
        self.world.ask("UpdateFirmware", location=f"{FILES}/image.bin", retrieveDate=self._utc(seconds), **more)

    def on_signed(self, number: str, seconds: str, *words: str) -> None:
        """`signed 7 0 [install=600] [retries=1]`: SignedUpdateFirmware 7, dates in seconds from now."""
        more = dict(word.split("=") for word in words)
        install = {"installDateTime": self._utc(more.pop("install"))} if "install" in more else {}
        firmware = {
            "location": f"{FILES}/image.bin",
            "retrieveDateTime": self._utc(seconds),
            "signingCertificate": "-----BEGIN CERTIFICATE-----",
            "signature": "c2ln",
            **install,
        }
        retries = {key: int(value) for key, value in more.items()}
        self.world.ask("SignedUpdateFirmware", requestId=int(number), firmware=firmware, **retries)

    def on_verdict(self, kind: str, verdict: str = "") -> None:
        """`verdict VerifyImage signature`: what such jobs find out from now on; with one they fail, but a Trial."""
        self.world.verdicts[kind] = verdict

    def on_diagnostics(self, *words: str) -> None:
        more = {key: int(value) for key, value in (word.split("=") for word in words)}
        self.world.ask("GetDiagnostics", location=f"{FILES}/in/", **more)

    def on_log(self, kind: str, request_id: str = "1") -> None:
        """`log SecurityLog|DiagnosticsLog [REQUEST_ID]`: GetLog."""
        log = {"remoteLocation": f"{FILES}/in/"}
        self.world.ask("GetLog", logType=kind, requestId=int(request_id), retries=0, log=log)

    def on_extended(self, message: str, connector: str = "") -> None:
        """`extended MESSAGE [CONNECTOR]`: ExtendedTriggerMessage."""
        more = {"connectorId": int(connector)} if connector else {}
        self.world.ask("ExtendedTriggerMessage", requestedMessage=message, **more)

    def on_jobs(self, how: str, _: str, seconds: str, unit: str) -> None:
        """`jobs succeed|fail after 20 s`: how transfers and installations end from now on."""
        self.works = (how == "succeed", float(seconds) * {"s": 1, "min": 60}[unit])

    def work(self, kind: str) -> tuple[bool, float]:
        refused = kind != "Trial" and self.world.verdicts.get(kind)
        return (False, self.works[1]) if refused else self.works

    def on_why(self, connector: str = "1") -> None:
        """`evsectl why`: the reason, and how the amperes came about."""
        if self.world.cp is not None:
            for row in self.world.cp.why(Now(self.world.mono, None), int(connector)):
                chain: Any = row["chain"]
                self.scribe.add(self.world, "why", f"{row['code']}: {'; '.join(chain)}")
