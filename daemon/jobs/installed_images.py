"""Which firmware images this unit has kept, oldest first: what is older than the newest is not installed again.

A file of `evsed-job` in the store's folder; the image under way is noted beside it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from daemon.filesystem import private, read_regular, sync_file, sync_folder

FILE = "firmware-images.json"
MOST_KEPT = 200
"""Images remembered."""


class Image(msgspec.Struct, frozen=True):
    """An image by its SHA-256 (hexadecimal) and the version that the integrator's program read from it, or ""."""

    digest: str
    version: str = ""


class InstalledImages(msgspec.Struct, frozen=True):
    """`kept`: oldest first; `pending`: handed to the installer, not kept yet."""

    kept: tuple[Image, ...] = ()
    pending: Image | None = None

    def older(self, image: Image, running: str = "") -> str:
        """Why the image would be a step back, or ""; `running`: the version that runs, where it is known."""
        if image.digest in [each.digest for each in self.kept[:-1]]:
            return "this image was installed before, and a later one since"
        newest = max([running, *(each.version for each in self.kept)], key=_parts)
        if image.version and newest and _parts(image.version) < _parts(newest):
            return f"version {image.version[:40]} is older than {newest[:40]}"
        return ""

    def with_pending(self, image: Image) -> InstalledImages:
        return InstalledImages(self.kept, image)

    def with_kept(self, digest: str) -> InstalledImages:
        """The image is kept: it is the newest one now."""
        image = self.pending if self.pending is not None and self.pending.digest == digest else Image(digest)
        others = tuple(each for each in self.kept if each.digest != digest)
        return InstalledImages((*others, image)[-MOST_KEPT:])


def _parts(version: str) -> tuple[tuple[int, int, str], ...]:
    """For comparison: numbers as numbers, a text below any number; a v at the beginning counts for nothing."""
    words = re.findall(r"[0-9]+|[A-Za-z]+", version.strip().removeprefix("v"))
    return tuple((1, int(word), "") if word.isdigit() else (0, 0, word) for word in words)


def read_images(store: Path) -> InstalledImages:
    """What was kept.  Raises OSError, ValueError where the file is damaged: then nobody knows what is older."""
    try:
        return msgspec.json.decode(read_regular(store / FILE), type=InstalledImages)
    except FileNotFoundError:
        return InstalledImages()
    except msgspec.DecodeError as error:
        raise ValueError(f"{FILE} is damaged ({error}): check the unit, then remove it") from None


def write_images(store: Path, images: InstalledImages) -> None:
    """Durably, whole or not at all.  Raises OSError."""
    draft = store / f"{FILE}.new"
    with open(draft, "wb", opener=private) as file:
        file.write(msgspec.json.encode(images))
        sync_file(file)
    os.replace(draft, store / FILE)
    sync_folder(store)
