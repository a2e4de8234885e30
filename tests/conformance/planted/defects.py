"""Defects that are planted into a running copy of the station, and the ids that each of them must turn red.

Some change what the core decides, some what leaves it.  Nothing of the product knows of this file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

Payload = dict[str, Any]


class Defect(NamedTuple):
    """What is spoiled, which ids must see it, and how it is done."""

    ids: tuple[str, ...]
    spoil: Callable[[], None]

    @property
    def sentence(self) -> str:
        return (self.spoil.__doc__ or "").strip()


DEFECTS: dict[str, Defect] = {}


def red(*ids: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Registers a defect under its function's name."""

    def register(spoil: Callable[[], None]) -> Callable[[], None]:
        DEFECTS[spoil.__name__.replace("_", "-")] = Defect(tuple(f"TC_{one}_CS" for one in ids), spoil)
        return spoil

    return register


def plant(name: str) -> None:
    DEFECTS[name].spoil()


# --- what leaves the core -------------------------------------------------------------------------------------------


def spoil_frames(change: Callable[[int, str, Payload], list[Payload] | Payload | None]) -> None:
    """`change(kind, action, payload)` of every frame that leaves: None: as it is; []: it does not leave."""
    from msgspec.structs import replace

    from ocpp16.charge_point import ChargePoint
    from ocpp16.events import FrameReceived

    step, asked = ChargePoint.step, dict[str, str]()

    def spoiled(text: str) -> list[str]:
        frame = json.loads(text)
        action = frame[2] if frame[0] == 2 else asked.get(frame[1], "")
        if frame[0] == 4:
            return [text]
        changed = change(frame[0], action, frame[-1])
        if changed is None:
            return [text]
        return [json.dumps([*frame[:-1], one]) for one in (changed if isinstance(changed, list) else [changed])]

    def spoiled_step(self: Any, now: Any, event: Any) -> Any:
        if isinstance(event, FrameReceived):
            frame = json.loads(event.text)
            if frame[0] == 2:
                asked[frame[1]] = frame[2]
        done = step(self, now, event)
        if not done.frames:
            return done
        return replace(done, frames=tuple(one for text in done.frames for one in spoiled(text)))

    ChargePoint.step = spoiled_step  # type: ignore[method-assign]


def request(action: str, change: Callable[[Payload], list[Payload] | Payload | None]) -> None:
    spoil_frames(lambda kind, name, payload: change(payload) if (kind, name) == (2, action) else None)


def answer(action: str, change: Callable[[Payload], Payload | None]) -> None:
    spoil_frames(lambda kind, name, payload: change(payload) if (kind, name) == (3, action) else None)


def silently(*statuses: str) -> None:
    """These are never told."""
    from ocpp16.profiles.core.status_notification import Notifications

    send = Notifications._send

    def spoiled(self: Any, connector: int, shown: Any, start_seq: Any) -> None:
        if str(shown.status) not in statuses:
            send(self, connector, shown, start_seq)

    Notifications._send = spoiled  # type: ignore[method-assign]


