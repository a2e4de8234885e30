"""`make csms`: a small Central System to play with: it accepts every station and card, and prints what it hears.

What is typed is sent to the station that connected last: a short order, or any CALL as `Action {json}`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import stat
import sys
from collections.abc import Callable
from typing import Any

from tests.csms.central_system import CentralSystem, Heard
from tests.run_session import Transcript

HELP = """  start CARD [CONNECTOR]   RemoteStartTransaction (the car must be plugged in)
  stop                     RemoteStopTransaction of the newest transaction
  unlock [CONNECTOR]       UnlockConnector
  limit AMPS               SetChargingProfile: TxDefaultProfile for the station; `limit off` clears it
  get [KEY]                GetConfiguration
  set KEY VALUE            ChangeConfiguration
  trigger MESSAGE          TriggerMessage (StatusNotification, MeterValues, Heartbeat …)
  off | on                 ChangeAvailability of the whole station
  reset [Hard]             Reset
  ACTION {JSON}            any CALL as it stands: GetCompositeSchedule {"connectorId":1,"duration":600}
  help, quit"""

Order = tuple[str, dict[str, Any]]
"""An action and its payload."""


def order_of(line: str, transaction: int) -> Order | str:
    """What a typed line asks of the station (`transaction`: the newest one's id); a text where it is none."""
    word, _, rest = line.strip().partition(" ")
    words = rest.split()
    if rest.lstrip().startswith("{"):
        return _as_it_stands(word, rest)
    known: dict[str, Callable[[], Order]] = {
        "start": lambda: ("RemoteStartTransaction", {"idTag": words[0], **_connector(words[1:])}),
        "stop": lambda: ("RemoteStopTransaction", {"transactionId": transaction}),
        "unlock": lambda: ("UnlockConnector", {"connectorId": int(words[0]) if words else 1}),
        "limit": lambda: _limit(words[0]),
        "get": lambda: ("GetConfiguration", {"key": words} if words else {}),
        "set": lambda: ("ChangeConfiguration", {"key": words[0], "value": " ".join(words[1:])}),
        "trigger": lambda: ("TriggerMessage", {"requestedMessage": words[0]}),
        "off": lambda: ("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"}),
        "on": lambda: ("ChangeAvailability", {"connectorId": 0, "type": "Operative"}),
        "reset": lambda: ("Reset", {"type": (words or ["Soft"])[0].capitalize()}),
    }
    if word not in known:
        return HELP if word in ("help", "?") else f"  {word!r} is no order; `help` lists them"
    try:
        return known[word]()
    except (IndexError, ValueError):
        return f"  {word}: something is missing or no number; `help` shows how it is written"


def _connector(words: list[str]) -> dict[str, int]:
    return {"connectorId": int(words[0])} if words else {}


def _limit(amps: str) -> Order:
    if amps == "off":
        return "ClearChargingProfile", {}
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": float(amps)}]}
    profile = {"chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile"}
    whole = profile | {"chargingProfileKind": "Relative", "chargingSchedule": schedule}
    return "SetChargingProfile", {"connectorId": 0, "csChargingProfiles": whole}


def _as_it_stands(action: str, text: str) -> Order | str:
    try:
        payload = json.loads(text)
    except ValueError as error:
        return f"  that is no JSON: {error}"
    return (action, payload) if isinstance(payload, dict) else "  a payload is an object: {…}"


class Desk:
    """Prints frames as they come, and sends what is typed."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self.transaction = 0
        self.central: CentralSystem | None = None

    def heard(self, frame: Heard) -> None:
        """One frame, as a sentence, and ours as they stand."""
        if not frame.to_station and not frame.is_call:
            self.transcript.event("station", f"answers {frame.action}: {json.dumps(frame.frame[2:])}", "station")
        elif frame.to_station and frame.is_call:
            self.transcript.event("central system", f"<- {frame.action} {json.dumps(frame.payload)}", "central")
        else:
            self.transcript.frame(frame)
        if frame.to_station and frame.action == "StartTransaction" and "transactionId" in frame.payload:
            self.transaction = frame.payload["transactionId"]

    async def typed(self, line: str) -> None:
        """Carry out one line."""
        if not line.strip():
            return
        order = order_of(line, self.transaction)
        if isinstance(order, str):
            self.transcript.text(order, "note")
        elif self.central is None or self.central.desk is None:
            self.transcript.text("  no station is connected yet", "note")
        else:
            try:
                await self.central.ask_raw(*order)
            except Exception as error:  # the station went away, or does not answer: the desk stays
                self.transcript.text(f"  not answered: {error or type(error).__name__}", "note")


WELCOME = """A small Central System, at {url}; Ctrl-C ends it.  In the configuration of a station (security profile 0):

  [csms]
  url = "{url}"
  security_profile = 0
  allow_insecure = true

It accepts every station and every card.  `help` lists what can be typed here.
"""


async def main(port: int, listen: str) -> int:
    """Until Ctrl-C or `quit`; the end of its input ends nothing (it may have none).  1: it cannot listen there."""
    transcript = Transcript()
    desk = Desk(transcript)
    central = desk.central = CentralSystem(listener=desk.heard)
    try:
        await central.listen(port, listen)
    except OSError as error:
        print(f"cannot listen at {listen} port {port}: {error.strerror}; try make csms PORT=9001", file=sys.stderr)
        return 1
    transcript.text(WELCOME.format(url=f"ws://{listen}:{central.port}/ocpp"))
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    typing = asyncio.ensure_future(_read(desk, ended))
    await ended.wait()
    typing.cancel()
    await central.close()
    return 0


def _can_type() -> bool:
    """A file, or nothing, is neither a terminal nor a pipe: nobody types."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, ValueError, OSError):
        return False
    return sys.stdin.isatty() or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def _read(desk: Desk, ended: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    if not _can_type():
        return
    with contextlib.suppress(ValueError, OSError):
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := (await reader.readline()).decode(errors="replace"):
            if line.strip() in ("quit", "exit"):
                ended.set()
                return
            await desk.typed(line)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=9000)
    options.add_argument("--listen", default="127.0.0.1", help="address of this machine; 0.0.0.0: all of them")
    given = options.parse_args()
    sys.exit(asyncio.run(main(given.port, given.listen)))
