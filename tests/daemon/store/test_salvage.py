"""Wrong bits anywhere in a store with bills that are not told: each is read as it was, or its loss is said by name."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from daemon.store.database import stored_layout
from daemon.store.pages import Pages
from daemon.store.rows import SCRIPTS
from daemon.store.salvage import Salvaged, ranges, salvage
from daemon.store.store import Store
from ocpp16.records import (
    CachedTag,
    ListedTag,
    ListVersion,
    MeasuredValue,
    Profile,
    Record,
    RegisterSeen,
    Reservation,
    Sample,
    Setting,
    Stamp,
    Transaction,
    Unit,
)
from tests.daemon.store.test_store import EVERYTHING, alter, filled, in_the_dark, saved

NEWER_TABLES = ("register_seen", "security_event", "security_log", "connection_set", "equipment")
"""An early version of the store does not have them."""

BITS_OF_A_PAGE = 4
AT = Stamp(mono=12.5, boot="0d9c1b4e-5a1c-4d3b-9a43-1f0e7a2a7f11", utc=1_700_000_000.25)


def bill(number: int, told: bool) -> Transaction:
    return Transaction(
        number=number, connector=1, id_tag=f"04A2B9{number:04}", began=AT, meter_start_wh=1000 * number,
        start_seq=10 * number, last_wh=1000 * number + 500, last=AT, ended=AT, meter_stop_wh=1000 * number + 777,
        reason="Local", stop_seq=10 * number + 9, transaction_id=number if told else None,
        start="confirmed" if told else "waiting", stop="confirmed" if told else "waiting",
    )  # fmt: skip


def sample(number: int, place: int) -> Sample:
    names = ("Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import", "SoC", "Temperature")
    values = tuple(
        MeasuredValue(value=f"{number}{place}", measurand=name, unit="Wh", location="Outlet") for name in names
    )
    context = "Sample.Periodic"
    return Sample(seq=10 * number + place, connector=1, number=number, at=AT, context=context, values=values)


BILLS = tuple(bill(number, told=number <= 4) for number in range(1, 9))
WAITING = {one.number: one for one in BILLS if one.stop == "waiting"}
SAMPLES = tuple(sample(number, place) for number in WAITING for place in (1, 2, 3))
CARDS = tuple(CachedTag(id_tag=f"card{n:05}", status="Accepted", used=n) for n in range(120))
OTHERS: tuple[Record, ...] = (
    Unit(boot_id="b"),
    Setting(name="HeartbeatInterval", value="60"),
    *(ListedTag(id_tag=f"list{n:05}", status="Accepted") for n in range(60)),
    ListVersion(version=7),
    Reservation(reservation_id=3, connector=1, id_tag="x", expires_utc=1.5),
    Profile(profile_id=5, connector=1, document="x" * 1500),
)
RECORDS = (*BILLS, *SAMPLES, *CARDS, *OTHERS)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of such a store."""
    folder = tmp_path_factory.mktemp("sound")
    filled(folder, *RECORDS)
    return (folder / "evsed.db").read_bytes()


