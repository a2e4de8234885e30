"""Signed images as jobs: 100 % of the bad ones are refused, and what is installed is what was verified."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from daemon.jobs import firmware_jobs
from daemon.jobs.firmware_jobs import FirmwareJobs, FirmwareTerms, simulated_firmware
from daemon.jobs.installed_images import read_images
from daemon.jobs.protocol import JobAnswer, JobRequest
from daemon.security.firmware_signature import ImageRefused
from daemon.transfers.files import made_folder
from daemon.transfers.limits import TransferFailed
from daemon.transfers.transfer import Terms
from tests.daemon.security.signers import NOW, RSA, certificate, revocations, root, signed
from tests.transfers.terms import terms

NAME = "firmware-1.bin"
IMAGE = b"image" * 1000


class Bench:
    """A store, a folder with the manufacturer's root, an image; hooks by script."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.terms: Terms = terms(folder)
        self.roots = folder / "roots"
        self.roots.mkdir()
        (self.roots / "maker.pem").write_bytes(root())
        self.hooks: dict[str, Sequence[str]] = {}
        self.answers: dict[str, tuple[bool, str]] = {}
        self.ran: list[tuple[list[str], dict[str, str]]] = []
        self.firmware = FirmwareTerms(True, str(self.roots), **more)
        self.image = made_folder(self.terms.store) / NAME
        self.image.write_bytes(IMAGE)

    def run(self, argv: Sequence[str], variables: Mapping[str, str]) -> tuple[bool, str]:
        self.ran.append((list(argv), dict(variables)))
        return self.answers.get(argv[0], (True, ""))

    @property
    def jobs(self) -> FirmwareJobs:
        return FirmwareJobs(self.terms, self.firmware, self.hooks, self.run)

    def do(self, job: Any, **more: Any) -> JobAnswer:
        return self.jobs.answer(request(job, **more))

    def keep(self, image: bytes) -> None:
        """Install, start and keep an image."""
        self.image.write_bytes(image)
        with self.jobs.sealed(request("install", signature=signed(image))):
            pass
        assert self.do("trial", step="keep", digest=sha256(image).hexdigest()).ok


def request(job: Any, **more: Any) -> JobRequest:
    made = {"file": NAME, "certificate": certificate().decode(), "signature": signed(IMAGE), "utc": NOW, **more}
    return JobRequest(job, 7, **made)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_good_image(bench: Bench) -> None:
    """Certificate, signature, and the very bytes at the path that the installer gets."""
    assert bench.do("check-signer", file="") == JobAnswer(True, "the signing certificate is good", 7)
    digest = sha256(IMAGE).hexdigest()
    assert bench.do("verify") == JobAnswer(True, digest, 7)
    with bench.jobs.sealed(request("install")) as (path, variables):
        assert Path(path).read_bytes() == IMAGE and variables == {"FIRMWARE_SHA256": digest, "FIRMWARE_VERSION": ""}
        pending = read_images(bench.terms.store).pending
        assert pending is not None and pending.digest == digest
    assert not Path(path).exists()


@pytest.mark.parametrize("how", ["replaced", "written into"])
def test_swapped_after_the_check(bench: Bench, how: str) -> None:
    """After the verification job: refused.  While the installer reads: it does not see it."""
    assert bench.do("verify").ok
    with bench.jobs.sealed(request("install")) as (path, _):
        if how == "replaced":
            bench.image.unlink()
            bench.image.write_bytes(b"evil" * 1250)
        else:
            with bench.image.open("r+b") as file:
                file.write(b"evil")
        assert Path(path).read_bytes() == IMAGE
    with pytest.raises(ImageRefused) as refused, bench.jobs.sealed(request("install")):
        pytest.fail("handed over")
    assert refused.value.verdict == "signature"


@pytest.mark.parametrize(
    ("image", "more", "verdict"),
    [
        pytest.param(IMAGE[:-1], {}, "signature", id="truncated"),
        pytest.param(IMAGE + b"x", {}, "signature", id="longer"),
        pytest.param(b"", {"signature": signed(b"")}, "signature", id="empty"),
        pytest.param(IMAGE, {"signature": signed(IMAGE, RSA)}, "signature", id="another signer"),
        pytest.param(IMAGE, {"signature": ""}, "signature", id="no signature"),
        pytest.param(IMAGE, {"certificate": certificate(end=-1).decode()}, "certificate", id="expired"),
        pytest.param(IMAGE, {"certificate": certificate(issuer="x").decode()}, "certificate", id="wrong issuer"),
        pytest.param(IMAGE, {"certificate": ""}, "certificate", id="no certificate"),
    ],
)
@pytest.mark.parametrize("job", ["verify", "install"])
def test_bad_images(bench: Bench, job: str, image: bytes, more: dict[str, Any], verdict: str) -> None:
    """100 % refused, before the installer begins as at the verification."""
    bench.image.write_bytes(image)
    if job == "verify":
        assert bench.do("verify", **more).verdict == verdict
    else:
        answer = bench.jobs.refusal(request("install", **more))
        assert answer is not None and not answer.ok and answer.verdict == verdict
    assert read_images(bench.terms.store).pending is None


