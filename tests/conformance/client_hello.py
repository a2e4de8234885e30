"""A ClientHello byte by byte: what a TLS client offers before anything is agreed (RFC 5246, RFC 8446), and its judge.

Nothing of a TLS library is used: what the client itself thinks that it offers does not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

HANDSHAKE, CLIENT_HELLO = 22, 1
SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
    0xC02B: "ECDHE-ECDSA-AES128-GCM-SHA256",
    0xC02C: "ECDHE-ECDSA-AES256-GCM-SHA384",
    0xC02F: "ECDHE-RSA-AES128-GCM-SHA256",
    0xC030: "ECDHE-RSA-AES256-GCM-SHA384",
    0x009C: "AES128-GCM-SHA256",
    0x009D: "AES256-GCM-SHA384",
    0x00FF: "renegotiation-info",
}
"""Those that a station may offer; the last is a signal, no suite."""
PAIRS = ((0xC02B, 0xC02C), (0x009C, 0x009D))
"""Of the whitepaper: both of one of them are offered (A00.FR.318)."""
VERSIONS = {0x0303: "1.2", 0x0304: "1.3"}
GROUPS = {
    0x0017: "secp256r1", 0x0018: "secp384r1", 0x0019: "secp521r1", 0x001D: "x25519", 0x001E: "x448",
    0x0100: "ffdhe2048", 0x0101: "ffdhe3072", 0x0102: "ffdhe4096", 0x0103: "ffdhe6144", 0x0104: "ffdhe8192",
    0x11EC: "X25519MLKEM768", 0x11EB: "SecP256r1MLKEM768",
}  # fmt: skip
"""Of at least 112 bits."""
SIGNATURES = {
    0x0403: "ecdsa_secp256r1_sha256", 0x0503: "ecdsa_secp384r1_sha384", 0x0603: "ecdsa_secp521r1_sha512",
    0x0804: "rsa_pss_rsae_sha256", 0x0805: "rsa_pss_rsae_sha384", 0x0806: "rsa_pss_rsae_sha512",
    0x0809: "rsa_pss_pss_sha256", 0x080A: "rsa_pss_pss_sha384", 0x080B: "rsa_pss_pss_sha512",
    0x0401: "rsa_pkcs1_sha256", 0x0501: "rsa_pkcs1_sha384", 0x0601: "rsa_pkcs1_sha512",
    0x0807: "ed25519", 0x0808: "ed448",
}  # fmt: skip
WEAK_HASHES = {0: "none", 1: "MD5", 2: "SHA-1"}
"""First byte of a signature algorithm of TLS 1.2; SHA-224 has the 112 bits."""
NEEDED_SIGNATURES = (0x0403, 0x0401, 0x0804)
NEEDED_GROUP = 0x0017
SERVER_NAME, SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, SUPPORTED_VERSIONS = 0, 10, 13, 43
HEARTBEAT, EARLY_DATA = 15, 42


class Malformed(ValueError):
    """The bytes are no ClientHello; what is wrong."""


@dataclass(frozen=True)
class ClientHello:
    """As sent; lists in the client's order."""

    record_version: int
    legacy_version: int
    suites: tuple[int, ...]
    compression: tuple[int, ...]
    extensions: dict[int, bytes] = field(default_factory=dict)
    versions: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    signatures: tuple[int, ...] = ()
    server_name: str = ""

    def texts(self) -> list[tuple[str, str]]:
        """(what, the names) for a transcript."""
        return [
            ("versions", " ".join(named(VERSIONS, self.offered_versions))),
            ("cipher suites", " ".join(named(SUITES, self.suites))),
            ("groups", " ".join(named(GROUPS, self.groups))),
            ("signatures", " ".join(named(SIGNATURES, self.signatures))),
            ("server name", self.server_name or "-"),
        ]

    @property
    def offered_versions(self) -> tuple[int, ...]:
        """Those of the extension; without it the one of TLS 1.2's field."""
        return self.versions or (self.legacy_version,)


def named(names: dict[int, str], numbers: tuple[int, ...]) -> list[str]:
    return [names.get(number, f"0x{number:04x}") for number in numbers]


