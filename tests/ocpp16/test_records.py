"""Rows: their key is the first field, their table has a name of its own, they can be written down and read again."""

from __future__ import annotations

import msgspec
import pytest

from ocpp16.records import TABLES, Record, Setting, Transaction, Unit
from tests.ocpp16.rig import Station


def test_key_is_the_first_field() -> None:
    """The primary key is the first field."""
    assert Setting(name="A", value="1").key == "A"
    assert Unit().key == "unit"


@pytest.mark.parametrize("kind", TABLES, ids=lambda kind: kind.__name__)
def test_table(kind: type[Record]) -> None:
    """Each kind has a table of its own."""
    assert kind.table
    assert [other for other in TABLES if other.table == kind.table] == [kind]


def test_all_tables_are_known() -> None:
    """The store knows every kind of row."""
    assert set(Record.__subclasses__()) == set(TABLES)


def test_written_and_read() -> None:
    """What a station keeps can be written down and read again."""
    station = Station(StopTxnSampledData="Energy.Active.Import.Register").online().charging()
    station.fault("weld", latched=True)
    station.request("ChangeAvailability", connectorId=1, type="Inoperative")
    station.wait(70)
    assert len(station.rows(Transaction)) == 1
    for record in station.disk.values():
        assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record
