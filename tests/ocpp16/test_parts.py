"""All the parts, made from product, records and boot."""

from __future__ import annotations

from ocpp16.parts import Assembly
from ocpp16.product import Identity, Product
from ocpp16.records import Setting, Unit
from tests.ocpp16.rig import BUILD, NOON


def assembly(*records: Setting | Unit, boot: str = "boot-1", product: Product | None = None) -> Assembly:
    return Assembly(product or Product(), Identity(), {}, records, 1, boot, BUILD)


def test_connectors() -> None:
    """As many connectors as the product has."""
    assert list(assembly(product=Product(connectors=8)).connectors) == list(range(1, 9))


def test_time_of_the_same_boot() -> None:
    """The offset of UTC is worth something in the kernel boot in which it was learnt."""
    unit = Unit(boot_id="boot-1", utc_offset=NOON - 1000, floor_utc=NOON)
    assert assembly(unit).context.clock.utc(1000.0) == NOON
    assert assembly(unit, boot="boot-2").context.clock.utc(1000.0) is None


def test_floor() -> None:
    """§3.14: no timestamp lies before the build date or the last persisted time."""
    assert assembly().context.clock.floor_utc == BUILD
    assert assembly(Unit(floor_utc=NOON)).context.clock.floor_utc == NOON


def test_values_in_force() -> None:
    """What was changed later wins over what is shipped."""
    assert assembly(Setting(name="MessageTimeout", value="9")).configuration.number("MessageTimeout") == 9
