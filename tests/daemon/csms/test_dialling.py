"""One attempt: an open connection, or the stage at which it failed; nothing is left open."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from daemon.csms.dialling import dial
from daemon.csms.failure_causes import ConnectionFailed
from daemon.csms.limits import ConnectionLimits
from daemon.csms.link_security import Credentials, LinkSecurity
from daemon.csms.tls_judgement import Moment

LIMITS = ConnectionLimits(open_s=0.2)


async def refused(url: str, profile: int = 0) -> ConnectionFailed:
    security = LinkSecurity(Credentials(profile, "CP1"), lambda: Moment(0.0))
    with pytest.raises(ConnectionFailed) as failed:
        await dial(url, security, LIMITS, cast(Any, None))
    return failed.value


async def test_each_stage_is_named() -> None:
    """A closed port, a server that is silent, one that speaks no HTTP, a profile that needs TLS."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def talks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n\r\n")
        await reader.read()
        writer.close()

    found = []
    for answer in (mute, talks):
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        found.append(str((await refused(f"ws://127.0.0.1:{port}/CP1")).code))
        server.close()
    found.append(str((await refused(f"ws://127.0.0.1:{port}/CP1")).code))
    found.append(str((await refused(f"ws://127.0.0.1:{port}/CP1", 2)).code))
    assert found == ["http-no-answer", "http-not-http", "tcp-refused", "tls-not-set-up"]
