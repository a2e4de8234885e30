"""HTTP and HTTPS against servers on loopback: honest, slow, broken, huge, lying, redirecting."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.jobs.transfer_jobs import watch_of
from daemon.transfers.transfer import download
from tests.transfers.servers import NAME, Http, Request, endless, head, http, identity, noise, raw
from tests.transfers.terms import BUNDLE, fetch, left, send, terms

DATA = noise(300_000)
CANARY = "c4n4ry"
SCRAPS = (
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 404 c4n4ry\r\n", b"HTTP/1.1 999 c4n4ry\r\n", b"HTTP/1.1 100 c4n4ry\r\n\r\n"),
    *(b"Content-Length: 3\r\n", b"Content-Length: c4n4ry\r\n", b"Transfer-Encoding: c4n4ry\r\n", b"c4n4ry", b"\r\n"),
    *(b"Content-Range: bytes c4n4ry\r\n", b"Location: http://c4n4ry/\r\n", b"Content-Encoding: c4n4ry\r\n", b"\r\nabc"),
)


def test_down(tmp_path: Path) -> None:
    """The file arrives to the byte; the server is asked by its name, for plain bytes, and sees no password."""
    with http({"/f?x=%2F": DATA}) as server:
        ok, path = fetch(f"http://{NAME}:{server.port}/f?x=%2F", terms(tmp_path))
    assert ok and Path(path).read_bytes() == DATA and left(terms(tmp_path)) == [".bin"]
    (request,) = server.got
    assert request.fields["host"] == f"{NAME}:{server.port}" and request.fields["accept-encoding"] == "identity"
    assert "authorization" not in request.fields and "range" not in request.fields


def test_basic_authentication(tmp_path: Path) -> None:
    """User and password of the URL, decoded, are sent as Basic, and are in no text of ours."""
    with http({"/f": DATA}) as server:
        server.answer = lambda request, connection: connection.sendall(head(403, Content_Length="0"))
        ok, line = fetch(f"http://us%40er:p%2Fw@{NAME}:{server.port}/f", terms(tmp_path))
    assert server.got[0].fields["authorization"] == "Basic dXNAZXI6cC93"
    assert (ok, line) == (False, "HTTP: status 403 Forbidden")


def test_tls(tmp_path: Path) -> None:
    """HTTPS with an authority of our own: the certificate must be the name's and from a trusted authority."""
    own = identity(tmp_path)
    with http({"/f": DATA}, own.context()) as server:
        assert fetch(f"https://{NAME}:{server.port}/f", terms(tmp_path, own.authority))[0]
        ok, line = fetch(f"https://other.example:{server.port}/f", terms(tmp_path, own.authority))
        assert not ok and line.startswith("TLS: ") and "not valid for" in line
        ok, line = fetch(f"https://{NAME}:{server.port}/f", terms(tmp_path))
        assert not ok and line.startswith("TLS: ") and "verify failed" in line
        ok, line = fetch(f"https://{NAME}:{server.port}/f", terms(tmp_path, tmp_path / "none.pem"))
        assert (ok, line) == (False, "TLS: [csms] ca_file: No such file or directory")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_redirects(tmp_path: Path, status: int) -> None:
    """No redirect is followed, neither down nor up."""
    with http({"/f": DATA}) as server:
        target = f"http://127.0.0.1:{server.port}/f"
        server.answer = lambda _, connection: connection.sendall(head(status, Location=target, Content_Length="0"))
        for ok, line in (fetch(f"http://{NAME}:{server.port}/", terms(tmp_path)), send(target, terms(tmp_path))):
            assert (ok, line) == (False, f"HTTP: status {status}: redirects are not followed")
    assert len(server.got) == 2


Raw = Callable[[Request, socket.socket], None]


