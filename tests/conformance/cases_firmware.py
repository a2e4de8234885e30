"""The cases of Firmware Management, one function an id, with a file server of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.conformance.judge import Lab, Swap, boot, want
from tests.conformance.transcript import utc

TRANSFER_S = 20.0
IMAGE = b"evsed image " * 500


class Files:
    """HTTP/1.1 on loopback: GET of the files it has, PUT and POST of anything."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.taken: dict[str, bytes] = {}
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            method, path, _ = head.split("\r\n")[0].split(" ")
            fields = {
                name.strip().lower(): value.strip()
                for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:] if line)
            }
            if method in ("PUT", "POST"):
                if fields.get("expect", "").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.taken[path] = await body(reader, fields)
                writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            elif path in self.files:
                content = b"" if method == "HEAD" else self.files[path]
                size = len(self.files[path])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % size + content)
            else:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
        except (OSError, ValueError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def body(reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    content = b""
    while size := int((await reader.readline()).split(b";")[0] or b"0", 16):
        content += await reader.readexactly(size)
        await reader.readline()
    return content


@asynccontextmanager
async def file_server() -> AsyncIterator[Files]:
    files = Files()
    server = await asyncio.start_server(files.serve, "127.0.0.1", 0)
    files.port = server.sockets[0].getsockname()[1]
    try:
        yield files
    finally:
        server.close()


async def update(lab: Lab, location: str) -> None:
    request = {"location": location, "retrieveDate": utc(), "retries": 0, "retryInterval": 1}
    await lab.ask("UpdateFirmware", request, "conf")


def state(*statuses: str, optional: bool = False) -> Swap:
    return Swap(tuple(want("FirmwareStatusNotification", optional=optional, status=one) for one in statuses))


async def tc_044_1(lab: Lab) -> None:
    async with file_server() as files:
        files.files["/image.fwi"] = IMAGE
        await update(lab, f"http://127.0.0.1:{files.port}/image.fwi")
        for status in ("Downloading", "Downloaded", "Installing"):
            await lab.expect(state(status), within=TRANSFER_S)
        installed = want("FirmwareStatusNotification", status="Installed")
        await lab.expect(Swap((boot(), installed, lab.status("Available"))), within=30)


async def tc_044_2(lab: Lab) -> None:
    await update(lab, "ftp://127.0.0.1:21/download_fail.fwi")
    await lab.expect(state("Downloading", optional=True), state("DownloadFailed"), within=TRANSFER_S)
    await lab.quiet(1.2, "BootNotification")
    await idle(lab)


async def idle(lab: Lab) -> None:
    """The connector is (again) Available, and a transaction can begin."""
    shown = await lab.unit.ask("status")
    status = shown["status"]["connectors"][lab.connector - 1]["status"]
    lab.require(status == "Available", f"the connector is {status} afterwards")


async def tc_044_3(lab: Lab) -> None:
    async with file_server() as files:
        files.files["/invalid.fwi"] = b"no image"
        await lab.fault("install", True)
        await update(lab, f"http://127.0.0.1:{files.port}/invalid.fwi")
        await lab.expect(state("Downloading"), state("Downloaded"), within=TRANSFER_S)
        optional = (
            want("FirmwareStatusNotification", optional=True, status="Installing"),
            want("BootNotification", optional=True),
        )
        failed = want("FirmwareStatusNotification", status="InstallationFailed")
        await lab.expect(Swap((*optional, failed)), within=30)
        await lab.settle(0.5)
        await idle(lab)


async def tc_045_1(lab: Lab) -> None:
    async with file_server() as files:
        reply = await lab.ask("GetDiagnostics", {"location": f"http://127.0.0.1:{files.port}/logs/"}, "conf")
        name = reply.payload.get("fileName", "")
        lab.require(bool(name), "no fileName")
        for status in ("Uploading", "Uploaded"):
            await lab.expect(want("DiagnosticsStatusNotification", status=status), within=TRANSFER_S)
        taken = [path for path in files.taken if path.endswith(name)]
        lab.require(bool(taken), f"{name} is not on the server; there is {list(files.taken)}")
        lab.require(bool(files.taken[taken[0]]), f"{name} is empty")


async def tc_045_2(lab: Lab) -> None:
    location = "ftp://127.0.0.1:21/files/failedLocation"
    await lab.ask("GetDiagnostics", {"location": location, "retries": 0, "retryInterval": 1}, "conf")
    for status in ("Uploading", "UploadFailed"):
        await lab.expect(want("DiagnosticsStatusNotification", status=status), within=TRANSFER_S)
    await idle(lab)
