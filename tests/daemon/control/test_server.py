"""The control socket: who may look, who may act, and that nobody holds it, however odd or slow, at any end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.control.connection import LINE_BYTES, Times
from daemon.control.places import KEPT, PLACES
from daemon.control.server import AnotherAnswers, ControlSocket, Request, RequestRefused, error, field, request_of

Answer = dict[str, Any]
CARD = "04A2B9C1"
HUGE = "x" * 200_000
"""More than the buffers of a Unix socket hold."""


class Following:
    """How many followers there are: each must leave its subscription."""

    def __init__(self) -> None:
        self.now = 0

    async def follow(self, request: Request) -> AsyncGenerator[Answer, None]:
        self.now += 1
        try:
            yield {"n": 1, "id_tag": CARD}
            yield {"n": 2}
            while request.get("huge"):
                yield {"text": HUGE}
            await asyncio.Event().wait()
        finally:
            self.now -= 1


def refusing(request: Request) -> Answer:
    raise RequestRefused("not today")


def broken(request: Request) -> Answer:
    raise KeyError("an internal error")


class Serving:
    """A control socket with simple requests; `allowed` may change: it is asked at each connection."""

    def __init__(self, path: Path, allowed: bool = True, **times: float) -> None:
        self.path = path
        self.allowed = allowed
        self.following = Following()
        self.acting = 0
        self.logged: list[tuple[str, dict[str, Any]]] = []
        queries = {
            "status": lambda request: {"status": 1},
            "card": lambda request: {"rows": [{"id_tag": CARD, "text": f"card {CARD}"}]},
            "huge": lambda request: {"text": HUGE},
            "refuse": refusing,
            "broken": broken,
        }
        self.control = ControlSocket(
            path,
            queries,
            {"act": self.act},
            {"trace": self.following.follow},
            lambda code, **fields: self.logged.append((code, fields)),
            may_act=lambda sock: self.allowed,
            times=Times(**times),
        )
        self.task = asyncio.ensure_future(self.control.run())

    async def act(self, request: Request) -> Answer:
        self.acting += 1
        if request.get("slow"):
            await asyncio.Event().wait()
        return {"ok": True, "text": "done"}

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.wait_for(asyncio.wait({self.task}), 5)

    async def until(self, clients: int) -> None:
        """As many connections are open."""
        async with asyncio.timeout(5):
            while self.control.clients != clients:
                await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def serving(path: Path, allowed: bool = True, **times: float) -> AsyncIterator[Serving]:
    serving = Serving(path, allowed, **times)
    while not path.exists():
        await asyncio.sleep(0)
    try:
        yield serving
    finally:
        await serving.end()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def at(cls, path: Path) -> Client:
        return cls(*await asyncio.open_unix_connection(str(path), limit=2**20))

    async def ask(self, line: bytes | dict[str, Any]) -> Any:
        data = line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n"
        self.writer.write(data)
        return await self.hear()

    async def hear(self) -> Any:
        """The next line; None: the connection has ended."""
        try:
            line = await asyncio.wait_for(self.reader.readline(), 5)
        except ConnectionError:
            return None
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


async def test_13_who_may_only_look_may_not_act(tmp_path: Path) -> None:
    """The refusal names the group and sudo; looks are answered."""
    async with serving(tmp_path / "c", allowed=False):
        client = await Client.at(tmp_path / "c")
        assert (await client.ask({"do": "status"}))["ok"]
        refused = await client.ask({"do": "act"})
        assert not refused["ok"] and "evsed-admin" in refused["error"] and "sudo" in refused["error"]
        assert "usage" not in refused


async def test_13_who_may_only_look_sees_no_card_numbers(tmp_path: Path) -> None:
    """Masked in answers and while following, and said so; who may act sees them."""
    async with serving(tmp_path / "c", allowed=False) as served:
        looker = await Client.at(tmp_path / "c")
        masked = await looker.ask({"do": "card"})
        assert masked["rows"] == [{"id_tag": "04..C1", "text": "card 04..C1"}] and masked["masked"]
        assert (await looker.ask({"do": "trace"}))["id_tag"] == "04..C1"
        served.allowed = True
        admin = await Client.at(tmp_path / "c")
        shown = await admin.ask({"do": "card"})
        assert shown["rows"][0]["id_tag"] == CARD and "masked" not in shown
        assert (await admin.ask({"do": "trace"}))["id_tag"] == CARD


async def test_13_the_kernel_says_who_is_there(tmp_path: Path) -> None:
    """SO_PEERCRED of a connection of our own: we may act."""

    async def act(request: Request) -> Answer:
        return {"ok": True}

    control = ControlSocket(tmp_path / "c", {}, {"act": act}, {})
    task = asyncio.ensure_future(control.run())
    while not (tmp_path / "c").exists():
        await asyncio.sleep(0)
    assert (await (await Client.at(tmp_path / "c")).ask({"do": "act"}))["ok"]
    task.cancel()
    await asyncio.wait({task})


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


async def test_13_lookers_never_take_the_last_places(tmp_path: Path) -> None:
    """One looker too many ends the one that has been idle longest; who may act finds a place in any case."""
    async with serving(tmp_path / "c", allowed=False) as served:
        lookers = [await Client.at(tmp_path / "c") for _ in range(PLACES - KEPT)]
        for looker in lookers:
            assert (await looker.ask({"do": "status"}))["ok"]
        late = await Client.at(tmp_path / "c")
        assert (await late.ask({"do": "status"}))["ok"]
        assert await lookers[0].hear() is None and (await lookers[1].ask({"do": "status"}))["ok"]
        served.allowed = True
        admins = [await Client.at(tmp_path / "c") for _ in range(PLACES + 3)]
        assert (await admins[-1].ask({"do": "act"}))["ok"]
        assert served.control.clients == PLACES


async def test_13_followers_do_not_lock_anybody_out(tmp_path: Path) -> None:
    """A looker that follows is not idle: another one is told why not; who may act takes the place."""
    async with serving(tmp_path / "c", allowed=False) as served:
        followers = [await Client.at(tmp_path / "c") for _ in range(PLACES - KEPT)]
        for follower in followers:
            assert (await follower.ask({"do": "trace"}))["ok"]
        late = await Client.at(tmp_path / "c")
        assert "open already" in (await late.hear())["error"] and await late.hear() is None
        served.allowed = True
        admins = [await Client.at(tmp_path / "c") for _ in range(PLACES)]
        for admin in admins[KEPT:]:
            assert (await admin.ask({"do": "trace"}))["ok"]
        assert "follow already" in (await admins[0].ask({"do": "trace"}))["error"]
        assert (await (await Client.at(tmp_path / "c")).ask({"do": "act"}))["ok"]


async def test_following_ends_when_the_follower_goes(tmp_path: Path) -> None:
    """Answer after answer; a client that sends anything or leaves ends it, and can request again."""
    async with serving(tmp_path / "c") as served:
        client = await Client.at(tmp_path / "c")
        assert (await client.ask({"do": "trace"}))["n"] == 1 and (await client.hear())["n"] == 2
        client.writer.write(b"\n")
        other = await Client.at(tmp_path / "c")
        await other.ask({"do": "trace"})
        other.writer.close()
        await served.until(1)
        assert served.following.now == 0


# --- clients that are slow, idle or gone ----------------------------------------------------------------------------


@pytest.mark.parametrize("half", [b"{", b'{"do":"status"}', b" " * 1000])
async def test_8_half_a_request_has_a_time(tmp_path: Path, half: bytes) -> None:
    """A request that does not end is refused and its connection closed."""
    async with serving(tmp_path / "c", request_s=0.01) as served:
        client = await Client.at(tmp_path / "c")
        assert "did not end" in (await client.ask(half))["error"] and await client.hear() is None
        await served.until(0)


async def test_8_an_idle_connection_ends(tmp_path: Path) -> None:
    """Before its first request and after an answer; a follower is not idle."""
    async with serving(tmp_path / "c", idle_s=0.5) as served:
        silent, asked, follower = [await Client.at(tmp_path / "c") for _ in range(3)]
        assert (await follower.ask({"do": "trace"}))["ok"] and (await asked.ask({"do": "status"}))["ok"]
        assert await silent.hear() is None and await asked.hear() is None
        await served.until(1)
        assert (await follower.hear())["n"] == 2


@pytest.mark.parametrize(("what", "times"), [("huge", {"taking_s": 0.02}), ("trace", {"following_s": 0.02})])
async def test_8_an_answer_that_is_not_read_ends_the_connection(
    tmp_path: Path, what: str, times: dict[str, float]
) -> None:
    """What waits for one reader is bounded by one answer, and in time."""
    async with serving(tmp_path / "c", **times) as served:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "c"))
            client.send(b'{"do":"%s","huge":true}\n' % what.encode() * (3 if what == "huge" else 1))
            while not served.control.clients:
                await asyncio.sleep(0)
            await served.until(0)
        assert served.following.now == 0


async def test_8_one_request_after_the_other_leaves_others_their_turn(tmp_path: Path) -> None:
    """Thousands of requests in one packet: somebody else is answered long before they are."""
    async with serving(tmp_path / "c") as served:
        for allowed in (True, False):
            served.allowed = allowed
            greedy, other = [await Client.at(tmp_path / "c") for _ in range(2)]
            greedy.writer.write(b'{"do":"status"}\n' * 4000)
            for _ in range(3):
                assert (await other.ask({"do": "status"}))["ok"]
            received = len(greedy.reader._buffer)  # type: ignore[attr-defined]
            assert received < 2000 * len(b'{"v":1,"ok":true,"status":1}\n')
            greedy.writer.close()
            other.writer.close()


async def test_8_an_act_at_a_time(tmp_path: Path) -> None:
    """However many a client sends, one of each connection waits in the inbox at most."""
    async with serving(tmp_path / "c") as served:
        for _ in range(PLACES + 4):
            (await Client.at(tmp_path / "c")).writer.write(b'{"do":"act","slow":true}\n' * 100)
        async with asyncio.timeout(5):
            while served.acting < PLACES:
                await asyncio.sleep(0)
        for _ in range(50):
            await asyncio.sleep(0)
        assert served.acting == PLACES


async def test_a_broken_request_ends_only_its_connection(tmp_path: Path) -> None:
    """An internal error is noted; the socket goes on serving."""
    async with serving(tmp_path / "c") as served:
        client = await Client.at(tmp_path / "c")
        assert "internal error" in (await client.ask({"do": "broken"}))["error"] and await client.hear() is None
        assert [code for code, _ in served.logged] == ["control-failed"]
        assert (await (await Client.at(tmp_path / "c")).ask({"do": "status"}))["ok"]


# --- the end --------------------------------------------------------------------------------------------------------


async def test_10_whoever_is_connected_the_end_does_not_wait(tmp_path: Path) -> None:
    """Idle, half-written, following, acting, not reading: cancelled, the server ends, and so do its connections."""
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: pytest.fail(str(context)))
    async with serving(tmp_path / "c") as served:
        idle, half, follower, acting, deaf = [await Client.at(tmp_path / "c") for _ in range(5)]
        assert (await follower.ask({"do": "trace"}))["ok"] and (await idle.ask({"do": "status"}))["ok"]
        half.writer.write(b"{")
        acting.writer.write(b'{"do":"act","slow":true}\n')
        deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]
        deaf.writer.write(b'{"do":"huge"}\n' * 9)
        await served.until(5)
        for _ in range(50):
            await asyncio.sleep(0)
        began = asyncio.get_running_loop().time()
        await served.end()
        assert asyncio.get_running_loop().time() - began < 1.0 and served.task.cancelled()
        assert served.control.clients == 0 and served.following.now == 0 and not (tmp_path / "c").exists()
        assert await idle.hear() is None and await acting.hear() is None


async def test_10_a_connection_that_has_just_come_is_ended_too(tmp_path: Path) -> None:
    """Accepted, and cancelled before it did anything: its descriptor is given back."""
    async with serving(tmp_path / "c") as served:
        client = await Client.at(tmp_path / "c")
        while not served.control.clients:
            await asyncio.sleep(0)
        await served.end()
        assert await client.hear() is None and served.control.clients == 0


# --- lines and files --------------------------------------------------------------------------------------------------


async def test_a_living_daemon_keeps_its_socket(tmp_path: Path) -> None:
    """A second daemon does not take the socket away; one that was killed left it to be taken."""
    async with serving(tmp_path / "c"):
        with pytest.raises(AnotherAnswers, match="another evsed"):
            await ControlSocket(tmp_path / "c", {}, {}, {}).run()
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
