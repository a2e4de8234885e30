"""FTP and FTPS against a real server on loopback, and against one that lies."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.jobs.transfer_jobs import watch_of
from daemon.transfers.transfer import download
from tests.transfers.servers import NAME, endless, false_ftp, ftp, identity, noise, raw
from tests.transfers.terms import BUNDLE, fetch, left, send, terms

DATA = noise(300_000)
CANARY = "c4n4ry"
SCRAPS = (
    *("220 ready", "331 password", "230 in", "200 type", f"530 {CANARY}", f"550-{CANARY}", f"550 {CANARY}", CANARY),
    *("213 5", "213 -5", f"213 {'9' * 4400}", f"213 {'9' * 4000}", "227 (127,0,0,1,255,255)", "227 (1,2,3,4,999,999)"),
    *(
        f"227 (127,0,0,1,{'9' * 5000},1)",
        "229 (|||70000|)",
        "150 ok (99 bytes)",
        f"150 ({'9' * 5000} bytes)",
        "226",
        "",
    ),
)


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
        ok, line = fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))
        assert (ok, line) == (False, "FTP: 426: the data connection was closed")


@pytest.mark.parametrize(
    ("how", "words", "cause"),
    [
        ({"size": 100_000}, {}, "FTP: 300000 bytes received, 100000 were announced"),
        ({"size": 999 << 20}, {}, "bytes are announced"),
        ({"stalls": True, "cut": 10}, {}, "FTP: no data within 0.3 s"),
        ({}, {"SIZE": "213 nonsense"}, "FTP: "),
        ({}, {"PASV": "227 nonsense"}, "FTP: "),
        ({}, {"PASV": "227 (1,2)"}, "FTP: "),
        ({}, {"PASS": "530 no\x1b[2J"}, "login: 530: not logged in"),
        ({}, {"USER": "x" * 9000}, "login: the server's reply is not FTP"),
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


# --- a server that never ends -----------------------------------------------------------------------------------------

LOGIN = b"220 ready\r\n331 password\r\n230 in\r\n200 type\r\n"


@pytest.mark.parametrize(
    "says",
    [
        endless(b"", b"220-more\r\n"),
        endless(b"", b"220-" + b"x" * 8000 + b"\r\n"),
        endless(b"", b"220-\r\n"),
        endless(b"", b"x"),
        endless(b"", b"\r\n"),
        endless(b"", b"\0\xff\xfe"),
        endless(b"220 ready\r\n", b"331-welcome\r\n"),
        endless(LOGIN, b"213-1\r\n"),
        endless(LOGIN + b"213 5\r\n213 1\r\n", b"227-(1,2,3,4,5,6)\r\n"),
    ],
)
def test_endless_replies(tmp_path: Path, says: Any) -> None:
    """Point 11: at every stage, replies without end are cut off by their lines or bytes; nothing grows with them."""
    on = terms(tmp_path, stall_s=5.0)
    began = time.monotonic()
    with raw(says) as port:
        ok, line = fetch(f"ftp://{NAME}:{port}/f", on)
    assert not ok and time.monotonic() - began < 3.0
    assert line in (
        "FTP: more than 1000 lines of replies",
        f"transfer: more than {on.limits.beside_bytes} bytes besides the file",
        "FTP: the server's reply is not FTP",
        "login: the server's reply is not FTP",
    )


def test_endless_replies_under_tls(tmp_path: Path) -> None:
    """Point 11: the same behind a handshake, explicit and implicit."""
    own = identity(tmp_path)

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        connection.recv(100)
        connection.sendall(b"234 go on\r\n")
        with own.context().wrap_socket(connection, server_side=True) as safe:
            endless(b"", b"331-more\r\n")(safe)

    with raw(serve) as port:
        ok, line = fetch(f"ftps://{NAME}:{port}/f", terms(tmp_path, own.authority, stall_s=5.0))
    assert (ok, line) == (False, "FTP: more than 1000 lines of replies")


def test_a_long_welcome_is_no_reason_to_fail(tmp_path: Path) -> None:
    """A greeting of a page in another spelling than UTF-8 is read."""
    with false_ftp(DATA) as server:
        server.words["PASS"] = "230-\xfcber uns\r\n" * 200 + "230 in"
        assert fetch(f"ftp://{NAME}:{server.port}/f", terms(tmp_path))[0]


@pytest.mark.parametrize("where", ["silent", "nobody", "handshake"])
def test_a_data_connection_that_never_comes_to_it(tmp_path: Path, where: str) -> None:
    """Point 11: the data connection is watched like the other: cancelled within a moment, whatever it waits for."""
    own = identity(tmp_path)
    on = terms(tmp_path, own.authority, stall_s=30.0)
    with socket.create_server(("127.0.0.1", 0)) as passive:
        port = passive.getsockname()[1]

        def serve(connection: socket.socket) -> None:
            stream = connection.makefile("rb")
            connection.sendall(b"220 ready\r\n")
            while line := stream.readline().split():
                if line[0] == b"AUTH":
                    connection.sendall(b"234 go on\r\n")
                    connection = own.context().wrap_socket(connection, server_side=True)
                    stream = connection.makefile("rb")
                    continue
                passive_at = b"227 (127,0,0,1,%d,%d)" % (port >> 8, port & 255)
                words = {b"USER": b"331 password", b"PASV": passive_at, b"RETR": b"150 it comes", b"SIZE": b"213 9"}
                if line[0] == b"PASV" and where == "nobody":
                    passive.close()
                connection.sendall(words.get(line[0], b"200 well") + b"\r\n")

        with raw(serve) as control:
            watch = watch_of("download", on)
            threading.Timer(0.5, watch.cancel).start()
            began = time.monotonic()
            scheme = "ftps" if where == "handshake" else "ftp"
            ok, line = download(f"{scheme}://{NAME}:{control}/f", on, watch)
    assert (not ok and time.monotonic() - began < 1.5 and left(on) == []) or where == "nobody"
    assert line == ("TCP: Connection refused" if where == "nobody" else "transfer: cancelled")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(SCRAPS), st.text(max_size=12), st.from_regex(r"[1-5]\d\d[- ].{0,20}")), max_size=12
    )
)
def test_no_reply_comes_through(replies: list[str]) -> None:
    """Points 9, 14: whatever a server replies, the outcome is one line in words of ours."""
    with (
        TemporaryDirectory() as folder,
        raw(
            lambda connection: connection.sendall("".join(f"{reply}\r\n" for reply in [*replies, CANARY]).encode())
        ) as port,
    ):
        ok, line = fetch(f"ftp://u:{CANARY}@{NAME}:{port}/{CANARY}?{CANARY}", terms(Path(folder)))
    assert CANARY not in line and line.isascii() and line.isprintable() and len(line) <= 200
    assert not ok and "internal error" not in line
