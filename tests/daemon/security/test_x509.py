"""Certificates from outside: every good and bad form has its verdict, each in one line (field case 8)."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from daemon.security import x509
from daemon.security.x509 import Unfit, read_chain, read_root
from tests.daemon.security.authority import CLIENT, SERVER, Signed, new_key, signed

NOW = datetime.now(UTC).timestamp()
ROOT = signed("root", ca=True, organization="Operator", serial=4095)
OTHER = signed("other", ca=True)
BETWEEN = signed("between", ROOT, ca=True)
STATION_KEY = new_key()
LEAF = signed("S-1", BETWEEN, key=STATION_KEY, usage=(CLIENT,))
CROSS = signed("new root", ROOT, ca=True)
ROLE = "central-system-root"


def public(one: Signed) -> bytes:
    return one.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pem(*ones: Signed) -> str:
    return b"".join(one.pem for one in ones).decode()


def test_a_root_and_its_hashes() -> None:
    """RFC 6960: the issuer's name in DER, the issuer's key without tag, length and unused bits; 4095 is FFF."""
    found = read_root(pem(ROOT), ROLE, {}, NOW)
    key = ROOT.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for data in found.details.hashes:
        made = getattr(hashlib, data.hash_algorithm.lower())
        assert data.issuer_key_hash == made(key).hexdigest()
        assert data.issuer_name_hash == made(ROOT.certificate.subject.public_bytes()).hexdigest()
        assert data.serial_number == "FFF"
    assert found.details.subject == "O=Operator,CN=root" and found.details.key_kind == "EC P-256"
    assert x509.names_in(found.pem, ROLE) == [found.details.name]


def test_an_rsa_root_and_its_hash() -> None:
    """The BIT STRING of an RSA key is its PKCS#1 form."""
    root = signed("root", ca=True, key=new_key("RSA-2048"))
    (sha256, *_) = read_root(pem(root), ROLE, {}, NOW).details.hashes
    key = root.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    assert sha256.issuer_key_hash == hashlib.sha256(key).hexdigest()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not in PEM"),
        ("garbage \x00 \ud800", "not in PEM"),
        (pem(ROOT)[:300] + "\n-----END CERTIFICATE-----\n", "damaged"),
        (pem(ROOT) * 2, "2 certificates in one text"),
        (pem(ROOT, OTHER), "2 certificates in one text"),
        (pem(LEAF), "not the certificate of an authority"),
        (pem(BETWEEN), "intermediate"),
        (pem(signed("old", ca=True, days=(-20, -1))), "expired on"),
        (pem(signed("early", ca=True, days=(1, 9))), "is valid from .* on; our clock says"),
        (pem(signed("weak", ca=True, key=new_key("RSA-1024"))), "too weak: RSA 1024"),
        (pem(signed("small", ca=True, key=new_key("P-224"))), "P-224: allowed, but no TLS client"),
        (pem(ROOT) + ROOT.key_pem.decode(), "private key"),
        (pem(Signed(signed("fake", OTHER, ca=True, key=ROOT.key).certificate, ROOT.key)), "intermediate"),
        (x509.BEGIN * 1001, "1001 certificates"),
    ],
)
def test_what_is_no_root(text: str, why: str) -> None:
    """Each with its reason; never a word of the text itself."""
    with pytest.raises(Unfit, match=why) as told:
        read_root(text, ROLE, {}, NOW)
    assert "BEGIN" not in str(told.value) and "\n" not in str(told.value)


def test_a_certificate_that_can_be_loaded_but_not_read() -> None:
    """The library parses names late: whoever reads it, it is unfit, not an exception that nobody expects."""
    der = ROOT.certificate.public_bytes(Encoding.DER).replace(b"\x0c\x04root", b"\x19\x04root")
    text = x509.BEGIN + "\n" + base64.encodebytes(der).decode() + "-----END CERTIFICATE-----\n"
    for read in (
        lambda: read_root(text, ROLE, {}, NOW),
        lambda: read_chain(text, public(ROOT), {}, NOW, "S-1"),
        lambda: x509.read_all(text.encode(), ROLE),
    ):
        with pytest.raises(Unfit, match="it cannot be read"):
            read()