def test_revoked(bench: Bench) -> None:
    (bench.roots / "maker.crl").write_bytes(revocations())
    assert bench.do("check-signer").verdict == "revoked"


def test_roots_that_were_installed(bench: Bench) -> None:
    """InstallCertificate's folder counts as the configured one; without any nothing is verified."""
    (bench.roots / "maker.pem").unlink()
    assert bench.do("check-signer").verdict == "certificate"
    folder = bench.terms.store / firmware_jobs.INSTALLED_ROOTS
    folder.mkdir()
    (folder / "manufacturer-root-0.pem").write_bytes(root())
    assert bench.do("check-signer").ok


def test_a_replayed_image(bench: Bench) -> None:
    """What was installed before the newest one is not installed again, unless it is allowed here."""
    bench.keep(b"one")
    bench.keep(b"two")
    bench.image.write_bytes(b"one")
    assert bench.do("verify", signature=signed(b"one")).verdict == "version"
    bench.firmware = msgspec.structs.replace(bench.firmware, allow_downgrade=True)
    assert bench.do("verify", signature=signed(b"one")).ok
    bench.image.write_bytes(b"two")
    assert bench.do("verify", signature=signed(b"two")).ok


def test_the_version_of_the_image(bench: Bench) -> None:
    """Read by the integrator's program from the image's descriptor; an older one than what runs is refused."""
    bench.hooks["version"] = ("version",)
    bench.answers["version"] = (True, "1.2")
    assert bench.do("verify").ok
    assert [argv[1:] for argv, _ in bench.ran] == [[bench.ran[0][0][1]], []] and "/proc/" in bench.ran[0][0][1]
    bench.answers["version"] = (False, "cannot read")
    assert bench.do("verify").verdict == "version"


def test_no_room(bench: Bench) -> None:
    """The copy must not fill the disk."""
    bench.terms = msgspec.structs.replace(
        bench.terms, limits=msgspec.structs.replace(bench.terms.limits, spare_bytes=1 << 60)
    )
    with pytest.raises(TransferFailed, match="needed"), bench.jobs.sealed(request("install")):
        pytest.fail("handed over")


def test_a_file_that_is_not_there(bench: Bench) -> None:
    """No verdict: nobody has judged anything."""
    for name in ("other.bin", "../evsed.db", ""):
        answer = bench.do("verify", file=name)
        assert not answer.ok and answer.verdict == ""


def test_the_trial(bench: Bench) -> None:
    """Asked, kept and taken back by the integrator's programs; without them nobody can tell."""
    digest = sha256(IMAGE).hexdigest()
    assert bench.do("trial", step="ask", digest=digest).verdict == ""
    bench.hooks = {"trial": ("trial",), "commit": ("commit",), "rollback": ("rollback",)}
    assert bench.do("trial", step="ask", digest=digest).verdict == "runs"
    bench.answers["trial"] = (False, "exit 1")
    assert bench.do("trial", step="ask", digest=digest).verdict == "earlier"
    assert bench.do("trial", step="go-back", digest=digest).ok
    bench.answers["commit"] = (False, "exit 1")
    assert not bench.do("trial", step="keep", digest=digest).ok and not read_images(bench.terms.store).kept
    assert [argv[0] for argv, _ in bench.ran] == ["trial", "trial", "rollback", "commit"]
    assert all(variables["FIRMWARE_SHA256"] == digest for _, variables in bench.ran)


def test_simulated(bench: Bench) -> None:
    """Two slots in thought: what was installed runs, until it is taken back."""
    jobs = simulated_firmware(bench.terms, bench.firmware)
    digest = sha256(IMAGE).hexdigest()

    def ask() -> str:
        return jobs.answer(request("trial", step="ask", digest=digest)).verdict

    assert jobs.refusal(request("install")) is None and ask() == "runs"
    jobs.answer(request("trial", step="go-back", digest=digest))
    assert ask() == "earlier"
    assert jobs.refusal(request("install")) is None
    jobs.answer(request("trial", step="keep", digest=digest))
    assert ask() == "runs" and read_images(bench.terms.store).kept[-1].digest == digest


def test_an_unsigned_image(bench: Bench) -> None:
    """Only where the product takes them."""
    unsigned = JobRequest("install", 7, file=NAME)
    answer = bench.jobs.refusal(unsigned)
    assert answer is not None and answer.verdict == "certificate"
    bench.firmware = FirmwareTerms(False)
    assert bench.jobs.refusal(unsigned) is None


def test_a_copy_without_a_name(bench: Bench) -> None:
    """Nothing of it is in the folder, so a power cut leaves nothing."""
    before = os.listdir(bench.image.parent)
    with bench.jobs.sealed(request("install")):
        assert os.listdir(bench.image.parent) == before
