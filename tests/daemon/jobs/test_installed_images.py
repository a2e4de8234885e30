"""What this unit has kept, and what would be a step back."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.jobs.installed_images import FILE, Image, InstalledImages, read_images, write_images


def kept(*images: Image) -> InstalledImages:
    found = InstalledImages()
    for image in images:
        found = found.with_pending(image).with_kept(image.digest)
    return found


A, B = Image("aa", "1.9.0"), Image("bb", "1.10.0")


def test_an_image_that_was_replaced() -> None:
    """By its bytes alone, where nobody can tell versions; the newest may be installed again."""
    images = kept(Image("aa"), Image("bb"))
    assert images.older(Image("aa")) and not images.older(Image("bb")) and not images.older(Image("cc"))


@pytest.mark.parametrize(
    ("version", "is_older"),
    [
        ("1.9.9", True),
        ("1.10.0", False),
        ("1.10", True),
        ("1.10.1", False),
        ("2", False),
        ("v1.10.0", False),
        ("", False),
    ],
)
def test_versions(version: str, is_older: bool) -> None:
    """Numbers are compared as numbers."""
    assert bool(kept(A, B).older(Image("cc", version))) is is_older


def test_the_version_that_runs_counts() -> None:
    """Before anything was installed by us."""
    assert InstalledImages().older(Image("aa", "1.0"), running="1.1")
    assert not InstalledImages().older(Image("aa", "1.1"), running="1.1")


def test_kept_anew(tmp_path: Path) -> None:
    """An image that is kept again is the newest; the file is whole."""
    images = kept(A, B).with_kept("aa")
    assert [each.digest for each in images.kept] == ["bb", "aa"] and images.pending is None
    assert read_images(tmp_path) == InstalledImages()
    write_images(tmp_path, images)
    assert read_images(tmp_path) == images and (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_damaged_file(tmp_path: Path) -> None:
    """Nothing is believed to be new then."""
    (tmp_path / FILE).write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        read_images(tmp_path)
