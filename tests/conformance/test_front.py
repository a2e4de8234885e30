"""The port before the Central System: each attempt is seen, also where nobody answers it."""

from __future__ import annotations

import asyncio

from tests.conformance.front import Front


async def test_what_comes_without_tls_is_seen() -> None:
    """No ClientHello, an attempt all the same; and what begins like one but is none says why."""
    front, heard = Front(lambda: 0, lambda: 0), asyncio.Queue[None]()
    front.open_plain = front.open_tls = False
    front.hear = lambda attempt: heard.put_nowait(None)
    port = await front.listen()
    try:
        for first in (b"GET /ocpp/CP0001 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x00\x04\x02\0\0\0"):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(first)
            await asyncio.wait_for(heard.get(), 10)
            writer.close()
    finally:
        front.close()
    plain, wrong = front.attempts
    assert not plain.tls and wrong.tls and wrong.hello is None and "not a ClientHello" in wrong.malformed
