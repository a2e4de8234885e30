"""Files of connection sets: private, whole or not at all, and swept when no row names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.config.loader import load
from daemon.config.model import Config
from daemon.csms.connection_files import FOLDER, ConnectionFiles, SetContent, changed
from daemon.csms.tls_judgement import Moment
from daemon.security.certificate_jobs import TlsFiles
from ocpp16.step import KeepSet
from tests.daemon.security.authority import signed, write

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    file = tmp_path / "evsed.toml"
    file.write_text(
        f'[station]\nid = "CP1"\n[csms]\nurl = "ws://a.example/x"\nsecurity_profile = 1\nauthorization_key = "{KEY}"\n'
        f'[store]\ndir = "{tmp_path}"\n'
    )
    return load([file], {})


def files_of(config: Config) -> ConnectionFiles:
    return ConnectionFiles(config, lambda: Moment(0.0))


def test_3_a_set_is_private_and_whole(config: Config) -> None:
    """Written under its own name, 0600, on top of what the configuration says."""
    files = files_of(config)
    assert files.keep(KeepSet(1, 1, 0, (("authorization_key", "ff" * 16),))) == ""
    path = config.store_dir / FOLDER / "set-1.json"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    url, credentials = files.connection(1)
    assert (url, credentials.key, credentials.profile) == ("ws://a.example/x", b"\xff" * 16, 1)
    assert files.readable() == (1,)
    path.write_bytes(path.read_bytes()[:-9])
    assert files.readable() == () and files.connection(1)[1].key == bytes.fromhex(KEY)
    files.sweep(())
    assert not path.exists()


def test_3_what_cannot_be_dialled_is_refused(config: Config) -> None:
    """Without a root there is no profile 2, and a URL must be one."""
    files = files_of(config)
    assert "root certificate" in files.keep(KeepSet(1, 1, 0, (("security_profile", "2"),)))
    assert "ws://" in files.keep(KeepSet(1, 1, 0, (("url", "http://b"),)))
    assert files.readable() == ()


def test_3_installed_certificates_count_in_every_set(config: Config, tmp_path: Path) -> None:
    """Roots and the station's certificate of the store go before those of a set; an upgrade can rest on them."""
    files = files_of(config)
    root, own = signed("root", ca=True), signed("SN-1")
    installed = TlsFiles(
        (str(write(tmp_path / "r.pem", root.pem)),),
        str(write(tmp_path / "o.pem", own.pem)),
        str(write(tmp_path / "o.key", own.key_pem)),
    )
    files.use(installed)
    assert files.keep(KeepSet(1, 1, 0, (("security_profile", "2"),))) == ""
    for number in (0, 1):
        tls = files.connection(number)[1].tls
        assert (tls.roots, tls.cert_file, tls.key_file) == installed
    files.use(TlsFiles())
    assert files.connection(1)[1].tls.roots == () and files.connection(1)[1].tls.cert_file == ""


def test_3_the_mark_follows_the_file(config: Config, tmp_path: Path) -> None:
    """The same words, the same mark, also after a restart; other words, another."""
    first = files_of(config).local_set()
    assert first == files_of(config).local_set() and (first.profile, first.password) == (1, True)
    text = (tmp_path / "evsed.toml").read_text().replace(KEY, KEY[::-1])
    (tmp_path / "evsed.toml").write_text(text)
    assert files_of(load([tmp_path / "evsed.toml"], {})).local_set().mark != first.mark


def test_3_raised_to_profile_2_ws_becomes_wss() -> None:
    """On the same host, port and path."""
    assert changed(SetContent("ws://a:8/x", 1), {"security_profile": "2"}).url == "wss://a:8/x"


def test_3_a_certificate_on_trial_is_that_of_its_set_alone(config: Config, tmp_path: Path) -> None:
    """The set that names it uses it; each other one uses what is in force, and so does it once the file is gone."""
    files = files_of(config)
    for folder in ("certificates", "keys"):
        (tmp_path / folder).mkdir()
    own, new = signed("SN-1"), signed("SN-1")
    certificate = write(tmp_path / "certificates" / "station-2.pem", new.pem)
    key = write(tmp_path / "keys" / "key-2.pem", new.key_pem)
    old = write(tmp_path / "old.pem", own.pem), write(tmp_path / "old.key", own.key_pem)
    files.use(TlsFiles((), str(old[0]), str(old[1])))
    changes = (("station_certificate", "station-2.pem"), ("station_key", "key-2.pem"))
    assert files.keep(KeepSet(1, 1, 0, changes)) == ""

    def used(number: int) -> tuple[str, str]:
        tls = files.connection(number)[1].tls
        return tls.cert_file, tls.key_file

    assert used(1) == (str(certificate), str(key)) and used(0) == (str(old[0]), str(old[1]))
    Path(key).unlink()
    assert used(1) == (str(old[0]), str(old[1]))
