"""A TLS handshake in memory: two ends, no socket, no clock."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from tests.daemon.security.authority import Signed, write

HOST = "csms.example"


class Ends(NamedTuple):
    client: ssl.SSLObject
    server: ssl.SSLObject


def server_context(folder: Path, *chain: Signed, cipher: str = "") -> ssl.SSLContext:
    """Presents the chain, its first certificate's key beside it; takes everything that OpenSSL can do."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(cipher or "ALL:@SECLEVEL=0")
    context.load_cert_chain(write(folder / "server.pem", chain[0].key_pem, *(each.pem for each in chain)))
    return context


def shake(client: ssl.SSLContext, server: ssl.SSLContext, host: str = HOST) -> Ends:
    """The two ends after the handshake.  Raises the client's ssl.SSLError, after both have said what they had to."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = Ends(
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    )
    waiting = list(ends)
    for _ in range(20):
        for end in tuple(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLError:
                if end is ends.client:
                    raise
            waiting.remove(end)
    if waiting:
        raise ssl.SSLEOFError(8, "the other end says no more")
    return ends
