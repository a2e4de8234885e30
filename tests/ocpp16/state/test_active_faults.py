"""Fault codes in force: each once, oldest first."""

from __future__ import annotations

from ocpp16.state.active_faults import ActiveFaults, merged


def test_order_of_the_codes() -> None:
    """A code that is set again keeps its place."""
    faults = ActiveFaults()
    for code in ("rcd", "weld", "rcd"):
        faults.set(code)
    assert faults.codes == ("rcd", "weld")
    faults.clear("rcd")
    faults.clear("rcd")
    faults.set("rcd")
    assert faults.codes == ("weld", "rcd")


def test_retain() -> None:
    """When a board attaches only the codes remain that it does not report itself."""
    faults = ActiveFaults()
    for code in ("rcd", "store-full"):
        faults.set(code)
    faults.retain(("store-full",))
    assert faults.codes == ("store-full",)
    faults.retain()
    assert faults.codes == ()


def test_point_4_merged_by_age() -> None:
    """Of station and connector together the order is that in which the faults came."""
    station, own = ActiveFaults(), ActiveFaults()
    assert merged(station, own) == ()
    station.set("reader-lost", 5.0)
    assert merged(station, own) == ("reader-lost",)
    own.set("rcd", 3.0)
    own.set("diode", 5.0)
    assert merged(station, own) == ("rcd", "reader-lost", "diode")
