"""The codes are stable, each is used, and each security event has the whitepaper's name."""

from __future__ import annotations

import re
from pathlib import Path

from daemon.csms.failure_codes import SECURITY_EVENTS, FailureCode

ROOM = Path(__file__).parents[3] / "daemon" / "csms"


def test_each_code_is_used() -> None:
    """A code that nothing raises would be a promise to nobody."""
    paths = {*ROOM.glob("*.py"), ROOM.parent / "ctl" / "connect_test.py"} - {ROOM / "failure_codes.py"}
    texts = "".join(path.read_text("utf-8") for path in paths)
    used = set(re.findall(r"\bCode\.([A-Z_0-9]+)", texts))
    assert {code.name for code in FailureCode} == used


def test_the_page_of_causes_is_whole() -> None:
    """docs/connection-failures.md has a row for each code: meaning, remedy, security event; and for nothing else."""
    page = (ROOM.parents[1] / "docs" / "connection-failures.md").read_text("utf-8")
    rows = [line.strip("| ").split("|") for line in page.splitlines() if line.startswith("| `")]
    assert [row[0].strip(" `") for row in rows] and {row[0].strip(" `") for row in rows} == set(FailureCode)
    for code, what, remedy, *event in ([cell.strip() for cell in row] for row in rows):
        assert what and remedy and (event[0] if event else "") == FailureCode(code.strip("`")).event


def test_a_code_names_its_stage() -> None:
    """dns-, tcp-, tls-, http-, websocket-; what we ended ourselves has none."""
    stages = {code.split("-")[0] for code in FailureCode if code is not FailureCode.OURS}
    assert stages == {"dns", "tcp", "tls", "http", "websocket", "boot"} and len(FailureCode) >= 25


def test_security_events() -> None:
    """Those of the whitepaper, for failures of TLS, of credentials and of messages."""
    assert set(SECURITY_EVENTS.values()) == {
        "InvalidTLSVersion",
        "InvalidTLSCipherSuite",
        "InvalidCentralSystemCertificate",
        "FailedToAuthenticateAtCentralSystem",
        "InvalidMessages",
        "TooManyMessages",
    }
    assert FailureCode.TLS_EXPIRED.event == "InvalidCentralSystemCertificate" and FailureCode.TCP_RESET.event == ""
