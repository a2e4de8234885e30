"""Is a firmware image from the manufacturer?  Its signing certificate (W L01.FR.02) and its signature (L01.FR.03).

`cryptography` is imported when it is first needed, which is in `evsed-job`: the running daemon judges no image.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

    SignerKey = RSAPublicKey | EllipticCurvePublicKey

Verdict = Literal["certificate", "revoked", "signature", "version"]
LONGEST_PEM = 5500
LONGEST_SIGNATURE = 800
"""Characters (W Firmware)."""
RSA_BITS = 2048
EC_BITS = 224
"""Least size of a key (W A00.FR.501)."""
KNOWN_CRITICAL = frozenset({"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.17"})
"""basicConstraints, keyUsage, extKeyUsage, subjectAltName: critical extensions that are judged, or judge nothing."""
PEM_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.+?-----END \1-----", re.DOTALL)


class ImageRefused(Exception):
    """The image, or who signed it, is not to be trusted: one word for the machine and one line for a person."""

    def __init__(self, verdict: Verdict, why: str) -> None:
        super().__init__(why)
        self.verdict: Verdict = verdict


def signer_key(
    pem: str, roots: Sequence[bytes], revocations: Sequence[bytes], utc: float, exact: bool = True
) -> SignerKey:
    """The key of a signing certificate that one of the roots has issued directly.  Raises ImageRefused.

    `roots`, `revocations`: contents of PEM files (certificates; revocation lists, of which those of the root count).
    `utc`: seconds since 1970; not `exact`: a time that has surely passed, so only an expiry can be judged.
    """
    try:
        return _signer_key(pem, roots, revocations, utc, exact)
    except ImageRefused:
        raise
    except Exception as error:  # whatever a certificate of a stranger makes the library raise
        raise ImageRefused("certificate", f"the signing certificate cannot be read ({type(error).__name__})") from None


def _signer_key(pem: str, roots: Sequence[bytes], revocations: Sequence[bytes], utc: float, exact: bool) -> SignerKey:
    from cryptography import x509

    certificate = x509.load_pem_x509_certificate(_one_block(pem))
    key = _strong_key(certificate, "the signing certificate")
    _check_dates(certificate, utc, exact, "the signing certificate")
    _check_may_sign(certificate)
    root = _issuer(certificate, [x509.load_pem_x509_certificate(block) for block in _blocks(roots, b"CERTIFICATE")])
    _check_authority(root, utc, exact)
    for block in _blocks(revocations, b"X509 CRL"):
        found = x509.load_pem_x509_crl(block)
        if found.issuer != root.subject or not found.is_signature_valid(root.public_key()):  # type: ignore[arg-type]
            continue
        if found.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            raise ImageRefused("revoked", "the signing certificate is revoked by its manufacturer's list")
    return key


def _one_block(pem: str) -> bytes:
    if len(pem) > LONGEST_PEM or not pem.isascii():
        raise ImageRefused("certificate", "the signing certificate is too long, or no PEM")
    found = _blocks([pem.encode()], b"CERTIFICATE")
    if len(found) != 1:
        raise ImageRefused("certificate", f"{len(found)} certificates instead of the one that signed")
    return found[0]


def _blocks(files: Sequence[bytes], kind: bytes) -> list[bytes]:
    return [match[0] for file in files for match in PEM_BLOCK.finditer(file) if match[1] == kind]


def _strong_key(certificate: Certificate, whose: str) -> SignerKey:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise ImageRefused("certificate", f"{whose} has an RSA key of {key.key_size} bits, {RSA_BITS} are needed")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.key_size < EC_BITS:
            raise ImageRefused("certificate", f"{whose} has an EC key of {key.key_size} bits, {EC_BITS} are needed")
        return key
    raise ImageRefused("certificate", f"{whose} has neither an RSA nor an EC key")


def _check_dates(certificate: Certificate, utc: float, exact: bool, whose: str) -> None:
    at = datetime.datetime.fromtimestamp(utc, datetime.UTC)
    if at > certificate.not_valid_after_utc:
        raise ImageRefused("certificate", f"{whose} has expired on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if exact and at < certificate.not_valid_before_utc:
        raise ImageRefused("certificate", f"{whose} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}")


def _check_may_sign(certificate: Certificate) -> None:
    """An end entity whose key may sign data, and code where its uses are listed."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    _check_critical(certificate, "the signing certificate")
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise ImageRefused("certificate", "the signing certificate is that of an authority")
        if isinstance(value, x509.KeyUsage) and not value.digital_signature:
            raise ImageRefused("certificate", "the key usage of the signing certificate lacks digitalSignature")
        if isinstance(value, x509.ExtendedKeyUsage) and not {
            ExtendedKeyUsageOID.CODE_SIGNING,
            ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        } & set(value):
            raise ImageRefused("certificate", "the extended key usage of the signing certificate lacks codeSigning")


