"""Names of certificates against names that were dialled: one table."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.security.certificate import CertificateFacts
from daemon.security.host_names import names_host

HOST = "csms.example"


def certificate(cn: str = "", dns: str = "", ip: str = "") -> CertificateFacts:
    """Names in one text, separated by blanks."""
    return CertificateFacts(common_names=tuple(cn.split()), dns_names=tuple(dns.split()), addresses=tuple(ip.split()))


ACCEPTED = [
    ("commonName only", certificate("csms.example"), HOST),
    ("subjectAltName only", certificate(dns="csms.example"), HOST),
    ("both", certificate("csms.example", "csms.example"), HOST),
    ("commonName right, subjectAltName another", certificate("csms.example", "other.example"), HOST),
    ("subjectAltName right, commonName another", certificate("other.example", "a.example csms.example"), HOST),
    ("one commonName of two", certificate("station csms.example"), HOST),
    ("upper and lower case", certificate("CSMS.Example"), "csms.EXAMPLE"),
    ("trailing dot of the host", certificate("csms.example"), "csms.example."),
    ("trailing dot of the name", certificate("csms.example."), HOST),
    ("IDN, both in ASCII form", certificate("xn--strm-0ra.example"), "xn--strm-0ra.example"),
    ("IDN, the name in letters", certificate(dns="ström.example"), "xn--strm-7qa.example"),
    ("an IPv4 address", certificate(ip="192.0.2.7"), "192.0.2.7"),
    ("an IPv6 address, written otherwise", certificate(ip="2001:DB8:0:0:0:0:0:1"), "2001:db8::1"),
]
REFUSED = [
    ("another name", certificate("other.example", "a.example"), HOST),
    ("no name at all", certificate(), HOST),
    ("a longer name", certificate("csms.example.evil.example"), HOST),
    ("a shorter name", certificate("example"), HOST),
    ("the name within another", certificate("xcsms.example"), HOST),
    ("a NUL after the name", certificate("csms.example\0.evil.example"), HOST),
    ("a blank name", CertificateFacts(common_names=(" ", "", ".")), HOST),
    ("a wildcard", certificate("*.example"), HOST),
    ("a wildcard in the subjectAltName", certificate(dns="*.example"), HOST),
    ("an address in the commonName", certificate("192.0.2.7"), "192.0.2.7"),
    ("an address as a dNSName", certificate(dns="192.0.2.7"), "192.0.2.7"),
    ("another address", certificate(ip="192.0.2.8"), "192.0.2.7"),
    ("a name where an address was dialled", certificate(HOST), "192.0.2.7"),
    ("an address where a name was dialled", certificate(ip="192.0.2.7"), HOST),
    ("no host", certificate("csms.example"), ""),
]
ROWS = [(*row, True) for row in ACCEPTED] + [(*row, False) for row in REFUSED]


@pytest.mark.parametrize(("case", "facts", "host", "fits"), ROWS, ids=[row[0] for row in ROWS])
def test_names(case: str, facts: CertificateFacts, host: str, fits: bool) -> None:
    """Wildcards off; each row also holds with wildcards on, but for those that have one."""
    assert names_host(facts, host) is fits
    if "wildcard" not in case:
        assert names_host(facts, host, wildcards=True) is fits


@pytest.mark.parametrize(
    ("name", "host", "fits"),
    [
        ("*.csms.example", "a.csms.example", True),
        ("*.CSMS.example.", "A.csms.example", True),
        ("*.csms.example", "a.b.csms.example", False),
        ("*.csms.example", "csms.example", False),
        ("*.csms.example", ".csms.example", False),
        ("*", "example", False),
        ("*", "csms.example", False),
        ("*.example", "csms.example", False),  # a whole top-level domain
        ("a*.csms.example", "ab.csms.example", False),
        ("*a.csms.example", "ba.csms.example", False),
        ("a.*.example", "a.csms.example", False),
        ("*.*.csms.example", "a.b.csms.example", False),
        ("*.csms.example", "*.csms.example", False),
    ],
)
def test_wildcards(name: str, host: str, fits: bool) -> None:
    """One label, the leftmost, whole; refused without the setting.  A host is not called `*`."""
    for facts in (certificate(name), certificate(dns=name)):
        assert names_host(facts, host, wildcards=True) is fits
        assert not names_host(facts, host)


@given(st.text(max_size=40), st.text(max_size=40), st.booleans())
def test_no_text_is_too_odd(name: str, host: str, wildcards: bool) -> None:
    """Whatever stands there: an answer, and never yes to what nobody dialled."""
    facts = CertificateFacts(common_names=(name,), dns_names=(name,), addresses=(name,))
    if names_host(facts, host, wildcards=wildcards):
        assert host
