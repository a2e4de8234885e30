"""How a record lies in its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.store.rows import scripts, shape, text
from ocpp16.records import Availability, CachedTag, MeasuredValue, Sample, Stamp, Transaction

SAMPLE = Sample(
    seq=3,
    connector=1,
    at=Stamp(mono=1.5, boot="b"),
    context="Trigger",
    values=(MeasuredValue(value="1", measurand="Voltage"),),
)
ROW: tuple[int | str | bool | None, ...] = (3, 1, None, '{"mono":1.5,"boot":"b","utc":null,"exact":true}', "Trigger")
ROW += ('[{"value":"1","measurand":"Voltage"}]', False, "waiting", "")


def test_nested_values_are_json_text() -> None:
    """One column per field; what is no plain value becomes JSON."""
    assert tuple(shape(Sample).row(SAMPLE)) == ROW


def test_a_row_becomes_its_record_again() -> None:
    """Truth values come out of the file as 0 and 1."""
    known = shape(Sample)
    stored = [int(value) if isinstance(value, bool) else value for value in ROW]
    assert known.records(known.columns, [stored]) == ([SAMPLE], [])


def test_a_missing_column_is_its_field_s_default() -> None:
    """A store of the version before has not got it yet."""
    records, bad = shape(CachedTag).records(("id_tag", "status"), [("x", "Accepted")])
    assert (records, bad) == ([CachedTag(id_tag="x", status="Accepted")], [])


def test_none_stays_none() -> None:
    """`None` means not known yet, in plain, truth and nested fields alike."""
    known = shape(Availability)
    assert known.records(known.columns, [(1, 1, None)]) == ([Availability(connector=1)], [])
    assert shape(Transaction).json_columns == (4, 13, 19)


@pytest.mark.parametrize(
    ("column", "value"),
    [(1, "one"), (3, "{"), (3, '{"mono":1}'), (3, b"\xff"), (4, b"\xff"), (6, 2), (7, "lost"), (5, None)],
)
def test_a_bad_row_does_not_take_the_others_along(column: int, value: object) -> None:
    """Each row is checked by itself: types, JSON, booleans, enumerations, and text that is not UTF-8."""
    known = shape(Sample)
    bad_row = [value if n == column else old for n, old in enumerate(ROW)]
    records, bad = known.records(known.columns, [ROW, bad_row, ROW])  # type: ignore[list-item]
    assert records == [SAMPLE, SAMPLE]
    assert [one.row for one in bad] == [bad_row]
    assert bad[0].reason


def test_text_that_is_none_stays_octets() -> None:
    """Octets that are no UTF-8 are kept, and refused where text is wanted."""
    assert (text(b"\xc3\xa4"), text(b"\xff")) == ("ä", b"\xff")


def test_migrations_are_numbered_without_a_gap(tmp_path: Path) -> None:
    """The n-th script leads to version n; a missing one is a broken installation."""
    for name in ("0001.sql", "0002.sql", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in scripts(tmp_path)] == ["0001.sql", "0002.sql"]
    (tmp_path / "0002.sql").rename(tmp_path / "0003.sql")
    with pytest.raises(AssertionError, match="missing"):
        scripts(tmp_path)
