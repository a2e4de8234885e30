"""The gate before the credentials: servers good and bad, in memory, each with its verdict and its stable code."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from daemon.csms import tls_failures
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.tls_context import TlsSettings, make_context
from daemon.csms.tls_judgement import Moment, Source, judge, moment_of, out_of_date, written
from daemon.security.certificate import CertificateFacts
from tests.daemon.csms.handshake import HOST, server_context, shake
from tests.daemon.security.authority import CLIENT, SERVER, Signed, new_key, signed, write

NOW = datetime.datetime.now(datetime.UTC).timestamp()
DAY = 86_400.0


class Server(NamedTuple):
    """What a Central System presents, what the station trusts, and how the connection is made."""

    chain: Sequence[Signed]
    roots: Sequence[Signed]
    host: str = HOST
    wildcards: bool = False
    moment: Moment = Moment(NOW)
    tls: Callable[[ssl.SSLContext], None] = lambda context: None
    cipher: str = ""


ROOT = signed("root", ca=True)
OTHER = signed("root", ca=True)
"""The same name, another key."""
KNOWN, OTHER_KNOWN = (signed("root", ca=True, identifiers=True) for _ in range(2))
INTERMEDIATE = signed("intermediate", ROOT, ca=True)


def leaf(by: Signed = ROOT, common_name: str | None = HOST, **more: Any) -> Signed:
    return signed(common_name, by, **more)


def plain(*chain: Signed, **more: Any) -> Server:
    return Server(chain, [ROOT], **more)


def only(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def set_on(context: ssl.SSLContext) -> None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = version
        context.minimum_version = version

    return set_on


def wants_client(version: ssl.TLSVersion) -> Callable[[ssl.SSLContext], None]:
    def set_on(context: ssl.SSLContext) -> None:
        only(version)(context)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=ROOT.pem.decode())

    return set_on


TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
RSA_ROOT = signed("root of RSA", ca=True, key=new_key("RSA-2048"))
EXPIRED_ROOT = signed("old root", ca=True, days=(-20, -10))
CROSS_KEY = new_key()
NEW_ROOT = signed("new root", ca=True, key=CROSS_KEY)
CROSS = signed("new root", EXPIRED_ROOT, ca=True, key=CROSS_KEY)
"""The new root, signed by the old one that has expired."""


def rsa(bits: int) -> Signed:
    return signed(HOST, RSA_ROOT, key=new_key(f"RSA-{bits}"))


ACCEPTED: dict[str, Server] = {
    "commonName only": plain(leaf()),
    "subjectAltName only": plain(leaf(common_name=None, dns=(HOST,))),
    "subjectAltName of another name beside the right commonName": plain(leaf(dns=("other.example",))),
    "an address": plain(leaf(common_name="x", addresses=("192.0.2.7",)), host="192.0.2.7"),
    "an intermediate": plain(leaf(INTERMEDIATE), INTERMEDIATE),
    "the root is sent too": plain(leaf(INTERMEDIATE), INTERMEDIATE, ROOT),
    "mis-ordered chain": plain(leaf(INTERMEDIATE), ROOT, INTERMEDIATE),
    "superfluous certificate": plain(leaf(), INTERMEDIATE),
    "TLS 1.2": plain(leaf(), tls=only(TLS12)),
    "TLS 1.3": plain(leaf(), tls=only(TLS13)),
    "made for servers": plain(leaf(usage=(SERVER,))),
    "made for both": plain(leaf(usage=(SERVER, CLIENT))),
    "RSA 2048": Server([rsa(2048)], [RSA_ROOT]),
    "RSA key exchange": Server([rsa(2048)], [RSA_ROOT], tls=only(TLS12), cipher="AES128-GCM-SHA256"),
    "RSA key exchange, 256": Server([rsa(2048)], [RSA_ROOT], tls=only(TLS12), cipher="AES256-GCM-SHA384"),
    "ECDHE-ECDSA 256": plain(leaf(), tls=only(TLS12), cipher="ECDHE-ECDSA-AES256-GCM-SHA384"),
    "P-384": plain(leaf(key=new_key("P-384"))),
    "wildcard where it is allowed": plain(leaf(dns=("*.csms.example",)), host="a.csms.example", wildcards=True),
    "two roots of one name, with key identifiers": Server([leaf(KNOWN, identifiers=True)], [OTHER_KNOWN, KNOWN]),
    "cross-signed by an expired root, the new one installed": Server([leaf(NEW_ROOT), CROSS], [NEW_ROOT]),
    "cross-signed by an expired root, both installed": Server([leaf(NEW_ROOT), CROSS], [EXPIRED_ROOT, NEW_ROOT]),
    "valid from this second on": plain(leaf(days=(0, 1)), moment=Moment(NOW + 60)),
    "one day": plain(leaf(days=(-0.5, 0.5))),
    "clock not set, the floor within": plain(leaf(), moment=Moment(NOW, Source.FLOOR)),
}
E = Code
REFUSED: dict[str, tuple[Server, Code]] = {
    "expired": (plain(leaf(days=(-20, -1))), E.TLS_EXPIRED),
    "expired a minute ago": (plain(leaf(), moment=Moment(NOW + 10 * DAY + 60)), E.TLS_EXPIRED),
    "not yet valid": (plain(leaf(days=(1, 20))), E.TLS_NOT_YET_VALID),
    "clock of 1970": (plain(leaf(), moment=Moment(0.0)), E.TLS_NOT_YET_VALID),
    "clock not set, floor before": (plain(leaf(), moment=Moment(NOW - 30 * DAY, Source.FLOOR)), E.TLS_NOT_YET_VALID),
    "expired intermediate": (
        plain(leaf(old := signed("old", ROOT, ca=True, days=(-20, -1))), old),
        E.TLS_EXPIRED,
    ),
    "expired root": (Server([leaf(EXPIRED_ROOT)], [EXPIRED_ROOT]), E.TLS_EXPIRED),
    "cross-signed, only the expired root installed": (Server([leaf(NEW_ROOT), CROSS], [EXPIRED_ROOT]), E.TLS_EXPIRED),
    "another host": (plain(leaf(common_name="other.example")), E.TLS_WRONG_NAME),
    "a longer name": (plain(leaf(dns=("csms.example.evil.example",), common_name="x")), E.TLS_WRONG_NAME),
    "another address": (plain(leaf(addresses=("192.0.2.8",), common_name="x"), host="192.0.2.7"), E.TLS_WRONG_NAME),
    "bare wildcard": (plain(leaf(common_name="*", dns=("*",)), wildcards=True), E.TLS_WRONG_NAME),
    "wildcard": (plain(leaf(dns=("*.csms.example",)), host="a.csms.example"), E.TLS_WRONG_NAME),
    "unknown root": (Server([leaf(signed("x", ca=True))], [ROOT]), E.TLS_UNKNOWN_ISSUER),
    "a root of the same name": (plain(leaf(OTHER)), E.TLS_BAD_SIGNATURE),
    "unknown root, sent along": (plain(leaf(x := signed("x", ca=True)), x), E.TLS_UNKNOWN_ISSUER),
    "self-signed": (plain(signed(HOST)), E.TLS_SELF_SIGNED),
    "missing intermediate": (plain(leaf(INTERMEDIATE)), E.TLS_UNKNOWN_ISSUER),
    "only the intermediate installed": (Server([leaf(INTERMEDIATE)], [INTERMEDIATE]), E.TLS_UNKNOWN_ISSUER),
    "made for clients": (plain(leaf(usage=(CLIENT,))), E.TLS_WRONG_PURPOSE),
    "a leaf as authority": (plain(leaf(mid := leaf(common_name="m")), mid), E.TLS_NOT_AN_AUTHORITY),
    "an authority that may not sign": (
        plain(leaf(mid2 := signed("m", ROOT, ca=True, key_usage=True)), mid2),
        E.TLS_NOT_AN_AUTHORITY,
    ),
    "path length": (
        plain(leaf(deep := signed("d", low := signed("l", ROOT, ca=True, path_length=0), ca=True)), deep, low),
        E.TLS_NOT_AN_AUTHORITY,
    ),
    "RSA 1024": (Server([rsa(1024)], [RSA_ROOT]), E.TLS_WEAK_KEY),
    "TLS 1.1": (plain(leaf(), tls=only(ssl.TLSVersion.TLSv1_1)), E.TLS_VERSION),
    "TLS 1.0": (plain(leaf(), tls=only(ssl.TLSVersion.TLSv1)), E.TLS_VERSION),
    "CBC suites": (
        plain(leaf(), tls=only(TLS12), cipher="ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
        E.TLS_HANDSHAKE_REFUSED,
    ),
    "wants a client certificate, TLS 1.2": (plain(leaf(), tls=wants_client(TLS12)), E.TLS_HANDSHAKE_REFUSED),
}


def verdict(folder: Path, case: Server) -> ConnectionFailed | None:
    """As the link comes to it: files, context, handshake, judgement."""
    roots = write(folder / "roots.pem", *(each.pem for each in case.roots))
    server = server_context(folder, *case.chain, cipher=case.cipher)
    case.tls(server)
    try:
        ends = shake(make_context(TlsSettings(str(roots))), server, case.host)
    except ssl.SSLError as error:
        return tls_failures.handshake_failed(error, f"{case.host} port 443")
    return judge(ends.client, case.host, case.moment, wildcards=case.wildcards)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(tmp_path: Path, case: str) -> None:
    """No wrong refusal."""
    failed = verdict(tmp_path, ACCEPTED[case])
    assert failed is None, failed


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    """No wrong accept; stage, code and a sentence with a remedy."""
    server, code = REFUSED[case]
    failed = verdict(tmp_path, server)
    assert failed is not None
    assert (failed.stage, failed.code) == ("TLS", code), failed
    assert ": " in failed.cause and len(failed.cause) <= 200


@pytest.mark.parametrize("hash_", ["sha1", "md5"])
def test_a_weak_hash(tmp_path: Path, hash_: str) -> None:
    """A signature that can be forged vouches for nothing (A00.FR.505)."""
    weak = Path(__file__).parents[2] / "captures" / "weak_certificates"
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.load_cert_chain(weak / f"{hash_}.pem")
    with pytest.raises(ssl.SSLError) as caught:
        shake(make_context(TlsSettings(str(weak / "root.pem"))), server)
    assert tls_failures.handshake_failed(caught.value, "x").code == E.TLS_WEAK_KEY


def test_a_name_constraint(tmp_path: Path) -> None:
    """An authority for other names vouches for nobody else, whether the name stands in commonName or subjectAltName."""
    key = new_key()
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "bound")]))
        .issuer_name(ROOT.certificate.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(x509.NameConstraints([x509.DNSName("elsewhere.example")], None), critical=True)
        .sign(ROOT.key, hashes.SHA256())
    )
    bound = Signed(made, key)
    failed = verdict(tmp_path, plain(leaf(bound, dns=(HOST,)), bound))
    assert failed is not None and failed.code == E.TLS_CHAIN


def test_what_the_clock_says_is_in_the_sentence() -> None:
    """A wrong clock is the likeliest reason for a certificate that is not valid yet."""
    own = CertificateFacts(subject="CN=x", not_before=NOW, not_after=NOW + DAY)
    for moment, words in (
        (Moment(0.0), "the clock says 1970-01-01 00:00 UTC"),
        (Moment(0.0, Source.FLOOR), "is not set; it is at least 1970"),
    ):
        failed = out_of_date([own], moment)
        assert failed is not None and words in failed.cause
    assert written(1e30).endswith("s since 1970")


def test_which_time_counts() -> None:
    """A sure one; else the host's; never one that has certainly passed."""
    assert moment_of(5.0, 9.0, 7.0) == Moment(5.0)
    assert moment_of(None, 9.0, 7.0) == Moment(9.0, Source.UNCONFIRMED)
    assert moment_of(None, 6.0, 7.0) == Moment(7.0, Source.FLOOR)


def test_the_suites_are_offered_in_our_order(tmp_path: Path) -> None:
    """Those of the whitepaper, and nothing older (A00.FR.318); no private authority, no private root of the system."""
    context = make_context(TlsSettings(str(write(tmp_path / "r.pem", ROOT.pem))))
    names = [suite["name"] for suite in context.get_ciphers()]
    assert [name for name in names if not name.startswith("TLS_")] == [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ]
    assert len(context.get_ca_certs()) == 1
