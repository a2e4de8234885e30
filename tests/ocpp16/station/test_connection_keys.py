"""Keys of the connection: which requests are about them."""

from __future__ import annotations

from ocpp16.events import SettingAsked
from tests.ocpp16.rig import Station


def test_3_a_station_without_a_local_file_refuses() -> None:
    """Nobody knows how it connects: the reason is told, nothing is stored."""
    (reply,) = Station().online().step(SettingAsked(1, "csms.url", "ws://b.example")).replies
    assert not reply.ok and "not known" in reply.text


def test_3_other_keys_are_not_theirs() -> None:
    """They are changed at once."""
    keys = Station().online().cp.parts.security.connection_keys
    assert keys.asks(SettingAsked(1, "authorizationkey", "")) and not keys.asks(
        SettingAsked(1, "HeartbeatInterval", "")
    )
