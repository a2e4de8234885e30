"""The canary run: every secret and every card unique, a whole session of real processes;
then everything that can be read is searched for them, in every spelling."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from daemon.journal.redaction import masked
from daemon.recorder.replay import main as replay
from tests.csms.scripted import ScriptedCentralSystem, conf, error
from tests.processes.test_transfers import TransferBench, at_work
from tests.transfers.servers import http

SECRETS = {
    name: f"{name}Canary{number:02}Q7x"
    for number, name in enumerate(
        (
            *("key", "keyBlank", "keyCase", "keyType", "keyCut", "keyDouble", "keyProperty", "keySocket", "vendorKey"),
            *("user", "password", "query", "path", "token", "escaped", "firmware", "data", "dataObject", "messageId"),
            *("unknown", "enumeration", "description", "details", "unasked", "junk", "fragment"),
        )
    )
}
CARDS = [f"CA{number:02X}7A1E55{number:02X}D1" for number in range(12)]
DRIVER, PARENT, STRANGER, REMOTE, RESERVED, LISTED, LISTED_PARENT, IN_WORDS, FOREIGN, CUT, REFUSED, QUOTED = CARDS
EXTRA = "\u00e9-Kanarie-Karte"
"""A card that is no hexadecimal text."""


def spellings(text: str) -> Iterator[bytes]:
    """As it is and in other cases, in escapes of JSON, URLs and Python, in hexadecimal digits and in Base64."""
    for one in (text, text.lower(), text.upper()):
        data = one.encode()
        yield data
        yield "".join(f"\\u{ord(char):04x}" for char in one).encode()
        yield "".join(f"%{octet:02X}" for octet in data).encode()
        yield quote(one).encode()
        yield data.hex().encode()
        yield one.encode("utf-16-le")
        for shift in range(3):  # whatever stands before it
            code = base64.b64encode(b"x" * shift + data)
            yield code[4 if shift else 0 : -4]
        yield ascii(one)[1:-1].encode()


def found(where: dict[str, bytes], texts: list[str]) -> list[str]:
    """Each finding as `place: text (spelling)`."""
    return [
        f"{place}: {text} ({spelling!r})"
        for place, content in where.items()
        for text in texts
        for spelling in sorted(set(spellings(text)))
        if spelling in content
    ]


async def play(central: ScriptedCentralSystem, bench: TransferBench, port: int) -> None:
    """A session in which each secret and each card comes up once, well and badly formed."""
    s = SECRETS
    central.always["Authorize"] = conf(idTagInfo={"status": "Accepted", "parentIdTag": PARENT})
    central.script("StartTransaction", error("InternalError", f"no driver {DRIVER} {IN_WORDS} {s['description']}"))
    await bench.sim("plug")
    await bench.sim("tap", DRIVER)
    await central.wait("StartTransaction")
    await bench.sim("tap", STRANGER)
    await bench.sim("tap", EXTRA)
    where = f"{s['user']}:{s['password']}@127.0.0.1:{port}/{s['path']}"
    for key, value in (
        ("AuthorizationKey", s["key"]),
        ("Authorization Key", s["keyBlank"]),
        ("aUTHORIZATIONkEY", s["keyCase"]),
        ("AuthorizationKey", [s["keyType"]]),
        ("VendorKey", s["vendorKey"]),
    ):
        await central.call("ChangeConfiguration", {"key": key, "value": value})
    await central.call("ChangeConfiguration", {"AuthorizationKey": s["keyProperty"]})
    update = {"location": f"ftp://{where}?sig={s['query']}", "retrieveDate": "2026-01-01T00:00:00Z", "retries": 0}
    await central.call("UpdateFirmware", update)
    await central.call(
        "UpdateFirmware", {**update, "location": f"http://{s['token']}@127.0.0.1:{port}/{s['firmware']}"}
    )
    await central.call("DataTransfer", {"vendorId": "org.example", "messageId": s["messageId"], "data": s["data"]})
    await central.call("DataTransfer", {"vendorId": "org.example", "data": {"a": s["dataObject"], "idTag": FOREIGN}})
    await central.call("Unknown", {"token": s["unknown"], "idTag": REFUSED})
    await central.call("Reset", {"type": s["enumeration"]})
    await central.call("Reset", {"type": QUOTED})
    entry = {"idTag": LISTED, "idTagInfo": {"status": "Accepted", "parentIdTag": LISTED_PARENT}}
    listed = {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [entry]}
    await central.call("SendLocalList", listed)
    reservation = {"connectorId": 1, "expiryDate": "2099-01-01T00:00:00Z", "idTag": RESERVED, "reservationId": 4}
    await central.call("ReserveNow", reservation)
    await central.call("RemoteStartTransaction", {"idTag": REMOTE, "connectorId": 1})
    assert central.connection is not None
    escaped = f'"ftp:\\/\\/u:{s["escaped"]}@127.0.0.1\\/x#{s["fragment"]}"'
    for text in (
        f'[2,"cut","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{s["keyCut"]}","idTag":"{CUT}"',
        f'[2,"two","ChangeConfiguration",{{"key":"AuthorizationKey","value":"{s["keyDouble"]}","key":"x"}}]',
        f'[2,"esc","GetDiagnostics",{{"location":{escaped}}}]',
        f'[3,"nobody",{{"idTagInfo":{{"status":"Accepted","parentIdTag":"{s["unasked"]}"}}}}]',
        f'[4,"nobody","GenericError","{s["unasked"]}",{{"a":"{s["details"]}"}}]',
        s["junk"],
    ):
        await central.connection.send(text)
    assert await bench.ask("set", key="AuthorizationKey", value=s["keySocket"])
    await bench.sim("unplug")
    await central.wait("StopTransaction")
    await bench.at_peace(20)


async def everything(bench: TransferBench) -> dict[str, bytes]:
    """What the control socket answers, and what /proc shows of the daemon to anybody."""
    places = {}
    for what in ("status", "why", "queue", "transactions", "configuration", "log"):
        places[f"control socket: {what}"] = json.dumps(await bench.ask(what)).encode()
    assert bench.daemon is not None
    for name in ("cmdline", "comm"):
        places[f"/proc: {name}"] = Path(f"/proc/{bench.daemon.pid}/{name}").read_bytes()
    return places


def files(folder: Path) -> dict[str, bytes]:
    """Every file, compressed ones as they are and unpacked."""
    places = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        places[f"file {path.relative_to(folder)}"] = unpacked(data) + data + path.name.encode()
    return places


def unpacked(data: bytes) -> bytes:
    plain = b""
    while data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(31)
        plain += unpacker.decompress(data)
        data = unpacker.unused_data
    return plain


def contents(bundle: bytes) -> dict[str, bytes]:
    places = {}
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            assert file is not None
            data = file.read()
            places[f"bundle {member.name}"] = data + unpacked(data)
    return places


async def follow(bench: TransferBench, lines: list[bytes]) -> None:
    """`trace` from beginning to end."""
    reader, writer = await asyncio.open_unix_connection(str(bench.control))
    writer.write(b'{"v":1,"do":"trace"}\n')
    while line := await reader.readline():
        lines.append(line)


async def test_nothing_gets_out(capsys: pytest.CaptureFixture[str]) -> None:
    """No secret anywhere, no card but in the private store and before those who may see it, no mask in a bundle."""
    lines: list[bytes] = []
    with http() as server:
        async with at_work() as (central, bench):
            trace = asyncio.ensure_future(follow(bench, lines))
            await play(central, bench, server.port)
            answer = await central.call("GetDiagnostics", {"location": f"http://127.0.0.1:{server.port}/logs"})
            await central.wait("DiagnosticsStatusNotification", status="Uploaded")
            bundle = contents(server.files[f"/logs/{answer[2]['fileName']}"])
            shown: dict[str, Any] = await everything(bench)
            await bench.end()
            trace.cancel()
            shown["evsectl log, daemon down"] = (await bench.ctl("--config", str(bench.config), "log")).encode()
            past, trace_lines = await bench.ctl_code("--config", str(bench.config), "trace")
            shown["evsectl trace, daemon down"] = trace_lines.encode()
            assert past in (0, 3)
            replayed = replay([str(bench.home / "store")])
            kept = files(bench.home)
    shown["trace"] = b"".join(lines)
    store = {place for place in kept if place.startswith(("file store/evsed.db", "file store/world", "file world"))}
    assert lines and store and len(bundle) >= 7
    secrets, cards = list(SECRETS.values()), [*CARDS, EXTRA]
    persistent = [SECRETS[name] for name in ("user", "password", "path", "query", "token", "firmware")]
    assert found({**shown, **bundle}, secrets) == []
    for place, content in kept.items():
        # the location of a firmware update must outlive a power cut, and is in the private store alone
        # a new AuthorizationKey is tried, and kept in a private file of its own
        keys = [SECRETS["keySocket"], SECRETS["key"]] if place.startswith("file store/connection/set-") else []
        allowed = [*persistent, SECRETS["description"]] if place in store else keys
        assert found({place: content}, [text for text in secrets if text not in allowed]) == []
    outside = {place: content for place, content in kept.items() if place not in store}
    assert found({**outside, **bundle}, cards) == []
    logs = {place: content for place, content in shown.items() if "log" in place or "daemon down" in place}
    assert len(logs) == 3 and found(logs, cards) == []
    masks = [masked(card) for card in cards]
    assert found(bundle, masks) == []
    played = capsys.readouterr().out
    assert (
        replayed == 0 and "0 frame(s) differ" in played and "StopTransaction" in played and "not replayed" not in played
    )
    assert (kept["file store/flight.key"])[:32] not in b"".join(bundle.values())


def test_the_search_finds() -> None:
    """It is no decoration: each spelling of a planted text is found."""
    text = "Canary07/x"
    planted = {str(number): b"..." + spelling + b"..." for number, spelling in enumerate(spellings(text))}
    assert all(found({place: content}, [text]) for place, content in planted.items())
