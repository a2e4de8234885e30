"""The control socket: who may look, who may act, and that nothing that comes in is too odd."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.control.server import (
    CLIENTS,
    LINE_BYTES,
    AnotherAnswers,
    ControlSocket,
    Request,
    RequestRefused,
    error,
    field,
    may_act,
    request_of,
)

Answer = dict[str, Any]


async def act(request: Request) -> Answer:
    if request.get("slow"):
        await asyncio.Event().wait()
    return {"ok": True, "text": "done"}


async def follow(request: Request) -> AsyncIterator[Answer]:
    yield {"n": 1}
    yield {"n": 2}
    await asyncio.Event().wait()


def refusing(request: Request) -> Answer:
    raise RequestRefused("not today")


@contextlib.asynccontextmanager
async def serving(path: Path, allowed: bool = True, answer_s: float = 5.0) -> AsyncIterator[ControlSocket]:
    looks = {"status": lambda request: {"status": 1}, "refuse": refusing}
    control = ControlSocket(
        path, looks, {"act": act}, {"trace": follow}, may_act=lambda sock: allowed, answer_s=answer_s
    )
    task = asyncio.ensure_future(control.run())
    while not path.exists():
        await asyncio.sleep(0)
    try:
        yield control
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def at(cls, path: Path) -> Client:
        return cls(*await asyncio.open_unix_connection(str(path)))

    async def ask(self, line: bytes | dict[str, Any]) -> Any:
        data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
        self.writer.write(data)
        return await self.hear()

    async def hear(self) -> Any:
        line = await asyncio.wait_for(self.reader.readline(), 5)
        return json.loads(line) if line else None


async def test_a_question_gets_an_answer(tmp_path: Path) -> None:
    """One line each way, with the version in it; several questions on one connection."""
    async with serving(tmp_path / "c"):
        client = await Client.at(tmp_path / "c")
        assert await client.ask({"do": "status"}) == {"v": 1, "ok": True, "status": 1}
        assert await client.ask({"v": 1, "do": "act"}) == {"v": 1, "ok": True, "text": "done"}


async def test_the_socket_is_for_owner_and_group(tmp_path: Path) -> None:
    """Mode 0660, in a folder that is made where it is missing; gone at the end."""
    path = tmp_path / "deep" / "c"
    async with serving(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


async def test_who_may_only_look_may_not_act(tmp_path: Path) -> None:
    """Acting is for root and the daemon's own user; looking for everybody whom the file's mode lets in."""
    async with serving(tmp_path / "c", allowed=False):
        client = await Client.at(tmp_path / "c")
        assert (await client.ask({"do": "status"}))["ok"]
        refused = await client.ask({"do": "act"})
        assert not refused["ok"] and "own user" in refused["error"]


async def test_the_kernel_says_who_is_there(tmp_path: Path) -> None:
    """SO_PEERCRED of a connection of our own: we may act."""
    control = ControlSocket(tmp_path / "c", {}, {"act": act}, {})
    task = asyncio.ensure_future(control.run())
    while not (tmp_path / "c").exists():
        await asyncio.sleep(0)
    assert (await (await Client.at(tmp_path / "c")).ask({"do": "act"}))["ok"]
    task.cancel()


def test_root_and_ourselves_may_act() -> None:
    """Nobody else."""
    assert may_act(0) and may_act(os.geteuid()) and not may_act(os.geteuid() + 4242)


BAD = [b"nonsense\n", b"[1]\n", b"{}\n", b'{"do":1}\n', b'{"do":"status","v":2}\n', b"\xff\xfe\n", b"[" * 5000 + b"\n"]


@pytest.mark.parametrize("line", BAD)
async def test_odd_lines_are_answered(tmp_path: Path, line: bytes) -> None:
    """What is no request is answered with an error, and the connection stays."""
    async with serving(tmp_path / "c"):
        client = await Client.at(tmp_path / "c")
        answer = await client.ask(line)
        assert not answer["ok"] and answer["usage"] and answer["error"]
        assert (await client.ask({"do": "status"}))["ok"]


async def test_an_unknown_question_names_the_known_ones(tmp_path: Path) -> None:
    """An unknown request is answered with the known ones; a refusal has its reason."""
    async with serving(tmp_path / "c"):
        client = await Client.at(tmp_path / "c")
        answer = await client.ask({"do": "nonsense"})
        assert answer["usage"] and "status" in answer["error"] and "trace" in answer["error"]
        assert await client.ask({"do": "refuse"}) == {"v": 1, "ok": False, "error": "not today"}


async def test_a_line_that_is_too_long_ends_the_connection(tmp_path: Path) -> None:
    """More than 64 KiB a line, with or without its end: an error, then closed."""
    async with serving(tmp_path / "c"):
        client = await Client.at(tmp_path / "c")
        answer = await client.ask(b"x" * (LINE_BYTES + 10))
        assert not answer["ok"] and str(LINE_BYTES) in answer["error"]
        assert await client.hear() is None


async def test_a_line_without_an_end_is_no_line(tmp_path: Path) -> None:
    """A connection that ends in the middle of a line is just over."""
    async with serving(tmp_path / "c"):
        client = await Client.at(tmp_path / "c")
        client.writer.write(b'{"do":')
        client.writer.write_eof()
        assert await client.hear() is None


async def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    """An action without an answer in time is an error."""
    async with serving(tmp_path / "c", answer_s=0.01):
        client = await Client.at(tmp_path / "c")
        assert "no answer" in (await client.ask({"do": "act", "slow": True}))["error"]


async def test_connections_have_a_cap(tmp_path: Path) -> None:
    """One connection too many gets an error and is closed; the others continue."""
    async with serving(tmp_path / "c"):
        clients = [await Client.at(tmp_path / "c") for _ in range(CLIENTS)]
        for client in clients:
            assert (await client.ask({"do": "status"}))["ok"]
        late = await Client.at(tmp_path / "c")
        assert "open already" in (await late.hear())["error"] and await late.hear() is None
        assert (await clients[0].ask({"do": "status"}))["ok"]


async def test_following_ends_when_the_follower_goes(tmp_path: Path) -> None:
    """Answer after answer; a client that sends anything or leaves ends it, and can request again."""
    async with serving(tmp_path / "c") as control:
        client = await Client.at(tmp_path / "c")
        assert (await client.ask({"do": "trace"}))["n"] == 1 and (await client.hear())["n"] == 2
        client.writer.write(b"\n")
        other = await Client.at(tmp_path / "c")
        await other.ask({"do": "trace"})
        other.writer.close()
        while control.clients > 1:
            await asyncio.sleep(0)


async def test_a_living_daemon_keeps_its_socket(tmp_path: Path) -> None:
    """A second daemon does not take the socket away; one that was killed left it to be taken."""
    async with serving(tmp_path / "c"):
        with pytest.raises(AnotherAnswers, match="another evsed"):
            await ControlSocket(tmp_path / "c", {}, {}, {}).run()
    import socket

    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "c"))
    async with serving(tmp_path / "c"):
        pass


@given(st.binary(max_size=200))
def test_every_line_is_a_request_or_refused(line: bytes) -> None:
    """Nothing that comes in raises anything else."""
    with contextlib.suppress(RequestRefused):
        assert isinstance(request_of(line)["do"], str)


def test_fields_are_checked() -> None:
    """A field has its type, or is absent; a truth is no number."""
    request = {"a": 1, "b": True, "c": "x", "d": [1]}
    assert field(request, "a", int) == 1 and field(request, "b", bool) and field(request, "d", list) == [1]
    assert field(request, "z", int) is None
    for name, kind in (("b", int), ("c", int), ("a", str), ("a", bool), ("a", list)):
        with pytest.raises(RequestRefused):
            field(request, name, kind)
    with pytest.raises(RequestRefused):
        field(request, "z", str, needed=True)


def test_an_error_says_whether_it_is_usage() -> None:
    """A wrong request is distinguished from a refused one."""
    assert error("x") == {"ok": False, "error": "x"} and error("x", True)["usage"]
