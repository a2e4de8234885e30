"""Certificates that the Central System sends: read, judged, hashed (W A00.FR.5xx, M05, A02).  Verifies no link.

`cryptography` is imported late, see `key_store.py`; no type of it leaves this file.
"""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Final, NamedTuple

from ocpp16.events import CertificateDetails
from ocpp16.messages.security import CertificateHashData
from ocpp16.messages.types import HashAlgorithm

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TEXT_CHARS = 200
BEGIN: Final = "-----BEGIN CERTIFICATE-----"
SMALLEST_RSA = 2048
SMALLEST_EC = 256
MOST_IN_A_CHAIN = 8


class Unfit(Exception):
    """A certificate that is not accepted; why, in one line."""


@contextmanager
def surprises_are_unfit() -> Iterator[None]:
    """The library parses late: a certificate that it took may raise when its name or dates are read.  Raises Unfit."""
    try:
        yield
    except Unfit:
        raise
    except Exception as error:  # nothing of the text may come into a log
        raise Unfit(f"it cannot be read ({type(error).__name__})") from None


class Root(NamedTuple):
    """One root certificate: what is to be stored, and what it says."""

    pem: bytes
    details: CertificateDetails
    signed_by: tuple[str, ...]


class Chain(NamedTuple):
    """The station's certificate, then its issuers."""

    pem: bytes
    details: CertificateDetails


@surprises_are_unfit()
def read_root(pem: str, role: str, roots: dict[str, bytes], utc: float, cross_signed: bool = False) -> Root:
    """A root in PEM form, and which of `roots` (name -> PEM) signed it.  Raises Unfit.

    `role` begins the name under which it is stored.  `cross_signed`: an authority that one of `roots` signed will do.
    """
    found = _certificates(pem)
    if len(found) != 1:
        raise Unfit(f"{len(found)} certificates in one text; send one root at a time")
    (root,) = found
    signers = tuple(name for name, text in roots.items() if _is_signed_by(root, _first(text)))
    _check_strength(root)
    _check_authority(root)
    if not _is_signed_by(root, root) and not (cross_signed and signers):
        self_issued = root.subject == root.issuer
        what = "its own signature is wrong" if self_issued else "it is an intermediate, signed by another authority"
        raise Unfit(f"it is no root certificate: {what}")
    _check_dates(root, utc, "the root certificate")
    issuer = root if root.subject == root.issuer else _first(roots[signers[0]])
    return Root(_pem([root]), details(root, issuer, role), signers)


@surprises_are_unfit()
def read_chain(pem: str, public_key: bytes, roots: dict[str, bytes], utc: float, common_name: str) -> Chain:
    """The station's certificate with its chain (W A02).  Raises Unfit.

    `public_key`: that of the open request.  `roots` {}: the chain must only hold together.
    """
    leaf, *rest = _certificates(pem)
    if _public_key(leaf) != public_key:
        raise Unfit("it does not belong to the key of the open request")
    path = _ordered(leaf, rest)
    for place, certificate in enumerate(path):
        whose = "the station's certificate" if place == 0 else f"its issuer {_named(certificate)}"
        _check_strength(certificate)
        if place:
            _check_authority(certificate)
            _check_dates(certificate, utc, whose)
        elif utc > certificate.not_valid_after_utc.timestamp():
            raise Unfit(f"{whose} has expired")
    _check_station(leaf, common_name)
    known = [_first(text) for text in roots.values()]
    signers = [root for root in known if root == path[-1] or _is_signed_by(path[-1], root)]
    if roots and not signers:
        raise Unfit(f"no installed root certificate has signed it: the last issuer is {_issuer(path[-1])}")
    issuer = path[1] if len(path) > 1 else next(iter(signers), None)
    return Chain(_pem(path), details(leaf, issuer, "station"))


