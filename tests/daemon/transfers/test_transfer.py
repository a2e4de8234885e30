"""The order of a transfer's checks, and the one line on how it ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.jobs.protocol import JobRequest
from daemon.jobs.transfer_jobs import carry_out, watch_of
from daemon.transfers.files import Partial, made_folder
from daemon.transfers.limits import TransferFailed
from daemon.transfers.transfer import Terms, download, file_of, narrowed
from daemon.transfers.urls import Rules
from tests.transfers.servers import http
from tests.transfers.terms import BUNDLE, fetch, left, send, terms


def test_schemes() -> None:
    """The product's protocols, narrowed by the configuration, in the configuration's order."""
    assert narrowed(("HTTP", "HTTPS", "FTP", "FTPS"), ("https", "ftp")) == ("https", "ftp")
    assert narrowed(("HTTP",), ("https", "http")) == ("http",) and narrowed((), ("http",)) == ()


@pytest.mark.parametrize(
    ("url", "cause"),
    [
        ("file:///etc/passwd", "URL: its scheme is 'file'"),
        ("http://127.0.0.1/f", "URL: 127.0.0.1 is this machine itself"),
        ("http://2130706433/f", "URL: 127.0.0.1 is this machine itself"),
        ("http://[::ffff:127.0.0.1]/f", "URL: ::ffff:127.0.0.1 is an IPv4 address in disguise"),
        ("http://169.254.169.254/latest/meta-data", "URL: 169.254.169.254 is a link-local address"),
        ("http://u:secret@h@127.0.0.1/", "URL: it contains more than one @"),
        ("http://u:secret@127.1/", "URL: 127.0.0.1 is this machine itself"),
    ],
)
def test_where_nothing_is_fetched(tmp_path: Path, url: str, cause: str) -> None:
    """Stage and cause in one line, no password in it, and no file."""
    on = Terms(tmp_path, Rules(("http",)))
    ok, line = fetch(url, on)
    assert not ok and line.startswith(cause) and "secret" not in line and left(on) == []


def test_a_name_that_turns_to_this_machine(tmp_path: Path) -> None:
    """DNS rebinding: what is connected to is what was checked; there is no second look."""
    looked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"] if len(looked) == 1 else ["192.0.2.1"]

    with http({"/f": b"x"}) as server:
        on = Terms(tmp_path, Rules(("http",), (), True), "", terms(tmp_path).limits, resolve)
        assert fetch(f"http://rebinds.example:{server.port}/f", on)[0]
    assert looked == ["rebinds.example"]


def test_a_surprise_is_a_failure(tmp_path: Path) -> None:
    """Whatever a library raises: one line that says what and where, and nothing of its text."""

    def resolve(host: str, port: int) -> list[str]:
        raise RuntimeError("never\nthought\x1b of")

    on = Terms(tmp_path, Rules(("http",)), "", terms(tmp_path).limits, resolve)
    ok, line = fetch("http://h/", on)
    assert not ok and line.startswith("transfer: internal error, RuntimeError (test_transfer.py:")
    assert "thought" not in line and line.isprintable()


def test_a_store_that_is_gone(tmp_path: Path) -> None:
    """A folder that cannot be created has the stage `disk`."""
    on = terms(tmp_path / "none")
    assert fetch("http://h/f", on) == (False, "disk: No such file or directory")


def test_one_firmware_at_a_time(tmp_path: Path) -> None:
    """What another update left goes, a bundle that waits to be sent stays, and the same URL is fetched anew."""
    on = terms(tmp_path)
    folder = made_folder(tmp_path)
    (folder / "firmware-0.part").write_bytes(b"x")
    (folder / BUNDLE).write_bytes(b"x")
    with http({"/f": b"new"}) as server:
        url = f"http://h:{server.port}/f"
        Partial(folder, url).whole.write_bytes(b"old")
        ok, path = fetch(url, on)
    assert ok and Path(path).read_bytes() == b"new"
    assert sorted(each.name for each in folder.iterdir()) == sorted([BUNDLE, Path(path).name])


def test_cancelled_before_it_began(tmp_path: Path) -> None:
    """No connection is made for a cancelled transfer."""
    on = terms(tmp_path)
    watch = watch_of("download", on)
    watch.cancel()
    with http({"/f": b"x"}) as server:
        assert download(f"http://h:{server.port}/f", on, watch) == (False, "transfer: cancelled")
    assert not server.got


def test_only_files_of_ours_are_sent(tmp_path: Path) -> None:
    """A name that leads out of the folder, to a link or to nothing is refused."""
    on = terms(tmp_path)
    folder = made_folder(tmp_path)
    (tmp_path / "evsed.db").write_bytes(b"")
    (folder / "link").symlink_to(tmp_path / "evsed.db")
    for name in ("../evsed.db", "link", "none", "", ".."):
        with pytest.raises(TransferFailed):
            file_of(name, on)
        ok, line = carry_out(JobRequest("upload", location="http://h/", file=name), on, watch_of("upload", on))
        assert (ok, line) == (False, "file: not a file of the transfers' folder")


def test_a_bundle_is_gone_whatever_happens(tmp_path: Path) -> None:
    """It is made anew for each try."""
    assert send("gopher://h/", terms(tmp_path))[1].startswith("URL: ") and left(terms(tmp_path)) == []
