"""The control socket is made again: after an obstruction, and where its path was taken away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from daemon.control.kept_socket import KeptSocket
from daemon.control.server import ControlSocket


@contextlib.asynccontextmanager
async def kept(path: Path) -> AsyncIterator[asyncio.Queue[str]]:
    """A kept socket at this path, and what it reports."""
    said: asyncio.Queue[str] = asyncio.Queue()
    control = ControlSocket(path, {}, {}, {})
    task = asyncio.ensure_future(KeptSocket(control, said.put_nowait, look_s=0.02).run())
    try:
        yield said
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def made(path: Path) -> None:
    """Somebody accepts there."""
    async with asyncio.timeout(5):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(str(path))
                writer.close()
                return
            await asyncio.sleep(0)


def a_file(path: Path) -> None:
    path.write_text("of somebody")


def a_link(path: Path) -> None:
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("obstruct", "said"),
    [(Path.mkdir, "a folder"), (a_file, "a file"), (os.mkfifo, "a FIFO"), (a_link, "a symbolic link")],
)
async def test_7_an_obstructed_path_is_told_and_tried_again(
    tmp_path: Path, obstruct: Callable[[Path], None], said: str
) -> None:
    """What stands there is not ours: it stays as it is, and once it is gone the socket is made."""
    path = tmp_path / "c"
    obstruct(path)
    async with kept(path) as reported:
        why = await asyncio.wait_for(reported.get(), 5)
        assert f"{said} is in its place; remove it" in why and str(path) in why
        assert os.path.lexists(path)
        path.rmdir() if path.is_dir() else path.unlink()
        assert await asyncio.wait_for(reported.get(), 5) == ""
        await made(path)
    assert not path.exists()


async def test_7_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in place of the socket's folder."""
    (tmp_path / "run").write_text("")
    async with kept(tmp_path / "run" / "c") as reported:
        assert "[control] socket cannot be created" in await asyncio.wait_for(reported.get(), 5)
        (tmp_path / "run").unlink()
        assert await asyncio.wait_for(reported.get(), 5) == ""


async def test_7_another_one_s_socket_is_left_alone(tmp_path: Path) -> None:
    """Somebody answers there: it is told, and the station works on."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "c"))
        other.listen()
        async with kept(tmp_path / "c") as reported:
            assert "another evsed answers" in await asyncio.wait_for(reported.get(), 5)
        assert (tmp_path / "c").is_socket()


async def test_7_a_socket_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    """As by somebody who cleans up; it is no fault."""
    path = tmp_path / "c"
    async with kept(path) as reported:
        await made(path)
        path.unlink()
        await made(path)
        assert reported.empty()


async def test_7_what_took_its_place_is_not_deleted(tmp_path: Path) -> None:
    """The file of somebody else is not ours to remove."""
    path = tmp_path / "c"
    async with kept(path) as reported:
        await made(path)
        path.unlink()
        path.write_text("of somebody")
        assert "a file is in its place" in await asyncio.wait_for(reported.get(), 5)
    assert path.read_text() == "of somebody"


class Broken:
    """A socket whose server ends by an error of ours, or for no reason."""

    is_reachable = True

    def __init__(self, error: Exception | None) -> None:
        self.error = error

    async def run(self) -> None:
        if self.error is not None:
            raise self.error


async def test_7_an_internal_error_does_not_count_as_an_obstruction() -> None:
    """It ends the process, as any other part's does."""
    with pytest.raises(ValueError, match="ours"):
        await KeptSocket(Broken(ValueError("ours")), lambda why: None).run()
    with pytest.raises(AssertionError, match="by itself"):
        await KeptSocket(Broken(None), lambda why: None).run()
