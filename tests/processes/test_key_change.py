"""A change of keys and certificates that is cut between any two system calls."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from daemon.security.key_store import KeyStore
from ocpp16.events import CertificateRead, KeyMade
from ocpp16.step import MakeKey, UseCertificates
from tests.daemon.security.authority import signed
from tests.daemon.security.test_certificate_jobs import ROOT, Hall, names, played, read_root


async def hall_in(store: Path) -> Hall:
    return Hall(store)


@pytest.mark.parametrize("cut", range(8))
def test_power_cut_between_each_step_of_a_key_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int) -> None:
    """After any number of system calls: what is in force is whole, and the next start sweeps the rest."""
    before = played(lambda: Hall(tmp_path), read_root(), MakeKey(2, "S-1", "Strom AG"))
    root, made = before.events
    assert isinstance(root, CertificateRead) and root.certificate and isinstance(made, KeyMade)
    keep = (root.certificate.name, made.key)

    class Dark(BaseException):
        pass

    left = [cut]

    def counted(name: str) -> None:
        real = getattr(os, name)

        def call(*args: Any, **named: Any) -> Any:
            if left[0] == 0:
                raise Dark
            left[0] -= 1
            return real(*args, **named)

        monkeypatch.setattr(os, name, call)

    jobs = asyncio.run(hall_in(tmp_path)).jobs
    new = read_root(signed("new", ca=True).pem)
    for name in ("write", "fsync", "replace"):
        counted(name)
    with suppress(Dark):
        jobs.keys.make()
        jobs._read_root(new)
    monkeypatch.undo()
    played(lambda: Hall(tmp_path), UseCertificates((keep[0],), keep=keep))
    assert names(tmp_path) == [keep[0]] and names(tmp_path, "keys") == [keep[1]]
    assert (tmp_path / "certificates" / keep[0]).read_bytes() == ROOT.pem
    assert KeyStore(tmp_path).sign(made.key, b"words")
