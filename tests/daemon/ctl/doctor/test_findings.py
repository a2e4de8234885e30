"""Findings: their order, their text, and when all is well."""

from __future__ import annotations

from daemon.ctl.doctor.findings import Area, Finding, Weight, in_order, is_well, text_of

FULL = Finding(Area.DISK, Weight.FAULT, "the disk is full", "Delete something.")
OLD = Finding(Area.CERTIFICATES, Weight.WARNING, "ends in 5 days")
LINK = Finding(Area.LINK, Weight.FAULT, "DNS: no such name.", "Check [csms] url.")
UNSEEN = Finding(Area.BOARD, Weight.UNKNOWN, "could not be looked at")
FINE = Finding(Area.MEMORY, Weight.GOOD, "enough")


def test_faults_first_and_the_cause_before_its_consequence() -> None:
    """A decoy (a warning) never stands before what keeps the station from its work."""
    assert in_order([FINE, OLD, LINK, UNSEEN, FULL]) == [FULL, LINK, OLD, UNSEEN, FINE]


def test_text() -> None:
    """A line each, with its remedy; the count at the end."""
    assert text_of([FULL, LINK, OLD]) == (
        "FAULT   disk: the disk is full. Delete something.\n"
        "FAULT   link: DNS: no such name. Check [csms] url.\n"
        "warning certificates: ends in 5 days.\n"
        "2 faults, 1 warning"
    )
    assert text_of([FULL, UNSEEN]).endswith("1 fault, 0 warnings, 1 not examined")


def test_well() -> None:
    """Warnings are no fault."""
    assert is_well([OLD, FINE]) and not is_well([OLD, FULL])


def test_row() -> None:
    """What `--json` gives."""
    assert LINK.row() == {
        "area": "link",
        "weight": "fault",
        "text": "DNS: no such name.",
        "remedy": "Check [csms] url.",
    }
