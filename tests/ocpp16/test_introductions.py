"""What the profiles beyond Core hear of the connectors."""

from __future__ import annotations

from tests.ocpp16.rig import Station


def test_they_know_the_seats_and_the_hardware() -> None:
    """Reservations see which connectors are taken, charging profiles what the hardware gives, firmware who charges."""
    station = Station().online()
    reservations, smart, firmware = station.cp.reservations, station.cp.smart, station.cp.firmware
    assert not reservations.seats()[1].taken and smart.hardware_amps(1) == 32.0 and not firmware.is_charging()
    station.charging()
    assert reservations.seats()[1].taken and firmware.is_charging()


def test_a_conflict_is_told_for_connector_0() -> None:
    """§3.5.2: a Central System that contradicts the list is told LocalListConflict, with the station's own status.

    Once for each list, not again when the transaction starts and stops.
    """
    station = Station().online()
    for version in (1, 2):
        entry = {"idTag": "CARD", "idTagInfo": {"status": "Blocked"}}
        station.request("SendLocalList", listVersion=version, updateType="Full", localAuthorizationList=[entry])
        station.forget().plug()
        station.tap("CARD")
        statuses = station.heard("StatusNotification")
        conflicts = [said for said in statuses if said["errorCode"] == "LocalListConflict"]
        assert [(said["connectorId"], said["status"]) for said in conflicts] == [(0, "Available")]
        station.unplug()
        station.forget().request("SendLocalList", listVersion=version + 10, updateType="Full")
        told = [(said["connectorId"], said["errorCode"]) for said in station.heard("StatusNotification")]
        assert told == [(0, "NoError")]  # §4.4: with the next list it is over
        station.request("SendLocalList", listVersion=version + 20, updateType="Full")
        assert len(station.heard("StatusNotification")) == 1
