"""What the kernel has counted of errors in the store's file system, read from sysfs: no access to the medium itself."""

from __future__ import annotations

import os
from pathlib import Path

SYSFS = Path("/sys")


class Medium:
    """The file system that holds `folder`.  Only ext4 counts its errors (Documentation/ABI/testing/sysfs-fs-ext4).

    The counter stays open: a look is one system call, so that it may be taken often and in the main loop.
    """

    def __init__(self, folder: Path, sysfs: Path = SYSFS) -> None:
        self._folder = folder
        self._sysfs = sysfs
        self._counted: int | None = None
        self._counter: int | None = None

    def errors(self) -> int | None:
        """How many errors there were; None: nobody counts them here."""
        try:
            if self._counter is None:
                self._counter = os.open(self._path(), os.O_RDONLY | os.O_CLOEXEC)
            return int(os.pread(self._counter, 32, 0))
        except (OSError, ValueError):
            self.close()
            return None

    def has_new_errors(self) -> bool:
        """Whether some came since the last look, which stays the last one."""
        before = self._counted
        return before is not None and (self.errors() or 0) > before

    def new_errors(self) -> int:
        """How many came since the last look; 0 at the first look, for they outlive a reboot in the superblock."""
        found = self.errors()
        before, self._counted = self._counted, found
        return 0 if found is None or before is None else max(0, found - before)

    def close(self) -> None:
        if self._counter is not None:
            os.close(self._counter)
            self._counter = None

    def _path(self) -> Path:
        device = os.stat(self._folder).st_dev
        block = self._sysfs / "dev" / "block" / f"{os.major(device)}:{os.minor(device)}"
        return self._sysfs / "fs" / "ext4" / block.resolve(strict=True).name / "errors_count"
