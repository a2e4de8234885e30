"""A certificate authority for tests: any certificate, good or bad, in memory and as PEM files."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = datetime.timedelta(days=1)
PEM = serialization.Encoding.PEM
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


class Signed(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: PrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def new_key(kind: str = "P-256") -> PrivateKey:
    """`P-256`, `P-224` … or `RSA-2048` …"""
    family, _, size = kind.partition("-")
    if family == "RSA":
        return rsa.generate_private_key(65537, int(size))
    curves: dict[str, type[ec.EllipticCurve]] = {"224": ec.SECP224R1, "256": ec.SECP256R1, "384": ec.SECP384R1}
    return ec.generate_private_key(curves[size]())


def name(common_name: str | None, organization: str | None = None) -> x509.Name:
    parts = [(NameOID.COMMON_NAME, common_name), (NameOID.ORGANIZATION_NAME, organization)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value is not None])


def signed(
    common_name: str | None,
    by: Signed | None = None,
    *,
    ca: bool = False,
    dns: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    key: PrivateKey | None = None,
    days: tuple[float, float] = (-10, 10),
    usage: tuple[x509.ObjectIdentifier, ...] | None = None,
    path_length: int | None = None,
    key_usage: bool = False,
    hash_: Any = None,
    now: datetime.datetime | None = None,
    organization: str | None = None,
    serial: int | None = None,
    identifiers: bool = False,
) -> Signed:
    """A certificate, self-signed without `by`; valid from and to so many days from now."""
    key = key or new_key()
    subject = name(common_name, organization)
    now = now or datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    alternative = [x509.DNSName(each) for each in dns]
    alternative += [x509.IPAddress(ipaddress.ip_address(each)) for each in addresses]  # type: ignore[misc]
    if alternative:
        made = made.add_extension(x509.SubjectAlternativeName(alternative), critical=False)
    if usage is not None:
        made = made.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if key_usage:
        made = made.add_extension(
            x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True
        )
    if identifiers:
        issuer = by.key if by else key
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
        made = made.add_extension(known, critical=False)
    return Signed(made.sign(by.key if by else key, hash_ or hashes.SHA256()), key)


def write(path: Path, *parts: bytes) -> Path:
    path.write_bytes(b"".join(parts))
    path.chmod(0o600)
    return path
