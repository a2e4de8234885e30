"""Whether the names in a certificate are the name that was dialled (A00.FR.308, A00.FR.412, A00.FR.510).  Pure.

The whitepaper wants the FQDN in the commonName and discourages the subjectAltName; what the field has is the other way
round.  So either counts, also where the other holds another name.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from daemon.security.certificate import CertificateFacts


def names_host(certificate: CertificateFacts, host: str, *, wildcards: bool = False) -> bool:
    """Whether the certificate was made for `host`, as it stands in the URL: a name in IDNA's ASCII form, or an address.

    Upper and lower case are equal, a trailing dot changes nothing.  An address needs an iPAddress of the
    subjectAltName.  `wildcards`: `*.example` also names every host exactly one label below `example`.
    """
    address = _address(host)
    if address is not None:
        return any(_address(entry) == address for entry in certificate.addresses)
    wanted = _normal(host)
    names = (*certificate.common_names, *certificate.dns_names)
    return bool(wanted) and any(_covers(_normal(name), wanted, wildcards) for name in names)


def _covers(name: str, host: str, wildcards: bool) -> bool:
    if name == host:
        return "*" not in name
    if not wildcards or not name.startswith("*."):
        return False
    below = name[2:]
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == below and "*" not in below and "." in below


def _normal(name: str) -> str:
    """Lower case ASCII without the dot at the end; "" for what no host is called."""
    text = name.removesuffix(".")
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    fit = all(0x21 <= ord(character) < 0x7F for character in text)
    return text.lower() if fit and text and ".." not in text and not text.startswith(".") else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip("[]").strip())
    except ValueError:
        return None
