"""What `evsectl why` says while a signed update is under way."""

from __future__ import annotations

from ocpp16.events import Now
from ocpp16.product import Product
from ocpp16.step import Install, Trial
from tests.ocpp16.profiles.security.signed_unit import SignedUnit
from tests.ocpp16.rig import clock_text


def why(unit: SignedUnit) -> str:
    (row,) = unit.station.cp.why(Now(unit.station.mono, None), 1)
    return f"{row['code']}: {row['text']}" if "text" in row else str(row)


def test_on_the_way() -> None:
    """Installing, on trial, and nothing any more at the end."""
    unit = SignedUnit()
    unit.update()
    unit.verified()
    unit.job(Install)
    assert "is being installed" in why(unit)
    unit.done(Install)
    unit.station.wait(60)
    unit.reborn(online=False)
    unit.done(Trial, verdict="runs")
    assert "on trial" in why(unit)
    unit.station.connect()
    unit.done(Trial)
    assert "firmware" not in why(unit)


def test_beside_a_transaction() -> None:
    """What waits for the end of the charge, and what for its date."""
    unit = SignedUnit(Product(download_while_charging=True))
    unit.station.charging()
    unit.update(install=clock_text(unit.station.mono + 600))
    unit.verified()
    assert "is installed from" in why(unit)
    unit.station.wait(601)
    assert "waits until this transaction has ended" in why(unit)
