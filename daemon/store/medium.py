"""What the kernel has counted of errors in the store's file system, read from sysfs: no access to the medium itself."""

from __future__ import annotations

import os
from pathlib import Path

SYSFS = Path("/sys")


class Medium:
    """The file system that holds `folder`.  Only ext4 counts its errors (Documentation/ABI/testing/sysfs-fs-ext4)."""

    def __init__(self, folder: Path, sysfs: Path = SYSFS) -> None:
        self._folder = folder
        self._sysfs = sysfs
        self._counted: int | None = None

    def errors(self) -> int | None:
        """How many errors there were; None: nobody counts them here."""
        try:
            device = os.stat(self._folder).st_dev
            block = self._sysfs / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
            counter = self._sysfs / "fs" / "ext4" / block.resolve(strict=True).name / "errors_count"
            return int(counter.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def new_errors(self) -> int:
        """How many came since the last look; 0 at the first look, for they outlive a reboot in the superblock."""
        found = self.errors()
        before, self._counted = self._counted, found
        return 0 if found is None or before is None else max(0, found - before)