def test_a_root_that_another_one_has_signed() -> None:
    """M05.FR.08: accepted where that is asked for, with the names of its signers; its issuer's key is hashed."""
    with pytest.raises(Unfit, match="intermediate"):
        read_root(pem(CROSS), ROLE, {"old": ROOT.pem}, NOW)
    with pytest.raises(Unfit, match="intermediate"):
        read_root(pem(CROSS), ROLE, {"other": OTHER.pem}, NOW, cross_signed=True)
    found = read_root(pem(CROSS), ROLE, {"other": OTHER.pem, "old": ROOT.pem}, NOW, cross_signed=True)
    assert found.signed_by == ("old",)
    again = signed("root", ca=True, organization="Operator", key=ROOT.key)  # the same key, renewed
    assert read_root(pem(again), ROLE, {"old": ROOT.pem}, NOW, cross_signed=True).signed_by == ("old",)


@pytest.mark.parametrize("chain", [(LEAF, BETWEEN), (LEAF, BETWEEN, ROOT), (LEAF, ROOT, BETWEEN)])
def test_a_chain_in_any_order(chain: tuple[Signed, ...]) -> None:
    """It is put in order, and ends at an installed root, sent along or not."""
    found = read_chain(pem(*chain), public(LEAF), {"root": ROOT.pem}, NOW, "S-1")
    assert found.details.subject == "CN=S-1" and found.pem.startswith(LEAF.pem + BETWEEN.pem)
    assert found.details.hashes[0].issuer_key_hash


def leaf(**how: object) -> Signed:
    return signed("S-1", ROOT, key=STATION_KEY, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chain", "why"),
    [
        ((signed("S-1", ROOT),), "does not belong to the key of the open request"),
        ((LEAF,), "no installed root certificate has signed it: the last issuer is CN=between"),
        ((LEAF, OTHER), "does not hold together: no certificate of CN=between"),
        ((leaf(days=(-9, -1)),), "has expired"),
        ((signed("CP0001", ROOT, key=STATION_KEY),), "for CP0001, not for this station"),
        ((leaf(usage=(SERVER,)),), "not made for a TLS client"),
        ((leaf(), *[OTHER] * 8), "at most 8"),
        ((signed("S-1", signed("end", ROOT), key=STATION_KEY), signed("end", ROOT)), "hold together"),
        ((leaf(hash_=hashes.SHA224()),), "signed with sha224"),
    ],
)
def test_chains_that_are_refused(chain: tuple[Signed, ...], why: str) -> None:
    """A02.FR.06, each with its reason."""
    with pytest.raises(Unfit, match=why):
        read_chain(pem(*chain), public(LEAF), {"root": ROOT.pem}, NOW, "S-1")


def test_an_issuer_that_is_none() -> None:
    """A leaf cannot sign, and an expired issuer vouches for nobody."""
    end = signed("end", ROOT)
    with pytest.raises(Unfit, match="not the certificate of an authority"):
        read_chain(pem(signed("S-1", end, key=STATION_KEY), end), public(LEAF), {"r": ROOT.pem}, NOW, "S-1")
    old = signed("old", ROOT, ca=True, days=(-9, -1))
    with pytest.raises(Unfit, match="its issuer CN=old expired"):
        read_chain(pem(signed("S-1", old, key=STATION_KEY), old), public(LEAF), {"r": ROOT.pem}, NOW, "S-1")


def test_a_certificate_that_becomes_valid_later_is_taken() -> None:
    """A02.FR.08: it is used from its notBefore on.  Without roots the chain must only hold together."""
    found = read_chain(pem(leaf(days=(1, 30))), public(LEAF), {}, NOW, "")
    assert found.details.not_before > NOW and found.details.hashes[0].issuer_key_hash == ""