def says(*pieces: bytes) -> Raw:
    """The connection gets these bytes and is closed."""

    def answer(request: Request, connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (says(head(200, Content_Length="1000", ETag='"1"'), b"x" * 500), "HTTP: the connection was closed before"),
        (says(head(200, Transfer_Encoding="chunked"), b"3\r\nabc\r\n"), "the connection was closed before"),
        (says(head(200, Transfer_Encoding="chunked"), b"3\r\nab"), "the connection was closed before"),
        (says(head(200, Transfer_Encoding="gzip, chunked"), b"3\r\nabc\r\n0\r\n\r\n"), "HTTP: "),
        (
            says(head(206, Transfer_Encoding="chunked", Content_Range="bytes 0-2/3"), b"3\r\nabc\r\n0\r\n\r\n"),
            "another",
        ),
        (says(head(200), b"until the end"), "tells neither the size"),
        (says(head(200, Content_Length="-5"), b"x"), "HTTP: "),
        (says(head(200, Content_Length="5, 6"), b"x"), "HTTP: "),
        (says(head(200, Content_Length="99999999999"), b"x"), "99999999999 bytes are announced"),
        (says(head(200, Content_Length="9" * 30), b"x"), "HTTP: "),
        (says(head(200, Content_Length="3", Content_Encoding="gzip"), b"abc"), "unexpected Content-Encoding"),
        (says(head(206, Content_Length="3", Content_Range="bytes 0-2/3"), b"abc"), "another part of the file"),
        (says(head(416, Content_Length="0")), "status 416"),
        (says(head(204)), "status 204"),
        (says(head(404, Content_Length="0")), "status 404"),
        (says(b"SSH-2.0-OpenSSH\r\n"), "HTTP: "),
        (says(b""), "HTTP: the server closed the connection without a response"),
        (says(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000), "HTTP: "),
        (says(b"HTTP/1.1 500 \xff\xfe\x1b[2J\r\nContent-Length: 0\r\n\r\n"), "HTTP: "),
    ],
)
def test_answers_that_are_no_file(tmp_path: Path, answer: Raw, cause: str) -> None:
    """Cut, endless, lying, packed, nonsense: one printable line with stage and cause, and no file."""
    with http() as server:
        server.answer = answer
        ok, line = fetch(f"http://{NAME}:{server.port}/f", terms(tmp_path))
    assert not ok and cause in line and line.isascii() and line.isprintable() and len(line) <= 200
    assert ".bin" not in left(terms(tmp_path))


