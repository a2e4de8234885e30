"""A manufacturer for tests: its root, its signers, its signatures.  Good unless it is told otherwise."""

from __future__ import annotations

import base64
import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = 1_800_000_000.0
"""2027-01-15."""
DAY = datetime.timedelta(days=1)
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ROOT = ec.generate_private_key(ec.SECP256R1())
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def at(days: float) -> datetime.datetime:
    """So many days from NOW."""
    return datetime.datetime.fromtimestamp(NOW, datetime.UTC) + days * DAY


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(
    key: Any = EC,
    issuer_key: Any = ROOT,
    *,
    name: str = "signer",
    issuer: str = "maker",
    begin: float = -10,
    end: float = 10,
    ca: bool | None = False,
    signs: bool = True,
    certifies: bool = False,
    code: bool | None = None,
    digest: Any = None,
    critical: bool = False,
    serial: int = 4711,
) -> bytes:
    """PEM."""
    made = x509.CertificateBuilder(named(issuer), named(name), key.public_key(), serial, at(begin), at(end))
    if ca is not None:
        made = made.add_extension(x509.BasicConstraints(ca, None), True)
    usage = x509.KeyUsage(signs, False, False, False, False, certifies, False, False, False)
    made = made.add_extension(usage, True)
    if code is not None:
        use = ExtendedKeyUsageOID.CODE_SIGNING if code else ExtendedKeyUsageOID.SERVER_AUTH
        made = made.add_extension(x509.ExtendedKeyUsage([use]), False)
    if critical:
        made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x"), True)
    return made.sign(issuer_key, digest or hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def root(key: Any = ROOT, **more: Any) -> bytes:
    return certificate(key, key, **{"name": "maker", "ca": True, "signs": False, "certifies": True, **more})


def revocations(serial: int = 4711, key: Any = ROOT, issuer: str = "maker") -> bytes:
    revoked = x509.RevokedCertificateBuilder(serial, at(-1)).build()
    made = x509.CertificateRevocationListBuilder(named(issuer), at(-1), at(1)).add_revoked_certificate(revoked)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(image: bytes, key: Any = EC, pss: bool = True) -> str:
    """The signature over an image, base64."""
    if isinstance(key, rsa.RSAPrivateKey):
        kind: Any = padding.PSS(padding.MGF1(hashes.SHA256()), 32) if pss else padding.PKCS1v15()
        raw = key.sign(image, kind, hashes.SHA256())
    else:
        raw = key.sign(image, ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(raw).decode()
