"""FTP and FTPS against a real server on loopback, and against one that lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.transfers.servers import NAME, false_ftp, ftp, identity, noise
from tests.transfers.terms import BUNDLE, fetch, left, send, terms

DATA = noise(300_000)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    (folder / "sub dir").mkdir(parents=True)
    (folder / "sub dir" / "f.bin").write_bytes(DATA)
    return folder


def test_down_and_up(tmp_path: Path, shared: Path) -> None:
    """Passive FTP with user and password, both decoded, and a path with a blank in it."""
    with ftp(shared) as port:
        base = f"ftp://u:p%2Fw@{NAME}:{port}"
        ok, path = fetch(f"{base}/sub%20dir/f.bin;type=i", terms(tmp_path))
        assert ok and Path(path).read_bytes() == DATA
        assert send(f"{base}/sub%20dir", terms(tmp_path), DATA) == (True, f"{len(DATA)} bytes sent")
    assert (shared / "sub dir" / BUNDLE).read_bytes() == DATA


def test_tls(tmp_path: Path, shared: Path) -> None:
    """Explicit TLS on both connections, with a server that requires both, and a certificate of the name."""
    own = identity(tmp_path)
    with ftp(shared, own.server) as port:
        url = f"u:p%2Fw@{NAME}:{port}/sub%20dir/f.bin"
        ok, path = fetch(f"ftps://{url}", terms(tmp_path, own.authority))
        assert ok and Path(path).read_bytes() == DATA
        assert send(f"ftps://u:p%2Fw@{NAME}:{port}/", terms(tmp_path, own.authority), DATA)[0]
        ok, line = fetch(f"ftps://{url}", terms(tmp_path))
        assert not ok and line.startswith("TLS: ") and "verify failed" in line
        ok, line = fetch(f"ftps://{url.replace(NAME, 'other.example')}", terms(tmp_path, own.authority))
        assert not ok and line.startswith("TLS: ") and "not valid for" in line
        ok, line = fetch(f"ftp://{url}", terms(tmp_path))
        assert not ok and line.startswith("login: 5")
    assert (shared / BUNDLE).read_bytes() == DATA


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may listen at port 990")
def test_implicit_tls(tmp_path: Path, shared: Path) -> None:
    """At port 990 TLS begins with the first byte; the certificate must be the name's there, too."""
    own = identity(tmp_path)
    with ftp(shared, own.server, port=990, implicit=True):
        url = f"ftps://u:p%2Fw@{NAME}:990/sub%20dir/f.bin"
        ok, path = fetch(url, terms(tmp_path, own.authority))
        assert ok and Path(path).read_bytes() == DATA
        assert send(f"ftps://u:p%2Fw@{NAME}:990/", terms(tmp_path, own.authority), DATA)[0]
        ok, line = fetch(url.replace(NAME, "other.example"), terms(tmp_path, own.authority))
        assert not ok and line.startswith("TLS: ") and "not valid for" in line
    assert (shared / BUNDLE).read_bytes() == DATA


def test_refusals(tmp_path: Path, shared: Path) -> None:
    """A wrong password, a missing file or folder, no file named: stage and the server's text, no password."""
    with ftp(shared) as port:
        base = f"u:p%2Fw@{NAME}:{port}"
        ok, line = fetch(f"ftp://u:secret@{NAME}:{port}/f", terms(tmp_path))
        assert not ok and line.startswith("login: 530") and "secret" not in line
        ok, line = fetch(f"ftp://{base}/none", terms(tmp_path))
        assert not ok and line.startswith("FTP: 550")
        ok, line = send(f"ftp://{base}/none/", terms(tmp_path))
        assert not ok and line.startswith("FTP: 550")
        assert fetch(f"ftp://{base}/", terms(tmp_path)) == (False, "FTP: the URL names no file")
        ok, line = fetch(f"ftps://{base}/f", terms(tmp_path))
        assert not ok and line.startswith("TLS: ")


def test_without_a_user(tmp_path: Path) -> None:
    """Nobody named: anonymous."""
    with false_ftp(DATA) as server:
        assert fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))[0]
    assert server.said[:2] == ["USER anonymous", "PASS anonymous@"]


def test_resume(tmp_path: Path) -> None:
    """A file that was cut is gone on with by REST, as long as its size and date are the same."""
    with false_ftp(DATA, cut=200_000) as server:
        url = f"ftp://{NAME}:{server.port}/f"
        ok, line = fetch(url, terms(tmp_path))
        assert (ok, line) == (False, "FTP: 200000 bytes received, 300000 were announced")
        server.cut = None
        ok, path = fetch(url, terms(tmp_path))
        assert ok and Path(path).read_bytes() == DATA and "REST 200000" in server.said


def test_no_resume_into_another_file(tmp_path: Path) -> None:
    """Another date, or none: everything anew."""
    with false_ftp(DATA, cut=200_000) as server:
        url = f"ftp://{NAME}:{server.port}/f"
        fetch(url, terms(tmp_path))
        server.cut = None
        server.words["MDTM"] = "213 20270101000000"
        ok, path = fetch(url, terms(tmp_path))
        assert ok and Path(path).read_bytes() == DATA and not [word for word in server.said if word.startswith("REST")]


def test_a_server_without_size_and_date(tmp_path: Path) -> None:
    """They are wished for, not needed: the server's 226 counts."""
    with false_ftp(DATA) as server:
        server.words |= {"SIZE": "502 no", "MDTM": "502 no"}
        assert fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))[0]
        server.words["RETR"] = "426 broken off"
        assert fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path)) == (False, "FTP: 426 broken off")


@pytest.mark.parametrize(
    ("how", "words", "cause"),
    [
        ({"size": 100_000}, {}, "FTP: 300000 bytes received, 100000 were announced"),
        ({"size": 999 << 20}, {}, "bytes are announced"),
        ({"stalls": True, "cut": 10}, {}, "FTP: no data within 0.3 s"),
        ({}, {"SIZE": "213 nonsense"}, "FTP: "),
        ({}, {"PASV": "227 nonsense"}, "FTP: "),
        ({}, {"PASV": "227 (1,2)"}, "FTP: "),
        ({}, {"PASS": "530 no\x1b[2J"}, "login: 530 no\\x1b[2J"),
        ({}, {"USER": "x" * 9000}, "login: got more than 8192 bytes"),
        ({}, {"TYPE": ""}, "FTP: "),
    ],
)
def test_a_server_that_lies(tmp_path: Path, how: Any, words: dict[str, str], cause: str) -> None:
    """Wrong sizes, silence, nonsense: one printable line with stage and cause, and no file."""
    with false_ftp(DATA, **how) as server:
        server.words |= words
        ok, line = fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))
    assert not ok and cause in line and line.isascii() and line.isprintable()
    assert ".bin" not in left(terms(tmp_path))


def test_data_come_from_the_server_itself(tmp_path: Path) -> None:
    """A server that points to another machine for the data is not followed there."""
    with false_ftp(DATA) as server:
        server.points_to = "198,51,100,7"
        assert fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))[0]


def test_too_long(tmp_path: Path) -> None:
    """What is over the limit is not fetched, and what turns out to be is broken off."""
    with false_ftp(DATA) as server:
        ok, line = fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path, firmware_bytes=1000))
        assert not ok and "at most 1000 are allowed" in line
        server.words["SIZE"] = "502 no"
        ok, line = fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path, firmware_bytes=1000))
        assert (ok, line) == (False, "transfer: more than 1000 bytes")
