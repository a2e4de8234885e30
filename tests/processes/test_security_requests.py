"""The requests of the security extension as a flood with odd contents: nothing falls, leaks, grows or is left open."""

from __future__ import annotations

import contextlib
import gzip
import stat
import zlib
from pathlib import Path
from typing import Any

from tests.csms.scripted import ScriptedCentralSystem
from tests.processes.bench import Bench

CANARY = "C4N4RY"
ROUNDS = 8
GROWTH_KB = 40_000
LINES = 200
_PEM = f"-----BEGIN CERTIFICATE-----\n{CANARY}{'PEM' * 2500}\n-----END CERTIFICATE-----\n"
_KEY = f"-----BEGIN PRIVATE KEY-----\n{CANARY}{'KEYA' * 20}\n-----END PRIVATE KEY-----\n"
_UNIT = {"hashAlgorithm": "SHA256", "issuerNameHash": CANARY, "issuerKeyHash": "../../x", "serialNumber": f"\n{CANARY}"}
_HERE = f"127.0.0.1:1/{CANARY}?X-Amz-Signature={CANARY}#{CANARY}"


def _log(kind: str, number: int, location: str, **more: object) -> tuple[str, dict[str, Any]]:
    log = {"remoteLocation": location}
    return "GetLog", {"logType": kind, "requestId": number, "log": log, **more}


def _update(number: int, **firmware: str) -> tuple[str, dict[str, Any]]:
    return "SignedUpdateFirmware", {"requestId": number, "firmware": firmware}


REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CertificateSigned", {"certificateChain": _PEM}),
    ("CertificateSigned", {"certificateChain": _KEY}),
    ("CertificateSigned", {"certificateChain": f"\x00\u202e{CANARY}"}),
    ("InstallCertificate", {"certificateType": "CentralSystemRootCertificate", "certificate": _KEY}),
    ("InstallCertificate", {"certificateType": "ManufacturerRootCertificate", "certificate": _PEM[:5400]}),
    ("DeleteCertificate", {"certificateHashData": _UNIT}),
    _log("SecurityLog", 1, f"ftp://u{CANARY}:p{CANARY}@{_HERE}"),
    _log("DiagnosticsLog", -(2**31), f"https://{_HERE}", retries=2**31),
    _log("DiagnosticsLog", 2, f"file:///etc/{CANARY}"),
    _log("NoSuchLog", 3, f"http://{_HERE}"),
    _update(
        1, location=f"http://u:{CANARY}@{_HERE}", retrieveDateTime="9999-12-31T23:59:59-12:00",
        installDateTime="0001-01-01T00:00:00+14:00", signingCertificate=_PEM[:5400], signature=CANARY,
    ),
    _update(
        2, location="gopher://x/", retrieveDateTime="2026-01-01T00:00:00Z", signingCertificate=_KEY,
        signature=f"\n\x1b[2J{CANARY}",
    ),
    ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}),
    ("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification", "connectorId": 99}),
    ("ChangeConfiguration", {"key": "AuthorizationKey", "value": f" {CANARY} spaced key 123"}),
    ("ChangeConfiguration", {"key": "authorizationkey", "value": [CANARY]}),
)  # fmt: skip


def _memory_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    whole = b""
    try:
        with gzip.open(path) as file:
            while piece := file.read(4096):
                whole += piece
    except (EOFError, OSError, zlib.error):
        """The end is being written."""
    return whole


async def test_9_11_14_16_17_a_flood_of_the_security_extensions_requests() -> None:
    """Each is answered; no secret or URL in a file, no file open to others, memory and log bounded, the same life."""
    async with ScriptedCentralSystem() as central, Bench(central.url, board="simulated") as bench:
        await bench.ready()
        assert bench.daemon is not None
        pid = bench.daemon.pid
        before_kb = _memory_kb(pid)
        lines = bench.log.read_text(errors="replace").count("\n")
        wanted = [(f"f{n}", *REQUESTS[n % len(REQUESTS)]) for n in range(ROUNDS * len(REQUESTS))]
        for name, action, payload in wanted:
            await central.send([2, name, action, payload])

        def answered() -> set[str]:
            return {str(frame[1]) for _, frame in central.got if frame[0] in (3, 4)}

        await central.until(lambda: {name for name, _, _ in wanted} <= answered(), 60.0)
        assert (await bench.status())["linked"] and bench.daemon.returncode is None
        assert _memory_kb(pid) - before_kb < GROWTH_KB
        assert bench.log.read_text(errors="replace").count("\n") - lines < LINES
        seen = b""
        for path in bench.home.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # jobs end meanwhile
                seen += _judge(path)
        assert b"CertificateSigned" in seen  # the recorder was there, and was read


def _judge(path: Path) -> bytes:
    """The content of a regular file, without a canary and closed to others."""
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        return b""
    content = _content(path)
    assert CANARY.encode() not in content, path
    assert "store" not in path.parts or not mode & 0o077, path
    return content
