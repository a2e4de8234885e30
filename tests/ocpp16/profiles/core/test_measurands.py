"""What a reading becomes: measurand, unit, place, phase (§7.34 to §7.45)."""

from __future__ import annotations

import pytest

from ocpp16 import events as ev
from ocpp16.product import Product
from ocpp16.profiles.core.measurands import MEASURES, Offered, values_of

REGISTER = "Energy.Active.Import.Register"
THREE = Product(phases=3, measurands=(*Product().measurands, "Current.Offered", "Power.Offered"))
ONE_PHASE = ev.MeterSampled(1, 5.0, 1234.9, (230.04,), (15.996,), (3680.2,), 40.4, 31.26)
THREE_PHASES = ev.MeterSampled(1, 5.0, 1234.9, (230.0, 231.0, 229.0), (16.0, 15.5, 0.0), (3680.0, 3580.0, 0.0))
OFFERED = Offered(16.0, 3, 230.0)

# §7.34: measurand, unit, value, location; 1 phase: no phase
ONE = [
    (REGISTER, "1234", "Wh", None),
    ("Voltage", "230.0", "V", None),
    ("Current.Import", "16.00", "A", None),
    ("Power.Active.Import", "3680.2", "W", None),
    ("SoC", "40", "Percent", "EV"),
    ("Temperature", "31.3", "Celcius", "Body"),
    ("Current.Offered", "16.0", "A", None),
    ("Power.Offered", "11040.0", "W", None),
]


@pytest.mark.parametrize(("measurand", "value", "unit", "location"), ONE)
def test_entry_of_a_measurand(measurand: str, value: str, unit: str, location: str | None) -> None:
    """§7.34, §7.45: each measurand has its unit and its place; a single phase is not named."""
    (entry,) = values_of(ONE_PHASE, OFFERED, (measurand,))
    assert (entry.measurand, entry.value, entry.unit, entry.location, entry.phase) == (
        measurand, value, unit, location, None,
    )  # fmt: skip


def test_every_measurand_of_the_product() -> None:
    """C-09: all measurands that a product may name are known."""
    assert set(THREE.measurands) == set(MEASURES)


@pytest.mark.parametrize("measurand", ["Voltage", "Current.Import", "Power.Active.Import", "SoC", "Temperature"])
def test_not_measured(measurand: str) -> None:
    """§7.43: what is not measured is left out, never sent as nought."""
    assert values_of(ev.MeterSampled(1, 5.0, 1.0), OFFERED, (measurand,)) == ()


def test_entries_per_phase() -> None:
    """§7.36: on three phases voltage and current come per phase, power with its total."""
    entries = values_of(THREE_PHASES, OFFERED, ("Voltage", "Current.Import", "Power.Active.Import"))
    assert [(entry.phase, entry.value) for entry in entries] == [
        ("L1-N", "230.0"), ("L2-N", "231.0"), ("L3-N", "229.0"),
        ("L1", "16.00"), ("L2", "15.50"), ("L3", "0.00"),
        (None, "7260.0"), ("L1", "3680.0"), ("L2", "3580.0"), ("L3", "0.0"),
    ]  # fmt: skip


def test_item_with_a_phase() -> None:
    """§3.16.4: an item of a list may carry a phase; each entry stands once."""
    entries = values_of(THREE_PHASES, OFFERED, ("Current.Import.L2", "Current.Import.L2", "Voltage.L1-N"))
    assert [(entry.measurand, entry.phase) for entry in entries] == [("Current.Import", "L2"), ("Voltage", "L1-N")]


def test_item_with_a_phase_on_one_phase() -> None:
    """§3.16.4: on one phase L1 is what there is, L2 is nothing."""
    assert len(values_of(ONE_PHASE, OFFERED, ("Voltage.L1",))) == 1
    assert values_of(ONE_PHASE, OFFERED, ("Voltage.L2",)) == ()
