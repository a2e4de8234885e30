"""Secrets in files that others may read: named with the mode and the remedy, or refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.config.loader import load, read
from daemon.config.model import ConfigError
from tests.daemon.config.test_loader import GOOD

KEY = "00112233445566778899AABBCCDDEEFF"
WITH_KEY = GOOD + f'authorization_key = "{KEY}"\n'
NO_SECRET = f"{GOOD}\n[ocpp]\nHeartbeatInterval = 300\n"


def written(folder: Path, name: str, text: str, mode: int) -> Path:
    file = folder / name
    file.write_text(text)
    os.chmod(file, mode)
    return file


def warnings(folder: Path, toml: str, mode: int, environ: dict[str, str] | None = None) -> list[str]:
    return [str(warning) for warning in load([written(folder, "evsed.toml", toml, mode)], environ or {}).warnings]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o620, 0o610])
def test_16_a_secret_that_others_may_read_is_warned_of(tmp_path: Path, mode: int) -> None:
    """File, key, mode and remedy; never the secret."""
    (warning,) = warnings(tmp_path, WITH_KEY, mode)
    assert warning.startswith(f"{tmp_path}/evsed.toml: [csms] authorization_key: ")
    assert f"mode 0{mode:o}" in warning and f"chmod 600 {tmp_path}/evsed.toml" in warning and KEY not in warning


@pytest.mark.parametrize(
    ("toml", "mode"), [(WITH_KEY, 0o600), (WITH_KEY, 0o400), (NO_SECRET, 0o644), (NO_SECRET, 0o664), (GOOD, 0o640)]
)
def test_16_nothing_to_warn_of(tmp_path: Path, toml: str, mode: int) -> None:
    """A secret that only its owner reads; a file without secrets, as the README writes it."""
    assert warnings(tmp_path, toml, mode) == []


@pytest.mark.parametrize(
    "line", [f"EVSED_AUTHORIZATION_KEY={KEY}", "EVSED_PASSWORD=hush", f"export EVSED_PASSWORD='{KEY}'"]
)
def test_16_the_environment_file(tmp_path: Path, line: str) -> None:
    """The same of evsed.env, also where the environment overrides it; without a secret it may be read."""
    written(tmp_path, "evsed.env", f"{line}\nEVSED_STATION_SERIAL=1\n", 0o644)
    name = line.removeprefix("export ").split("=")[0]
    for environ in ({}, {name: KEY}):
        (warning,) = warnings(tmp_path, GOOD, 0o644, environ)
        assert "evsed.env" in warning and "mode 0644" in warning and KEY not in warning and "hush" not in warning
    written(tmp_path, "evsed.env", "EVSED_STATION_SERIAL=1\nEVSED_PASSWORD=\n", 0o644)
    assert warnings(tmp_path, GOOD, 0o644) == []


def test_16_a_secret_in_the_environment_has_no_file(tmp_path: Path) -> None:
    """It is no secret of any file."""
    draft = read([written(tmp_path, "evsed.toml", GOOD, 0o644)], {"EVSED_PASSWORD": "hush"})
    assert draft.values["csms", "password"] == "hush" and draft.secrets == {}


def test_16_a_credential_that_others_may_read(tmp_path: Path) -> None:
    """A folder of credentials that systemd did not make."""
    written(tmp_path, "password", "hush", 0o644)
    (warning,) = warnings(tmp_path, GOOD, 0o644, {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert f"{tmp_path}/password" in warning and "hush" not in warning


def test_16_a_file_that_everybody_may_write(tmp_path: Path) -> None:
    """It names the programs that are run, secrets or not."""
    (warning,) = warnings(tmp_path, GOOD, 0o646)
    assert "mode 0646" in warning and "chmod o-w" in warning


@pytest.mark.parametrize("relative", [True, False])
def test_16_a_private_key_for_everybody_is_refused(tmp_path: Path, relative: bool) -> None:
    """For its group it is warned of; a relative path counts from the file in which it stands."""
    key = written(tmp_path, "station.key", "-----BEGIN PRIVATE KEY-----", 0o604)
    toml = GOOD + f'key_file = "{key.name if relative else key}"\n'
    with pytest.raises(ConfigError) as refused:
        warnings(tmp_path, toml, 0o644)
    assert f"evsed.toml:9: [csms] key_file: {key} has mode 0604" in str(refused.value)
    assert f"chmod 600 {key}" in str(refused.value)
    key.chmod(0o640)
    (warning,) = warnings(tmp_path, toml, 0o644)
    assert f"{key} has mode 0640" in warning
    key.chmod(0o600)
    assert warnings(tmp_path, toml, 0o644) == []
    key.unlink()
    assert warnings(tmp_path, toml, 0o644) == []
