"""A store that an earlier version wrote opens whole: `tests/captures/store_0_1_0.sql`, written at that time."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import msgspec

from daemon.store.store import Store
from ocpp16.charge_point import ChargePoint
from ocpp16.product import Identity, Product
from ocpp16.records import TABLES, Record

CAPTURES = Path(__file__).parents[2] / "captures"


def earlier(folder: Path) -> Store:
    """The captured store, laid out in `folder` and opened by the version of today."""
    folder.mkdir()
    database = sqlite3.connect(folder / "evsed.db")
    database.executescript((CAPTURES / "store_0_1_0.sql").read_text(encoding="utf-8"))
    database.close()
    return Store.open(folder)


def expected() -> list[Record]:
    """What was written, in the words of the time."""
    kinds = {kind.table: kind for kind in TABLES}
    rows = json.loads((CAPTURES / "store_0_1_0.json").read_text(encoding="utf-8"))
    return [msgspec.convert(fields, kinds[table]) for table, fields in rows]


def test_every_row_of_it_is_read(tmp_path: Path) -> None:
    """No table and no field was lost on the way, and nothing is set aside."""
    store = earlier(tmp_path / "store")
    assert sorted(store.load(), key=repr) == sorted(expected(), key=repr)
    assert [code for code, _ in store.news if code != "store-migrated"] == []
    assert store.state == "ok"


def test_it_holds_a_row_of_every_table_of_its_time() -> None:
    """The capture proves something: fourteen tables, each with a row."""
    assert len({record.table for record in expected()}) == 14


def test_a_station_begins_with_it(tmp_path: Path) -> None:
    """The contract machine takes these records up: the open transaction, the parked stop and the settings."""
    records = earlier(tmp_path / "store").load()
    station = ChargePoint(Product(), Identity(), {}, records, 1, "boot-9", 1_735_689_600.0)
    assert [row["number"] for row in station.transaction_rows()] == [1, 2]
    values = {row["key"]: row["value"] for row in station.configuration_rows()}
    assert values["HeartbeatInterval"] == "60"