def flipped(content: bytes, at: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1 << bit
    return bytes(changed)


def named(text: str) -> set[int]:
    """The transactions that a sentence says could not be read."""
    found: set[int] = set()
    for part in re.findall(r"transactions ([\d, -]+) could", text):
        for first, last in re.findall(r"(\d+)(?:-(\d+))?", part):
            found |= set(range(int(first), int(last or first) + 1))
    return found


def judged(loaded: Iterable[Record], said: str) -> str:
    """What is wrong with the outcome: "" if nothing is."""
    rows = {(row.table, row.key): row for row in loaded}
    for number, one in WAITING.items():
        found = rows.get(("charge", number))
        if found != one and (found is not None or number not in named(said)):
            return f"bill {number}: {found}"
    alien = [row for row in rows.values() if row not in RECORDS and not isinstance(row, ListVersion)]
    if alien:
        return f"not what was written: {alien[0]}"
    if any(("sample", one.seq) not in rows for one in SAMPLES) and not re.search("transactions|meter values", said):
        return "values are missing, and nobody says so"
    return ""


def test_6_one_wrong_bit_in_each_page(sound: bytes, tmp_path: Path) -> None:
    """The whole way: the store opens, every bill that waits is there as it was, or is named."""
    dice = random.Random(20160106)
    bad = []
    told = 0
    for page in range(len(sound) // 1024):
        for _ in range(BITS_OF_A_PAGE):
            place = page * 1024 + dice.randrange(1024), dice.randrange(8)
            (tmp_path / "evsed.db").write_bytes(flipped(sound, *place))
            store = Store.open(tmp_path)
            loaded = store.load()
            said = " ".join(str(fields.get("lost", "")) for _, fields in store.news)
            store.close()
            told += sum(one in loaded for one in WAITING.values())
            if problem := judged(loaded, said):
                bad.append((page, place, problem))
    cases = len(sound) // 1024 * BITS_OF_A_PAGE
    print(f"\n{cases} wrong bits, {told} of {cases * len(WAITING)} bills told")
    assert bad == []
    assert told > 0.99 * cases * len(WAITING)


def salvaged(content: bytes, log: bytes = b"") -> Salvaged:
    return salvage(content, log, 1024, stored_layout(SCRIPTS))


@pytest.mark.parametrize("size", [1, 16, 512, 1024])
def test_6_more_than_one_bit(sound: bytes, size: int) -> None:
    """Some bytes, a sector, a page of zeros anywhere: what is read is what was written, and the rest is named."""
    dice = random.Random(size)
    for page in range(len(sound) // 1024):
        at = page * 1024 + (dice.randrange(0, 1025 - size) if size < 1024 else 0)
        found = salvaged(sound[:at] + bytes(b ^ 0xA5 for b in sound[at : at + size]) + sound[at + size :])
        assert judged(found.records, found.lost) == "", (page, at)


def test_6_nothing_is_invented(sound: bytes) -> None:
    """A sound file, salvaged: exactly its rows, and nothing undelivered was lost."""
    found = salvaged(sound)
    assert sorted(map(repr, found.records)) == sorted(map(repr, RECORDS))
    assert found.lost == "nothing undelivered was lost"


def test_6_lost_bills_are_named(sound: bytes) -> None:
    """The pages of the transactions are gone: the values of each are still there and say which they were."""
    pages = Pages(sound, b"", 1024)
    holds = [n for n in pages.numbers() if b"04A2B9000" in sound[(n - 1) * 1024 : n * 1024]]
    content = bytearray(sound)
    for number in holds:
        content[(number - 1) * 1024 : number * 1024] = bytes(1024)
    found = salvaged(bytes(content))
    assert "transactions 5-8 could not be read" in found.lost
    assert not [row for row in found.records if isinstance(row, Sample)]  # of no known transaction


def test_6_a_list_that_is_not_whole_has_no_version(sound: bytes) -> None:
    """The Central System must send it again."""
    found = salvaged(sound.replace(b"list00030", bytes(9)))
    assert "listed_tag" in found.lost
    assert [row for row in found.records if isinstance(row, ListedTag)]
    assert not [row for row in found.records if isinstance(row, ListVersion)]


def test_6_deleted_rows_stay_deleted(tmp_path: Path) -> None:
    """Their bytes are still in the file."""
    filled(tmp_path, *RECORDS)
    alter(tmp_path, "DELETE FROM charge WHERE number < 4", "DELETE FROM cached_tag", "DELETE FROM listed_tag")
    content = (tmp_path / "evsed.db").read_bytes()
    at = content.index(b"HeartbeatInterval")
    found = salvaged(content[:at] + bytes(8) + content[at + 8 :])
    assert {row.number for row in found.records if isinstance(row, Transaction)} == {4, 5, 6, 7, 8}
    assert not [row for row in found.records if isinstance(row, CachedTag | ListedTag)]


def test_6_the_log_is_read_as_well(tmp_path: Path) -> None:
    """What only the log holds, above what the database holds."""
    filled(tmp_path, bill(1, told=False))
    in_the_dark(tmp_path, saved(bill(1, told=True)), saved(bill(2, told=False)))
    content, log = (tmp_path / "evsed.db").read_bytes(), (tmp_path / "evsed.db-wal").read_bytes()
    assert salvaged(content, log).records == [bill(1, told=True), bill(2, told=False)]


def test_6_a_store_without_checksums_is_read_by_its_types(tmp_path: Path) -> None:
    """Of a version before: no row can be proved, all that fit are taken."""
    filled(tmp_path, *EVERYTHING)
    tables = {record.table for record in RECORDS} | {record.table for record in EVERYTHING}
    alter(tmp_path, *(f"DROP TRIGGER {table}_{what}" for table in tables for what in ("inserted", "updated")))
    alter(tmp_path, *(f"ALTER TABLE {table} DROP COLUMN checksum" for table in tables))
    alter(tmp_path, "UPDATE charge SET start = 'perhaps' WHERE number = 2")
    found = salvaged((tmp_path / "evsed.db").read_bytes())
    assert sorted(map(repr, found.records)) == sorted(
        repr(row) for row in EVERYTHING if row.key != 2 or row.table != "charge"
    )
    assert "transactions 2 could not be read" in found.lost


def test_6_a_store_older_than_a_table(tmp_path: Path) -> None:
    """What it never had is not lost; a trigger that bears the name of a table leads to no rows."""
    filled(tmp_path, *EVERYTHING, RegisterSeen(connector=1, wh=7))
    assert RegisterSeen(connector=1, wh=7) in salvaged((tmp_path / "evsed.db").read_bytes()).records
    alter(
        tmp_path,
        *(f"DROP TABLE {table}" for table in NEWER_TABLES),
    )
    alter(tmp_path, "PRAGMA user_version=4")
    assert salvaged((tmp_path / "evsed.db").read_bytes()).lost == "nothing undelivered was lost"


def test_6_a_foreign_file_is_none_of_ours() -> None:
    """Whatever it is, it does not raise."""
    dice = random.Random(3)
    for size in (0, 10, 1024, 50_000):
        assert salvaged(dice.randbytes(size)) == Salvaged([], "nothing of a store of evsed could be read in it")


def test_6_the_bytes_of_a_page_size_that_is_none(sound: bytes) -> None:
    """The header says how large pages are; where it lies, they are as ours always are."""
    found = salvaged(sound[:16] + b"\x00\x07" + sound[18:])
    assert {row.number for row in found.records if isinstance(row, Transaction)} == set(range(1, 9))


def test_6_numbers_in_words() -> None:
    """Ranges, and not too many of them."""
    assert ranges([7, 2, 3, 4]) == "2-4, 7"
    assert ranges(range(0, 100, 2)).endswith("38 and 30 more ranges")


def test_6_a_row_with_a_huge_number_costs_no_time(tmp_path: Path) -> None:
    """The gap below it is not counted out."""
    filled(tmp_path, bill(1, told=False), bill(2, told=False), msgspec.structs.replace(BILLS[7], number=2**52))
    found = salvaged((tmp_path / "evsed.db").read_bytes().replace(b"04A2B90002", bytes(10)))
    assert "transactions 2 could not be read" in found.lost


def test_6_a_wrong_bit_in_the_last_cell_is_not_taken_for_a_wrong_count(tmp_path: Path) -> None:
    """Three rows on a page, the last one damaged: two is one bit from three, and fits."""
    for wrong in (1, 2):
        folder = tmp_path / str(wrong)
        filled(folder, *BILLS[4:7])
        content = bytearray((folder / "evsed.db").read_bytes())
        at = content.index(b"04A2B90007")
        content[at : at + wrong] = bytes(byte ^ 16 for byte in content[at : at + wrong])
        found = salvaged(bytes(content))
        numbers = [row.number for row in found.records if isinstance(row, Transaction)]
        assert numbers == ([5, 6, 7] if wrong == 1 else [5, 6])
        assert ("transactions 7 could not be read" in found.lost) == (wrong == 2)
