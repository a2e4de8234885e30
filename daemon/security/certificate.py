"""What a certificate says of itself, as plain values.  No library's type leaves this file, nothing is verified here."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

DAY_S = 86_400.0


class CertificateFacts(msgspec.Struct, frozen=True):
    """Subject, issuer, names and dates of one certificate.  Texts are as they stand in it, unchecked."""

    common_names: tuple[str, ...] = ()
    """commonNames of the subject, first to last."""
    dns_names: tuple[str, ...] = ()
    """dNSNames of the subjectAltName."""
    addresses: tuple[str, ...] = ()
    """iPAddresses of the subjectAltName."""
    subject: str = ""
    """Distinguished name, as in `CN=a, O=b`."""
    issuer: str = ""
    serial_number: str = ""
    """Hexadecimal, without leading zeros."""
    not_before: float = 0.0
    """Seconds since 1970."""
    not_after: float = 0.0

    @property
    def self_issued(self) -> bool:
        """A root, or what pretends to be one."""
        return self.subject == self.issuer

    def days_left(self, utc: float) -> float:
        """Days until it expires; negative where it has."""
        return (self.not_after - utc) / DAY_S


_SHORT = {
    "commonName": "CN",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "localityName": "L",
    "stateOrProvinceName": "ST",
}


def facts(info: Mapping[str, Any]) -> CertificateFacts:
    """From the mapping that `ssl` makes of a certificate (`getpeercert`, `get_info`)."""
    entries = info.get("subjectAltName", ())
    return CertificateFacts(
        common_names=tuple(value for name, value in _pairs(info.get("subject", ())) if name == "commonName"),
        dns_names=tuple(value for kind, value in entries if kind == "DNS"),
        addresses=tuple(value.strip() for kind, value in entries if kind == "IP Address"),
        subject=_distinguished(info.get("subject", ())),
        issuer=_distinguished(info.get("issuer", ())),
        serial_number=info.get("serialNumber", "").lstrip("0"),
        not_before=float(ssl.cert_time_to_seconds(info["notBefore"])),
        not_after=float(ssl.cert_time_to_seconds(info["notAfter"])),
    )


def verified_chain(link: ssl.SSLObject) -> list[CertificateFacts]:
    """The chain that OpenSSL verified, the server's certificate first, the trusted one last.

    Public since Python 3.13, and there without parsed contents: the inner object has them in 3.11, 3.12 and 3.13.
    """
    return [facts(each.get_info()) for each in link._sslobj.get_verified_chain()]  # type: ignore[attr-defined]


def presented_chain(link: ssl.SSLObject | ssl.SSLSocket) -> list[CertificateFacts]:
    """The certificates that the server sent, in its order, whether they fit or not."""
    chain = link._sslobj.get_unverified_chain()  # type: ignore[union-attr]
    return [facts(each.get_info()) for each in chain or ()]


def first_of_file(path: str) -> CertificateFacts:
    """The first certificate of a PEM file.  OSError where it cannot be read, ValueError where it holds none.

    `ssl` reads certificates of servers and authorities only; its own tests have this way for any other, and
    `cryptography`, which could do it too, takes ten megabytes of the running daemon.
    """
    with open(path, "rb"):  # what cannot be read is an OSError with its reason
        pass
    try:
        return facts(ssl._ssl._test_decode_cert(path))  # type: ignore[attr-defined]
    except ssl.SSLError as error:
        raise ValueError(f"{path} holds no certificate in PEM form") from error


def authorities(context: ssl.SSLContext) -> list[CertificateFacts]:
    """The authorities that a context trusts, as far as they were read from files, not from a folder of hashed names."""
    return [facts(info) for info in context.get_ca_certs()]


def _pairs(name: Iterable[Iterable[tuple[str, str]]]) -> list[tuple[str, str]]:
    return [pair for part in name for pair in part]


def _distinguished(name: Iterable[Iterable[tuple[str, str]]]) -> str:
    return ", ".join(f"{_SHORT.get(key, key)}={value}" for key, value in _pairs(name))
