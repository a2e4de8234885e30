"""What is read from a certificate, by every way in which `ssl` gives one."""

from __future__ import annotations

import datetime
import ssl
from pathlib import Path

import pytest

from daemon.security.certificate import authorities, first_of_file, presented_chain, verified_chain
from tests.daemon.csms.handshake import server_context, shake
from tests.daemon.security.authority import signed, write

ROOT = signed("root", ca=True, organization="Operator")
INTERMEDIATE = signed("between", ROOT, ca=True)
LEAF = signed(
    "csms.example", INTERMEDIATE, dns=("a.example", "b.example"), addresses=("192.0.2.7", "2001:db8::1"), serial=4095
)


def test_the_facts(tmp_path: Path) -> None:
    """Names, addresses, issuer, serial number as the whitepaper writes it, dates."""
    facts = first_of_file(str(write(tmp_path / "leaf.pem", LEAF.pem, INTERMEDIATE.pem)))
    assert (facts.common_names, facts.dns_names) == (("csms.example",), ("a.example", "b.example"))
    assert facts.addresses[0] == "192.0.2.7" and len(facts.addresses) == 2
    assert (facts.subject, facts.issuer, facts.serial_number) == ("CN=csms.example", "CN=between", "FFF")
    assert facts.not_after == LEAF.certificate.not_valid_after_utc.timestamp() and not facts.self_issued
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert 9.9 < facts.days_left(now) < 10.1


def test_the_chains_of_a_link(tmp_path: Path) -> None:
    """The verified one ends at the trusted root; the presented one is what came."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(write(tmp_path / "roots.pem", ROOT.pem))
    ends = shake(context, server_context(tmp_path, LEAF, INTERMEDIATE))
    assert [each.subject for each in verified_chain(ends.client)] == [
        "CN=csms.example",
        "CN=between",
        "CN=root, O=Operator",
    ]
    assert [each.subject for each in presented_chain(ends.client)] == ["CN=csms.example", "CN=between"]
    (root,) = authorities(context)
    assert root.self_issued


def test_a_file_that_holds_none(tmp_path: Path) -> None:
    """OSError says why a file cannot be read, ValueError that it is something else."""
    with pytest.raises(ValueError, match="holds no certificate"):
        first_of_file(str(write(tmp_path / "key.pem", LEAF.key_pem)))
    with pytest.raises(FileNotFoundError):
        first_of_file(str(tmp_path / "none.pem"))