def in_chunks(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield b"%x\r\n%b\r\n" % (len(data[at : at + size]), data[at : at + size])
    yield b"0\r\n\r\n"


@pytest.mark.parametrize("size", [64, 1000, 65536])
def test_7_a_download_in_chunks(tmp_path: Path, size: int) -> None:
    """A server that does not know the size yet sends chunks: the last one is the end of the file."""
    data = noise(4_000_000) if size == 64 else DATA
    with http() as server:
        server.answer = says(head(200, Transfer_Encoding="chunked", ETag='"1"'), b"".join(in_chunks(data, size)))
        ok, path = fetch(f"http://{NAME}:{server.port}/f", terms(tmp_path))
    assert ok and Path(path).read_bytes() == data


def test_7_chunks_are_resumed_and_bounded(tmp_path: Path) -> None:
    """A cut download in chunks goes on where it ended; what is too large is cut off by its bytes."""
    with http() as server:

        def answer(request: Request, connection: socket.socket) -> None:
            begin = int(request.fields.get("range", "bytes=0-")[6:-1])
            if not begin:
                connection.sendall(head(200, Transfer_Encoding="chunked", ETag='"1"') + b"3e8\r\n" + DATA[:1000])
                return
            span = f"bytes {begin}-{len(DATA) - 1}/{len(DATA)}"
            connection.sendall(head(206, Transfer_Encoding="chunked", Content_Range=span, ETag='"1"'))
            connection.sendall(b"".join(in_chunks(DATA[begin:], 5000)))

        server.answer = answer
        assert not fetch(f"http://{NAME}:{server.port}/f", terms(tmp_path))[0]
        ok, path = fetch(f"http://{NAME}:{server.port}/f", terms(tmp_path))
        assert ok and Path(path).read_bytes() == DATA and server.got[1].fields["range"] == "bytes=1000-"
        server.answer = says(head(200, Transfer_Encoding="chunked"), b"".join(in_chunks(DATA, 5000)))
        ok, line = fetch(f"http://{NAME}:{server.port}/g", terms(tmp_path, firmware_bytes=1000))
        assert (ok, line) == (False, "transfer: more than 1000 bytes")


SIGNED = (
    "/bucket/station%2F1/log.tgz?X-Amz-Signature=0a%2Fb%3D%3d&X-Amz-Credential=A%2F20260101%2Feu~1&x-id=PutObject",
    "/container/folder/?sv=2024&sr=c&sig=a+b/c==&se=2026-01-01T00:00:00Z;x='(1)*!$,@[1]",
    "/upload?token=" + "t" * 1800,
    "/a/../b//c?x",
)


@pytest.mark.parametrize("target", SIGNED)
def test_7_a_signed_address_is_asked_as_it_was_given(tmp_path: Path, target: str) -> None:
    """Neither a name is joined to it nor a character of it changed, up to 2,048: its signature is over every one."""
    with http({target: DATA}) as server:
        assert fetch(f"http://{NAME}:{server.port}{target}", terms(tmp_path))[0]
        server.answer = lambda _, connection: connection.sendall(head(200, Content_Length="0"))
        assert send(f"http://{NAME}:{server.port}{target}", terms(tmp_path))[0]
    assert [request.target for request in server.got] == [target, target] and server.got[1].body == b"bundle"


def test_a_server_that_says_nothing(tmp_path: Path) -> None:
    """Silence before and in the middle of the file ends the try after `stall_s`; what came is kept."""
    with http() as server:

        def answer(request: Request, connection: socket.socket) -> None:
            if request.target == "/half":
                connection.sendall(head(200, Content_Length="1000", ETag='"1"') + b"x" * 500)
            server.listening.ended.wait(20)

        server.answer = answer
        for target in ("/", "/half"):
            ok, line = fetch(f"http://{NAME}:{server.port}{target}", terms(tmp_path))
            assert (ok, line) == (False, "HTTP: no data within 0.3 s")
    assert left(terms(tmp_path)) == [".json", ".part"]


@pytest.mark.parametrize("begins", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"HTTP/1.1 200 OK\r\n"])
def test_a_server_that_drips(tmp_path: Path, begins: bytes) -> None:
    """A byte now and then, in the head or in the file, does not keep us longer than `whole_s`."""
    with http() as server:

        def answer(request: Request, connection: socket.socket) -> None:
            connection.sendall(begins)
            while not server.listening.ended.wait(0.05):
                connection.sendall(b"x")

        server.answer = answer
        ok, line = fetch(f"http://{NAME}:{server.port}/", terms(tmp_path, whole_s=0.4))
    assert (ok, line) == (False, "transfer: not finished within 0.4 s")


def test_nobody_there(tmp_path: Path) -> None:
    """A closed port has the stage TCP; the next address of the name is tried."""
    with http({"/f": DATA}) as server, socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))
        ok, line = fetch(f"http://{NAME}:{closed.getsockname()[1]}/f", terms(tmp_path))
        assert not ok and line.startswith("TCP: ") and "refused" in line
        on = terms(tmp_path)
        two = type(on)(on.store, on.rules, "", on.limits, lambda host, port: ["127.0.0.3", "127.0.0.1"])
        assert fetch(f"http://{NAME}:{server.port}/f", two)[0]


