"""All the parts, made from product, records and boot, and what each learns of the others."""

from __future__ import annotations

from ocpp16.messages.types import Message
from ocpp16.parts import Parts
from ocpp16.product import Identity, Product
from ocpp16.profiles.smart_charging.limits import Hardware
from ocpp16.records import Setting, Unit
from ocpp16.rpc.pending_calls import POSTPONED, Postponed
from tests.ocpp16.rig import BUILD, NOON, Station


def made(*records: Setting | Unit, boot: str = "boot-1", product: Product | None = None) -> Parts:
    def answer_request(action: str, request: Message, call_id: str) -> Postponed:
        return POSTPONED

    return Parts(product or Product(), Identity(), {}, records, 1, boot, BUILD, answer_request)


def test_connectors() -> None:
    """As many connectors as the product has."""
    assert list(made(product=Product(connectors=8)).connectors) == list(range(1, 9))


def test_time_of_the_same_boot() -> None:
    """The offset of UTC is worth something in the kernel boot in which it was learnt."""
    unit = Unit(boot_id="boot-1", utc_offset=NOON - 1000, floor_utc=NOON)
    assert made(unit).context.clock.utc(1000.0) == NOON
    assert made(unit, boot="boot-2").context.clock.utc(1000.0) is None


def test_floor() -> None:
    """§3.14: no timestamp lies before the build date or the last persisted time."""
    assert made().context.clock.floor_utc == BUILD
    assert made(Unit(floor_utc=NOON)).context.clock.floor_utc == NOON


def test_values_in_force() -> None:
    """What was changed later wins over what is shipped."""
    assert made(Setting(name="MessageTimeout", value="9")).configuration.number("MessageTimeout") == 9


def test_profiles_know_the_connectors() -> None:
    """Reservations see which connectors are taken, charging profiles what the hardware gives, firmware who charges."""
    station = Station().online()
    parts = station.cp.parts
    assert not parts.reservations.uses()[1].taken and not parts.firmware.is_charging()
    assert parts.limits.hardware(1) == Hardware(amps=32.0, min_amps=6.0, phases=1, drawn_amps=0.0)
    station.charging()
    assert parts.reservations.uses()[1].taken and parts.firmware.is_charging()
    assert parts.limits.hardware(1).drawn_amps == 32.0


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
