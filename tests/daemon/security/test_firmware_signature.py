"""Who may sign firmware, and what is no signature: every refusal with its word."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from daemon.security.firmware_signature import ImageRefused, check_signature, signer_key
from tests.daemon.security.signers import EC, NOW, ROOT, RSA, certificate, revocations, root, signed

IMAGE = b"image" * 1000
DIGEST = sha256(IMAGE).digest()
OTHER = ec.generate_private_key(ec.SECP256R1())


def judged(pem: bytes, roots: list[bytes] | None = None, lists: list[bytes] | None = None, **more: Any) -> str:
    """The verdict; "": good."""
    try:
        signer_key(pem.decode(), [root()] if roots is None else roots, lists or [], more.pop("utc", NOW), **more)
    except ImageRefused as refused:
        assert str(refused) and len(str(refused)) < 200
        return refused.verdict
    return ""


@pytest.mark.parametrize(
    "pem",
    [
        certificate(),
        certificate(RSA),
        certificate(ca=None),
        certificate(code=True),
        certificate(ec.generate_private_key(ec.SECP384R1())),
        certificate(issuer_key=ROOT, digest=hashes.SHA384()),
    ],
    ids=["EC", "RSA", "plain", "code", "P-384", "SHA-384"],
)
def test_good_signers(pem: bytes) -> None:
    assert judged(pem) == ""


@pytest.mark.parametrize(
    ("pem", "roots"),
    [
        pytest.param(certificate(end=-1), None, id="expired"),
        pytest.param(certificate(begin=1), None, id="not yet valid"),
        pytest.param(certificate(issuer_key=OTHER), None, id="same-named fake root"),
        pytest.param(certificate(issuer="stranger"), None, id="stranger"),
        pytest.param(certificate(EC, EC), None, id="signed by itself"),
        pytest.param(certificate(ca=True), None, id="an authority"),
        pytest.param(root(), None, id="the root itself"),
        pytest.param(certificate(signs=False), None, id="may not sign"),
        pytest.param(certificate(code=False), None, id="for servers only"),
        pytest.param(certificate(rsa.generate_private_key(65537, 1024)), None, id="RSA 1024"),
        pytest.param(certificate(ec.generate_private_key(ec.SECP192R1())), None, id="EC 192"),
        pytest.param(certificate(ed25519.Ed25519PrivateKey.generate()), None, id="Ed25519"),
        pytest.param(certificate(critical=True), None, id="unknown critical extension"),
        pytest.param(certificate(), [], id="no root"),
        pytest.param(certificate(), [root(end=-1)], id="root has expired"),
        pytest.param(certificate(), [root(ca=False)], id="root is no authority"),
        pytest.param(certificate(), [root(certifies=False)], id="root may not certify"),
        pytest.param(certificate(), [root(critical=True)], id="root with an unknown critical extension"),
        pytest.param(certificate() + root(), None, id="a chain"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", None, id="junk"),
        pytest.param(certificate() + b" " * 5500, None, id="too long"),
    ],
)
def test_refused_signers(pem: bytes, roots: list[bytes] | None) -> None:
    """100 % refused."""
    assert judged(pem, roots) == "certificate"


def test_an_intermediate_is_no_root() -> None:
    """Directly from an installed root, without intermediates."""
    middle = certificate(OTHER, ROOT, name="middle", ca=True, signs=False, certifies=True)
    assert judged(certificate(EC, OTHER, issuer="middle")) == "certificate"
    assert judged(certificate(EC, OTHER, issuer="middle") + middle) == "certificate"


def test_several_roots_of_one_name() -> None:
    """During a hand-over: the one that fits counts."""
    assert judged(certificate(), [root(OTHER), root()]) == "" == judged(certificate(), [root(OTHER) + root()])


@pytest.mark.parametrize(
    ("utc_days", "exact", "verdict"), [(-20, False, ""), (-20, True, "certificate"), (20, False, "certificate")]
)
def test_a_clock_that_is_not_set(utc_days: int, exact: bool, verdict: str) -> None:
    """Against a floor only an expiry can be judged."""
    assert judged(certificate(), utc=NOW + utc_days * 86400, exact=exact) == verdict


def test_revoked() -> None:
    """By a list that the root has signed; another's list says nothing."""
    assert judged(certificate(), lists=[revocations()]) == "revoked"
    assert judged(certificate(), lists=[revocations(serial=1)]) == ""
    assert judged(certificate(), lists=[revocations(key=OTHER)]) == ""
    assert judged(certificate(), lists=[revocations(issuer="other")]) == ""


def verdict(signature: str, key: Any = EC, pkcs1_v15: bool = False, digest: bytes = DIGEST) -> str:
    try:
        check_signature(key.public_key(), signature, digest, pkcs1_v15)
    except ImageRefused as refused:
        return refused.verdict
    return ""


def test_signatures() -> None:
    """RSA-PSS and ECDSA over SHA-256; line breaks of base64 do not matter; PKCS #1 v1.5 by a setting only."""
    assert verdict(signed(IMAGE)) == "" == verdict(signed(IMAGE, RSA), RSA)
    one = signed(IMAGE)
    assert verdict(f"{one[:20]}\r\n{one[20:]}\n") == ""
    old = signed(IMAGE, RSA, pss=False)
    assert verdict(old, RSA) == "signature" and verdict(old, RSA, pkcs1_v15=True) == ""
    assert verdict(signed(IMAGE, RSA), RSA, pkcs1_v15=True) == ""


@pytest.mark.parametrize(
    "signature",
    ["", "????", "AAAA", signed(IMAGE)[:-8], signed(IMAGE[:-1]), signed(IMAGE, OTHER), signed(IMAGE) * 9,
     base64.b64encode(b"0" * 64).decode(), "\u20ac", signed(b"")],
    ids="none junk short cut truncated stranger long zeros euro empty".split(),
)  # fmt: skip
def test_what_is_no_signature(signature: str) -> None:
    """Missing, cut, of another image, of another signer, too long, junk."""
    assert verdict(signature) == "signature"
