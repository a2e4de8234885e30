"""Signed firmware as jobs: the signing certificate, the image, its installation, and the trial of what was installed.

What is installed is a private copy without a name, made while it is hashed: nobody can change it between the check and
the installer, which gets the path of that very descriptor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import msgspec

from daemon.filesystem import open_regular, read_followed, read_regular, room
from daemon.jobs.installed_images import Image, InstalledImages, read_images, write_images
from daemon.jobs.protocol import JobAnswer, JobRequest
from daemon.security.firmware_signature import ImageRefused, check_signature, signer_key
from daemon.transfers.causes import of_system
from daemon.transfers.files import made_folder
from daemon.transfers.limits import TransferFailed
from daemon.transfers.transfer import Terms, file_of

CHUNK_BYTES = 1 << 20
INSTALLED_ROOTS = "certificates"
"""In the store's folder: what InstallCertificate has brought."""
INSTALLED_NAME = "manufacturer-root-*.pem"
ENVIRONMENT = "FIRMWARE_"
"""Begin of the variables that hooks of an update get: SHA256, VERSION."""


class FirmwareTerms(msgspec.Struct, frozen=True):
    """How signed images are judged: read from the configuration, never from a message."""

    signed_only: bool = True
    """F-1: an image without a seal is not installed."""
    roots: str = ""
    """A folder: `*.pem` manufacturer roots, `*.crl` revocation lists."""
    allow_downgrade: bool = False
    pkcs1_v15: bool = False


RunHook = Callable[[Sequence[str], Mapping[str, str]], tuple[bool, str]]
"""A short hook of the integrator, by its arguments and the variables beside the usual ones."""


class FirmwareJobs:
    """`hooks`: program and arguments by name; `run`: carries one out."""

    def __init__(self, terms: Terms, firmware: FirmwareTerms, hooks: Mapping[str, Sequence[str]], run: RunHook) -> None:
        self._terms = terms
        self._firmware = firmware
        self._hooks = hooks
        self._run = run

    def answer(self, request: JobRequest) -> JobAnswer:
        """Carry out "check-signer", "verify" or "trial".  Never raises what a stranger's file can bring about."""
        try:
            if request.job == "check-signer":
                return JobAnswer(True, self.check_signer(request), request.ref)
            if request.job == "verify":
                return JobAnswer(True, self.verify(request), request.ref)
            ok, detail, verdict = self.trial(request)
            return JobAnswer(ok, detail, request.ref, verdict)
        except (ImageRefused, TransferFailed, ValueError, OSError) as error:
            return refused(request, error)

    def refusal(self, request: JobRequest) -> JobAnswer | None:
        """Why the simulated installer does not get this image; None: it does."""
        if not request.certificate and not self._firmware.signed_only:
            return None
        try:
            with self.sealed(request):
                return None
        except (ImageRefused, TransferFailed, ValueError, OSError) as error:
            return refused(request, error)

    def check_signer(self, request: JobRequest) -> str:
        """Raises ImageRefused, OSError."""
        self._key(request)
        return "the signing certificate is good"

    def verify(self, request: JobRequest) -> str:
        """The SHA-256 of the image, which is signed and no older one.  Raises ImageRefused, TransferFailed, OSError."""
        with open_image(request.file, self._terms) as image:
            digest = hashed(image)
            return self._judged(request, digest, image).digest

    @contextmanager
    def sealed(self, request: JobRequest) -> Iterator[tuple[str, dict[str, str]]]:
        """The path of a private, verified copy of the image, and the variables for the installer.

        Raises ImageRefused, TransferFailed, OSError, ValueError before anything is begun.
        """
        folder = made_folder(self._terms.store)
        with open_image(request.file, self._terms) as image, private_copy(folder) as copy:
            size = os.fstat(image.fileno()).st_size
            free = room(folder).free_bytes - self._terms.limits.spare_bytes
            if size > free:
                raise TransferFailed("disk", f"{size} bytes are needed to verify the image, {max(free, 0)} are free")
            digest = hashed(image, copy)
            found = self._judged(request, digest, copy)
            write_images(self._terms.store, read_images(self._terms.store).with_pending(found))
            copy.flush()
            with open(f"/proc/self/fd/{copy.fileno()}", "rb") as readable:
                path = f"/proc/{os.getpid()}/fd/{readable.fileno()}"
                yield path, variables(found)

    def trial(self, request: JobRequest) -> tuple[bool, str, str]:
        """Outcome, detail, verdict of "ask", "keep", "go-back".  Raises OSError, ValueError."""
        images = read_images(self._terms.store)
        pending = images.pending
        image = pending if pending is not None and pending.digest == request.digest else Image(request.digest)
        if request.step == "ask":
            if not self._hooks.get("trial"):
                return True, "no [hooks] trial is set", ""
            ok, detail = self._run(self._hooks["trial"], variables(image))
            return True, detail, "runs" if ok else "earlier"
        hook = self._hooks.get("commit" if request.step == "keep" else "rollback")
        ok, detail = self._run(hook, variables(image)) if hook else (True, "")
        if ok and request.step == "keep":
            write_images(self._terms.store, images.with_kept(request.digest))
        return ok, detail, ""

    def _key(self, request: JobRequest):  # type: ignore[no-untyped-def]  # its type is the library's
        roots, lists = self._roots()
        return signer_key(request.certificate, roots, lists, request.utc, request.exact)

    def _roots(self) -> tuple[list[bytes], list[bytes]]:
        """The contents of the files of roots, and of revocation lists."""
        installed = sorted((self._terms.store / INSTALLED_ROOTS).glob(INSTALLED_NAME))
        roots = [read_regular(path) for path in installed]
        lists: list[bytes] = []
        if self._firmware.roots:
            folder = Path(self._firmware.roots)
            roots += [read_followed(path) for path in sorted(folder.glob("*.pem"))]
            lists = [read_followed(path) for path in sorted(folder.glob("*.crl"))]
        return roots, lists

    def _judged(self, request: JobRequest, digest: bytes, image: BinaryIO) -> Image:
        if os.fstat(image.fileno()).st_size == 0:
            raise ImageRefused("signature", "the image is empty")
        check_signature(self._key(request), request.signature, digest, self._firmware.pkcs1_v15)
        found = Image(digest.hex(), self._version(image))
        if not self._firmware.allow_downgrade:
            running = self._running_version()
            why = read_images(self._terms.store).older(found, running)
            if why:
                raise ImageRefused("version", f"{why}; [firmware] allow_downgrade = true permits it")
        return found

    def _version(self, image: BinaryIO) -> str:
        """As the integrator's program reads it from the verified image; "" where none is set."""
        argv = self._hooks.get("version")
        if not argv:
            return ""
        ok, text = self._run([*argv, f"/proc/{os.getpid()}/fd/{image.fileno()}"], {})
        if not ok or not any(letter.isdigit() for letter in text):
            raise ImageRefused("version", "[hooks] version cannot tell the version of the image")
        return text.strip()[:40]

    def _running_version(self) -> str:
        argv = self._hooks.get("version")
        ok, text = self._run(argv, {}) if argv else (False, "")
        return text.strip()[:40] if ok else ""


