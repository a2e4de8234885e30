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


def test_13_the_newest_detail_is_known() -> None:
    """What is known of a fault beyond its code is that of its last report."""
    faults = ActiveFaults()
    faults.set("board-missing", 1.0, "no board")
    faults.explain("board-missing", "refused")
    assert faults.details["board-missing"] == "refused" and faults.codes == ("board-missing",)


def test_retain() -> None:
    """When a board attaches only the codes remain that it does not report itself."""
    faults = ActiveFaults()
    for code in ("rcd", "store-full"):
        faults.set(code)
    faults.retain(("store-full",))
    assert faults.codes == ("store-full",)
    faults.retain()
    assert faults.codes == ()


def test_what_was_seen_of_a_fault() -> None:
    """B11: when, what was measured, and whether an earlier life recorded it; a later explanation replaces the words."""
    faults = ActiveFaults()
    faults.set("overcurrent", 12.0, "20.1 A drawn")
    faults.set("overcurrent", 15.0, "another")
    faults.set("weld", 13.0, "closed", recorded=True)
    faults.explain("weld", "open")
    faults.explain("rcd", "not in force")
    assert (faults.since["overcurrent"], faults.details["overcurrent"]) == (12.0, "20.1 A drawn")
    assert faults.details["weld"] == "open" and faults.recorded == {"weld"} and "rcd" not in faults.details
    faults.clear("weld")
    faults.set("weld", 20.0)
    assert (faults.since["weld"], faults.details["weld"], faults.recorded) == (20.0, "", frozenset())


def test_point_4_merged_by_age() -> None:
    """Of station and connector together the order is that in which the faults came."""
    station, own = ActiveFaults(), ActiveFaults()
    assert merged(station, own) == ()
    station.set("reader-lost", 5.0)
    assert merged(station, own) == ("reader-lost",)
    own.set("rcd", 3.0)
    own.set("diode", 5.0)
    assert merged(station, own) == ("rcd", "reader-lost", "diode")