class Bytes:
    """Read from front to back.  Raises Malformed where there is less than is said."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __len__(self) -> int:
        return len(self._data)

    def take(self, count: int) -> bytes:
        if count > len(self._data):
            raise Malformed(f"{count} bytes are announced, {len(self._data)} are there")
        taken, self._data = self._data[:count], self._data[count:]
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def block(self, width: int) -> Bytes:
        """What a length of that width announces."""
        return Bytes(self.take(self.number(width)))

    def numbers(self, width: int) -> Iterator[int]:
        while self._data:
            yield self.number(width)


def records(data: bytes) -> tuple[int, bytes]:
    """(version of the first record, the handshake bytes of all).  Raises Malformed."""
    left, version, handshake = Bytes(data), 0, b""
    while left:
        kind, this = left.number(1), left.number(2)
        if kind != HANDSHAKE:
            raise Malformed(f"a record of type {kind}, not of a handshake")
        version, handshake = version or this, handshake + left.take(left.number(2))
    return version, handshake


def is_whole(data: bytes) -> bool:
    """Whether these records hold a whole ClientHello.  Raises Malformed where they never will."""
    if data and data[0] != HANDSHAKE:
        raise Malformed(f"a record of type {data[0]}, not of a handshake")
    try:
        _, handshake = records(data)
    except Malformed:
        return False
    return len(handshake) >= 4 and len(handshake) >= 4 + int.from_bytes(handshake[1:4], "big")


def parse(data: bytes) -> ClientHello:
    """All bytes that a client sends first.  Raises Malformed."""
    record_version, handshake = records(data)
    outer = Bytes(handshake)
    if (kind := outer.number(1)) != CLIENT_HELLO:
        raise Malformed(f"a handshake message of type {kind}, not a ClientHello")
    body = outer.block(3)
    if outer:
        raise Malformed("something follows the ClientHello")
    legacy = body.number(2)
    body.take(32)  # random
    body.block(1)  # session id
    suites, compression = tuple(body.block(2).numbers(2)), tuple(body.block(1).numbers(1))
    extensions = _extensions(body)
    return ClientHello(
        record_version, legacy, suites, compression, extensions,
        versions=_list(extensions, SUPPORTED_VERSIONS, 1), groups=_list(extensions, SUPPORTED_GROUPS, 2),
        signatures=_list(extensions, SIGNATURE_ALGORITHMS, 2), server_name=_server_name(extensions),
    )  # fmt: skip


def _extensions(body: Bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    left = body.block(2) if body else Bytes(b"")
    while left:
        kind, content = left.number(2), left.take(left.number(2))
        if kind in found:
            raise Malformed(f"the extension {kind} comes twice")
        found[kind] = content
    if body:
        raise Malformed("something follows the extensions")
    return found


def _list(extensions: dict[int, bytes], kind: int, width: int) -> tuple[int, ...]:
    content = extensions.get(kind)
    return tuple(Bytes(content).block(width).numbers(2)) if content is not None else ()


def _server_name(extensions: dict[int, bytes]) -> str:
    content = extensions.get(SERVER_NAME)
    if content is None:
        return ""
    names = Bytes(content).block(2)
    if (kind := names.number(1)) != 0:
        raise Malformed(f"a server name of type {kind}")
    name = names.block(2)
    try:
        return name.take(len(name)).decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("a server name outside ASCII") from None


def faults(hello: ClientHello, host: str) -> list[str]:
    """What a station may not offer, or does not (W A00.FR.312, .318, .320, .502 to .505); `host`: of its URL."""
    return [
        *_wrong_versions(hello), *_wrong_suites(hello), *_wrong_keys(hello), *_wrong_name(hello, host),
        *(f"the extension {kind} is offered" for kind in (HEARTBEAT, EARLY_DATA) if kind in hello.extensions),
    ]  # fmt: skip


def _wrong_versions(hello: ClientHello) -> Iterator[str]:
    if hello.record_version not in (0x0301, 0x0303) or hello.legacy_version != 0x0303:
        yield f"its record says {hello.record_version:#06x}, its ClientHello {hello.legacy_version:#06x}, not 0x0303"
    for version in hello.offered_versions:
        if version not in VERSIONS:
            yield f"version {version:#06x} is offered, TLS 1.2 is the least"
    if 0x0303 not in hello.offered_versions:
        yield "TLS 1.2 is not offered"
    if hello.compression != (0,):
        yield "compression is offered"


def _wrong_suites(hello: ClientHello) -> Iterator[str]:
    for suite in hello.suites:
        if suite not in SUITES:
            yield f"the cipher suite {suite:#06x} is offered"
    if not any(set(pair) <= set(hello.suites) for pair in PAIRS):
        yield f"neither pair of cipher suites is whole: {' '.join(named(SUITES, hello.suites))}"


def _wrong_keys(hello: ClientHello) -> Iterator[str]:
    for group in hello.groups:
        if group not in GROUPS:
            yield f"the group {group:#06x} is offered"
    if NEEDED_GROUP not in hello.groups:
        yield "the group secp256r1 is not offered"
    for one in hello.signatures:
        if one not in SIGNATURES and one >> 8 in WEAK_HASHES:
            yield f"signatures with {WEAK_HASHES[one >> 8]} are taken ({one:#06x})"
    missing = [one for one in NEEDED_SIGNATURES if one not in hello.signatures]
    if missing:
        yield f"signatures are not taken: {' '.join(named(SIGNATURES, tuple(missing)))}"


def _wrong_name(hello: ClientHello, host: str) -> Iterator[str]:
    """A name is sent as it stands in the URL; an address never is (RFC 6066)."""
    wanted = "" if host.replace(".", "").isdecimal() or ":" in host else host.rstrip(".").lower()
    if hello.server_name.lower() != wanted:
        yield f"the server name is {hello.server_name or 'missing'}, wanted {wanted or 'none'}"
