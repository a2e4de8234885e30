"""Each security event that the station can see, by name, with its cause (W A04)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.profiles.security.security_events import SecurityEvent
from ocpp16.records import FirmwareUpdate, SecurityOccurrence, Unit
from tests.ocpp16.rig import Station, clock_text


def recorded(station: Station) -> list[tuple[str, str]]:
    station.wait(2)
    return [(row.type, row.tech_info) for row in station.rows(SecurityOccurrence)]


def test_the_first_start() -> None:
    assert recorded(Station().started()) == [("StartupOfTheDevice", "the unit has booted")]


@pytest.mark.parametrize(
    ("dark", "shutdown", "reset"),
    [
        (True, "", "the unit was rebooted, or lost its power"),
        (False, "", "evsed was restarted"),
        (True, "HardReset", "planned: HardReset"),
        (False, "SoftReset", "planned: SoftReset"),
    ],
)
def test_reset_or_reboot(dark: bool, shutdown: str, reset: str) -> None:
    """§8.6: after either both events."""
    station = Station().started()
    station.wait(2)
    unit = station.rows(Unit)[0]
    station.disk["unit", "unit"] = replace(unit, shutdown=shutdown)
    station.restart(dark=dark).started()
    assert ("ResetOrReboot", reset) in recorded(station)
    assert len([row for row in station.rows(SecurityOccurrence) if row.type == "StartupOfTheDevice"]) >= 1


def test_firmware_updated() -> None:
    """The start after an installation runs the new version; a reboot that failed does not."""
    update = FirmwareUpdate(location="x", retrieve_utc=0.0, retries_left=0, retry_interval_s=0, state="rebooting")
    station = Station(Product(secure_firmware=False), records=[update])
    assert ("FirmwareUpdated", "the update is installed and runs") in recorded(station.started())
    failed = Station(Product(secure_firmware=False), records=[update])
    failed.happens(ev.Started(reset_failed=True))
    assert "FirmwareUpdated" not in dict(recorded(failed))


@pytest.mark.parametrize(
    ("moved_s", "told"), [(30, 0), (-30, 0), (90, 1), (-90, 1), (3600, 1)]
)  # fmt: skip
def test_setting_system_time(moved_s: float, told: int) -> None:
    """First known, and set by more than a minute; not at each Heartbeat."""
    station = Station().online()
    assert ("SettingSystemTime", "the time is known for the first time since the start") in recorded(station)
    before = len(recorded(station))
    station.script["Heartbeat"] = lambda _: {"currentTime": clock_text(station.mono + moved_s)}
    station.wait(310)
    assert len(recorded(station)) == before + told


@pytest.mark.parametrize(
    ("state", "detail"), [("full", "the store is almost full"), ("unwritable", "the store is not writable")]
)
def test_memory_exhaustion(state: ev.StoreState, detail: str) -> None:
    station = Station().online()
    for one in (state, state, "ok"):
        station.step(ev.StoreChanged(one))
    assert recorded(station)[-1] == ("MemoryExhaustion", detail)
    assert [row.count for row in station.rows(SecurityOccurrence)][-1] == 1


def test_tamper_detection() -> None:
    station = Station().online()
    station.fault("tamper", connector=None)
    assert recorded(station)[-1] == ("TamperDetectionActivated", "the housing was opened")


@pytest.mark.parametrize(
    ("stage", "code", "event", "events"),
    [
        ("TLS", "tls-version", "InvalidTLSVersion", ["InvalidTLSVersion"]),
        ("TLS", "tls-cipher", "InvalidTLSCipherSuite", ["InvalidTLSCipherSuite"]),
        (
            "TLS", "tls-expired", "InvalidCentralSystemCertificate",
            ["InvalidCentralSystemCertificate", "CentralSystemFailedToAuthenticate"],
        ),
        ("HTTP", "http-401", "FailedToAuthenticateAtCentralSystem", ["FailedToAuthenticateAtCentralSystem"]),
        ("TCP", "tcp-refused", "", []),
        ("TCP", "tcp-refused", "NoSuchEvent", []),
    ],
)  # fmt: skip
def test_a_failed_connection(stage: str, code: str, event: str, events: list[str]) -> None:
    station = Station().started()
    before = len(recorded(station))
    for _ in range(3):
        station.happens(ev.LinkDown(stage, "a sentence", 1.0, code, event))
    assert recorded(station)[before:] == [(name, f"{stage}: {code}") for name in events]


def test_what_only_the_daemon_sees() -> None:
    station = Station().online()
    station.step(ev.SecuritySeen("TooManyMessages", "pings"))
    station.step(ev.SecuritySeen("Nonsense", "pings"))
    assert recorded(station)[-1] == (SecurityEvent.TOO_MANY_MESSAGES, "pings")


@pytest.mark.parametrize(
    ("frame", "cause"),
    [
        ("hello", "a frame that is no OCPP-J message"),
        ('[2,"1","Reset",{"type":"Warm"}]', "PropertyConstraintViolation: Reset"),
        ('[2,"1","Reset"]', "FormationViolation: a frame"),
        ('[3,"x",{}]', "an answer to a CALL that was never sent, or was answered already"),
    ],
)
def test_invalid_and_replayed_messages(frame: str, cause: str) -> None:
    station = Station().online()
    station.step(ev.FrameReceived(frame))
    assert recorded(station)[-1][1] == cause


def test_an_unknown_action_is_no_attack() -> None:
    station = Station().online()
    before = recorded(station)
    station.request("FlyToTheMoon")
    assert recorded(station) == before


def test_o1_a_second_connection_is_a_security_event() -> None:
    """Counted, one row a day, and no transaction ends for it."""
    station = Station().online()
    for _ in range(3):
        station.step(ev.SecuritySeen("SecondConnectionSuspected", "another station may use this identity"))
    assert recorded(station)[-1] == (SecurityEvent.SECOND_CONNECTION, "another station may use this identity")