def _check_critical(certificate: Certificate, whose: str) -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in KNOWN_CRITICAL:
            raise ImageRefused("certificate", f"{whose} has a critical extension that is not known here")


def _issuer(certificate: Certificate, roots: Sequence[Certificate]) -> Certificate:
    """The root that has signed it, with SHA-256 or better."""
    from cryptography.hazmat.primitives import hashes

    named = [root for root in roots if root.subject == certificate.issuer]
    for root in named:
        try:
            certificate.verify_directly_issued_by(root)
        except Exception:
            continue
        if isinstance(certificate.signature_hash_algorithm, hashes.SHA256 | hashes.SHA384 | hashes.SHA512):
            return root
        raise ImageRefused("certificate", "the signing certificate itself is signed with a weak hash")
    if not roots:
        raise ImageRefused("certificate", "no manufacturer root certificate is installed")
    why = "its signature does not fit" if named else "its issuer is none of them"
    raise ImageRefused("certificate", f"the signing certificate is not from a manufacturer root here: {why}")


def _check_authority(root: Certificate, utc: float, exact: bool) -> None:
    from cryptography import x509

    _strong_key(root, "the manufacturer root")
    _check_dates(root, utc, exact, "the manufacturer root")
    _check_critical(root, "the manufacturer root")
    authority = False
    for extension in root.extensions:
        if isinstance(extension.value, x509.BasicConstraints):
            authority = extension.value.ca
        if isinstance(extension.value, x509.KeyUsage) and not extension.value.key_cert_sign:
            raise ImageRefused("certificate", "the key usage of the manufacturer root lacks keyCertSign")
    if not authority:
        raise ImageRefused("certificate", "the manufacturer root is no authority")


def check_signature(key: SignerKey, signature: str, digest: bytes, pkcs1_v15: bool = False) -> None:
    """The signature (base64) over an image with this SHA-256: RSA-PSS or ECDSA.  Raises ImageRefused.

    `pkcs1_v15`: RSA PKCS #1 v1.5 is taken, too.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    try:
        if len(signature) > LONGEST_SIGNATURE:
            raise ValueError
        raw = base64.b64decode("".join(signature.split()), validate=True)
    except (ValueError, binascii.Error):
        raise ImageRefused("signature", "the signature is not base64") from None
    hashed = Prehashed(hashes.SHA256())
    if isinstance(key, rsa.RSAPublicKey):
        pss: padding.AsymmetricPadding = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.AUTO)
        for kind in (pss, *([padding.PKCS1v15()] if pkcs1_v15 else [])):
            try:
                key.verify(raw, digest, kind, hashed)
                return
            except (InvalidSignature, ValueError):
                continue
    else:
        try:
            key.verify(raw, digest, ec.ECDSA(hashed))
            return
        except (InvalidSignature, ValueError):
            pass
    raise ImageRefused("signature", "the signature does not fit the image")
