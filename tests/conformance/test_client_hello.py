"""The ClientHello of the station's own TLS contexts, byte by byte, on whatever Python runs; and of worse clients."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.csms.tls_context import TlsSettings, make_context
from tests.conformance.client_hello import HEARTBEAT, ClientHello, Malformed, faults, is_whole, parse
from tests.daemon.security.authority import CLIENT, signed, write

HOST = "csms.example"


def first_bytes(context: ssl.SSLContext, host: str = HOST) -> bytes:
    """What a client sends before it has heard anything."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=host or None).do_handshake()
    return outgoing.read()


def station(folder: Path, profile: int) -> ssl.SSLContext:
    root = signed("root", ca=True)
    own = signed("C-0001", root, usage=(CLIENT,))
    files = {}
    if profile == 3:
        files["cert_file"] = str(write(folder / "own.pem", own.pem))
        files["key_file"] = str(write(folder / "own.key", own.key_pem))
    return make_context(TlsSettings(ca_file=str(write(folder / "root.pem", root.pem)), **files))


@pytest.mark.parametrize("profile", [2, 3])
@pytest.mark.parametrize("host", [HOST, "192.0.2.7", "CSMS.Example"])
def test_tc_086_and_087_the_station_offers_what_it_may(tmp_path: Path, profile: int, host: str) -> None:
    """Versions, suites, groups, signatures and the server's name, in profile 2 and in 3."""
    hello = parse(first_bytes(station(tmp_path, profile), host))
    assert faults(hello, host) == []
    assert sorted(hello.offered_versions) == [0x0303, 0x0304]
    assert [suite for suite in hello.suites if suite >> 8 in (0xC0, 0x00) and suite != 0xFF] == [
        0xC02B, 0xC02C, 0xC02F, 0xC030, 0x009C, 0x009D,
    ]  # fmt: skip


def worse(**more: object) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    for name, value in more.items():
        if name == "ciphers":
            context.set_ciphers(str(value))
        else:
            setattr(context, name, value)
    return context


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (worse(), "the cipher suite 0x"),
        (worse(ciphers="ECDHE-ECDSA-AES128-GCM-SHA256:AES256-GCM-SHA384"), "neither pair"),
        (worse(ciphers="ALL:@SECLEVEL=0", minimum_version=ssl.TLSVersion.TLSv1), "version 0x0301"),
        (worse(ciphers="ALL:@SECLEVEL=0"), "signatures with SHA-1"),
        (worse(minimum_version=ssl.TLSVersion.TLSv1_3), "TLS 1.2 is not offered"),
    ],
)
def test_a_worse_client_is_told(context: ssl.SSLContext, told: str) -> None:
    """The judge is judged."""
    assert any(told in fault for fault in faults(parse(first_bytes(context)), HOST))


def test_names_and_extensions(tmp_path: Path) -> None:
    """A missing name, the name of another, a name where the URL has an address; what no station needs."""
    hello = parse(first_bytes(station(tmp_path, 2)))
    assert faults(replace(hello, server_name=""), HOST) == ["the server name is missing, wanted csms.example"]
    assert faults(hello, "other.example") and faults(hello, "192.0.2.7") and faults(hello, "2001:db8::7")
    assert faults(replace(hello, extensions={HEARTBEAT: b""}), HOST) == ["the extension 15 is offered"]
    assert faults(replace(hello, compression=(1, 0)), HOST) == ["compression is offered"]
    assert faults(replace(hello, groups=(0x0013, 0x0017)), HOST) == ["the group 0x0013 is offered"]
    assert faults(replace(hello, groups=(0x001D,), signatures=(0x0804,)), HOST) == [
        "the group secp256r1 is not offered",
        "signatures are not taken: ecdsa_secp256r1_sha256 rsa_pkcs1_sha256",
    ]


def test_it_is_read_in_pieces(tmp_path: Path) -> None:
    """Whole only with the last byte; cut, or split over records, it is the same ClientHello or none."""
    data = first_bytes(station(tmp_path, 2))
    assert not any(is_whole(data[:end]) for end in range(1, len(data))) and is_whole(data)
    for end in range(len(data)):
        with pytest.raises(Malformed):
            parse(data[:end])
    body = data[5:]
    parts = [body[:7], body[7:100], body[100:]]
    split = b"".join(data[:3] + len(part).to_bytes(2, "big") + part for part in parts)
    assert is_whole(split) and parse(split) == parse(data)


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n", b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x01\x00\x04\x02\0\0\0"]
)
def test_what_is_no_client_hello(data: bytes) -> None:
    """Plain HTTP, an alert, another handshake message."""
    with pytest.raises(Malformed):
        parse(data)


def test_a_hello_without_extensions() -> None:
    """As of an old client: its field says the version."""
    body = b"\x03\x01" + bytes(32) + b"\0" + b"\x00\x02\x00\x2f" + b"\x01\x00"
    handshake = b"\x01" + len(body).to_bytes(3, "big") + body
    hello = parse(b"\x16\x03\x01" + len(handshake).to_bytes(2, "big") + handshake)
    assert hello == ClientHello(0x0301, 0x0301, (0x2F,), (0,)) and hello.offered_versions == (0x0301,)
    assert "version 0x0301 is offered, TLS 1.2 is the least" in faults(hello, HOST)
