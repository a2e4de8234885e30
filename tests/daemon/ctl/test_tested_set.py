"""connect-test uses what the daemon uses: the set in force, its certificates, else the configuration file."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.csms.connection_files import ConnectionFiles
from daemon.ctl.tested_set import in_force, moment
from daemon.store.store import Store
from ocpp16.records import Certificate, ConnectionSet, Record
from ocpp16.step import KeepSet, Save
from tests.daemon.security.authority import signed, write

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return configured(tmp_path)


def configured(folder: Path, url: str = "ws://a.example/x") -> Config:
    file = folder / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "{url}"\nsecurity_profile = 1\nauthorization_key = "{KEY}"\n'
        f'[store]\ndir = "{folder}"\n'
    )
    return load([file], {})


def keep(config: Config, *rows: Record) -> None:
    store = Store.open(config.store_dir)
    store.commit(tuple(Save(row) for row in rows))
    store.close()


def changed(config: Config) -> ConnectionSet:
    """Set 1 with another key, its file and its row."""
    files = ConnectionFiles(config, moment)
    mark = files.local_set().mark
    assert files.keep(KeepSet(1, 1, 0, (("authorization_key", "ff" * 16),))) == ""
    return ConnectionSet(number=1, state="in-force", local=mark, profile=1, password=True)


def test_3_the_key_of_the_set_in_force(config: Config) -> None:
    """Not the file's any more; a set that is only on trial does not count."""
    row = changed(config)
    keep(config, row)
    tested = in_force(config)
    assert (tested.number, tested.credentials.key) == (1, b"\xff" * 16) and "connection set 1" in tested.source
    keep(config, ConnectionSet(number=1, state="trial", local=row.local))
    assert in_force(config).credentials.key == bytes.fromhex(KEY)


def test_3_a_file_that_was_edited_since_counts(config: Config, tmp_path: Path) -> None:
    """As at the next start of the daemon."""
    keep(config, changed(config))
    tested = in_force(configured(tmp_path, "ws://b.example/x"))
    assert (tested.number, tested.url, tested.source) == (0, "ws://b.example/x", "")


def test_3_without_a_store_the_file_counts_and_that_is_said(config: Config) -> None:
    tested = in_force(config)
    assert tested.number == 0 and tested.credentials.key == bytes.fromhex(KEY)
    assert "uses the configuration file" in tested.source


def test_3_installed_certificates_count(config: Config, tmp_path: Path) -> None:
    """Roots and the station's certificate of the store."""
    (tmp_path / "certificates").mkdir()
    write(tmp_path / "certificates" / "root.pem", signed("root", ca=True).pem)
    keep(config, Certificate(name="root.pem", role="central-system-root", hashes=()),
         Certificate(name="own.pem", role="station", key_name="key-0123456789abcdef.pem", hashes=()))  # fmt: skip
    tls = in_force(config).credentials.tls
    assert tls.roots == (str(tmp_path / "certificates" / "root.pem"),)
    assert tls.cert_file == str(tmp_path / "certificates" / "own.pem") and tls.key_file.endswith("0123456789abcdef.pem")
