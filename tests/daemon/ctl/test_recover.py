"""`evsectl store recover`: what is left of a damaged store, and its bills brought into the present one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from daemon.ctl.__main__ import main
from daemon.store.store import Store
from tests.daemon.store.test_salvage import RECORDS, WAITING, bill
from tests.daemon.store.test_store import contents, filled, in_the_dark, saved


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A store with four bills that wait, its first page gone; as evsed has set it aside."""
    filled(tmp_path / "old", *RECORDS)
    content = (tmp_path / "old" / "evsed.db").read_bytes()
    file = tmp_path / "evsed.db.corrupt-1"
    file.write_bytes(bytes(1024) + content[1024:])
    return file


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    code = main(["store", "recover", *map(str, words)], silence=lambda: None)
    out, err = capsys.readouterr()
    return code, out, err


def test_6_what_is_left_is_shown(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every transaction with its energy and whether it was delivered; what is not certain is said."""
    code, out, _ = run(capsys, damaged)
    assert code == 1 and "5777" in out and "could not be read" in out
    code, out, _ = run(capsys, damaged, "--json")
    answer = json.loads(out)
    assert {row["number"]: row["delivered"] for row in answer["transactions"]} == {n: n <= 4 for n in range(1, 9)}
    (five,) = [row for row in answer["transactions"] if row["number"] == 5]
    assert (five["energy_wh"], five["exact"], five["id_tag"]) == (777, True, "04A2B90005")
    assert (answer["v"], answer["merged"]) == (1, None)


def test_6_a_sound_file_is_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also what only its log holds; nothing is written beside it."""
    filled(tmp_path / "old")
    in_the_dark(tmp_path / "old", saved(bill(1, told=False)))
    before = sorted(os.listdir(tmp_path / "old"))
    code, out, _ = run(capsys, tmp_path / "old" / "evsed.db", "--json")
    assert code == 0 and len(json.loads(out)["transactions"]) == 1
    assert sorted(os.listdir(tmp_path / "old")) == before


def test_6_bills_are_brought_back_once(damaged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that wait, with their values; asked again, nothing more."""
    store = tmp_path / "store"
    filled(store, bill(5, told=True))
    _, out, _ = run(capsys, damaged, "--into", store)
    assert "brought into" in out and "6, 7, 8" in out
    found = contents(store)
    assert {row.meter_stop_wh for row in found if row.table == "charge"} == {5777, 6777, 7777, 8777}  # type: ignore[attr-defined]
    assert len([row for row in found if row.table == "sample"]) == 3 * (len(WAITING) - 1)
    _, out, _ = run(capsys, damaged, "--into", store)
    assert "nothing, it was all there" in out
    assert contents(store) == found


def test_6_not_while_evsed_runs(damaged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The store has one writer."""
    store = Store.open(tmp_path / "store")
    code, _, err = run(capsys, damaged, "--into", tmp_path / "store")
    assert code == 1 and "stop evsed first" in err
    store.close()


def test_6_what_cannot_be_done_is_one_line(damaged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No such file, no store there, a store that cannot be written."""
    code, _, err = run(capsys, tmp_path / "none")
    assert code == 1 and "No such file" in err
    code, _, err = run(capsys, damaged, "--into", tmp_path / "none")
    assert code == 1 and "there is no store in" in err
    filled(tmp_path / "store")
    (tmp_path / "store" / "evsed.lock").unlink()
    (tmp_path / "store" / "evsed.lock").mkdir()
    code, _, err = run(capsys, damaged, "--into", tmp_path / "store")
    assert code == 1 and "evsed.lock" in err


def test_16_root_leaves_no_files_of_root(damaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The store belongs to the user that evsed runs as: whatever is made there, is his."""
    if os.geteuid():
        pytest.skip("needs root")
    store = Path(tempfile.mkdtemp())
    filled(store)
    for path in (store, *store.iterdir()):
        os.chown(path, 65534, 65534)
    (store / "evsed.reserve").unlink()
    run(capsys, damaged, "--into", store)
    assert {path.name: path.stat().st_uid for path in store.iterdir()} == {path.name: 65534 for path in store.iterdir()}
    assert (store / "evsed.reserve").exists() and os.geteuid() == 0
