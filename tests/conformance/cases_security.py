"""The cases of the security extension that need no TLS, one function an id."""

from __future__ import annotations

import json

from tests.conformance.cases_firmware import TRANSFER_S, file_server
from tests.conformance.judge import Lab, want

REQUEST_ID = 4711


async def tc_079(lab: Lab) -> None:
    async with file_server() as files:
        log = {"remoteLocation": f"http://127.0.0.1:{files.port}/logs/"}
        request = {"logType": "SecurityLog", "requestId": REQUEST_ID, "log": log}
        reply = await lab.ask("GetLog", request, "Accepted")
        name = reply.payload.get("filename", "")
        lab.require(bool(name), "no filename")
        for status in ("Uploading", "Uploaded"):
            await lab.expect(want("LogStatusNotification", status=status, requestId=REQUEST_ID), within=TRANSFER_S)
        taken = [content for path, content in files.taken.items() if path.endswith(name)]
        lab.require(bool(taken), f"{name} is not on the server; there is {list(files.taken)}")
        events = [json.loads(line).get("event") for line in taken[0].splitlines()]
        lab.require("StartupOfTheDevice" in events, f"the log has no start of the station: {events}")
