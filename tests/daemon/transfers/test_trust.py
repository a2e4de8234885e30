"""Whom transfers believe: one verdict on every Python, parsed once."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.transfers import trust
from daemon.transfers.limits import TransferFailed
from tests.transfers.servers import identity


def test_one_verdict_on_every_python(tmp_path: Path) -> None:
    """Point 10: no strictness of one version's own; names, chains and TLS 1.2 are required by all."""
    made = trust.context("https", str(identity(tmp_path).authority))
    assert not made.verify_flags & (ssl.VerifyFlags.VERIFY_X509_STRICT | ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN)
    assert made.verify_mode == ssl.CERT_REQUIRED and made.check_hostname
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2


def test_the_environment_gets_no_session_keys(tmp_path: Path) -> None:
    """SSLKEYLOGFILE is not obeyed."""
    code = "from daemon.transfers import trust; print(trust.context('https', '').keylog_filename)"
    environ = {**os.environ, "SSLKEYLOGFILE": str(tmp_path / "keys")}
    done = subprocess.run([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, timeout=30, check=True)
    assert done.stdout == b"None\n"


def test_certificates_are_parsed_once(tmp_path: Path) -> None:
    """Point 11: the same context for each transfer of a protocol, until a file changes; httpx has one of its own."""
    own = identity(tmp_path).authority
    first = trust.context("https", str(own))
    assert trust.context("https", str(own)) is first and trust.context("ftps", str(own)) is not first
    assert trust.context("https", str(own)) is first
    os.utime(own, ns=(1, 1))
    assert trust.context("https", str(own)) is not first


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The setting is named, and it is tried again when the file is there."""
    with pytest.raises(TransferFailed, match="ca_file: No such file"):
        trust.context("https", str(tmp_path / "none"))
    (tmp_path / "bad").write_text("nonsense")
    with pytest.raises(TransferFailed, match="ca_file: "):
        trust.context("https", str(tmp_path / "bad"))