def names_in(pem: bytes, prefix: str) -> list[str]:
    """The names that `read_all` gives, without the library.  What is no certificate has none."""
    text, found = pem.decode("latin-1"), []
    for part in text.split(BEGIN)[1:]:
        body, end, _ = part.partition("-----END CERTIFICATE-----")
        if end:
            with suppress(ValueError):
                found.append(_name(prefix, base64.b64decode(body)))
    return found


def _name(prefix: str, der: bytes) -> str:
    return f"{prefix}-{sha256(der).hexdigest()[:32]}.pem"


@surprises_are_unfit()
def read_all(pem: bytes, prefix: str) -> list[tuple[bytes, CertificateDetails]]:
    """What a file of the configuration holds: each certificate by itself.  Unjudged.  Raises Unfit."""
    found = _certificates(pem.decode("latin-1"))
    return [(_pem([one]), details(one, _issuer_among(one, found), prefix)) for one in found]


def details(certificate: Certificate, issuer: Certificate | None, prefix: str) -> CertificateDetails:
    """What is remembered; its name: `prefix` and a part of its fingerprint."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return CertificateDetails(
        name=_name(prefix, certificate.public_bytes(Encoding.DER)),
        subject=_named(certificate),
        issuer=_issuer(certificate),
        serial_number=f"{certificate.serial_number:X}"[-40:],
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        key_kind=_key_kind(certificate),
        hashes=tuple(hashed(certificate, issuer, algorithm) for algorithm in HashAlgorithm),
    )


def hashed(certificate: Certificate, issuer: Certificate | None, algorithm: HashAlgorithm) -> CertificateHashData:
    """As OCSP hashes it (RFC 6960): the issuer's name in DER, the issuer's key without tag, length and unused bits."""
    import hashlib

    made = getattr(hashlib, algorithm.lower())
    return CertificateHashData(
        hash_algorithm=algorithm,
        issuer_name_hash=made(certificate.issuer.public_bytes()).hexdigest(),
        issuer_key_hash="" if issuer is None else made(_bit_string(_public_key(issuer))).hexdigest(),
        serial_number=f"{certificate.serial_number:X}"[-40:],
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def _certificates(pem: str) -> list[Certificate]:
    """In their order.  Raises Unfit."""
    from cryptography import x509

    if "PRIVATE KEY-----" in pem:
        raise Unfit("the text holds a private key; it was thrown away, and that key should not be used any more")
    if BEGIN not in pem:
        raise Unfit("it is not in PEM form")
    if pem.count(BEGIN) > 1000:
        raise Unfit(f"{pem.count(BEGIN)} certificates in one text")
    try:
        return x509.load_pem_x509_certificates(pem.encode("ascii", "replace"))
    except ValueError:
        raise Unfit("it is not in PEM form, or damaged") from None


def _first(pem: bytes) -> Certificate:
    from cryptography import x509

    return x509.load_pem_x509_certificate(pem)


def _pem(certificates: Sequence[Certificate]) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def _public_key(certificate: Certificate) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm):
        raise Unfit("its public key cannot be read") from None


def _bit_string(info: bytes) -> bytes:
    """The key inside of a SubjectPublicKeyInfo: the second element of the outer sequence, without its unused bits."""
    _, start, _ = _element(info, 0)
    _, _, algorithm_end = _element(info, start)
    _, inner, end = _element(info, algorithm_end)
    return info[inner + 1 : end]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Tag, start and end of the content at that place."""
    length, start = der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(der[start : start + octets], "big"), start + octets
    return der[at], start, start + length


def _named(certificate: Certificate) -> str:
    return _text(certificate.subject.rfc4514_string())


def _issuer(certificate: Certificate) -> str:
    return _text(certificate.issuer.rfc4514_string())


def _text(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)[:TEXT_CHARS] or "without a name"