def test_plain_http_behind_https(tmp_path: Path) -> None:
    """A server without TLS has the stage TLS."""
    with http({"/f": DATA}) as server:
        server.answer = says(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        ok, line = fetch(f"https://{NAME}:{server.port}/f", terms(tmp_path))
    assert not ok and line.startswith("TLS: ")


# --- resume -----------------------------------------------------------------------------------------------------------


def cut_after(server: Http, size: int, data: bytes = DATA) -> Raw:
    """The beginning of the file, then the end of the connection."""
    etag = f'"{hash(data) & 0xFFFFFFFF:x}"'
    return says(head(200, Content_Length=str(len(data)), ETag=etag), data[:size])


def test_resume(tmp_path: Path) -> None:
    """Another try goes on where the first was cut, and the whole is what the server has."""
    with http({"/f": DATA}) as server:
        url = f"http://{NAME}:{server.port}/f"
        server.answer = cut_after(server, 200_000)
        assert not fetch(url, terms(tmp_path))[0]
        server.answer = server.honest
        ok, path = fetch(url, terms(tmp_path))
    assert ok and Path(path).read_bytes() == DATA
    first = int(server.got[1].fields["range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < first <= 200_000


def test_no_resume_into_another_file(tmp_path: Path) -> None:
    """Where the content has changed meanwhile, all of it is fetched anew."""
    with http({"/f": DATA[::-1]}) as server:
        url = f"http://{NAME}:{server.port}/f"
        server.answer = cut_after(server, 200_000)
        assert not fetch(url, terms(tmp_path))[0]
        server.answer = server.honest
        ok, path = fetch(url, terms(tmp_path))
    assert ok and Path(path).read_bytes() == DATA[::-1] and "range" in server.got[1].fields


def test_no_resume_without_a_name_for_the_content(tmp_path: Path) -> None:
    """A server that gives neither a strong ETag nor a date is asked for everything again."""
    with http({"/f": DATA}) as server:
        url = f"http://{NAME}:{server.port}/f"
        server.answer = says(head(200, Content_Length=str(len(DATA)), ETag='W/"1"'), DATA[:200_000])
        assert not fetch(url, terms(tmp_path))[0]
        server.answer = server.honest
        assert fetch(url, terms(tmp_path))[0]
    assert "range" not in server.got[1].fields


@pytest.mark.parametrize(
    "answer",
    [
        says(head(206, Content_Length="3", Content_Range="bytes 0-2/3"), b"abc"),
        says(head(206, Content_Length="3"), b"abc"),
        says(head(416, Content_Length="0")),
    ],
)
def test_a_wrong_part_is_not_put_in(tmp_path: Path, answer: Raw) -> None:
    """Another part than was asked for fails the try; after a 416 the next one begins anew."""
    with http({"/f": DATA}) as server:
        url = f"http://{NAME}:{server.port}/f"
        server.answer = cut_after(server, 200_000)
        fetch(url, terms(tmp_path))
        server.answer = answer
        assert not fetch(url, terms(tmp_path))[0]
        server.answer = server.honest
        ok, path = fetch(url, terms(tmp_path))
    assert ok and Path(path).read_bytes() == DATA


def test_cancelled_in_the_middle(tmp_path: Path) -> None:
    """A cancelled download ends at once and leaves nothing."""
    on = terms(tmp_path, stall_s=30.0)
    with http() as server:
        half, watch = threading.Event(), watch_of("download", on)

        def answer(request: Request, connection: socket.socket) -> None:
            connection.sendall(head(200, Content_Length="1000", ETag='"1"') + b"x" * 500)
            half.set()
            server.listening.ended.wait(20)

        server.answer = answer
        results: list[tuple[bool, str]] = []
        url = f"http://{NAME}:{server.port}/f"
        thread = threading.Thread(target=lambda: results.append(download(url, on, watch)))
        thread.start()
        assert half.wait(5)
        watch.cancel()
        thread.join(5)
    assert results == [(False, "transfer: cancelled")] and left(on) == []


# --- up ---------------------------------------------------------------------------------------------------------------


def test_up(tmp_path: Path) -> None:
    """PUT to the location with the file's name joined; afterwards it is gone here."""
    with http() as server:
        assert send(f"http://{NAME}:{server.port}/logs", terms(tmp_path), DATA) == (True, f"{len(DATA)} bytes sent")
    assert server.files == {f"/logs/{BUNDLE}": DATA} and left(terms(tmp_path)) == []


@pytest.mark.parametrize("status", [405, 501])
def test_post_where_there_is_no_put(tmp_path: Path, status: int) -> None:
    """A server that knows no PUT gets a POST."""
    with http() as server:

        def answer(request: Request, connection: socket.socket) -> None:
            if request.method == "PUT":
                connection.sendall(head(status, Content_Length="0"))
            else:
                server.honest(request, connection)

        server.answer = answer
        assert send(f"http://{NAME}:{server.port}/", terms(tmp_path), DATA)[0]
    assert [request.method for request in server.got] == ["PUT", "POST"] and server.files[f"/{BUNDLE}"] == DATA


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 503])
def test_an_upload_that_is_refused(tmp_path: Path, status: int) -> None:
    """The server's status is the cause; nothing stays here."""
    with http() as server:
        server.answer = lambda _, connection: connection.sendall(head(status, Content_Length="0"))
        said = f"HTTP: status {status} {HTTPStatus(status).phrase}"
        assert send(f"http://{NAME}:{server.port}/", terms(tmp_path)) == (False, said)
    assert left(terms(tmp_path)) == []


def test_an_upload_that_is_too_long(tmp_path: Path) -> None:
    """Nobody is connected to for what is over the limit."""
    with http() as server:
        ok, line = send(f"http://{NAME}:{server.port}/", terms(tmp_path, upload_bytes=5))
    assert not ok and "at most 5 are allowed" in line and not server.got


def test_an_upload_that_nobody_reads(tmp_path: Path) -> None:
    """A server that takes nothing ends the try after `stall_s`."""
    with http() as server:
        server.listening._serve = lambda connection: server.listening.ended.wait(20)
        ok, line = send(f"http://{NAME}:{server.port}/", terms(tmp_path), noise(20_000_000))
    assert (ok, line) == (False, "HTTP: no data within 0.3 s")


# --- a server that never ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "serve",
    [
        endless(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"),
        endless(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        endless(b"HTTP/1.1 200 ", b"x"),
        endless(b"", b"\r\n"),
        endless(b"", b"\0"),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;x=y\r\nx\r\n"),
        endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n", b"X-More: 1\r\n"),
        endless(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X-More: 1\r\n"),
        endless(b"HTTP/1.1 404 Not Found\r\n\r\n", b"x"),
        endless(b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"x"),
    ],
)
def test_endless_answers(tmp_path: Path, serve: Callable[[socket.socket], None]) -> None:
    """Point 11: interim responses, fields, trailers, chunk sizes without end: each is cut off by its bytes, at once."""
    began = time.monotonic()
    with raw(serve) as port:
        url = f"http://{NAME}:{port}/f"
        for ok, line in (fetch(url, terms(tmp_path, stall_s=5.0)), send(url, terms(tmp_path, stall_s=5.0))):
            assert ok or line.startswith("HTTP: ") or re.match(r"transfer: more than 2[67]\d{4} bytes besides", line)
    assert time.monotonic() - began < 3.0 and ".bin" not in left(terms(tmp_path))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=12)), max_size=12))
def test_no_answer_comes_through(pieces: list[bytes]) -> None:
    """Points 9, 14: whatever a server answers, the outcome is one line in words of ours."""
    with TemporaryDirectory() as folder, raw(lambda connection: connection.sendall(b"".join(pieces))) as port:
        ok, line = fetch(f"http://u:{CANARY}@{NAME}:{port}/{CANARY}?{CANARY}", terms(Path(folder)))
    assert ok or (CANARY not in line and line.isascii() and line.isprintable() and len(line) <= 200)
    assert "internal error" not in line


def test_the_name_goes_with_it_to_an_address_of_ipv6(tmp_path: Path) -> None:
    """The Host field is the name's; a literal address stands in brackets."""
    with http({"/f": DATA}) as server:
        on = terms(tmp_path)
        assert fetch(f"http://[2001:db8::1]:{server.port}/f", on)[0]
    assert server.got[0].fields["host"] == f"[2001:db8::1]:{server.port}"
