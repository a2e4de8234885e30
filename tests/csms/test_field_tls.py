"""Ten TLS cases from the field by their numbers: what made other stations go dark, or hid why.

Cases 8 and 10 have their tests beside their parts (`test_x509.py`, `test_station_certificate.py`); so have the warnings
and the hand-over of case 1 (`test_certificates.py`, `test_root_certificates.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.csms.connection_files import changed
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.failure_codes import FailureCode as Code
from daemon.csms.link_security import basic
from daemon.csms.tls_judgement import Moment, Source
from ocpp16 import events as ev
from ocpp16.profiles.security.authorization_key import key_hex
from ocpp16.records import SecurityOccurrence
from tests.daemon.csms import test_tls_judgement as servers
from tests.daemon.csms.test_connection_files import SetContent
from tests.daemon.csms.test_tls_judgement import CROSS, EXPIRED_ROOT, INTERMEDIATE, NEW_ROOT, ROOT, Server, leaf
from tests.daemon.security.authority import signed
from tests.ocpp16.profiles.security.authority import Secured, details


def verdict(folder: Path, *chain: Any, roots: Any = (ROOT,), **more: Any) -> ConnectionFailed | None:
    return servers.verdict(folder, Server(chain, roots, **more))


def code(folder: Path, *chain: Any, **more: Any) -> str:
    failed = verdict(folder, *chain, **more)
    return "" if failed is None else str(failed.code)


def test_field_1_a_root_moves_while_linked() -> None:
    """Installed over the living link, both roots count until the new one has verified an answered connection."""
    station = Secured(SecurityProfile=2).online()
    assert isinstance(station, Secured)
    old, new = details("old", (-3000, 59)), details("new")
    station.install(old)
    station.linked(old)
    assert station.install(new, signed_by=("old.pem",)) == "Accepted" and station.up
    assert station.ids() == ["new", "old"] or station.ids() == ["old", "new"]
    station.linked(new)
    station.trigger()
    assert station.ids() == ["new"]


@pytest.mark.parametrize(
    ("roots", "expected"),
    [([NEW_ROOT], ""), ([EXPIRED_ROOT, NEW_ROOT], ""), ([EXPIRED_ROOT], Code.TLS_EXPIRED)],
)
def test_field_2_cross_signed_roots_in_three_stores(tmp_path: Path, roots: Any, expected: str) -> None:
    """The new root alone, both, and the old one alone, which has ended: refused by its date, not by its chain."""
    assert code(tmp_path, leaf(NEW_ROOT), CROSS, roots=roots) == expected


def test_field_3_intermediates(tmp_path: Path) -> None:
    """Missing: a code and what to do; mis-ordered or superfluous ones do no harm."""
    missing = verdict(tmp_path, leaf(INTERMEDIATE))
    assert (
        missing is not None
        and missing.code is Code.TLS_UNKNOWN_ISSUER
        and "neither sent nor installed" in missing.cause
    )
    assert code(tmp_path, leaf(INTERMEDIATE), ROOT, INTERMEDIATE) == ""
    assert code(tmp_path, leaf(), INTERMEDIATE) == ""


@pytest.mark.parametrize(("host", "allowed"), [("a.d.example", True), ("a.b.d.example", False), ("d.example", False)])
def test_field_4_a_wildcard(tmp_path: Path, host: str, allowed: bool) -> None:
    """Refused by default; by the local setting it stands for one label."""
    server = leaf(common_name="x", dns=("*.d.example",))
    assert code(tmp_path, server, host=host) == Code.TLS_WRONG_NAME
    assert code(tmp_path, server, host=host, wildcards=True) == ("" if allowed else Code.TLS_WRONG_NAME)


def test_field_5_a_wrong_clock_and_200_attempts(tmp_path: Path) -> None:
    """One event with a count, not 200; once the clock is right, one good link."""
    wrong = verdict(tmp_path, leaf(), moment=Moment(0.0))
    assert wrong is not None
    station = Secured(SecurityProfile=2).online()
    for _ in range(200):
        station.step(ev.LinkDown("TLS", wrong.cause, 1.0, str(wrong.code), wrong.code.event))
    rows = station.cp.parts.context.facts.of(SecurityOccurrence).values()
    (row,) = [row for row in rows if row.type == "InvalidCentralSystemCertificate"]
    assert row.count == 200 and code(tmp_path, leaf()) == ""


@pytest.mark.parametrize(("source", "words"), [(Source.SURE, "the clock says 1970"), (Source.FLOOR, "not set")])
def test_field_6_a_wrong_clock_is_named(tmp_path: Path, source: Source, words: str) -> None:
    """Not yet valid: the line says what the clock shows, and where it has it from."""
    failed = verdict(tmp_path, leaf(), moment=Moment(0.0, source))
    assert failed is not None and failed.code is Code.TLS_NOT_YET_VALID and words in failed.cause


@pytest.mark.parametrize("identifiers", [False, True])
def test_field_7_a_private_authority_without_key_identifiers(tmp_path: Path, identifiers: bool) -> None:
    """Python 3.13 would refuse it by its default flags; the verdict here is the same on every Python."""
    root = signed("private", ca=True, identifiers=identifiers)
    assert code(tmp_path, leaf(root, identifiers=identifiers), roots=[root]) == ""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("00" * 16, bytes(16)),
        ("fF" * 20, b"\xff" * 20),
        ("sixteen bytes...", b"sixteen bytes..."),
        ("twenty bytes as text", b"twenty bytes as text"),
    ],
)
def test_field_9_a_key_in_every_form_reaches_the_connection(text: str, key: bytes) -> None:
    """Hexadecimal or text: the upgrade request carries exactly its bytes."""
    import base64

    made = changed(SetContent("ws://a.example", 1), {"authorization_key": key_hex(text)})
    header = basic("CP1", bytes.fromhex(made.authorization_key))
    assert base64.b64decode(header.removeprefix("Basic ")) == b"CP1:" + key


@pytest.mark.parametrize("text", ["0" * 33, "0" * 80, "short", "x" * 21])
def test_field_9_a_key_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="32 to 40"):
        key_hex(text)
