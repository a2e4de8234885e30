"""The example of an A/B installer, and evsed-job with it: verified, handed over, tried, kept or taken back; killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.daemon.security.signers import NOW, certificate, root, signed

ROOT = Path(__file__).resolve().parents[2]
HOOK = ROOT / "etc" / "hooks" / "two-slots"
OLD, NEW = b"old" * 100_000, b"new" * 100_000
VERBS = ("install", "trial", "commit", "rollback")


class Unit:
    """Two slots, their boot loader, and evsed-job with its configuration."""

    def __init__(self, folder: Path) -> None:
        self.slots = folder / "slots"
        self.store = folder / "store"
        roots = folder / "roots"
        for made in (self.slots, self.store, roots, self.store / "transfers"):
            made.mkdir(mode=0o700)
        (roots / "maker.pem").write_bytes(root())
        (self.slots / "slot-a").write_bytes(OLD)
        (self.slots / "slot-b").write_bytes(b"")
        (self.slots / "running").write_text("a")
        self.config = folder / "evsed.toml"
        hooks = "\n".join(f"{verb} = {json.dumps([str(HOOK), verb])}" for verb in VERBS)
        self.config.write_text(f"[store]\ndir = '{self.store}'\n[hooks]\n{hooks}\n[firmware]\nroots = '{roots}'\n")
        self.environ = {**os.environ, "TWO_SLOTS": str(self.slots)}

    def image(self, content: bytes = NEW) -> None:
        (self.store / "transfers" / "firmware-1.bin").write_bytes(content)

    def job(self, job: str, **more: Any) -> dict[str, Any]:
        """The answer of the real evsed-job."""
        request = {"job": job, "ref": 1, "file": "firmware-1.bin", "certificate": certificate().decode(),
                   "signature": signed(NEW), "utc": NOW, **more}  # fmt: skip
        words = [sys.executable, "-m", "daemon.jobs.process", "--config", str(self.config)]
        done = subprocess.run(
            words,
            input=json.dumps(request).encode() + b"\n",
            capture_output=True,
            cwd=ROOT,
            env=self.environ,
            timeout=60,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def trial(self, step: str, image: bytes = NEW) -> dict[str, Any]:
        return self.job("trial", step=step, digest=sha256(image).hexdigest(), certificate="", signature="")

    def boot(self) -> bytes:
        """What the boot loader starts: always a whole image."""
        known = dict(word.partition("=")[::2] for word in self._boot().split())
        slot, tries = known.get("active", "a"), int(known.get("tries", 0) or 0)
        if known.get("trial") and tries:
            slot = known["trial"]
            (self.slots / "boot").write_text(self._boot().replace(f"tries={tries}", f"tries={tries - 1}"))
        (self.slots / "running").write_text(slot)
        content = (self.slots / f"slot-{slot}").read_bytes()
        assert content in (OLD, NEW), f"slot {slot} is not whole"
        return content

    def _boot(self) -> str:
        path = self.slots / "boot"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    made = Unit(tmp_path)
    made.image()
    return made


def test_an_update_that_is_kept(unit: Unit) -> None:
    """Verified by the real job, installed from its descriptor, started on trial, kept; then nothing older comes in."""
    assert unit.job("check-signer")["ok"] and unit.job("verify")["detail"] == sha256(NEW).hexdigest()
    answer = unit.job("install")
    assert answer["ok"] and "slot b is started next" in answer["detail"]
    assert unit.boot() == NEW and unit.trial("ask")["verdict"] == "runs"
    assert not unit.job("install")["ok"], "what runs on trial was installed over its way back"
    assert unit.trial("keep")["ok"]
    for _ in range(5):
        assert unit.boot() == NEW
    assert unit.trial("ask")["verdict"] == "runs"


def test_an_update_that_is_taken_back(unit: Unit) -> None:
    """By rollback, or by the boot loader when its tries are used up."""
    assert unit.job("install")["ok"] and unit.boot() == NEW
    assert unit.trial("go-back")["ok"]
    assert unit.boot() == OLD and unit.trial("ask")["verdict"] == "earlier"
    assert unit.job("install")["ok"]
    assert [unit.boot() for _ in range(5)] == [NEW, NEW, NEW, OLD, OLD]
    assert unit.trial("ask")["verdict"] == "earlier"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({"signature": signed(OLD)}, "signature"),
        ({"certificate": certificate(end=-1).decode()}, "certificate"),
        ({"certificate": "", "signature": ""}, "certificate"),
    ],
    ids=["wrong signature", "expired", "unsigned"],
)
def test_nothing_else_reaches_the_installer(unit: Unit, change: dict[str, str], verdict: str) -> None:
    """The product takes signed images only: evsed-job itself sees to that."""
    answer = unit.job("install", **change)
    assert (answer["ok"], answer["verdict"]) == (False, verdict)
    assert not (unit.slots / "boot").exists() and unit.boot() == OLD


def test_killed_at_random(unit: Unit) -> None:
    """SIGKILL at any moment of the installer: what is started is whole, and a second installation works."""
    path = unit.store / "transfers" / "firmware-1.bin"
    environ = {**unit.environ, "FIRMWARE_SHA256": sha256(NEW).hexdigest()}
    random = Random(7)
    for _ in range(25):
        process = subprocess.Popen(
            [HOOK, "install", path], env=environ, stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(random.uniform(0, 0.06))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        unit.boot()
        subprocess.run([HOOK, "rollback"], env=environ, check=True, stdout=subprocess.DEVNULL)
        assert unit.boot() == OLD
    assert unit.job("install")["ok"] and unit.boot() == NEW
