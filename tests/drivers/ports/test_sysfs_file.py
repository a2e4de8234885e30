"""A value of the kernel's as a file: its text, files whose folder moves, and what it means that it is absent."""

from __future__ import annotations

from pathlib import Path

from drivers.devices import DeviceFailure
from drivers.ports.handle import Remedy
from drivers.ports.sysfs_file import SysfsFile


def test_its_text_without_blanks(tmp_path: Path) -> None:
    """And no more than a page of it."""
    (tmp_path / "temp").write_text(" 48312\n")
    assert SysfsFile(str(tmp_path / "temp")).read() == "48312"
    (tmp_path / "temp").write_bytes(b"x" * 5000)
    assert SysfsFile(str(tmp_path / "temp")).read() == "x" * 4096


def test_a_folder_that_moves(tmp_path: Path) -> None:
    """A star finds it; absent it is a failure with its own remedy, and returns by itself."""
    file = SysfsFile(f"{tmp_path}/28-*/temperature", Remedy("no thermometer", "dtoverlay=w1-gpio"))
    assert file.read() == DeviceFailure(f"{tmp_path}/28-*/temperature", "no thermometer", "dtoverlay=w1-gpio")
    (tmp_path / "28-0316a279").mkdir()
    (tmp_path / "28-0316a279/temperature").write_text("21500\n")
    assert file.read() == "21500"


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """A folder is no file."""
    failure = SysfsFile(str(tmp_path)).read()
    assert isinstance(failure, DeviceFailure)
