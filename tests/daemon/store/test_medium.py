"""What the kernel counts of a file system's errors, from a sysfs that the test lays out."""

from __future__ import annotations

import os
from pathlib import Path

from daemon.store.medium import Medium


def counter(tmp_path: Path) -> tuple[Medium, Path]:
    """A folder on a device whose kernel counts, and the counter's file."""
    device = os.stat(tmp_path).st_dev
    block = tmp_path / "sys" / "devices" / "mmc" / "mmcblk0p2"
    block.mkdir(parents=True)
    links = tmp_path / "sys" / "dev" / "block"
    links.mkdir(parents=True)
    (links / f"{os.major(device)}:{os.minor(device)}").symlink_to(block)
    found = tmp_path / "sys" / "fs" / "ext4" / "mmcblk0p2" / "errors_count"
    found.parent.mkdir(parents=True)
    found.write_text("3\n")
    return Medium(tmp_path, tmp_path / "sys"), found


def test_3_what_was_counted_before_is_no_news(tmp_path: Path) -> None:
    """The count stands in the superblock until fsck: the first look only takes note."""
    medium, found = counter(tmp_path)
    assert (medium.errors(), medium.new_errors(), medium.new_errors()) == (3, 0, 0)
    found.write_text("5\n")
    assert medium.has_new_errors() and medium.has_new_errors()  # asking does not take them
    assert (medium.new_errors(), medium.new_errors()) == (2, 0)
    found.write_text("0\n")  # fsck, or mounted anew
    assert medium.new_errors() == 0 and not medium.has_new_errors()
    medium.close()
    medium.close()
    assert medium.errors() == 0


def test_3_a_file_system_that_counts_nothing(tmp_path: Path) -> None:
    """No ext4, no sysfs, or a counter that is not a number: nothing is known, nothing is said."""
    assert Medium(tmp_path, tmp_path / "no-sysfs").new_errors() == 0
    medium, found = counter(tmp_path)
    found.write_text("none\n")
    assert (medium.errors(), medium.new_errors(), medium.has_new_errors()) == (None, 0, False)