def _key_kind(certificate: Certificate) -> str:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        names = {"secp224r1": "P-224", "secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}
        return f"EC {names.get(key.curve.name, key.curve.name)}"
    return type(key).__name__.removesuffix("PublicKey").lstrip("_")


# --- judging ----------------------------------------------------------------------------------------------------------


def _check_strength(certificate: Certificate) -> None:
    """A00.FR.501–505; of the curves only those that TLS here can negotiate."""
    kind = _key_kind(certificate)
    algorithm, _, size = kind.partition(" ")
    if kind == "EC P-224":
        raise Unfit("its key is EC P-224: allowed, but no TLS client of this station can negotiate it; use P-256")
    if algorithm == "RSA" and int(size) < SMALLEST_RSA:
        raise Unfit(f"its key is too weak: {kind}, at least RSA {SMALLEST_RSA} or EC P-{SMALLEST_EC} is needed")
    if kind not in ("EC P-256", "EC P-384", "EC P-521") and algorithm != "RSA":
        raise Unfit(f"its key is {kind}, RSA or EC P-{SMALLEST_EC} to P-521 is needed")
    used = certificate.signature_hash_algorithm
    if used is None or used.name not in ("sha256", "sha384", "sha512"):
        raise Unfit(f"it is signed with {used.name if used else 'no hash that is known'}; SHA-256 or more is needed")


def _check_authority(certificate: Certificate) -> None:
    """An authority's: basicConstraints or, in old roots without them, self-signed of version 1, or keyUsage."""
    from cryptography import x509

    try:
        extensions = certificate.extensions
    except ValueError:
        raise Unfit("its extensions cannot be read") from None
    is_authority: bool | None = None
    try:
        is_authority = extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        if certificate.version is x509.Version.v1 and certificate.subject == certificate.issuer:
            is_authority = True
    try:
        may_sign = extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        is_authority = may_sign if is_authority is None else is_authority and may_sign
    except x509.ExtensionNotFound:
        pass
    if not is_authority:
        raise Unfit("it is not the certificate of an authority (CA), but of a server or a device")


def _check_station(leaf: Certificate, common_name: str) -> None:
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    names = [str(name.value) for name in leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if common_name and common_name not in names:
        found = _text(", ".join(names)) if names else "nobody"
        raise Unfit(f"it is for {found}, not for this station ({common_name})")
    try:
        extensions = leaf.extensions
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        if not {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE} & set(usage):
            raise Unfit("it is not made for a TLS client (extendedKeyUsage)")
    except x509.ExtensionNotFound:
        pass
    except ValueError:
        raise Unfit("its extensions cannot be read") from None


def _check_dates(certificate: Certificate, utc: float, whose: str) -> None:
    if utc > certificate.not_valid_after_utc.timestamp():
        raise Unfit(f"{whose} expired on {_day(certificate.not_valid_after_utc)}")
    if utc < certificate.not_valid_before_utc.timestamp():
        clock = _day(datetime.datetime.fromtimestamp(utc, datetime.UTC))
        raise Unfit(f"{whose} is valid from {_day(certificate.not_valid_before_utc)} on; our clock says {clock}")


def _day(when: datetime.datetime) -> str:
    return when.strftime("%Y-%m-%d")


def _is_signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _ordered(leaf: Certificate, rest: Sequence[Certificate]) -> list[Certificate]:
    """The leaf, then each one's issuer, in whatever order they came.  Raises Unfit where one belongs to nobody."""
    if len(rest) >= MOST_IN_A_CHAIN:
        raise Unfit(f"{1 + len(rest)} certificates, at most {MOST_IN_A_CHAIN} make a chain")
    path, left = [leaf], list(rest)
    while left:
        issuer = next((one for one in left if _is_signed_by(path[-1], one)), None)
        if issuer is None:
            raise Unfit(f"its chain does not hold together: no certificate of {_issuer(path[-1])} is in it")
        path.append(issuer)
        left.remove(issuer)
    return path


def _issuer_among(certificate: Certificate, others: Sequence[Certificate]) -> Certificate | None:
    return next((other for other in others if _is_signed_by(certificate, other)), None)