def refused(request: JobRequest, error: ImageRefused | TransferFailed | ValueError | OSError) -> JobAnswer:
    """The answer to a job that could not be done, or whose image is not wanted."""
    if isinstance(error, ImageRefused):
        return JobAnswer(False, str(error), request.ref, error.verdict)
    return JobAnswer(False, f"disk: {of_system(error)}" if isinstance(error, OSError) else str(error), request.ref)


def simulated_firmware(terms: Terms, firmware: FirmwareTerms) -> FirmwareJobs:
    """With the simulated board: a unit of two slots whose boot loader always obeys."""

    def run(argv: Sequence[str], variables: Mapping[str, str]) -> tuple[bool, str]:
        images = read_images(terms.store)
        if argv[0] == "rollback":
            write_images(terms.store, InstalledImages(images.kept))
        newest = images.pending or (images.kept[-1] if images.kept else None)
        return argv[0] != "trial" or variables.get(f"{ENVIRONMENT}SHA256") == (newest and newest.digest), "simulated"

    return FirmwareJobs(terms, firmware, {name: (name,) for name in ("trial", "commit", "rollback")}, run)


def variables(image: Image) -> dict[str, str]:
    """What hooks of an update learn of the image."""
    return {f"{ENVIRONMENT}SHA256": image.digest, f"{ENVIRONMENT}VERSION": image.version}


@contextmanager
def open_image(name: str, terms: Terms) -> Iterator[BinaryIO]:
    """A file of the transfers' folder, by its name.  Raises TransferFailed, OSError."""
    with open(open_regular(file_of(name, terms), os.O_RDONLY), "rb") as file:
        yield file


@contextmanager
def private_copy(folder: Path) -> Iterator[BinaryIO]:
    """A file without a name: nobody but this process and its hook can reach it, and a power cut leaves nothing."""
    descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w+b", buffering=0) as file:
        yield file


def hashed(image: BinaryIO, copy: BinaryIO | None = None) -> bytes:
    """The SHA-256 of the image; what was hashed is written to `copy`."""
    found = sha256()
    while chunk := image.read(CHUNK_BYTES):
        found.update(chunk)
        if copy is not None:
            view = memoryview(chunk)
            while view:
                view = view[copy.write(view) :]
    return found.digest()
