"""The diagnostics: what is in them, what is in the window, and what is in no file of them."""

from __future__ import annotations

import json
import os
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.journal.journal import LoggedNote
from daemon.journal.redaction import masked
from daemon.recorder.flight_recorder import FILES, RARE_FILES, FlightRecorder, unit_key
from daemon.recorder.pseudonyms import Pseudonyms
from daemon.recorder.support_bundle import BundleSources, Window, recorded, within, write_diagnostics
from ocpp16.events import CardPresented, Now
from ocpp16.step import Note, Upload

DAY = 86400.0
NOON = 1_800_000_000.0
CANARY, SECRET = "04CAFE77AA55", "00112233445566778899aabbccddeeff"
HOOKS = '[hooks]\ninstall = ["/usr/bin/inst", "token=S3CRET"]\n'
NOTES = [
    LoggedNote(0.0, NOON - DAY, Note("clock-known", {})),
    LoggedNote(0.0, NOON, Note("store-ok", {})),
    LoggedNote(0.0, None, Note("mains-lost", {})),
    LoggedNote(0.0, NOON, Note("card-refused", {"id_tag": CANARY, "connector": 1, "reason": "Invalid"})),
]


class Views:
    """What a station shows; a card and a secret wherever one can stand."""

    def status(self, now: Now) -> dict[str, object]:
        return {"status": "Available", "connectors": [{"waiting_card": CANARY, "transaction": {"id_tag": CANARY}}]}

    def queue(self) -> list[dict[str, object]]:
        return [{"item": 1, "id_tag": CANARY}]

    def transaction_rows(self) -> list[dict[str, object]]:
        return [
            {"number": 1, "id_tag": CANARY, "began": "2027-01-10T00:00:00.000Z", "ended": "2027-01-11T00:00:00.000Z"},
            {"number": 2, "id_tag": CANARY, "began": "2027-01-15T00:00:00.000Z", "ended": None},
            {"number": 3, "id_tag": CANARY, "began": None, "ended": None},
        ]

    def configuration_rows(self) -> list[dict[str, object]]:
        return [{"key": "AuthorizationKey", "value": SECRET}, {"key": "HeartbeatInterval", "value": "300"}]


def config(folder: Path) -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://h"\nsecurity_profile = 0\nallow_insecure = true\n'
        f'authorization_key = "{SECRET}"\n{HOOKS}[store]\ndir = "{folder}"\n[ocpp]\nHeartbeatInterval = 300\n'
    )
    return load([file], {})


async def bundle(folder: Path, **window: float | None) -> dict[str, Any]:
    """The files of a bundle by name; those of JSON read."""

    async def recorded() -> None: ...

    sources = BundleSources(
        config(folder), Views(), lambda: {"version": "1"}, lambda: NOTES, recorded, lambda: Now(1.0, NOON)
    )
    job = Upload(1, "http://h/", "diagnostics-5.tar.gz", window.get("oldest"), window.get("latest"))
    assert await write_diagnostics(job, sources) == "diagnostics-5.tar.gz"
    found: dict[str, Any] = {}
    with tarfile.open(folder / "transfers" / "diagnostics-5.tar.gz") as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None and member.name.startswith("diagnostics-5/") and member.mode == 0o600
            data = file.read()
            name = member.name.removeprefix("diagnostics-5/")
            found[name] = json.loads(data) if name.endswith(".json") else data
    return found


async def test_what_is_in_it(tmp_path: Path) -> None:
    """Log, recorder, status, configuration, queue, transactions, versions and settings."""
    (tmp_path / FILES[0]).write_bytes(b"recorded")
    files = await bundle(tmp_path)
    names = ("about", "status", "log", "configuration", "queue", "transactions")
    assert set(files) == {*(f"{name}.json" for name in names), FILES[0]}
    assert files["about.json"]["settings"]["station"]["id"] == "CP1" and files["about.json"]["hall"]["version"] == "1"
    assert [row["code"] for row in files["log.json"]] == ["clock-known", "store-ok", "mains-lost", "card-refused"]
    assert files["configuration.json"][1] == {"key": "HeartbeatInterval", "value": "300"}
    assert files[FILES[0]] == b"recorded"
    assert (tmp_path / "transfers" / "diagnostics-5.tar.gz").stat().st_mode & 0o777 == 0o600


