"""The key store's jobs: files come before their event, stay while a row may name them, and no step can be cut badly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from daemon.security.certificate_jobs import CertificateJobs, Settings, TlsFiles
from ocpp16.events import CertificateRead, ConfiguredRead, Event, KeyMade
from ocpp16.records import Certificate, Record
from ocpp16.step import CERTIFICATE_JOBS, MakeKey, ReadChain, ReadRoot, UseCertificates
from tests.daemon.security.authority import signed, write
from tests.daemon.security.full_medium import full_medium

ROOT = signed("root", ca=True)
OLD = signed("old", ca=True, days=(-20, -1))
NOW = datetime.now(UTC).timestamp()

NONE = Settings()
SURPRISES = {f"it cannot be read ({kind})" for kind in ("AttributeError", "TypeError")}


class Hall:
    """Jobs in, events out."""

    def __init__(self, store: Path, settings: Settings = NONE, encrypted: bool = True) -> None:
        self.events: list[Event] = []
        self.applied: list[TlsFiles] = []
        self.asked: list[tuple[str, ...]] = []
        self.jobs = CertificateJobs(
            store, settings, self.events.append, self.applied.append, self.elsewhere,
            encrypted=lambda: encrypted, floor_utc=lambda: NOW,
        )  # fmt: skip

    async def elsewhere(self, *wanted: str) -> tuple[bool, str]:
        self.asked.append(wanted)
        return wanted[0] == "RSA-2048", "CSR" if wanted[0] == "RSA-2048" else "evsed-job does not answer"

    async def settle(self) -> None:
        while self.jobs._tasks:
            await asyncio.wait(self.jobs._tasks)


def played(hall: Callable[[], Hall], *jobs: CERTIFICATE_JOBS, records: list[Record] | None = None) -> Hall:
    async def play() -> Hall:
        made = hall()
        if records is not None:
            made.jobs.read_configured(records)
        for job in jobs:
            made.jobs.take(job)
        await made.settle()
        return made

    return asyncio.run(play())


def names(store: Path, folder: str = "certificates") -> list[str]:
    return sorted(path.name for path in (store / folder).iterdir()) if (store / folder).exists() else []


def read_root(pem: bytes = ROOT.pem, ref: int = 1) -> ReadRoot:
    return ReadRoot(ref, pem.decode(), "central-system-root", utc=NOW)


def test_a_root_is_stored_and_used(tmp_path: Path) -> None:
    """Under a name of its content; its path goes to the next connection; what is not kept is removed."""
    hall = played(lambda: Hall(tmp_path), read_root(), read_root(signed("b", ca=True).pem, 2))
    first, second = hall.events
    assert isinstance(first, CertificateRead) and first.certificate and isinstance(second, CertificateRead)
    name = first.certificate.name
    assert (tmp_path / "certificates" / name).read_bytes() == ROOT.pem and len(names(tmp_path)) == 2
    hall = played(lambda: Hall(tmp_path), UseCertificates((name,), keep=(name,)))
    assert names(tmp_path) == [name] and hall.applied == [TlsFiles((str(tmp_path / "certificates" / name),))]


def test_what_is_no_root_leaves_no_file(tmp_path: Path) -> None:
    """The problem is told, without a word of the text."""
    hall = played(lambda: Hall(tmp_path), read_root(b"garbage"), read_root(OLD.pem))
    problems = [event.problem for event in hall.events if isinstance(event, CertificateRead)]
    assert "not in PEM form" in problems[0] and "expired" in problems[1] and names(tmp_path) == []


def test_over_tls_only(tmp_path: Path) -> None:
    """A local setting forbids certificates on a connection without TLS; by default they may come (1 -> 2 needs it)."""
    for over_ws, encrypted, taken in ((True, False, True), (False, False, False), (False, True, True)):
        hall = played(lambda: Hall(tmp_path, Settings(over_ws=over_ws), encrypted), read_root())  # noqa: B023
        (event,) = hall.events
        assert isinstance(event, CertificateRead) and (event.certificate is not None) is taken


def test_a_key_its_chain_and_its_path(tmp_path: Path) -> None:
    """The private key is made here, matched, and only its path is told."""
    hall = played(lambda: Hall(tmp_path), MakeKey(1, "S-1", "Strom AG"))
    (made,) = hall.events
    assert isinstance(made, KeyMade) and names(tmp_path, "keys") == [made.key] and "PRIVATE" not in repr(made)
    from cryptography import x509 as library
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    library.load_pem_x509_csr(made.csr.encode())
    key: Any = load_pem_private_key((tmp_path / "keys" / made.key).read_bytes(), None)
    leaf = signed("S-1", ROOT, key=key)
    stranger = signed("S-1", ROOT)
    jobs = [
        ReadChain(n, one.pem.decode(), made.key, utc=NOW, common_name="S-1") for n, one in enumerate((leaf, stranger))
    ]
    good, bad = played(lambda: Hall(tmp_path), *jobs).events
    assert isinstance(good, CertificateRead) and good.certificate and isinstance(bad, CertificateRead)
    assert "does not belong to the key" in bad.problem
    used = UseCertificates(certificate=good.certificate.name, key=made.key, keep=(good.certificate.name, made.key))
    (files,) = played(lambda: Hall(tmp_path), used).applied
    assert files.key == str(tmp_path / "keys" / made.key) and names(tmp_path, "keys") == [made.key]


@pytest.mark.parametrize(("kind", "csr"), [("RSA-2048", "CSR"), ("RSA-4096", "")])
def test_rsa_is_made_elsewhere(tmp_path: Path, kind: str, csr: str) -> None:
    """The answer is the CSR alone, or why there is none."""
    hall = played(lambda: Hall(tmp_path, Settings(key_kind=kind)), MakeKey(1, "S-1", "Strom AG"))
    (made,) = hall.events
    assert isinstance(made, KeyMade) and made.csr == csr and bool(made.problem) is not bool(csr)
    assert hall.asked[0][0] == kind and names(tmp_path, "keys") == []


def test_a_medium_that_is_full(tmp_path: Path) -> None:
    """Failed, not Rejected."""
    with full_medium():
        hall = played(lambda: Hall(tmp_path), read_root(), MakeKey(2, "S-1", "Strom AG"))
    read, made = hall.events
    assert isinstance(read, CertificateRead) and "too large" in read.failure
    assert isinstance(made, KeyMade) and "too large" in made.problem
    assert names(tmp_path) == names(tmp_path, "keys") == []


def test_a_surprise_of_the_parser_is_an_answer(tmp_path: Path) -> None:
    """Its kind alone is told: the text may hold anything."""
    surprise = ReadRoot(1, 7, "central-system-root", utc=NOW)  # type: ignore[arg-type]
    (event,) = played(lambda: Hall(tmp_path), surprise).events
    assert isinstance(event, CertificateRead) and event.problem in SURPRISES


def test_the_configuration_file_is_read_once(tmp_path: Path) -> None:
    """New: its roots and the station's certificate are told.  Known, changed by the Central System, or system: not."""
    between = signed("between", ROOT, ca=True)
    own = signed("S-1", ROOT)
    settings = Settings(
        str(write(tmp_path / "ca.pem", ROOT.pem)), str(write(tmp_path / "own.pem", own.pem, between.pem))
    )
    store = tmp_path / "store"
    store.mkdir()
    (event,) = played(lambda: Hall(store, settings), records=[]).events
    assert isinstance(event, ConfiguredRead) and event.station and [one.subject for one in event.roots] == ["CN=root"]
    rows: list[Record] = [
        Certificate(name=event.roots[0].name, role="central-system-root", configured=True, hashes=()),
        Certificate(name=event.station.name, role="station", configured=True, hashes=()),
    ]
    assert played(lambda: Hall(store, settings), records=rows).events == []
    installed = Certificate(name="x", role="central-system-root", hashes=())
    (event,) = played(lambda: Hall(store, settings), records=[installed]).events
    assert isinstance(event, ConfiguredRead) and event.roots == ()
    (event,) = played(lambda: Hall(store, Settings("system")), records=[]).events
    assert event == ConfiguredRead(system=True)
    assert played(lambda: Hall(store), records=[]).events == []
    assert played(lambda: Hall(store, Settings(str(tmp_path / "none.pem"))), records=[]).events == []
