"""`python board_peer.py SOCKET`: a board whose one car charges; evsed connects to it.  Put your hardware into it."""

import contextlib
import json
import os
import select
import socket
import sys
import time
from pathlib import Path

Path(sys.argv[1]).unlink(missing_ok=True)
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(sys.argv[1])
listener.listen(4)
boot, session = Path("/proc/sys/kernel/random/boot_id").read_text().strip(), f"{os.getpid()}-{time.monotonic_ns()}"
wh, amps, last = 5_000_000.0, 0.0, time.monotonic()


def say(client, kind, **fields):
    client.send(json.dumps({"type": kind, **fields}, separators=(",", ":")).encode("ascii"))


def states(client, now):
    say(client, "pilot", connector=1, state="C" if amps else "B", at=now)  # hardware: the control pilot
    say(client, "cable", connector=1, present=True, max_amps=32, locked=False, at=now)
    say(client, "contactor", connector=1, closed=amps > 0, confirmed=True, at=now)  # hardware: its feedback
    meter(client, now)


def meter(client, now):  # hardware: read the meter
    say(client, "meter", connector=1, at=now, wh=round(wh, 3), volts=[230], amps=[amps], watts=[230 * amps])


def converse(client):
    global amps, wh, last
    amps, lease_ends = 0.0, 0.0
    say(client, "hello", version=3, boot_id=boot, session_id=session, board="peer", connectors=1, lease_s=20)
    say(client, "connector", connector=1, min_amps=6, max_amps=16, phases=1, outlet="cable", lock=False, meter=True,
        measurands=["Energy.Active.Import.Register", "Voltage", "Current.Import", "Power.Active.Import"])  # fmt: skip
    say(client, "meter-identity", connector=1, serial="17042371", model="Peer")  # hardware: the meter's own number
    states(client, time.monotonic())
    while (data := client.recv(1025) if select.select([client], [], [], 0.5)[0] else b"{}") != b"":
        message, now, before = json.loads(data), time.monotonic(), amps
        wh, last = wh + 230 * amps * (now - last) / 3600, now
        if message.get("type") == "offer":
            amps, lease_ends = min(message["amps"], 16.0), now + message["lease_s"]
            say(client, "ack", seq=message["seq"], connector=1, amps=amps)
        elif message.get("type") == "do":
            say(client, "done", seq=message["seq"], ok=False, detail="this board cannot do that")
        elif message.get("type") == "refused":
            return print(f"evsed refuses this board: {message['reason']}", file=sys.stderr)
        amps = amps if now <= lease_ends else 0.0  # hardware: steady pilot, wait 6 s at most, open the contactor
        (states if amps != before else meter)(client, now)


while True:
    client, _ = listener.accept()
    with client, contextlib.suppress(OSError):  # it may go away at any moment
        converse(client)
