"""Files that a context is made of: good, missing, wrong; what fails says which and why."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.tls_context import TlsSettings, client_certificate, make_context
from daemon.security.certificate import authorities
from tests.daemon.security.authority import PEM, new_key, signed, write

ROOT = signed("root", ca=True)
STATION = signed("SN-1", ROOT)


@pytest.fixture
def roots(tmp_path: Path) -> str:
    return str(write(tmp_path / "roots.pem", ROOT.pem))


@contextmanager
def environment(name: str, value: str) -> Iterator[None]:
    """The variable for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def failed(settings: TlsSettings) -> ConnectionFailed:
    with pytest.raises(ConnectionFailed) as caught:
        make_context(settings)
    assert caught.value.stage == "TLS"
    return caught.value


def test_no_root_no_trust(tmp_path: Path, roots: str) -> None:
    """Nothing falls back to the authorities of the operating system."""
    for ca_file, words in (
        ("", "set [csms] ca_file"),
        (str(tmp_path / "none.pem"), "No such file"),
        (str(tmp_path), "cannot be used"),
        (str(write(tmp_path / "empty.pem")), "cannot be used"),
        (str(write(tmp_path / "text.pem", b"not a certificate")), "cannot be used"),
        (str(write(tmp_path / "leaf.pem", STATION.pem)), "holds no root certificate"),
    ):
        found = failed(TlsSettings(ca_file))
        assert found.code == Code.TLS_NO_ROOT and words in found.cause, found


def test_the_systems_roots_only_when_told(roots: str, tmp_path: Path) -> None:
    """`system` is an explicit choice."""
    with environment("SSL_CERT_FILE", str(write(tmp_path / "system.pem", signed("public", ca=True).pem))):
        found = authorities(make_context(TlsSettings("system")))
    assert "CN=public" in [each.subject for each in found]
    assert len(make_context(TlsSettings(roots)).get_ca_certs()) == 1


def test_the_stations_own_files(tmp_path: Path, roots: str) -> None:
    """One file or two; a key of another certificate, an encrypted key, files that are none."""
    both = write(tmp_path / "both.pem", STATION.key_pem, STATION.pem)
    cert, key = write(tmp_path / "cert.pem", STATION.pem), write(tmp_path / "key.pem", STATION.key_pem)
    make_context(TlsSettings(roots, str(both)))
    make_context(TlsSettings(roots, str(cert), str(key)))
    locked = STATION.key.private_bytes(
        PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    other = signed("x", key=new_key()).key_pem
    for name, content, words in (
        ("other.pem", other, "does not belong to the certificate"),
        ("locked.pem", locked, "the private key is encrypted"),
        ("text.pem", b"nothing", "not in PEM form"),
        ("none.pem", None, "cannot be used"),
    ):
        path = tmp_path / name
        if content is not None:
            write(path, content)
        found = failed(TlsSettings(roots, str(cert), str(path)))
        assert found.code == Code.TLS_CLIENT_FILES and words in found.cause, found


def test_a_client_key_that_is_too_weak(tmp_path: Path, roots: str) -> None:
    """A00.FR.502: RSA 2048 is the least."""
    weak = signed("SN-1", key=new_key("RSA-1024"))
    found = failed(TlsSettings(roots, str(write(tmp_path / "weak.pem", weak.key_pem, weak.pem))))
    assert "too weak" in found.cause


def test_nothing_of_the_session_is_written_to_a_file(roots: str, tmp_path: Path) -> None:
    """SSLKEYLOGFILE is not obeyed; every Python has the same flags."""
    with environment("SSLKEYLOGFILE", str(tmp_path / "keys")):
        context = make_context(TlsSettings(roots))
    assert not context.keylog_filename and not (tmp_path / "keys").exists()
    strict = getattr(ssl, "VERIFY_X509_STRICT", 0) | getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0)
    assert not context.verify_flags & strict and context.options & ssl.OP_NO_COMPRESSION


def test_the_stations_certificate_is_read(tmp_path: Path) -> None:
    """Its facts, or None where there are none to be had."""
    path = str(write(tmp_path / "cert.pem", STATION.pem))
    facts = client_certificate(TlsSettings("", path))
    assert facts is not None and (facts.common_names, facts.issuer) == (("SN-1",), "CN=root")
    assert client_certificate(TlsSettings()) is None
    assert client_certificate(TlsSettings("", str(tmp_path / "none"))) is None
    assert client_certificate(TlsSettings("", str(write(tmp_path / "text.pem", b"x")))) is None
