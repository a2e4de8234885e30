"""The words of a station without cards; whole sessions are in tests/ocpp16/station/test_free_vend.py."""

from __future__ import annotations

from ocpp16.connector.state import CardRefused
from ocpp16.why.free_vend import refused


def test_who_refused_the_id_tag() -> None:
    """The back-office can mend one, a connection the other; the idTag is no card, so none is named."""
    by_central_system = refused(CardRefused("FREE", "Blocked (Central System)", True, 0.0, free_vend=True))
    by_station = refused(CardRefused("FREE", "not known", False, 0.0, free_vend=True))
    assert "at the back-office" in by_central_system.remedy and "with a connection" in by_station.remedy
    assert by_central_system.text.endswith("was refused: Blocked (Central System).") and not by_station.cards
