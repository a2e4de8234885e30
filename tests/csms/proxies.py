"""nginx and HAProxy as they are put before a Central System: their default time-outs, one WebSocket route."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

NGINX = """
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log; {user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home}; uwsgi_temp_path {home};
    scgi_temp_path {home};
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{behind};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
    }}
}}
"""
"""What its own documentation of WebSocket proxying shows; proxy_read_timeout is 60 s where nothing is said."""

HAPROXY = """
defaults
    mode http
    timeout connect 5000
    timeout client 50000
    timeout server 50000
frontend front
    bind 127.0.0.1:{port}
    default_backend back
backend back
    server csms 127.0.0.1:{behind}
"""
"""The time-outs are those of the file that Debian's package brings."""

PROGRAMS = {"nginx": NGINX, "haproxy": HAPROXY}
FOLDERS = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin"


def program(name: str) -> str | None:
    """Its path; root's folders are looked through as well."""
    return shutil.which(name, path=FOLDERS)


def missing() -> list[str]:
    """Proxies that are not installed."""
    return [name for name in PROGRAMS if program(name) is None]


@asynccontextmanager
async def before(name: str, behind: int, home: Path) -> AsyncIterator[int]:
    """The proxy `name` in front of a port of this machine; its own port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    user = "user root;" if home.owner() == "root" else ""
    file = home / f"{name}.conf"
    file.write_text(PROGRAMS[name].format(home=home, port=port, behind=behind, user=user))
    words = ["-c", str(file), "-p", str(home)] if name == "nginx" else ["-db", "-f", str(file)]
    path = program(name)
    assert path is not None
    process = await asyncio.create_subprocess_exec(path, *words, stderr=asyncio.subprocess.DEVNULL)
    try:
        await _listens(port, process)
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _listens(port: int, process: asyncio.subprocess.Process) -> None:
    for _ in range(100):
        assert process.returncode is None, "the proxy did not start"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("the proxy does not listen")
