"""A slow key as a job: the answer is its CSR alone, never the key."""

from __future__ import annotations

from pathlib import Path

from daemon.jobs.key_jobs import make_key
from daemon.jobs.protocol import JobRequest, KeyRequest, decode_request

NAME = "key-0123456789abcdef.pem"


def test_made_under_the_pending_name(tmp_path: Path) -> None:
    """The key lies in the key store with mode 0600; the answer holds the CSR."""
    ok, csr = make_key(KeyRequest("RSA-2048", NAME, "S-1", "Strom AG"), tmp_path)
    assert ok and csr.startswith("-----BEGIN CERTIFICATE REQUEST-----") and "PRIVATE" not in csr
    assert (tmp_path / "keys" / NAME).stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_made(tmp_path: Path) -> None:
    """Each with its reason, and no file is left."""
    for request, why in (
        (None, "no key is described"),
        (KeyRequest("P-224", NAME, "S-1", "A"), "no TLS client"),
        (KeyRequest("RSA-2048", "../../etc/x.pem", "S-1", "A"), "no name of a key"),
        (KeyRequest("P-256", NAME, "x" * 65, "A"), "no certificate can name that"),
    ):
        ok, text = make_key(request, tmp_path)
        assert not ok and why in text
    assert not list(tmp_path.rglob("*.pem"))
    (tmp_path / "file").write_text("")
    ok, text = make_key(KeyRequest("P-256", NAME, "S-1", "A"), tmp_path / "file")
    assert not ok and text.startswith("disk:")


def test_the_request_as_a_line() -> None:
    """What evsed sends is what evsed-job reads."""
    line = b'{"job":"make-key","ref":3,"key":{"kind":"RSA-2048","name":"n","common_name":"S","organization":"O"}}'
    assert decode_request(line) == JobRequest("make-key", 3, key=KeyRequest("RSA-2048", "n", "S", "O"))