def instead(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    assert hasattr(owner, name), f"{owner} has no {name}: nothing would be planted"
    setattr(owner, name, replacement)


# --- the wire -------------------------------------------------------------------------------------------------------


@red("003", "010")
def second_call_in_flight() -> None:
    """A CALL is sent while another waits for its answer."""
    from ocpp16.rpc.session import Session

    pump = Session.pump

    def spoiled(self: Any) -> None:
        pump(self)
        if self._flight is not None and self._waiting:
            kept, self._flight = self._flight, None
            pump(self)
            self._flight = self._flight or kept

    instead(Session, "pump", spoiled)


@red("003", "012")
def message_id_again() -> None:
    """Every CALL carries the same message id."""
    import hashlib

    from ocpp16.rpc import session

    class Same:
        @staticmethod
        def blake2b(data: bytes, digest_size: int = 16) -> Any:
            return hashlib.blake2b(b"same" if digest_size == 16 else data, digest_size=digest_size)

    instead(session, "hashlib", Same)


@red("001", "003")
def field_that_no_schema_has() -> None:
    """StatusNotification carries a property of its own."""
    request("StatusNotification", lambda payload: {**payload, "mood": "fine"})


@red("003", "010")
def start_without_meter() -> None:
    """StartTransaction lacks meterStart."""
    request("StartTransaction", lambda payload: {k: v for k, v in payload.items() if k != "meterStart"})


@red("012", "015", "038")
def lost_stop() -> None:
    """StopTransaction never leaves."""
    request("StopTransaction", lambda payload: [])


@red("012")
def stop_twice() -> None:
    """StopTransaction leaves twice."""
    request("StopTransaction", lambda payload: [payload, payload])


# --- boot and status ------------------------------------------------------------------------------------------------


@red("001", "002")
def boot_without_waiting() -> None:
    """A refused BootNotification is repeated at once."""
    from ocpp16.profiles.core.registration import Registration

    retry = Registration._retry_in
    instead(Registration, "_retry_in", lambda self, wait_s: retry(self, 0.2))


@red("001")
def speaks_while_rejected() -> None:
    """A refused registration does not keep it from telling its status."""
    from ocpp16.profiles.core.registration import Registration
    from ocpp16.rpc.registration_gate import Gate

    before = Registration._answered

    def spoiled(self: Any, told: Any) -> None:
        before(self, told)
        if not self.accepted:
            self.session.gate = Gate.OPEN
            self.heartbeat.send()

    instead(Registration, "_answered", spoiled)


@red("001", "002")
def heartbeat_too_rare() -> None:
    """The heartbeat takes its own interval, not that of the boot."""
    from ocpp16.profiles.core.registration import Registration

    accepted = Registration._accepted
    instead(Registration, "_accepted", lambda self, interval: accepted(self, interval * 2))


@red("001", "013")
def silent_connector_0() -> None:
    """Connector 0 never tells its status."""
    from ocpp16.profiles.core.status_notification import Notifications

    send = Notifications._send
    instead(
        Notifications,
        "_send",
        lambda self, connector, shown, seq: send(self, connector, shown, seq) if connector else None,
    )


@red("003", "010", "023_4")
def preparing_is_missing() -> None:
    """StatusNotification Preparing is never sent."""
    silently("Preparing")


@red("012", "015", "016", "038")
def finishing_is_missing() -> None:
    """StatusNotification Finishing is never sent."""
    silently("Finishing")


@red("003", "010")
def charging_is_missing() -> None:
    """StatusNotification Charging is never sent."""
    silently("Charging")


@red("041")
def fault_is_hidden() -> None:
    """StatusNotification Faulted is never sent."""
    silently("Faulted")


@red("013", "014")
def availability_is_forgotten() -> None:
    """ChangeAvailability does not survive a restart."""
    from ocpp16.profiles.core.availability import ChangeAvailability

    begin = ChangeAvailability.__init__

    def spoiled(self: Any, context: Any, connectors: int, **wires: Any) -> None:
        begin(self, context, connectors, **wires)
        for number in range(connectors + 1):
            self._put(self.row(number).__class__(connector=number), changed=False)

    instead(ChangeAvailability, "__init__", spoiled)


# --- cards ----------------------------------------------------------------------------------------------------------


@red("068")
def foreign_card_is_asked_about() -> None:
    """A foreign card in a transaction is asked about though no group is known."""
    from ocpp16.connector.connector import Connector

    before = Connector._card_in_transaction

    def spoiled(self: Any, transaction: Any, id_tag: str) -> None:
        before(self, transaction, id_tag)
        if id_tag != transaction.id_tag:
            self.parts.authorization.ask_central_system(id_tag, self._group_member)

    instead(Connector, "_card_in_transaction", spoiled)


@red("069")
def group_cannot_stop() -> None:
    """A card of the group does not end the transaction."""
    from ocpp16.connector.connector import Connector

    instead(Connector, "_group_member", lambda self, id_tag, verdict: None)


@red("007_1", "007_2")
def cache_is_ignored() -> None:
    """The authorization cache is never looked at."""
    from ocpp16.profiles.core.authorization import Authorization

    instead(Authorization, "known", lambda self, id_tag: None)


@red("061_1", "061_2")
def clear_cache_clears_nothing() -> None:
    """ClearCache is answered Accepted, and that is all."""
    from ocpp16.messages.core import ClearCacheConf
    from ocpp16.messages.types import ClearCacheStatus
    from ocpp16.profiles.core.authorization import Authorization

    instead(Authorization, "on_clear_cache", lambda self, told: ClearCacheConf(status=ClearCacheStatus.ACCEPTED))


@red("023_4", "023_5")
def every_card_is_good() -> None:
    """A card that the Central System calls Invalid starts a transaction."""
    from ocpp16.state.id_tags import Verdict

    instead(Verdict, "accepted", property(lambda self: True))


@red("004_2", "011_2")
def waits_for_ever() -> None:
    """ConnectionTimeOut never runs out."""
    from ocpp16.connector.connector import Connector

    instead(Connector, "plug_in_timed_out", lambda self: None)


# --- orders ---------------------------------------------------------------------------------------------------------


@red("026")
def two_at_one_connector() -> None:
    """RemoteStartTransaction on a busy connector is answered Accepted."""
    answer("RemoteStartTransaction", lambda payload: {"status": "Accepted"})


@red("028")
def stop_of_nobody() -> None:
    """RemoteStopTransaction of an unknown id is answered Accepted."""
    answer("RemoteStopTransaction", lambda payload: {"status": "Accepted"})


@red("012")
def wrong_reason_remote() -> None:
    """A remote stop is told as Local."""
    request("StopTransaction", lambda payload: {**payload, "reason": "Local"})


@red("015")
def wrong_reason_hard_reset() -> None:
    """A hard reset is told as SoftReset."""
    request("StopTransaction", lambda p: {**p, "reason": "SoftReset"} if p.get("reason") == "HardReset" else None)


@red("017_2", "031")
def unlocks_what_has_no_lock() -> None:
    """UnlockConnector without a lock is answered Unlocked."""
    answer("UnlockConnector", lambda payload: {"status": "Unlocked"})


@red("018_1")
def unlock_keeps_charging() -> None:
    """UnlockConnector does not end the transaction first."""
    from ocpp16.connector.connector import Connector
    from ocpp16.messages.types import Reason

    stop = Connector.stop

    def spoiled(self: Any, reason: Any, id_tag: str | None = None) -> None:
        if reason is not Reason.UNLOCK_COMMAND:
            stop(self, reason, id_tag)

    instead(Connector, "stop", spoiled)


@red("005_2")
def pulled_plug_is_local() -> None:
    """A pulled plug is told as Local."""
    request("StopTransaction", lambda p: {**p, "reason": "Local"} if p.get("reason") == "EVDisconnected" else None)


@red("005_3")
def no_word_about_the_plug() -> None:
    """The info about the disconnected EV side is missing."""
    request("StatusNotification", lambda payload: {k: v for k, v in payload.items() if k != "info"})


# --- configuration --------------------------------------------------------------------------------------------------


@red("040_1")
def unknown_key_is_rejected() -> None:
    """An unknown key is answered Rejected."""
    swap_status("ChangeConfiguration", "NotSupported", "Rejected")


@red("040_2")
def any_value_is_taken() -> None:
    """A wrong value is answered Accepted."""
    swap_status("ChangeConfiguration", "Rejected", "Accepted")


def swap_status(action: str, good: str, bad: str) -> None:
    answer(action, lambda payload: {"status": bad} if payload.get("status") == good else None)


@red("019")
def a_mandatory_key_is_missing() -> None:
    """ResetRetries is not listed."""

    def without(payload: Payload) -> Payload:
        rows = [row for row in payload.get("configurationKey", []) if row["key"] != "ResetRetries"]
        return {**payload, "configurationKey": rows}

    answer("GetConfiguration", without)


@red("021", "002")
def new_value_is_not_kept() -> None:
    """ChangeConfiguration is answered Accepted and forgotten."""
    from ocpp16.configuration.configuration import Configuration
    from ocpp16.messages.types import ConfigurationStatus

    instead(Configuration, "change", lambda self, *words, **more: (ConfigurationStatus.ACCEPTED, ""))


# --- meter values ---------------------------------------------------------------------------------------------------


@red("070")
def sampled_half_as_often() -> None:
    """Every second sample is left out."""
    from ocpp16.profiles.core.sampled_values import SampledValues

    due, count = SampledValues.due, [0]

    def spoiled(self: Any, connector: int, at: float) -> None:
        count[0] += 1
        if count[0] % 2:
            due(self, connector, at)
        else:
            self.arm(self.context.facts.running[connector])

    instead(SampledValues, "due", spoiled)


@red("071")
def off_the_boundary() -> None:
    """Clock-aligned values carry the time of sampling."""

    def shifted(payload: Payload) -> Payload:
        values = [
            {**one, "timestamp": one["timestamp"].replace(".000Z", ".400Z").replace("00Z", "01Z")}
            for one in payload["meterValue"]
        ]
        return {**payload, "meterValue": values}

    request("MeterValues", shifted)


@red("070")
def one_measurand_is_missing() -> None:
    """Voltage is configured and never delivered."""

    def without(payload: Payload) -> Payload:
        values = [
            {**one, "sampledValue": [s for s in one["sampledValue"] if s.get("measurand") != "Voltage"]}
            for one in payload["meterValue"]
        ]
        return {**payload, "meterValue": values}

    request("MeterValues", without)


@red("036")
def samples_without_link_are_lost() -> None:
    """Samples of the time without link are not kept."""
    from ocpp16.profiles.core.meter_values import MeterValues

    sample = MeterValues.queue

    def spoiled(self: Any, *words: Any, **more: Any) -> None:
        if self.transactions.authorization.session.up:
            sample(self, *words, **more)

    instead(MeterValues, "queue", spoiled)


# --- without link, in the dark --------------------------------------------------------------------------------------


@red("037_1")
def late_start_is_dated_now() -> None:
    """A queued StartTransaction carries the time of its sending."""
    from datetime import UTC, datetime

    now = lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: E731
    request("StartTransaction", lambda payload: {**payload, "timestamp": now()})


@red("037_2", "037_3")
def refused_start_goes_on() -> None:
    """A card that StartTransaction.conf refuses goes on charging."""
    from ocpp16.connector.connector import Connector

    instead(Connector, "verdict_received", lambda self, transaction, verdict: None)


@red("039")
def stop_carries_a_guess() -> None:
    """The stop of an offline transaction carries a transactionId of our own."""
    request("StopTransaction", lambda payload: {**payload, "transactionId": 0})


@red("032_2")
def dark_is_told_as_other() -> None:
    """A power loss is told as Other."""
    request("StopTransaction", lambda p: {**p, "reason": "Other"} if p.get("reason") == "PowerLoss" else None)


@red("032_2")
def dark_stop_is_dated_now() -> None:
    """The stop after a power loss carries the time of the boot."""
    from datetime import UTC, datetime

    now = lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: E731
    request("StopTransaction", lambda payload: {**payload, "timestamp": now()})


@red("041")
def charges_with_a_fault() -> None:
    """A faulted connector lets a remote start in."""
    from ocpp16.connector.state import ConnectorState

    instead(ConnectorState, "faulted", property(lambda self: False))


# --- local list -----------------------------------------------------------------------------------------------------


@red("042_2")
def emptied_list_has_a_version() -> None:
    """An emptied list tells the version that came with it."""
    answer("GetLocalListVersion", lambda payload: {"listVersion": 1} if payload["listVersion"] == 0 else None)


@red("042_1")
def disabled_list_is_version_0() -> None:
    """A disabled list is told as an empty one."""
    answer("GetLocalListVersion", lambda payload: {"listVersion": 0} if payload["listVersion"] < 0 else None)


@red("043_2")
def old_versions_are_taken() -> None:
    """A differential of an older version is answered Accepted."""
    swap_status("SendLocalList", "VersionMismatch", "Accepted")


@red("008_1", "008_2")
def list_is_ignored() -> None:
    """The local list is never looked at."""
    from ocpp16.profiles.local_auth_list import LocalAuthList

    instead(LocalAuthList, "lookup", lambda self, id_tag: None)


# --- reservation ----------------------------------------------------------------------------------------------------


@red("046_1", "046_2", "049")
def reservation_is_not_named() -> None:
    """StartTransaction lacks the reservationId."""
    request("StartTransaction", lambda payload: {k: v for k, v in payload.items() if k != "reservationId"})


@red("046_1")
def reserved_for_everybody() -> None:
    """A foreign card opens a reserved connector."""
    from ocpp16.profiles.reservation import Reservations

    instead(Reservations, "is_for", staticmethod(lambda row, id_tag, parent: True))


@red("047")
def reservation_never_ends() -> None:
    """An expired reservation keeps its connector."""
    from ocpp16.profiles.reservation import Reservations

    instead(Reservations, "expired", lambda self: None)
    rows = lambda self: list(self.context.facts.of(_reservation()).values())  # noqa: E731
    instead(Reservations, "rows", property(rows))


def _reservation() -> Any:
    from ocpp16.records import Reservation

    return Reservation


@red("048_2", "048_3", "050_2", "050_3")
def takes_every_reservation() -> None:
    """ReserveNow is always answered Accepted."""
    answer("ReserveNow", lambda payload: {"status": "Accepted"})


@red("052")
def cancels_what_is_not_there() -> None:
    """CancelReservation of an unknown id is answered Accepted."""
    answer("CancelReservation", lambda payload: {"status": "Accepted"})


@red("053_1", "053_2")
def group_is_a_stranger() -> None:
    """A card of the reserved group is refused."""
    from ocpp16.profiles.reservation import Reservations

    instead(Reservations, "is_for", staticmethod(lambda row, id_tag, parent: row.id_tag == id_tag))


# --- triggers -------------------------------------------------------------------------------------------------------


@red("054")
def trigger_brings_nothing() -> None:
    """TriggerMessage is answered Accepted, and nothing comes."""
    from ocpp16 import call_routing

    table = call_routing.triggered_messages
    instead(call_routing, "triggered_messages", lambda parts: {name: lambda connector: True for name in table(parts)})


@red("055")
def triggers_for_any_connector() -> None:
    """TriggerMessage for an unknown connector is answered Accepted."""
    swap_status("TriggerMessage", "Rejected", "Accepted")


@red("054")
def context_is_not_trigger() -> None:
    """Triggered values say that they are periodic."""

    def periodic(payload: Payload) -> Payload:
        text = json.dumps(payload).replace('"Trigger"', '"Sample.Periodic"')
        return dict(json.loads(text))

    request("MeterValues", periodic)


# --- charging profiles ----------------------------------------------------------------------------------------------


def composite(change: Callable[[list[Payload]], list[Payload]]) -> None:
    def spoiled(payload: Payload) -> Payload | None:
        if "chargingSchedule" not in payload:
            return None
        schedule = payload["chargingSchedule"]
        return {
            **payload,
            "chargingSchedule": {**schedule, "chargingSchedulePeriod": change(schedule["chargingSchedulePeriod"])},
        }

    answer("GetCompositeSchedule", spoiled)


@red("056", "057", "066", "072")
def limit_too_high() -> None:
    """Every limit of the composite schedule is 1 A too high."""
    composite(lambda periods: [{**period, "limit": period["limit"] + 1} for period in periods])


@red("067")
def no_limit_is_minus_1() -> None:
    """Without a profile the limit is told as -1."""
    composite(lambda periods: [{**p, "limit": -1} if p["limit"] >= 32 else p for p in periods])


@red("066")
def equal_periods_stay_apart() -> None:
    """Equal neighbours are not merged."""
    composite(lambda p: [one for two in p for one in (two, {**two, "startPeriod": two["startPeriod"] + 3})])


@red("072")
def lowest_level_wins() -> None:
    """The lowest stackLevel rules."""
    from ocpp16.profiles.smart_charging import profile_stack

    begin = profile_stack.Stack.__init__

    def spoiled(self: Any, plans: Any, began: float) -> None:
        begin(self, plans, began)
        self._plans.reverse()

    instead(profile_stack.Stack, "__init__", spoiled)


@red("058_1", "058_2")
def profile_of_nobody() -> None:
    """A TxProfile without its transaction is answered Accepted."""
    answer("SetChargingProfile", lambda payload: {"status": "Accepted"})


@red("059")
def remote_profile_is_dropped() -> None:
    """The profile of a RemoteStartTransaction is forgotten."""
    from ocpp16.connector.connector import Connector

    start = Connector.remote_start
    instead(Connector, "remote_start", lambda self, id_tag, authorize, profile=None: start(self, id_tag, authorize))


@red("060")
def default_profile_in_a_remote_start() -> None:
    """A RemoteStartTransaction with a TxDefaultProfile is answered Accepted."""
    answer("RemoteStartTransaction", lambda payload: {"status": "Accepted"})


@red("067")
def clear_clears_nothing() -> None:
    """ClearChargingProfile is answered Accepted, and that is all."""
    from ocpp16.profiles.smart_charging.charging_profiles import SmartCharging

    instead(SmartCharging, "_remove", lambda self, profile_id: None)


# --- files ----------------------------------------------------------------------------------------------------------


@red("045_1", "045_2")
def upload_begins_in_silence() -> None:
    """DiagnosticsStatusNotification Uploading is missing."""
    request("DiagnosticsStatusNotification", lambda p: [] if p["status"] == "Uploading" else None)


@red("045_2")
def failed_upload_is_uploaded() -> None:
    """A failed upload is told as Uploaded."""
    request(
        "DiagnosticsStatusNotification", lambda p: {"status": "Uploaded"} if p["status"] == "UploadFailed" else None
    )


@red("044_2", "044_3")
def failed_update_is_installed() -> None:
    """A failed download or installation is told as Installed."""
    request("FirmwareStatusNotification", lambda p: {"status": "Installed"} if p["status"].endswith("Failed") else None)


@red("079")
def log_status_without_its_request() -> None:
    """LogStatusNotification names another requestId than GetLog."""
    request("LogStatusNotification", lambda payload: {"requestId": 0})


@red("080")
def request_id_lost_over_the_reboot() -> None:
    """After the restart SignedFirmwareStatusNotification has another requestId."""
    request("SignedFirmwareStatusNotification", lambda p: {"requestId": 0} if p["status"] == "Installed" else None)


@red("080")
def signature_verified_in_silence() -> None:
    """SignedFirmwareStatusNotification SignatureVerified is missing."""
    request("SignedFirmwareStatusNotification", lambda p: [] if p["status"] == "SignatureVerified" else None)


@red("081")
def every_signature_is_good() -> None:
    """The signature of an image is not looked at."""
    from daemon.jobs import firmware_jobs

    firmware_jobs.check_signature = lambda *_: None
