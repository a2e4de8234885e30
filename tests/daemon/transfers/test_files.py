"""Files on their way: resumed, whole, or swept away."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from daemon.transfers.files import SYNC_EVERY_BYTES, Kept, Partial, made_folder, sweep, sweep_leftovers
from daemon.transfers.limits import TransferFailed
from ocpp16.records import FirmwareUpdate

URL = "http://u:secret@h/f"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole(tmp_path: Path) -> None:
    """Only `finish` gives it its name; nothing else is left beside it, and no name shows the URL."""
    partial = Partial(tmp_path, URL)
    assert partial.kept() == Kept(0, "") and not partial.begun
    partial.begin(0, '"v1"', 6)
    partial.write(b"abc")
    assert not partial.whole.exists()
    partial.write(b"def")
    assert partial.finish() == partial.whole and partial.whole.read_bytes() == b"abcdef"
    assert names(tmp_path) == [partial.whole.name] and "secret" not in partial.whole.name
    assert partial.whole.stat().st_mode & 0o777 == 0o600


def test_it_goes_on_where_it_was_left(tmp_path: Path) -> None:
    """Another run resumes after the last octet that was synchronised."""
    first = Partial(tmp_path, URL)
    first.begin(0, '"v1"', 6)
    first.write(b"abc")
    first.leave()
    second = Partial(tmp_path, URL)
    assert second.kept() == Kept(3, '"v1"')
    second.begin(3, '"v1"', 6)
    second.write(b"def")
    assert second.finish().read_bytes() == b"abcdef"
    assert Partial(tmp_path, "http://other/").kept() == Kept(0, "")


def test_what_was_not_forced_to_the_medium_does_not_count(tmp_path: Path) -> None:
    """After a power cut the end of the file may be anything: it is written anew."""
    cut = Partial(tmp_path, URL)
    cut.begin(0, '"v1"', None)
    cut.write(b"x" * SYNC_EVERY_BYTES)
    cut.write(b"junk")
    after = shutil.copytree(tmp_path, tmp_path / "after")
    again = Partial(after, URL)
    assert again.kept() == Kept(SYNC_EVERY_BYTES, '"v1"')
    again.begin(SYNC_EVERY_BYTES, '"v1"', None)
    assert again.finish().stat().st_size == SYNC_EVERY_BYTES


@pytest.mark.parametrize("about", [b"", b"nonsense", b'{"bytes":9,"validator":"x"}', b'{"bytes":3,"validator":""}'])
def test_what_is_not_vouched_for_is_fetched_anew(tmp_path: Path, about: bytes) -> None:
    """A note that is torn, longer than the file or without the server's name for the content is no base to go on."""
    partial = Partial(tmp_path, URL)
    partial.begin(0, "", 6)
    partial.write(b"abc")
    partial.leave()
    partial.whole.with_suffix(".json").write_bytes(about)
    assert partial.kept() == Kept(0, "")


def test_dropped(tmp_path: Path) -> None:
    """Nothing of it stays; twice is no trouble."""
    partial = Partial(tmp_path, URL)
    partial.begin(0, '"v1"', 6)
    partial.write(b"abc")
    partial.discard()
    partial.discard()
    partial.leave()
    assert names(tmp_path) == []


def test_room(tmp_path: Path) -> None:
    """Before the first byte: what does not fit beside the reserve is refused, with both figures."""
    with pytest.raises(TransferFailed, match=r"disk: \d+ bytes are needed, \d+ are free"):
        Partial(tmp_path, URL).begin(0, "", 1 << 60)
    with pytest.raises(TransferFailed, match="0 are free"):
        Partial(tmp_path, URL, spare_bytes=1 << 60).begin(0, "", 1)


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """An error of the disk has the stage `disk`."""
    folder = tmp_path / "f"
    folder.mkdir()
    partial = Partial(folder, URL)
    partial.whole.with_suffix(".part").mkdir()
    with pytest.raises(TransferFailed, match="disk: Is a directory"):
        partial.begin(0, "", 1)


def test_no_link_is_followed(tmp_path: Path) -> None:
    """A symbolic link in the folder does not lead the file elsewhere."""
    partial = Partial(tmp_path, URL)
    partial.whole.with_suffix(".part").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransferFailed):
        partial.begin(0, "", 1)
    assert not (tmp_path / "elsewhere").exists()


def test_sweeping(tmp_path: Path) -> None:
    """A new run keeps the files of a pending update and no others; a missing folder is no error."""
    folder = made_folder(tmp_path)
    stem = Partial(folder, URL).whole.stem
    for name in (f"{stem}.part", f"{stem}.json", "firmware-0.bin", "diagnostics-1.tar.gz"):
        (folder / name).write_bytes(b"x")
    update = FirmwareUpdate(location=URL, retrieve_utc=0, retries_left=0, retry_interval_s=0, state="downloading")
    sweep_leftovers(tmp_path, [update])
    assert names(folder) == [f"{stem}.json", f"{stem}.part"]
    sweep_leftovers(tmp_path, [])
    assert names(folder) == []
    sweep(tmp_path / "none", lambda name: False)