async def test_what_is_not_in_it(tmp_path: Path) -> None:
    """No card number and no key, in whatever corner; equal cards stay equal."""
    files = await bundle(tmp_path)
    text = json.dumps(files)
    assert CANARY not in text and SECRET not in text
    assert files["queue.json"][0]["id_tag"] == files["status.json"]["connectors"][0]["waiting_card"] != ""


async def test_the_window(tmp_path: Path) -> None:
    """Log and transactions that overlap it; what carries no time is in it."""
    files = await bundle(tmp_path, oldest=NOON - 60, latest=NOON + 60)
    assert [row["code"] for row in files["log.json"]] == ["store-ok", "mains-lost", "card-refused"]
    assert [row["number"] for row in files["transactions.json"]] == [2, 3]


async def test_no_room(tmp_path: Path) -> None:
    """What cannot be written raises, and leaves nothing unfinished."""
    (tmp_path / "transfers").mkdir()
    (tmp_path / "transfers" / "diagnostics-5.tar.gz").mkdir()
    with pytest.raises(OSError):
        await bundle(tmp_path)
    assert [path.name for path in (tmp_path / "transfers").iterdir()] == ["diagnostics-5.tar.gz"]


def test_recorder_files_of_the_window(tmp_path: Path) -> None:
    """A file of the ring reaches from the end of the one before to its own last write."""
    for age, name in enumerate(FILES[:3]):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (NOON - age * DAY, NOON - age * DAY))

    def found(oldest: float | None = None, latest: float | None = None) -> list[str]:
        return [path.name for path in recorded(tmp_path, Window(oldest, latest))]

    assert found() == [FILES[2], FILES[1], FILES[0]]
    assert found(NOON - DAY / 2) == [FILES[0]]
    assert found(None, NOON - DAY * 1.5) == [FILES[2], FILES[1]]
    assert found(NOON + 1) == []


def test_odd_times() -> None:
    """A time that cannot be read counts as none."""
    window = Window(NOON, NOON)
    rows: list[dict[str, Any]] = [{"began": "nonsense", "ended": True}, {"began": NOON + 1, "ended": None}]
    assert within(rows, window, "began", "ended") == rows[:1]


async def test_point_15_one_kind_of_pseudonym_everywhere(tmp_path: Path) -> None:
    """In rows and in log lines; the masks of the log are nowhere, and the unit's key is not in it."""
    recorder = FlightRecorder(tmp_path, unit_key(tmp_path))
    recorder.event(Now(1.0, NOON), CardPresented(1, CANARY, 1.0))
    recorder.note(Now(1.0, NOON), NOTES[3].note)
    recorder.flush()
    files = await bundle(tmp_path)
    pseudonym = Pseudonyms(unit_key(tmp_path)).tag(CANARY)
    assert files["queue.json"][0]["id_tag"] == pseudonym and pseudonym in files["log.json"][3]["text"]
    lines = b"".join(zlib.decompressobj(31).decompress(files[name]) for name in (FILES[0], RARE_FILES[0])).decode()
    assert lines.count(pseudonym) == 2
    whole = json.dumps(files, default=lambda data: zlib.decompressobj(31).decompress(data).decode())
    assert masked(CANARY) not in whole and unit_key(tmp_path).hex() not in whole
    assert not {name for name in files if "key" in name}


async def test_point_14_settings_by_allow_list(tmp_path: Path) -> None:
    """Known settings are shown, secrets and unknown ones are not."""
    settings = (await bundle(tmp_path))["about.json"]["settings"]
    assert settings["ocpp"] == {"HeartbeatInterval": "300", "SecurityProfile": "0"}
    assert settings["csms"]["url"] == "ws://h"
    assert not {"authorization_key", "password"} & set(settings["csms"])
    assert settings["hooks"]["install"] == ["(hidden, 13 characters)", "(hidden, 12 characters)"]
